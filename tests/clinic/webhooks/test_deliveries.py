"""Deliveries: numbered without gaps, in order for each session, each taken by one, and all of them again if need be."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from clinic import Conflict, Database, Unknown
from clinic.keeping.office import kept_rows
from clinic.webhooks import endpoints as limits
from clinic.webhooks.deliveries import DeliveryStore
from clinic.webhooks.endpoints import Endpoints
from clinic.webhooks.records import Attempt, Delivery, DeliveryState, Endpoint, WebhookEvent

NOW = 1_780_000_000.0
LEASE = 60.0
DAYS = 3 * 86_400.0


def endpoint(id: str = "e1", **changes: Any) -> Endpoint:
    values: dict[str, Any] = {
        "url_sealed": b"sealed address",
        "secrets_sealed": b"sealed secrets",
        "kinds": (),
        "active": True,
        "created_at": NOW,
        "changed_at": NOW,
    }
    return Endpoint(**({"id": id} | values | changes))


def event(id: str, session: str = "s1", kind: str = "person.joined", at: float = NOW, **data: Any) -> WebhookEvent:
    return WebhookEvent(id, kind, session, at, data)


def attempt(delivery: Delivery, at: float, status: int | None = 200, error: str | None = None) -> Attempt:
    return Attempt(delivery.id, at, status, 12, error)


@pytest.fixture
def store(database: Database) -> DeliveryStore:
    return DeliveryStore(database)


@pytest.fixture
def endpoints(database: Database) -> Endpoints:
    return Endpoints(database)


async def claimed(store: DeliveryStore, now: float = NOW, endpoint: str = "e1", limit: int = 10) -> list[Delivery]:
    return await store.claim(endpoint, now, LEASE, limit)


async def test_each_session_is_numbered_for_each_endpoint_without_gaps(
    store: DeliveryStore, endpoints: Endpoints
) -> None:
    await endpoints.add(endpoint("e1"))
    await endpoints.add(endpoint("e2", kinds=("session.ended",)))
    told = [event(f"a{number}", "s1") for number in range(3)] + [event("b", "s2"), event("c", "s1", "session.ended")]
    assert await store.add(told, DAYS) == 6
    numbers = {each.event_id: each.sequence for each in (await store.page("e1")).deliveries}
    assert numbers == {"a0": 1, "a1": 2, "a2": 3, "b": 1, "c": 4}
    assert [each.sequence for each in (await store.page("e2")).deliveries] == [1], "gaps would look like losses"
    assert await store.add(told, DAYS) == 0, "what is there already is not numbered again"


async def test_the_next_event_of_a_session_waits_for_the_one_before(store: DeliveryStore, endpoints: Endpoints) -> None:
    await endpoints.add(endpoint())
    await store.add([event("a1"), event("a2"), event("b1", "s2")], DAYS)
    first = {each.event_id: each for each in await claimed(store)}
    assert set(first) == {"a1", "b1"}
    assert await claimed(store) == []
    assert await store.failed(first["a1"], attempt(first["a1"], NOW, 503, "answer"), NOW + 5)
    assert await store.delivered(first["b1"], attempt(first["b1"], NOW))
    assert await claimed(store, NOW + 4) == []
    (again,) = await claimed(store, NOW + 5)
    assert (again.event_id, again.attempts, again.status) == ("a1", 2, 503)
    assert await store.delivered(again, attempt(again, NOW + 6))
    assert [each.event_id for each in await claimed(store, NOW + 6)] == ["a2"]


async def test_what_is_given_up_lets_the_next_one_pass(store: DeliveryStore, endpoints: Endpoints) -> None:
    await endpoints.add(endpoint())
    await store.add([event("a1"), event("a2")], DAYS)
    (first,) = await claimed(store)
    assert first.give_up_at == NOW + DAYS
    assert await store.failed(first, attempt(first, NOW, None, "timeout"), None)
    (second,) = await claimed(store)
    assert second.event_id == "a2"
    kept, attempts = await store.get("e1", "a1")
    assert (kept.state, kept.error, kept.status) == (DeliveryState.FAILED, "timeout", None)
    assert [(each.at, each.error, each.duration_ms) for each in attempts] == [(NOW, "timeout", 12)]


async def test_whoever_crashed_is_followed_by_another_and_does_not_count_any_more(
    store: DeliveryStore, endpoints: Endpoints
) -> None:
    await endpoints.add(endpoint())
    await store.add([event("a1")], DAYS)
    (lost,) = await claimed(store)
    assert await claimed(store, NOW + LEASE - 1) == []
    (found,) = await claimed(store, NOW + LEASE)
    assert not await store.delivered(lost, attempt(lost, NOW + LEASE))
    assert await store.delivered(found, attempt(found, NOW + LEASE + 1))
    assert len((await store.get("e1", "a1"))[1]) == 2, "both were made"


async def test_one_event_or_a_period_is_sent_once_more_in_its_order(store: DeliveryStore, endpoints: Endpoints) -> None:
    await endpoints.add(endpoint())
    await store.add([event(f"a{number}", at=NOW + number) for number in range(4)], DAYS)
    later = NOW + 100
    while some := await claimed(store, later):
        for each in some:
            await store.delivered(each, attempt(each, later))
    assert await store.replay("e1", later, DAYS, event="a2") == (1, False)
    (only,) = await claimed(store, later)
    assert (only.event_id, only.sequence, only.attempts, only.tries) == ("a2", 3, 1, 2)
    assert await store.replay("e1", later, DAYS, event="a2") == (0, False), "it is on its way"
    await store.delivered(only, attempt(only, later))
    assert await store.replay("e1", later, DAYS, since=NOW + 1, until=NOW + 3) == (2, False)
    again = []
    while some := await claimed(store, later):
        again += [each.event_id for each in some]
        await store.delivered(some[0], attempt(some[0], later))
    assert again == ["a1", "a2"]
    assert await store.replay("e1", later, DAYS, since=0.0, failed_only=True) == (0, False)
    assert await store.replay("e1", later, DAYS, since=0.0, session="other") == (0, False)
    with pytest.raises(Unknown):
        await store.replay("e1", later, DAYS, event="never")
    with pytest.raises(Unknown):
        await store.replay("e2", later, DAYS, since=0.0)


async def test_of_very_many_the_oldest_are_sent_again_first(
    store: DeliveryStore, endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clinic.webhooks.deliveries.LARGEST_REPLAY", 2)
    await endpoints.add(endpoint())
    await store.add([event(f"a{number}", f"s{number}", at=NOW + number) for number in range(3)], DAYS)
    for each in await claimed(store, NOW + 10):
        await store.delivered(each, attempt(each, NOW + 10))
    assert await store.replay("e1", NOW + 20, DAYS, since=0.0) == (2, True)
    assert sorted(each.event_id for each in await claimed(store, NOW + 20)) == ["a0", "a1"]


async def test_an_endpoint_that_is_off_or_gone_is_told_nothing(store: DeliveryStore, endpoints: Endpoints) -> None:
    await endpoints.add(endpoint())
    await store.add([event("a1")], DAYS)
    await endpoints.change("e1", NOW + 1, active=False)
    assert await store.add([event("a2")], DAYS) == 0
    assert await claimed(store, NOW + 1) == [], "what waits goes on waiting"
    await endpoints.change("e1", NOW + 2, active=True, kinds=("session.ended",))
    assert [each.event_id for each in await claimed(store, NOW + 2)] == ["a1"]
    assert await store.add([event("a3")], DAYS) == 0
    assert await store.add([event("t", kind="endpoint.tested")], DAYS, only="e1") == 1, "a test is for whom it is for"
    await endpoints.remove("e1", NOW + 3)
    assert await claimed(store, NOW + 1e6) == []
    assert {each.error for each in (await store.page("e1")).deliveries} == {"removed"}
    assert (await endpoints.get("e1")).secrets_sealed == b""
    assert await endpoints.all() == []
    for change in (endpoints.change("e1", NOW, active=True), endpoints.remove("e1", NOW), endpoints.get("e9")):
        with pytest.raises(Unknown):
            await change


async def test_there_are_not_more_endpoints_than_there_may_be(
    endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST", 2)
    await endpoints.add(endpoint("e1"))
    await endpoints.add(endpoint("e2"))
    with pytest.raises(Conflict):
        await endpoints.add(endpoint("e3"))
    await endpoints.remove("e1", NOW)
    await endpoints.add(endpoint("e3"))


@pytest.mark.parametrize("turn", range(4))
async def test_two_servers_number_together_and_never_take_the_same(
    database: Database, other: Database, turn: int
) -> None:
    await Endpoints(database).add(endpoint())
    one, two = DeliveryStore(database), DeliveryStore(other)
    adding = [
        store.add([event(f"{name}{number}") for number in range(10)], DAYS)
        for store, name in ((one, "a"), (two, "b"), (one, "c"), (two, "d"))
    ]
    await asyncio.gather(*adding[turn:], *adding[:turn])
    page = await one.page("e1", limit=200)
    assert sorted(each.sequence for each in page.deliveries) == list(range(1, 41))
    taken: list[int] = []
    while some := [each for found in await asyncio.gather(claimed(one), claimed(two)) for each in found]:
        assert len(some) == 1, "one session, one after another"
        taken.append(some[0].sequence)
        assert await one.delivered(some[0], attempt(some[0], NOW))
    assert taken == list(range(1, 41))


async def test_what_rests_is_hurried_when_the_endpoint_is_back(store: DeliveryStore, endpoints: Endpoints) -> None:
    await endpoints.add(endpoint())
    await store.add([event("a1", "s1"), event("b1", "s2")], DAYS)
    first, second = await claimed(store)
    await store.failed(first, attempt(first, NOW, None, "connection"), NOW + 3600)
    await store.failed(second, attempt(second, NOW, None, "connection"), NOW + 5)
    await store.put_off("e1", NOW + 60)
    assert await claimed(store, NOW + 59) == []
    assert len(await claimed(store, NOW + 60)) == 1, "whoever rests longer goes on"
    await store.hurry("e1", NOW + 61)
    assert [each.event_id for each in await claimed(store, NOW + 61)] == [first.event_id]


async def test_the_log_has_pages_and_is_forgotten_in_time(
    store: DeliveryStore, endpoints: Endpoints, database: Database
) -> None:
    await endpoints.add(endpoint())
    await store.add([event(f"a{number}", at=NOW + number) for number in range(5)], DAYS)
    page = await store.page("e1", limit=2)
    assert [each.event_id for each in page.deliveries] == ["a4", "a3"]
    page = await store.page("e1", limit=3, before=page.next)
    assert ([each.event_id for each in page.deliveries], page.next) == (["a2", "a1", "a0"], None)
    (first,) = await claimed(store, NOW + 10)
    await store.delivered(first, attempt(first, NOW + 10))
    delivered = (await store.page("e1", states=[DeliveryState.DELIVERED], session="s1")).deliveries
    assert [each.event_id for each in delivered] == ["a0"]
    assert await store.waiting() == 4
    await kept_rows(database)["webhooks"].forget(NOW + 11, 100, NOW + 20)
    with pytest.raises(Unknown):
        await store.get("e1", "a0")
    await store.add([event("a5", at=NOW + 20)], DAYS)
    assert (await store.get("e1", "a5"))[0].sequence == 6, "numbers go on"
