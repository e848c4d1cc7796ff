"""The way into the audit log: what is recorded is on the disk first, what is told is written when it can be."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from clinic import BadValue, Unavailable
from clinic.audit.events import Event
from signaling import audit_port
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.refusals import Refused
from tests.signaling.kept import until

pytestmark = pytest.mark.asyncio


class Log:
    """One that can be away, slow, or broken."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.fault: Exception | None = None
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.now = 1000.0

    async def append(self, events: Sequence[Event]) -> None:
        await self.goes_on.wait()
        if self.fault is not None:
            raise self.fault
        self.events += events

    def audit(self) -> Audit:
        return Audit(self.append, Clock(wall=lambda: self.now))

    def said(self) -> list[str]:
        return [each.subject or each.kind for each in self.events]


@pytest.fixture
def log() -> Log:
    return Log()


def tell(audit: Audit, *subjects: str) -> None:
    for each in subjects:
        audit.told("call.join", "link", "somebody", subject=each)


async def test_what_is_recorded_is_written_when_it_returns_after_what_was_told_before(log: Log) -> None:
    audit = log.audit()
    tell(audit, "a", "b")
    await audit.record("recording.view", "link", "somebody", subject="c", how="played")
    assert log.said() == ["a", "b", "c"]
    assert log.events[-1] == Event("recording.view", 1000.0, "link", "somebody", subject="c", details={"how": "played"})


async def test_what_cannot_be_recorded_is_refused_and_what_was_told_waits(log: Log) -> None:
    audit, log.fault = log.audit(), Unavailable("away")
    tell(audit, "a")
    with pytest.raises(Refused) as refused:
        await audit.record("recording.view", "link", "somebody", subject="b")
    assert (refused.value.code, refused.value.status) == ("audit_unavailable", 503)
    tell(audit, "c")
    assert audit.failing
    assert audit.unwritten == 2
    log.fault, log.now = None, 1060.0
    assert await audit.flush()
    assert log.said() == ["a", "c", "audit.gap"]
    assert log.events[-1].details == {"seconds": 60, "waited": 2, "count": 0}
    assert not audit.failing


async def test_the_loop_tries_again_until_it_can_write(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_port, "TRY_AGAIN", 0.001)
    audit, log.fault = log.audit(), Unavailable("away")
    running = asyncio.create_task(audit.run())
    tell(audit, "a")
    await until(lambda: audit.failing)
    log.fault = None
    await until(lambda: audit.unwritten == 0)
    running.cancel()
    assert log.said() == ["a", "audit.gap"]


async def test_a_fault_of_the_log_is_no_reason_to_show_anything_or_to_stop_writing(log: Log) -> None:
    audit, log.fault = log.audit(), RuntimeError("a fault of ours")
    with pytest.raises(Refused):
        await audit.record("recording.view", "link", "somebody")
    tell(audit, "a")
    assert not await audit.flush()
    log.fault = None
    assert await audit.flush()
    assert log.said() == ["a", "audit.gap"]


async def test_an_event_that_nobody_could_write_stands_in_no_others_way(log: Log) -> None:
    audit = log.audit()
    tell(audit, "a", "b" * 201, "\x00", "c")
    assert await audit.flush()
    assert log.said() == ["a", "c", "audit.gap"]
    assert log.events[-1].details == {"count": 2}


async def test_a_kind_that_is_not_on_the_list_cannot_be_told(log: Log) -> None:
    with pytest.raises(ValueError, match="no kind"):
        log.audit().told("call.dance", "link", "somebody")


async def test_beyond_the_backlog_events_are_counted(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_port, "BACKLOG", 3)
    audit = log.audit()
    tell(audit, *"abcde")
    assert audit.unwritten == 5
    assert await audit.flush()
    assert log.said() == ["a", "b", "c", "audit.gap"]
    assert log.events[-1].details == {"count": 2}
    assert audit.unwritten == 0


async def test_whoever_gives_up_waiting_loses_nothing_and_doubles_nothing(log: Log) -> None:
    audit = log.audit()
    log.goes_on.clear()
    tell(audit, "a", "b")
    writing = asyncio.create_task(audit.flush())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    tell(audit, "c")
    log.goes_on.set()
    assert await audit.flush()
    assert log.said() == ["a", "b", "c"]


async def test_many_records_at_once_are_handed_on_at_once(log: Log) -> None:
    """The log writes together what comes together: whoever records must not stand in line here."""
    audit = log.audit()
    log.goes_on.clear()
    records = [
        asyncio.create_task(audit.record("recording.view", "link", "somebody", subject=str(each))) for each in range(9)
    ]
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(each.done() for each in records)
    log.goes_on.set()
    await asyncio.gather(*records)
    assert sorted(log.said()) == [str(each) for each in range(9)]


async def test_an_outage_is_told_once(log: Log) -> None:
    audit, log.fault = log.audit(), Unavailable("away")
    tell(audit, "a")
    assert not await audit.flush()
    log.fault = None
    await asyncio.gather(*(audit.record("recording.view", "link", "somebody", subject=str(each)) for each in range(5)))
    assert log.said().count("audit.gap") == 1
    assert sorted(log.said()) == ["0", "1", "2", "3", "4", "a", "audit.gap"]


async def test_others_hear_of_what_is_told_and_of_what_is_recorded(log: Log) -> None:
    audit = log.audit()
    heard: list[str] = []
    audit.hearers.append(lambda event: heard.append(event.subject or ""))
    tell(audit, "a")
    await audit.record("recording.view", "link", "somebody", subject="b")
    log.fault = Unavailable("away")
    with pytest.raises(Refused):
        await audit.record("recording.view", "link", "somebody", subject="c")
    assert heard == ["a", "b"]


async def test_a_long_outage_is_written_in_its_order(log: Log) -> None:
    audit, log.fault = log.audit(), Unavailable("away")
    tell(audit, *(str(each) for each in range(1200)))
    assert not await audit.flush()
    log.fault = None
    assert await audit.flush()
    assert [each for each in log.said() if each != "audit.gap"] == [str(each) for each in range(1200)]
    assert audit.unwritten == 0


async def test_what_nobody_could_write_is_a_fault_of_whoever_records_it(log: Log) -> None:
    audit = log.audit()
    with pytest.raises(BadValue):
        await audit.record("recording.view", "link", "somebody", subject="x" * 300)
    assert not audit.failing
