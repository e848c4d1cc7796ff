"""The states of what is remembered, and which may follow which: one table for each, with its rules above it.

Not here: who may cause a move (`signaling/roles.py`), and how it is kept (`recordings.py`, `jobs.py`, `retention.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from clinic.errors import IllegalMove


class RecordingState(Enum):
    """Capturing while tracks are written; captured when all are closed; composing and ready with a `compose` job.

    Failed: capture or composing came to nothing, and `failure` says why; what there is can still be captured
    (recovered) or composed again. Shredded: every key of it is gone. Nothing leads back from there, and nothing is
    shredded while it is captured: capture has to be ended first, or it would go on writing.
    """

    CAPTURING = "capturing"
    CAPTURED = "captured"
    COMPOSING = "composing"
    READY = "ready"
    FAILED = "failed"
    SHREDDED = "shredded"


class TrackState(Enum):
    """Writing -> finished, in the ordinary case. After a crash: recovered (up to its last second) or lost (no file,
    or nothing in it). Recovered again: when somebody brings the key, and two files become one."""

    WRITING = "writing"
    FINISHED = "finished"
    RECOVERED = "recovered"
    LOST = "lost"


class JobState(Enum):
    """Waiting -> running -> done. Back to waiting after a failure, until it has failed too often. Cancelled: what it
    works on was shredded. `running` holds as long as the lease; after that anybody may take the job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


S = TypeVar("S", bound=Enum)

RECORDING_MOVES: Mapping[RecordingState, frozenset[RecordingState]] = {
    RecordingState.CAPTURING: frozenset({RecordingState.CAPTURED, RecordingState.FAILED}),
    RecordingState.CAPTURED: frozenset({RecordingState.COMPOSING, RecordingState.FAILED, RecordingState.SHREDDED}),
    RecordingState.COMPOSING: frozenset(
        {
            RecordingState.CAPTURED,  # a person was shredded, and what was being composed with them
            RecordingState.COMPOSING,  # another worker, after the first one crashed
            RecordingState.READY,
            RecordingState.FAILED,
            RecordingState.SHREDDED,
        }
    ),
    RecordingState.READY: frozenset({RecordingState.CAPTURED, RecordingState.COMPOSING, RecordingState.SHREDDED}),
    RecordingState.FAILED: frozenset({RecordingState.CAPTURED, RecordingState.COMPOSING, RecordingState.SHREDDED}),
    RecordingState.SHREDDED: frozenset(),
}

TRACK_MOVES: Mapping[TrackState, frozenset[TrackState]] = {
    TrackState.WRITING: frozenset({TrackState.FINISHED, TrackState.RECOVERED, TrackState.LOST}),
    TrackState.FINISHED: frozenset(),
    TrackState.RECOVERED: frozenset({TrackState.RECOVERED}),
    TrackState.LOST: frozenset(),
}


def check_move(table: Mapping[S, frozenset[S]], old: S, new: S) -> None:
    """Raises IllegalMove unless `new` may follow `old`."""
    if new not in table[old]:
        raise IllegalMove(f"{new.value} cannot follow {old.value}")
