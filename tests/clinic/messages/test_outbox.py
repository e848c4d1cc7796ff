"""The outbox: nothing is lost, nothing is taken by two, and nothing is said that is not so any more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from clinic import Database
from clinic.keeping.office import kept_rows
from clinic.messages.outbox import Outbox
from clinic.messages.records import Message, MessageKind, MessageState, Unsent

NOW = 1_780_000_000.0
LEASE = 120.0


def message(id: str = "m1", **changes: Any) -> Message:
    values: dict[str, Any] = {
        "key": f"key of {id}",
        "kind": "invitation",
        "channel": "mail",
        "to_sealed": b"sealed address",
        "content_sealed": b"sealed facts",
        "created_at": NOW,
        "next_at": NOW,
        "useless_at": NOW + 86_400,
        "about": "appointment-1",
        "guest": "guest-1",
        "patient": "patient-1",
    }
    return Message(**({"id": id} | values | changes))


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


async def test_a_message_is_taken_when_it_is_due_and_no_earlier(outbox: Outbox) -> None:
    await outbox.put([message(next_at=NOW + 60), message("m2", channel="sms")])
    assert await outbox.claim("mail", NOW + 59.9, LEASE, 10) == []
    (taken,) = await outbox.claim("mail", NOW + 60, LEASE, 10)
    assert (taken.id, taken.state, taken.attempts) == ("m1", MessageState.SENDING, 1)
    assert taken.next_at == NOW + 60 + LEASE
    assert await outbox.claim("mail", NOW + 60, LEASE, 10) == []


async def test_the_same_message_is_written_once(outbox: Outbox) -> None:
    assert await outbox.put([message(), message("m2")]) == 2
    assert await outbox.put([message("m3", key="key of m1"), message("m4"), message("m5", key="key of m4")]) == 1
    assert await outbox.put([]) == 0
    assert [each.id for each in await outbox.about("appointment-1")] == ["m1", "m2", "m4"]


async def test_a_message_is_kept_with_the_change_it_tells_of_or_not_at_all(outbox: Outbox, database: Database) -> None:
    async def comes_to_nothing() -> None:
        async with database.together():
            await outbox.put([message()])
            raise RuntimeError("the change was refused")

    with pytest.raises(RuntimeError):
        await comes_to_nothing()
    assert await outbox.about("appointment-1") == []
    async with database.together():
        await outbox.put([message()])
    assert len(await outbox.about("appointment-1")) == 1


async def test_whoever_crashed_is_followed_by_another_when_the_lease_is_over(outbox: Outbox) -> None:
    await outbox.put([message()])
    (first,) = await outbox.claim("mail", NOW, LEASE, 10)
    assert await outbox.claim("mail", NOW + LEASE - 0.001, LEASE, 10) == []
    (second,) = await outbox.claim("mail", NOW + LEASE, LEASE, 10)
    assert second.attempts == 2
    assert not await outbox.sent(first, NOW + LEASE + 1), "it is not theirs any more"
    assert not await outbox.retry(first, "late", NOW + LEASE + 1)
    assert not await outbox.fail(first, "late", NOW + LEASE + 1)
    assert await outbox.sent(second, NOW + LEASE + 1)


async def test_what_was_sent_leaves_no_address_and_no_words(outbox: Outbox) -> None:
    await outbox.put([message(), message("m2")])
    first, second = await outbox.claim("mail", NOW, LEASE, 10)
    assert await outbox.sent(first, NOW + 1)
    assert await outbox.fail(second, "recipient 550", NOW + 2)
    kept = await outbox.about("appointment-1")
    assert [(each.to_sealed, each.content_sealed) for each in kept] == [(None, None)] * 2
    assert [(each.state, each.done_at, each.error) for each in kept] == [
        (MessageState.SENT, NOW + 1, None),
        (MessageState.FAILED, NOW + 2, "recipient 550"),
    ]
    assert await outbox.claim("mail", NOW + 1e6, LEASE, 10) == []


async def test_what_may_work_later_rests_until_then(outbox: Outbox) -> None:
    await outbox.put([message()])
    (taken,) = await outbox.claim("mail", NOW, LEASE, 10)
    assert await outbox.retry(taken, "recipient 450", NOW + 30)
    assert await outbox.claim("mail", NOW + 29, LEASE, 10) == []
    (again,) = await outbox.claim("mail", NOW + 30, LEASE, 10)
    assert (again.attempts, again.to_sealed) == (2, b"sealed address")


async def test_a_reminder_of_what_is_not_so_any_more_is_not_sent(outbox: Outbox) -> None:
    await outbox.put(
        [
            message(),
            message("m2", kind="reminder", next_at=NOW + 3600),
            message("m3", kind="reminder", guest="guest-2"),
            message("m4", kind="reminder", about="appointment-2"),
        ]
    )
    (sending,) = [each for each in await outbox.claim("mail", NOW, LEASE, 10) if each.id == "m1"]
    kinds: tuple[MessageKind, ...] = ("invitation", "reminder")
    both = ("appointment-1", "guest-1", kinds)
    assert await outbox.unsent(*both) == [
        Unsent("key of m1", "invitation", "mail", 1),
        Unsent("key of m2", "reminder", "mail", 0),
    ]
    assert await outbox.suppress(*both, NOW + 1, keep=["key of m1", "key of m2"]) == 0
    assert await outbox.suppress(*both, NOW + 1, keep=["key of m1"]) == 1
    assert await outbox.suppress(*both, NOW + 1) == 1
    assert await outbox.unsent(*both) == []
    assert not await outbox.sent(sending, NOW + 2)
    left = {each.id: each.state for each in await outbox.about("appointment-1")}
    assert left == {
        "m1": MessageState.SUPPRESSED,
        "m2": MessageState.SUPPRESSED,
        "m3": MessageState.SENDING,
    }
    assert await outbox.suppress(*both, NOW + 3) == 0


@pytest.mark.parametrize("turn", range(4))
async def test_two_servers_never_take_the_same(database: Database, other: Database, turn: int) -> None:
    one, two = Outbox(database), Outbox(other)
    await one.put([message(f"m{number}") for number in range(20)])
    claims = [outbox.claim("mail", NOW, LEASE, 5) for outbox in (one, two, one, two)]
    taken = [each.id for some in await asyncio.gather(*claims[turn:], *claims[:turn]) for each in some]
    assert len(taken) == len(set(taken))
    while some := await two.claim("mail", NOW, LEASE, 5):
        taken += [each.id for each in some]
    assert sorted(taken) == sorted(f"m{number}" for number in range(20))


async def test_what_is_over_is_forgotten_in_time_and_what_waits_is_not(outbox: Outbox, database: Database) -> None:
    await outbox.put([message(), message("m2", next_at=NOW + 1e6)])
    (taken,) = await outbox.claim("mail", NOW, LEASE, 10)
    await outbox.sent(taken, NOW + 10)
    kept = kept_rows(database)["messages"]
    assert (await kept.due(NOW, NOW + 20)).free == 0
    assert await outbox.waiting("mail") == 1
    await kept.forget(NOW + 11, 100, NOW + 20)
    assert [each.id for each in await outbox.about("appointment-1")] == ["m2"]
