"""What is recorded waits until it is written; what is told never waits, and is written once, whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from clinic import BadValue, Unavailable
from clinic.audit.canonical import draft
from clinic.audit.events import Event
from signaling import audit_port
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.refusals import Refused


class Log:
    """Keeps events in a list, unless it is away."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.away = False
        self.slow: asyncio.Event | None = None
        self.written = asyncio.Event()

    async def append(self, events: Sequence[Event]) -> None:
        for each in events:
            draft(each)
        if self.slow is not None:
            await self.slow.wait()
        if self.away:
            raise Unavailable("away")
        self.events += events
        self.written.set()

    @property
    def subjects(self) -> list[str | None]:
        return [each.subject for each in self.events]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def audit(log: Log) -> Audit:
    return Audit(log.append, Clock(wall=lambda: 1_780_000_000.0))


async def test_what_cannot_be_recorded_is_refused(audit: Audit, log: Log) -> None:
    await audit.record("recording.view", "staff", "a", subject="r1", full=True)
    log.away = True
    with pytest.raises(Refused) as refused:
        await audit.record("recording.view", "staff", "a", subject="r2")
    assert refused.value.code == "audit_unavailable"
    assert audit.failing
    assert log.events == [Event("recording.view", 1_780_000_000.0, "staff", "a", subject="r1", details={"full": True})]


async def test_what_is_told_is_written_when_the_log_is_back(audit: Audit, log: Log) -> None:
    log.away = True
    for number in range(700):
        audit.told("call.join", "link", "a", subject=str(number))
    assert not await audit.flush()
    assert audit.unwritten == 700
    log.away = False
    assert await audit.flush()
    assert log.subjects == [str(number) for number in range(700)]
    assert audit.unwritten == 0


async def test_it_is_written_without_anybody_asking(audit: Audit, log: Log) -> None:
    running = asyncio.create_task(audit.run())
    audit.told("call.join", "link", "a", subject="1")
    async with asyncio.timeout(5):
        await log.written.wait()
    running.cancel()
    assert log.subjects == ["1"]


async def test_what_is_stopped_while_it_writes_writes_nothing_twice(audit: Audit, log: Log) -> None:
    log.slow = asyncio.Event()
    running = asyncio.create_task(audit.run())
    audit.told("call.join", "link", "a", subject="1")
    for _ in range(5):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.sleep(0)
    audit.told("server.stop", "server", "service", subject="2")
    log.slow.set()
    assert await audit.flush()
    assert log.subjects == ["1", "2"]
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_more_than_there_is_room_for_is_counted(audit: Audit, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_port, "BACKLOG", 3)
    for number in range(5):
        audit.told("call.join", "link", "a", subject=str(number))
    assert await audit.flush()
    assert log.subjects == ["0", "1", "2", None]
    assert (log.events[-1].kind, log.events[-1].details) == ("audit.gap", {"count": 2})


async def test_one_that_nobody_could_write_does_not_keep_the_others_waiting(audit: Audit, log: Log) -> None:
    for subject in ("1", "x" * 300, "2"):
        audit.told("call.join", "link", "a", subject=subject)
    assert await audit.flush()
    assert log.subjects == ["1", "2", None]
    assert log.events[-1].details == {"count": 1}
    with pytest.raises(BadValue):
        await audit.record("call.join", "link", "a", subject="x" * 300)


def test_kinds_are_closed(audit: Audit) -> None:
    with pytest.raises(ValueError, match="no kind"):
        audit.told("call.unheard_of", "link", "a")
