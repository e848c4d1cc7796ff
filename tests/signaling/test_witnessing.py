"""The log's heads are shown to a real witness over HTTP, and what it signs is kept; what it refuses is told."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from clinic import open_database
from clinic.audit.log import MIGRATIONS, AuditLog
from clinic.audit.notes import Note, PublicKey, Signer
from signaling.witnessing import Witnessing
from tests.clinic.audit.made_up import events, signer
from therabook.audit_witness import application, make


class Stand:
    """A witness that serves, and a log beside it."""

    def __init__(self, folder: Path, http: aiohttp.ClientSession) -> None:
        self.folder = folder
        self.http = http
        self.url = ""
        self.key: PublicKey = signer().public
        self.contradicted = 0

    def log(self, name: str = "audit") -> AuditLog:
        database = open_database(f"sqlite:///{self.folder / name}.db", MIGRATIONS)
        return AuditLog(database, signer(), self.folder / f"{name}-head")

    def witnessing(self, log: AuditLog, url: str = "", key: PublicKey | None = None) -> Witnessing:
        def contradicted() -> None:
            self.contradicted += 1

        return Witnessing(log, url or self.url, key or self.key, self.http, 0.01, contradicted)


@contextlib.asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    witness, key = make("witness.example", [str(signer().public)], tmp_path / "state")
    async with aiohttp.ClientSession() as http, served(application(witness)) as url:
        stand = Stand(tmp_path, http)
        stand.url, stand.key = url, key
        yield stand


async def test_heads_are_signed_one_after_another_and_kept(stand: Stand) -> None:
    log = stand.log()
    witnessing = stand.witnessing(log)
    await log.open()
    await witnessing.ask()
    assert await log.witnessed() == []
    for count in (1, 7, 400):
        await log.append(events(count))
        await witnessing.ask()
        await witnessing.ask()
        (kept,) = await log.witnessed()
        assert (kept.size, kept.witness) == ((await log.head()).size, "witness.example")
        note = Note.read(kept.note)
        assert stand.key.check(note) == kept.at
        signer().public.check(note)
    assert witnessing.state == "signed"
    assert stand.contradicted == 0
    await log.close()


async def test_after_a_start_it_goes_on_where_it_was(stand: Stand) -> None:
    log = stand.log()
    await log.append(events(5))
    await stand.witnessing(log).ask()
    await log.append(events(5))
    await stand.witnessing(log).ask()
    assert [each.size for each in await log.witnessed()] == [10]
    await log.close()


async def test_what_the_witness_knows_better_is_believed(stand: Stand) -> None:
    """Its answer was lost: the log does not know that it signed."""
    log = stand.log()
    await log.append(events(5))
    forgetful = stand.witnessing(log)
    await forgetful._post(await log.head(), 0)
    await log.append(events(3))
    await forgetful.ask()
    assert (forgetful.state, [each.size for each in await log.witnessed()]) == ("signed", [8])
    await log.close()


@pytest.mark.parametrize("size", [7, 20, 33])
async def test_another_log_under_the_same_name_is_contradicted(stand: Stand, size: int) -> None:
    log = stand.log()
    await log.append(events(20))
    await stand.witnessing(log).ask()
    await log.close()
    other = stand.log("other")
    await other.append(events(size, 1))
    witnessing = stand.witnessing(other)
    for _ in range(3):
        await witnessing.ask()
    assert (witnessing.state, stand.contradicted) == ("contradicts", 1)
    assert await other.witnessed() == []
    assert (stand.folder / "state.refused").exists()
    await other.close()


async def test_a_witness_that_is_away_is_asked_again(stand: Stand) -> None:
    log = stand.log()
    await log.append(events(5))
    witnessing = stand.witnessing(log, url="http://127.0.0.1:1")
    await witnessing.ask()
    assert witnessing.state == "away"
    witnessing._url = f"{stand.url}/add-checkpoint"
    await witnessing.ask()
    assert witnessing.state == "signed"
    await log.close()


async def test_an_answer_that_is_not_signed_with_its_key_counts_for_nothing(stand: Stand) -> None:
    log = stand.log()
    await log.append(events(5))
    witnessing = stand.witnessing(log, key=Signer("witness.example", bytes(32), 4).public)
    await witnessing.ask()
    assert (witnessing.state, await log.witnessed()) == ("away", [])
    await log.close()


@pytest.mark.parametrize(("status", "text"), [(200, "hello"), (409, "many"), (409, "9" * 30), (500, ""), (302, "")])
async def test_whatever_else_answers_is_no_witness(stand: Stand, status: int, text: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, headers={"Location": stand.url} if status == 302 else None)

    app = web.Application()
    app.router.add_post("/add-checkpoint", answer)
    log = stand.log()
    await log.append(events(5))
    async with served(app) as url:
        witnessing = stand.witnessing(log, url)
        await witnessing.ask()
        assert (witnessing.state, stand.contradicted, await log.witnessed()) == ("away", 0, [])
    await log.close()


async def test_the_witness_serves_what_it_has_signed_and_takes_no_large_requests(stand: Stand) -> None:
    log = stand.log()
    await log.append(events(5))
    await stand.witnessing(log).ask()
    async with stand.http.get(f"{stand.url}/heads") as answer:
        assert await answer.text() == (stand.folder / "state").read_text()
    async with stand.http.post(f"{stand.url}/add-checkpoint", data=b"x" * 100_000) as answer:
        assert answer.status == 413
    async with stand.http.post(f"{stand.url}/add-checkpoint", data=b"\xff") as answer:
        assert answer.status == 400
    await log.close()
