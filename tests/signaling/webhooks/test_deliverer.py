"""Delivering: signed, in order, again until it is taken, and never to where it must not go."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinic import Database
from clinic.webhooks.records import Delivery
from signaling.outward import Outward, written_secret
from signaling.webhooks.deliverer import AT_ONCE, DOWN_AFTER, DOWN_REST, LEASE, LONGEST_REST, rest
from signaling.webhooks.secrets import Secrets, opened
from tests.signaling.receiver import Receiver, a_receiver
from tests.signaling.webhooks.delivering import DAYS, NOW, SECRET, Office, genuine, told

OTHER = written_secret(bytes(range(1, 33)))


def joins(office: Office, count: int = 1, session: str = "session-1") -> None:
    for _ in range(count):
        office.feed.tell("person.joined", session, role="patient")


async def test_a_receiver_can_tell_who_sent_what(office: Office, receiver: Receiver) -> None:
    await office.endpoint(receiver.url)
    joins(office)
    await office.settle()
    (got,) = receiver.requests
    assert genuine(got)
    assert not genuine(got, OTHER)
    assert not genuine(replace(got, body=got.body.replace(b"patient", b"nothing")))
    for name, value in (("webhook-id", "event-2"), ("webhook-timestamp", "1780000001")):
        assert not genuine(replace(got, headers={**got.headers, name: value}))
    assert got.headers["Content-Type"] == "application/json"
    assert "Authorization" not in got.headers


async def test_while_a_secret_is_changed_both_sign(office: Office, receiver: Receiver) -> None:
    await office.endpoint(receiver.url)
    secrets = Secrets(SECRET).rotated(OTHER, office.now, 3600.0)
    await office.endpoints.change("endpoint-1", office.now, secrets_sealed=secrets.sealed(office.seals, "endpoint-1"))
    joins(office)
    await office.settle()
    assert genuine(receiver.requests[0])
    assert genuine(receiver.requests[0], OTHER)
    joins(office)
    await office.settle(3600.0)
    assert not genuine(receiver.requests[1]), "the old one is void now"
    assert genuine(receiver.requests[1], OTHER)


def test_a_secret_that_is_void_at_once_signs_nothing_more() -> None:
    changed = Secrets(SECRET).rotated(OTHER, 100.0, 0.0)
    assert changed.now(100.0) == [OTHER]
    again = Secrets(SECRET).rotated(OTHER, 100.0, 50.0).rotated(written_secret(bytes(32)), 120.0, 50.0)
    assert again.now(149.0) == [written_secret(bytes(32)), OTHER, SECRET]
    assert again.now(150.0) == [written_secret(bytes(32)), OTHER]
    assert "whsec" not in repr(again)


async def test_what_fails_is_tried_again_and_the_next_waits_for_it(office: Office, receiver: Receiver) -> None:
    await office.endpoint(receiver.url)
    receiver.answers = [500, 429, "reset", "redirect"]
    joins(office, 3)
    joins(office, 1, "session-2")
    await office.settle()
    for attempts in (1, 2, 3, 4):
        await office.settle(rest(attempts, 0.5) + DOWN_REST)
    sequences = [(each["session"], each["sequence"]) for each in told(receiver.requests)]
    first = [number for session, number in sequences if session == "session-1"]
    assert first == sorted(first)
    assert set(first) == {1, 2, 3}
    assert set((await office.states()).values()) == {"delivered"}
    tried = receiver.requests
    assert len(tried) == 8
    bodies = {request.headers["webhook-id"]: request.body for request in tried}
    assert all(bodies[request.headers["webhook-id"]] == request.body for request in tried), "the same each time"
    assert all(genuine(request) for request in tried)


async def test_order_holds_whatever_fails(office: Office, receiver: Receiver) -> None:
    """Of 6 sessions with 5 events each every third request fails, in one way or another."""
    await office.endpoint(receiver.url)
    receiver.answers = [503 if number % 3 == 0 else "reset" if number % 7 == 0 else 200 for number in range(60)]
    for _ in range(5):
        for session in range(6):
            joins(office, 1, f"session-{session}")
    for _ in range(30):
        await office.settle(LONGEST_REST)
    assert set((await office.states()).values()) == {"delivered"}
    for session in range(6):
        seen = [each["sequence"] for each in told(receiver.requests) if each["session"] == f"session-{session}"]
        assert seen == sorted(seen)
        assert set(seen) == {1, 2, 3, 4, 5}


async def test_after_days_it_is_given_up_and_said(office: Office, receiver: Receiver) -> None:
    await office.endpoint(receiver.url)
    receiver.always = 500
    joins(office, 2)
    while office.now < NOW + DAYS + LONGEST_REST:
        await office.settle(LONGEST_REST)
    assert (await office.states())["event-1"] == "failed"
    fails = [event for event in office.events if event.kind == "webhook.fail"]
    assert (fails[0].session, fails[0].subject) == ("session-1", "endpoint-1")
    assert fails[0].details["status"] == 500
    assert "127.0.0.1" not in repr(fails)
    receiver.always = 200
    assert await office.store.replay("endpoint-1", office.now, DAYS, since=0.0, failed_only=True) != (0, False)
    await office.settle(DOWN_REST * 2)
    assert set((await office.states()).values()) == {"delivered"}


async def test_an_endpoint_that_is_down_is_left_alone_and_told_at_once_when_it_is_back(
    office: Office, receiver: Receiver
) -> None:
    await office.endpoint(receiver.url)
    receiver.always = 503
    for number in range(40):
        joins(office, 1, f"session-{number}")
    await office.settle()
    first = len(receiver.requests)
    assert first <= AT_ONCE + DOWN_AFTER, "not every session tries"
    await office.settle(DOWN_REST / 2)
    assert len(receiver.requests) == first
    await office.settle(3 * LONGEST_REST)
    receiver.always = 200
    await office.settle(LONGEST_REST)
    assert set((await office.states()).values()) == {"delivered"}
    assert receiver.most <= AT_ONCE


async def test_one_endpoint_that_hangs_holds_up_no_other(database: Database, tmp_path: Path) -> None:
    async with a_receiver() as slow, a_receiver() as quick:
        slow.gate = asyncio.Event()
        office = Office(database, tmp_path / "one")
        await office.endpoint(slow.url, "slow")
        await office.endpoint(quick.url, "quick")
        joins(office, 3)
        await office.feed.flush()
        while len(quick.requests) < 3:
            await office.deliverer.look()
            await asyncio.sleep(0.01)
        assert len(slow.requests) == 1
        slow.gate.set()
        await office.settle()
        assert len(slow.requests) == 3
        await office.close()


async def test_what_ends_while_more_is_looked_for_is_followed_by_the_next(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.gate = gate = asyncio.Event()
    await office.endpoint(receiver.url)
    joins(office, 2)
    await office.feed.flush()
    await office.deliverer.look()
    claim = office.store.claim

    async def slowly(*asked: Any) -> list[Delivery]:
        found = await claim(*asked)
        gate.set()
        await office.deliverer.close()
        return found

    monkeypatch.setattr(office.store, "claim", slowly)
    await office.settle()
    assert len(receiver.requests) == 2


async def test_who_is_gone_is_switched_off(office: Office, receiver: Receiver) -> None:
    await office.endpoint(receiver.url)
    receiver.answers = [410]
    joins(office, 2)
    await office.settle()
    assert not (await office.endpoints.get("endpoint-1")).active
    assert len(receiver.requests) == 1
    assert [event.kind for event in office.events] == ["webhook.fail", "webhook.change"]


async def test_a_crash_between_delivering_and_keeping_it_delivers_once_more(
    database: Database, other: Database, receiver: Receiver, tmp_path: Path
) -> None:
    crashed, next_one = Office(database, tmp_path / "one"), Office(other, tmp_path / "two")
    await crashed.endpoint(receiver.url)
    joins(crashed, 2)
    await crashed.feed.flush()
    (taken,) = await crashed.store.claim("endpoint-1", crashed.now, LEASE, 1)
    assert taken.sequence == 1
    await next_one.settle(LEASE - 1)
    assert receiver.requests == [], "it may still be on its way"
    await next_one.settle(1)
    assert [each["sequence"] for each in told(receiver.requests)] == [1, 2]
    await crashed.close()
    await next_one.close()


async def test_two_servers_deliver_in_order_and_nothing_twice(
    database: Database, other: Database, receiver: Receiver, tmp_path: Path
) -> None:
    one, two = Office(database, tmp_path / "one"), Office(other, tmp_path / "two")
    await one.endpoint(receiver.url)
    for session in range(4):
        joins(one, 5, f"session-{session}")
    await one.feed.flush()
    async with asyncio.timeout(60):
        while len(receiver.requests) < 20:  # one may settle while what is next is still on its way with the other
            await asyncio.gather(one.deliverer.settle(), two.deliverer.settle())
    for session in range(4):
        seen = [each["sequence"] for each in told(receiver.requests) if each["session"] == f"session-{session}"]
        assert seen == [1, 2, 3, 4, 5]
    await one.close()
    await two.close()


async def test_an_address_that_leads_inside_is_not_called(
    database: Database, receiver: Receiver, tmp_path: Path
) -> None:
    office = Office(database, tmp_path / "one")
    office.deliverer.outward = Outward(private=False)
    await office.endpoint(receiver.url.replace("http:", "https:"))
    joins(office)
    await office.settle()
    delivery, attempts = await office.store.get("endpoint-1", "event-1")
    assert (delivery.error, attempts[0].status) == ("address", None)
    assert receiver.requests == []
    await office.close()


async def test_what_another_key_sealed_waits_for_the_right_one(office: Office, receiver: Receiver) -> None:
    await office.endpoint(receiver.url)
    await office.endpoints.change("endpoint-1", office.now, url_sealed=office.seals.seal("x", "another place"))
    joins(office)
    await office.settle()
    assert (await office.store.get("endpoint-1", "event-1"))[0].error == "sealed"
    assert receiver.requests == []


async def test_secrets_are_kept_sealed_and_bound_to_their_endpoint(office: Office) -> None:
    sealed = Secrets(SECRET).sealed(office.seals, "endpoint-1")
    assert b"whsec" not in sealed
    assert opened(sealed, office.seals, "endpoint-1") == Secrets(SECRET)
    with pytest.raises(Exception, match="does not open"):
        opened(sealed, office.seals, "endpoint-2")


def test_rests_grow_to_hours() -> None:
    assert [rest(attempts, 0.5) for attempts in (1, 2, 3, 4)] == [5.0, 15.0, 45.0, 135.0]
    assert rest(100, 0.5) == LONGEST_REST
