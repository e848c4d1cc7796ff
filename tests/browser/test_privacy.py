"""Nothing that the service writes or is asked for names anybody: its log, its metrics, its addresses, what browsers say
of their connections and what is kept of that, over a whole call with everything that can go wrong in one."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import WebSocket

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT
from tests.browser.person import eventually
from tests.browser.service import Service
from tests.browser.wire import Wire

ADDRESS = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b|[^\s/]*::[0-9a-f]+", re.I
)
WHOSE = {"usage_sitting", "usage_share", "usage_span", "usage_sum"}
"""Minutes are somebody's: kept with the ids that the clinic's own systems have for them."""

JWT = re.compile(r"eyJ[\w-]{10,}")
OWN = ("127.0.0.1", "0.0.0.0")
"""Where the service itself listens, which it may say when it starts."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def service(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    """Not the demonstration, which prints links for whoever tries it."""
    running = Service(tmp_path_factory.mktemp("service"), demo=False)
    await running.start()
    yield running
    assert await running.stop() == 0, running.said()


@pytest.mark.timeout(180)
async def test_a_whole_call_leaves_no_identity_behind(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await person("Wilhelmina Blue", DOCTOR), await person("Zacharias Reed", PATIENT)
    asked: list[str] = []
    stats: list[str] = []

    def watch(socket: WebSocket) -> None:
        asked.append(socket.url)
        socket.on("framesent", lambda text: stats.append(str(text)) if '"stats"' in str(text) else None)

    for someone in (doctor, patient):
        someone.page.on("request", lambda request: asked.append(request.url))
        someone.page.on("websocket", watch)
    patient_token = await service.token("patient", session, user="zacharias.reed@example.org")
    async with Wire(service) as wire:
        await doctor.join(await service.link("therapist", session, user="dr-blue-kx4711"))
        await patient.join(f"{wire.url}/video-call/secure-therapy#token={patient_token}")
        await doctor.admit(patient)
        await doctor.sees_and_hears(patient)

        async def told() -> bool:
            return len(stats) >= 4

        await eventually(told, "both browsers tell how the call is")
        await patient.says("Something very private")
        await doctor.press("Chat")
        await doctor.reads("Something very private")
        patient.expects_network_errors()
        wire.cut()
        await patient.reads("The session goes on")
        wire.mend()
        await patient.reads_no_longer("The session goes on")
        await patient.says("Back again")
        await doctor.reads("Back again")
        await patient.page.reload()
        await doctor.sees(patient)
        metrics_during = await service.get("/metrics")
        await doctor.remove(patient)
        await doctor.does_not_see(patient)
        await doctor.end_for_everyone()
    stranger = await person("Mallory Green", PATIENT)
    await stranger.join(f"{service.url}/video-call/secure-therapy#token={patient_token}")
    await stranger.is_refused("This link cannot be used again")

    written = {
        "log": service.said(),
        "metrics": metrics_during + await service.get("/metrics"),
        "statistics": "\n".join(stats),
        "report": await report(service, session),
    }
    addresses = "\n".join(url.partition("#")[0] for url in asked)
    for where, text in {**written, "addresses": addresses}.items():
        # the report is asked for by the session's name, which the clinic has chosen
        lowered = text.lower() if where != "report" else text.lower().replace(session.lower(), "")
        for secret in ("wilhelmina", "zacharias", "mallory", "reed", "kx4711", "example.org", session, "private"):
            assert secret.lower() not in lowered, f"{secret} in the {where}"
        assert not JWT.search(text), f"a token in the {where}"
    for where, text in written.items():
        found = {match[0] for match in ADDRESS.finditer(text)} - set(OWN)
        assert not found, f"{found} in the {where}"
    assert len(service.said().splitlines()) > 5, "a log that says nothing proves nothing"
    assert 'therabook_stats_total{result="taken"}' in written["metrics"]
    assert '"received"' in written["statistics"]
    assert '"frozen_s"' in written["report"]
    database = b"".join(file.read_bytes() for file in sorted(service.data.glob("*.db*"))).lower()
    for name in (b"wilhelmina", b"zacharias reed", b"mallory", b"something very private"):
        assert name not in database, f"{name!r} in a database"
    for table, rows in tables(service.data / "clinic.db").items():
        for who in ("zacharias.reed@example.org", "dr-blue-kx4711"):
            assert who not in rows or table in WHOSE, f"{who} in {table}"


def tables(database: Path) -> dict[str, str]:
    """All that is in each."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as opened:
        names = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: repr(opened.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names}


async def report(service: Service, session: str) -> str:
    """What is on record about the session's quality."""
    headers = {"Authorization": f"Bearer {(service.data / 'api-key').read_text().strip()}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.get(f"{service.url}/api/sessions/{session}/quality") as answer,
    ):
        assert answer.status == 200
        return await answer.text()
