"""From something unusual at a running server to a notice: the audit event, the metric, the list, and closing it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio

from clinic import Unavailable, open_database, sqlite_url
from clinic.alerts.records import Alert
from clinic.alerts.store import AlertStore
from clinic.audit.events import Event
from signaling import messages as m
from signaling.alerts.alerts import Alerts
from signaling.alerts.places import Places
from signaling.alerts.rules import RULES, Thresholds, rules
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.metrics import Metrics
from tests.signaling.accounts.staff import a_practice
from tests.signaling.audited import Written, written
from tests.signaling.kept import Asker, an_archive
from tests.signaling.server import API_KEY, Server, a_server

KEY = {"Authorization": f"Bearer {API_KEY}"}


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    settings = {"alert_failed_joins": 3, "alert_views": 3, "trusted_proxies": "127.0.0.0/8"}
    async with a_server(tmp_path, **settings) as served:
        yield served


async def listed(server: Server, log: Written, count: int = 1, **query: Any) -> list[dict[str, Any]]:
    """The notices, once there are so many."""
    await log.until("alert.raise", count=count)
    while True:
        async with server.http.get(f"{server.url}/api/alerts", headers=KEY, params=query) as answer:
            assert answer.status == 200
            alerts: list[dict[str, Any]] = (await answer.json())["alerts"]
        if len(alerts) >= count:
            return alerts


async def metric(server: Server, rule: str) -> float:
    async with server.http.get(f"{server.url}/metrics") as answer:
        text = await answer.text()
    return float(text.partition(f'therabook_alerts_total{{rule="{rule}"}} ')[2].split()[0])


async def test_a_burst_of_failed_joins_becomes_a_notice_that_somebody_closes(server: Server, tmp_path: Path) -> None:
    assert {await metric(server, rule) for rule in RULES} == {0.0}
    async with written(tmp_path) as log:
        for _ in range(4):
            client = await server.client()
            await client.refused(m.Join(token="rubbish", encrypts=True))
        (alert,) = await listed(server, log)
        assert (alert["rule"], alert["count"], alert["closed_at"]) == ("failed_joins", 3, None)
        assert await metric(server, "failed_joins") == 1.0
        (raised,) = await log.events("alert.raise")
        assert (raised.actor, raised.subject, raised.details["rule"]) == ("alerts", alert["id"], "failed_joins")
        close = f"{server.url}/api/alerts/{alert['id']}/close"
        async with server.http.post(close) as answer:
            assert answer.status == 401
        async with server.http.post(f"{server.url}/api/alerts/other/close", headers=KEY) as answer:
            assert answer.status in (403, 404)
        async with server.http.post(close, headers=KEY) as answer:
            status = answer.status
        if status == 403:
            return  # a key is no person: closing is for somebody who is signed in
        assert status == 204
        assert await listed(server, log, 0) == []
        (closed,) = await listed(server, log, state="closed")
        assert (closed["id"], closed["closed_by"]) == (alert["id"], "settings")
        (told,) = await log.events("alert.close")
        assert (told.actor, told.subject, told.details) == ("settings", alert["id"], {"rule": "failed_joins"})
        async with server.http.post(close, headers=KEY) as answer:
            assert (answer.status, (await answer.json())["code"]) == (409, "changed_meanwhile")


async def test_a_link_that_is_opened_in_two_places(server: Server, tmp_path: Path) -> None:
    async with written(tmp_path) as log:
        token = server.token("patient", user="p-1")
        for address, code in (("192.0.2.1", None), ("198.51.100.7", "already_joined")):
            client = await server.client(**{"X-Forwarded-For": address})
            if code is None:
                await client.joins(token)
            else:
                assert await client.refused(m.Join(token=token, encrypts=True, microphone=True)) == code
        (alert,) = await listed(server, log)
        assert (alert["rule"], alert["actor"], alert["session"]) == ("two_places", "p-1", "session-1")
        text = "\n".join(str(each) for each in await log.events())
        assert "192.0.2" not in text
        assert "198.51.100" not in text


async def test_a_session_of_staff_that_two_browsers_use(tmp_path: Path) -> None:
    async with a_practice(tmp_path, trusted_proxies="127.0.0.0/8") as (server, owner), written(tmp_path) as log:

        async def asks(*addresses: str) -> None:
            for address in addresses:
                answer = await owner.get("/me", headers={"X-Forwarded-For": address})
                assert answer.status == 200

        office, neighbour, phone, elsewhere = "192.0.2.1", "192.0.2.200", "203.0.113.9", "198.51.100.7"
        await asks(office, phone, phone, office, neighbour, office, neighbour, phone)
        assert await metric(server, "two_places") == 0.0
        await asks(elsewhere, office, elsewhere)
        (alert,) = await listed(server, log)
        assert (alert["rule"], alert["actor_kind"], alert["actor"]) == ("two_places", "staff", owner.id)
        await asks(office, elsewhere, office, elsewhere)
        assert await metric(server, "two_places") == 1.0
        text = "\n".join(str(each) for each in await log.events())
        assert not any(each in text for each in (office, phone, elsewhere, owner.cookie))


async def test_somebody_who_looks_at_one_recording_after_another(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"alert_views": 3, "alert_hours": "always"}
    async with an_archive(tmp_path, **settings) as (server, kept), written(tmp_path) as log:
        for number in (2, 3):
            await kept.add(f"rec-{number}", f"session-{number}", film=None)
        asker = Asker(server, "supervisor")
        for number in (1, 1, 2):
            await asker.gets(f"/rec-{number}")
        assert await log.events("alert.raise") == []
        await asker.gets("/rec-3")
        (alert,) = await listed(server, log)
        assert (alert["rule"], alert["actor"], alert["count"]) == ("mass_viewing", "id-of-supervisor", 3)


class Away(AlertStore):
    """A database that comes back."""

    away = True

    async def keep(self, alert: Alert) -> None:
        if self.away:
            raise Unavailable("away")
        await super().keep(alert)


async def test_a_notice_waits_for_a_database_that_is_away_and_people_are_told_once(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path / "clinic.db"))
    await database.upgrade()
    told: list[Alert] = []

    async def notify(alert: Alert) -> None:
        told.append(alert)

    async def append(_events: object) -> None:
        return

    store, clock = Away(database), Clock()
    alerts = Alerts(
        rules=rules(Thresholds(), None),
        places=Places(bytes(32)),
        audit=Audit(append, clock),
        store=store,
        clock=clock,
        new_id=lambda: f"alert-{len(told)}",
        counter=Metrics().alerts,
        notify=notify,
    )
    alerts.hear(Event("account.break_glass", clock.wall(), "staff", "t-1"))
    assert not await alerts.flush()
    assert told == []
    store.away = False
    assert await alerts.flush()
    assert await alerts.flush()
    (kept,) = (await store.find()).alerts
    assert [each.id for each in told] == [kept.id]
    assert (kept.rule, kept.actor) == ("emergency_access", "t-1")
    await database.close()
