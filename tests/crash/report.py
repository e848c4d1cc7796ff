"""What came of all kill points and torn writes, as figures and as a table.

Pure. Not here: where the results go (`__main__.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.crash.check import MOST_LOST, Found
from tests.crash.plan import Plan
from tests.crash.torn import Torn

ROW = "{:<44}{:>12}"


@dataclass(frozen=True)
class Done:
    """One kill point."""

    plan: Plan
    found: Found | None
    """None: it was not killed as planned, or what it left could not be looked through."""
    problems: tuple[str, ...]

    @property
    def well(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class Lost:
    """Seconds, over tracks."""

    tracks: int
    worst: float
    mean: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Lost:
        ordered = sorted(seconds) or [0.0]
        return cls(len(seconds), ordered[-1], sum(ordered) / len(ordered), ordered[math.ceil(0.99 * len(ordered)) - 1])


def figures(done: Sequence[Done], torn: Torn | None, tails: Torn | None) -> dict[str, Any]:
    """All that is printed and kept."""
    found = [(each.plan, each.found) for each in done if each.found is not None]
    tracks = [(plan, track) for plan, each in found for track in each.tracks]
    open_then = [(plan, track) for plan, track in tracks if track.at_kill]
    return {
        "kill_points": len(done),
        "looked_through": len(found),
        "of_the_service_alone": sum(plan.alone for plan, _ in found),
        "recordings_as_they_should_be": sum(each.well for each in done),
        "tracks": len(tracks),
        "finished_before_the_kill": sum(track.state == "finished" for _, track in tracks),
        "lost_of_finished_tracks": sum(track.lost for _, track in tracks if track.state == "finished"),
        "header_and_no_frame_yet": sum(track.empty for _, track in tracks),
        "lost": {
            "service_and_writer": vars(Lost.of([track.lost for plan, track in open_then if not plan.alone])),
            "service_alone": vars(Lost.of([track.lost for plan, track in open_then if plan.alone])),
            "ended_but_not_finished": vars(
                Lost.of([t.lost for _, t in tracks if not t.at_kill and t.state != "finished"])
            ),
        },
        "slowest_recovery": max((each.recovery for _, each in found), default=0.0),
        "torn_bytes": torn.bytes if torn else 0,
        "torn_bytes_unreadable": torn.unreadable if torn else 0,
        "cut_tails": tails.bytes if tails else 0,
        "cut_tails_unreadable": tails.unreadable if tails else 0,
    }


def is_met(figures: dict[str, Any]) -> bool:
    """0 unreadable, at most 1 s lost, and everything was really tried."""
    return bool(
        figures["kill_points"] == figures["looked_through"] == figures["recordings_as_they_should_be"]
        and all(each["worst"] <= MOST_LOST for each in figures["lost"].values())
        and not figures["lost_of_finished_tracks"]
        and not figures["torn_bytes_unreadable"]
        and not figures["cut_tails_unreadable"]
    )


def table(figures: dict[str, Any]) -> str:
    rows = [
        ("kill points", f"{figures['kill_points']}"),
        ("  of the service alone", f"{figures['of_the_service_alone']}"),
        ("recordings as they should be", f"{figures['recordings_as_they_should_be']}"),
        ("tracks", f"{figures['tracks']}"),
        (
            "  finished before, lost of them",
            f"{figures['finished_before_the_kill']}, {figures['lost_of_finished_tracks']:.2f} s",
        ),
    ]
    rows.append(("  with a header and no frame yet", f"{figures['header_and_no_frame_yet']}"))
    for name, lost in figures["lost"].items():
        rows.append((f"lost: {name.replace('_', ' ')}, tracks", f"{lost['tracks']}"))
        rows += [(f"  {which}", f"{lost[which]:.2f} s") for which in ("worst", "p99", "mean")]
    rows += [
        ("slowest recovery", f"{figures['slowest_recovery']:.2f} s"),
        ("writes torn, by byte", f"{figures['torn_bytes']}"),
        ("  unreadable", f"{figures['torn_bytes_unreadable']}"),
        ("tails cut, by byte", f"{figures['cut_tails']}"),
        ("  unreadable", f"{figures['cut_tails_unreadable']}"),
    ]
    return "\n".join(ROW.format(*row) for row in rows)
