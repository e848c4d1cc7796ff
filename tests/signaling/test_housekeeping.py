"""What is done for recordings while nobody looks: deleted when their time is over, and read as a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from clinic import RecordingState, Unavailable, Viewings, open_database, sqlite_url
from clinic.audit.events import Event
from recording.sealed import files_of
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.housekeeping import TEST_EVERY, Housekeeping
from signaling.metrics import Metrics
from signaling.recovery import recover
from tests.signaling.crashed import NOW, Crashed

pytestmark = pytest.mark.asyncio


class Kept:
    """A recording that is over, and a clock that stands where the test puts it."""

    def __init__(self, crashed: Crashed) -> None:
        self.crashed = crashed
        self.now = NOW
        self.events: list[Event] = []
        self.log_is_away = False
        self.metrics = Metrics()
        self.viewings = Viewings(crashed.database)
        self.housekeeping = Housekeeping(
            crashed.vault,
            self.viewings,
            crashed.database.scrub,
            Clock(wall=lambda: self.now),
            lambda several: several[0],
            self.metrics,
            Audit(self.append, Clock(wall=lambda: self.now)),
        )

    async def append(self, events: Sequence[Event]) -> None:
        if self.log_is_away:
            raise Unavailable("the log is away")
        self.events += events

    async def state(self) -> RecordingState:
        return (await self.crashed.books.recordings.get("rec")).recording.state

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"therabook_{name}_total", labels) or 0.0


@pytest_asyncio.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    database = open_database(sqlite_url(tmp_path / "clinic.db"))
    await database.upgrade()
    crashed = Crashed(tmp_path, database)
    await crashed.leave(finished=True)
    await recover(crashed.books, crashed.folder, NOW)
    yield Kept(crashed)
    await database.close()


async def test_a_recording_is_shredded_when_its_time_is_over_and_not_before(kept: Kept) -> None:
    await kept.crashed.books.recordings.keep_until("rec", NOW + 100)
    await kept.housekeeping.look()
    assert await kept.state() is RecordingState.CAPTURED
    kept.now = NOW + 101
    await kept.housekeeping.look()
    assert await kept.state() is RecordingState.SHREDDED
    assert not list(kept.crashed.folder.rglob("*.age"))
    (proof,) = await kept.crashed.vault.retention.proofs("rec")
    assert proof.by == "retention"
    assert kept.counted("recordings_shredded") == 1
    assert [(each.kind, each.actor, each.session, each.subject) for each in kept.events] == [
        ("recording.verify", "restore test", "session", "rec"),
        ("recording.delete", "retention", "session", "rec"),
    ]


async def test_nothing_is_deleted_that_the_audit_log_cannot_be_told_of(kept: Kept) -> None:
    await kept.crashed.books.recordings.keep_until("rec", NOW + 100)
    kept.now, kept.log_is_away = NOW + 101, True
    await kept.housekeeping.look()
    assert await kept.state() is RecordingState.CAPTURED
    kept.log_is_away = False
    await kept.housekeeping.look()
    assert await kept.state() is RecordingState.SHREDDED
    assert "recording.delete" in [each.kind for each in kept.events]


async def test_a_hold_counts_more_than_the_deadline(kept: Kept) -> None:
    await kept.crashed.books.recordings.keep_until("rec", NOW + 100)
    await kept.crashed.vault.retention.hold("rec", by="auditor", because="case 7", now=NOW)
    kept.now = NOW + 101
    await kept.housekeeping.look()
    assert await kept.state() is RecordingState.CAPTURED
    await kept.crashed.vault.retention.release("rec")
    await kept.housekeeping.look()
    assert await kept.state() is RecordingState.SHREDDED


async def test_once_a_day_a_recording_is_read_as_a_test(kept: Kept) -> None:
    await kept.housekeeping.look()
    await kept.housekeeping.look()
    assert kept.counted("restore_tests", result="passed") == 1
    assert [(each.kind, each.who) for each in await kept.viewings.of_recording("rec")] == [("verified", "restore test")]
    main = files_of(kept.crashed.folder / "rec", "track").main
    data = bytearray(main.read_bytes())
    data[-1] ^= 1
    main.write_bytes(data)
    kept.now += TEST_EVERY
    await kept.housekeeping.look()
    assert kept.counted("restore_tests", result="failed") == 1


async def test_a_file_that_cannot_be_removed_now_is_removed_later(kept: Kept) -> None:
    main = files_of(kept.crashed.folder / "rec", "track").main
    content = main.read_bytes()
    main.unlink()
    main.mkdir()  # what is no file cannot be unlinked, whoever tries
    await kept.crashed.books.recordings.keep_until("rec", NOW - 1)
    await kept.housekeeping.look()
    assert await kept.state() is RecordingState.SHREDDED, "what counts is the key"
    assert await kept.crashed.vault.retention.files_to_remove() == ["rec/track"]
    main.rmdir()
    main.write_bytes(content)
    await kept.housekeeping.look()
    assert not main.exists()
    assert await kept.crashed.vault.retention.files_to_remove() == []
