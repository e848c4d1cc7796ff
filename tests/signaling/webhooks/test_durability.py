"""The service as a process that is killed, and databases that are away: whatever a call told is delivered, in order,
without a gap in the numbers."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from signaling import keys
from signaling import messages as m
from tests.clinic.postgres import Postgres, a_postgres
from tests.signaling.process import Process, a_process
from tests.signaling.receiver import Receiver
from tests.signaling.webhooks.delivering import told
from therabook.outgoing_served import WAITING

WITHIN = 60.0
"""Seconds, on a busy machine: a service is started, and what could not be delivered rests before it is tried again."""

CALL = ["session.started", "person.joined", "person.joined", "person.waiting", "person.admitted"]
RESTART = ["person.left", "person.left", "session.ended"]


class Clinic:
    """One data folder, and services in it one after another."""

    def __init__(self, folder: Path, receiver: Receiver, **variables: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.receiver = receiver
        self.variables = variables

    @contextlib.asynccontextmanager
    async def served(self) -> AsyncIterator[Process]:
        flags, variables = ("--webhook-private-addresses",), self.variables
        async with a_process(self.folder, self.data, *flags, variables=variables) as process:
            yield process

    async def listened_to(self, process: Process) -> None:
        api_key = keys.api_key(self.data).get_secret_value()
        headers = {"Authorization": f"Bearer {api_key}"}
        url, body = f"{process.server.url}/api/webhooks", {"url": self.receiver.url}
        async with process.server.http.post(url, json=body, headers=headers) as answer:
            assert answer.status == 201, await answer.text()

    async def waits(self, *kinds: str) -> None:
        """Until these are in the journal, and nothing else."""
        async with asyncio.timeout(WITHIN):
            while self.in_journal() != list(kinds):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.01)

    async def heard(self, *kinds: str) -> None:
        """Until these are the last in the journal. What is killed before may have written less."""
        async with asyncio.timeout(WITHIN):
            while self.in_journal()[-len(kinds) :] != list(kinds):  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.01)

    def in_journal(self) -> list[str]:
        lines = (self.data / WAITING).read_text(encoding="utf-8").splitlines()
        return [line.split('"kind":"')[1].split('"')[0] for line in lines if line.startswith('{"event":')]

    async def got(self, *kinds: str) -> list[dict[str, Any]]:
        """Everything that came, each number once: numbers have no gap, and these kinds."""
        await self.receiver.got(len(kinds), WITHIN)
        by_number = {each["sequence"]: each for each in told(self.receiver.requests)}
        assert list(by_number) == list(range(1, len(kinds) + 1)), "each came after the one before it"
        assert [each["type"] for each in by_number.values()] == list(kinds)
        ids = {(each["sequence"], each["id"]) for each in told(self.receiver.requests)}
        assert len(ids) == len(by_number), "what came twice is the same"
        return list(by_number.values())


async def test_a_service_that_is_killed_while_events_wait_tells_them_at_the_next_start(
    tmp_path: Path, receiver: Receiver
) -> None:
    clinic = Clinic(tmp_path, receiver)
    async with clinic.served() as process:
        await clinic.listened_to(process)
        with locked(clinic.data / "clinic.db"):
            await process.server.call()
            await clinic.waits(*CALL)
            await process.kill()
    assert receiver.requests == []
    async with clinic.served() as process:
        bodies = await clinic.got(*CALL, *RESTART)
        assert [each["data"].get("why") for each in bodies[5:]] == ["restart"] * 3
        await process.stop()
    assert clinic.in_journal() == []


async def test_a_service_that_is_killed_again_and_again_leaves_no_gap(tmp_path: Path, receiver: Receiver) -> None:
    clinic = Clinic(tmp_path, receiver)
    for run in range(3):
        async with clinic.served() as process:
            if run == 0:
                await clinic.listened_to(process)
            await process.server.call()
            await clinic.heard(*CALL)
            await process.kill()
    async with clinic.served() as process:
        count = 0
        while kinds_of(receiver).count("session.ended") < 3:
            count = len(await receiver.got(count + 1, WITHIN))
        by_number = {each["sequence"]: each["type"] for each in told(receiver.requests)}
        assert list(by_number) == list(range(1, len(by_number) + 1))
        kinds = list(by_number.values())
        assert kinds.count("session.started") == kinds.count("session.ended") == 3
        assert kinds.count("person.joined") == kinds.count("person.left") == 6
        await process.stop()


async def test_nothing_is_lost_while_postgresql_is_away_in_mid_call_nor_if_the_service_dies_meanwhile(
    tmp_path: Path, receiver: Receiver
) -> None:
    with a_postgres() as server:
        clinic = Clinic(tmp_path, receiver, THERABOOK_DATABASE_URL=server.fresh())
        async with clinic.served() as process:
            await clinic.listened_to(process)
            with away(server):
                therapist, patient = await process.server.call()
                await clinic.waits(*CALL)
            await clinic.got(*CALL)
            with away(server):
                await patient.says(m.Leave())
                await therapist.state(lambda state: not state.people)
                await clinic.waits(*CALL, "person.left")
                await process.kill()
        async with clinic.served() as process:
            bodies = await clinic.got(*CALL, "person.left", "person.left", "session.ended")
            assert [each["data"].get("why") for each in bodies[5:]] == ["left", "restart", "restart"]
            await process.stop()


def kinds_of(receiver: Receiver) -> list[str]:
    return [each["type"] for each in told(receiver.requests)]


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Nobody else can change it meanwhile."""
    with contextlib.closing(sqlite3.connect(file, timeout=WITHIN, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextlib.contextmanager
def away(server: Postgres) -> Iterator[None]:
    server.stop()
    try:
        yield
    finally:
        server.start()
