"""What came of all kill points and torn writes, as figures and as a table.

Pure. Not here: where the results go (`__main__.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.crash.check import MOST_LOST, Found, Kept
from tests.crash.plan import Plan
from tests.crash.torn import Torn

ROW = "{:<48}{:>12}"


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
class Spread:
    """Of seconds."""

    count: int
    worst: float
    mean: float
    p99: float

    @classmethod
    def of(cls, seconds: Iterable[float | None]) -> Spread:
        ordered = sorted(each for each in seconds if each is not None)
        if not ordered:
            return cls(0, 0.0, 0.0, 0.0)
        return cls(len(ordered), ordered[-1], sum(ordered) / len(ordered), ordered[math.ceil(0.99 * len(ordered)) - 1])


def figures(done: Sequence[Done], torn: Torn | None, tails: Torn | None) -> dict[str, Any]:
    """All that is printed and kept."""
    found = [(each.plan, each.found) for each in done if each.found is not None]
    tracks = [(plan, track) for plan, each in found for track in each.tracks]
    return {
        "kill_points": len(done),
        "looked_through": len(found),
        "of_the_service_alone": sum(plan.victim == "service" for plan, _ in found),
        "of_the_writer_alone": sum(plan.victim == "writer" for plan, _ in found),
        "of_a_sealed_service": sum(plan.sealed for plan, _ in found),
        "recoveries_killed": sum(len(plan.again) for plan, _ in found),
        "recoveries_killed_midway": sum(each.recoveries_killed for _, each in found),
        "recordings_as_they_should_be": sum(each.well for each in done),
        "tracks": len(tracks),
        "unreadable": sum(track.unreadable for _, track in tracks),
        "finished_before_the_kill": sum(track.state == "finished" for _, track in tracks),
        "lost_of_finished_tracks": sum(track.lost for _, track in tracks if track.state == "finished"),
        "header_and_no_frame_yet": sum(track.empty for _, track in tracks),
        "lost": {
            name: vars(Spread.of(seconds))
            for name, seconds in {
                "all": [track.lost for _, track in tracks],
                "service_and_writer": _lost(tracks, "both"),
                "service_alone": _lost(tracks, "service"),
                "writer_alone": [track.lost for _, track in tracks if track.cut == "writer"],
                "ended_but_not_finished": [
                    track.lost for _, track in tracks if track.cut is None and track.state != "finished"
                ],
            }.items()
        },
        "told_after_the_writers_death": vars(Spread.of(each.told_after for _, each in found)),
        "recorded_again_after_it": vars(Spread.of(each.back_after for _, each in found)),
        "recovery": vars(Spread.of(each.recovery for _, each in found)),
        "torn_bytes": torn.bytes if torn else 0,
        "torn_bytes_unreadable": torn.unreadable if torn else 0,
        "cut_tails": tails.bytes if tails else 0,
        "cut_tails_unreadable": tails.unreadable if tails else 0,
    }


def _lost(tracks: Iterable[tuple[Plan, Kept]], victim: str) -> list[float]:
    return [track.lost for plan, track in tracks if track.cut == "killed" and plan.victim == victim]


def is_met(figures: dict[str, Any]) -> bool:
    """0 unreadable, at most 1 s lost, and everything was really tried."""
    return bool(
        figures["kill_points"] == figures["looked_through"] == figures["recordings_as_they_should_be"]
        and not figures["unreadable"]
        and all(each["worst"] <= MOST_LOST for each in figures["lost"].values())
        and not figures["lost_of_finished_tracks"]
        and figures["told_after_the_writers_death"]["worst"] <= MOST_LOST
        and not figures["torn_bytes_unreadable"]
        and not figures["cut_tails_unreadable"]
    )


def table(figures: dict[str, Any]) -> str:
    rows = [
        ("kill points", f"{figures['kill_points']}"),
        ("  of the service alone", f"{figures['of_the_service_alone']}"),
        ("  of the writer alone, then of all", f"{figures['of_the_writer_alone']}"),
        ("  of a service without the secret key", f"{figures['of_a_sealed_service']}"),
        (
            "recoveries killed, before they were through",
            f"{figures['recoveries_killed']}, {figures['recoveries_killed_midway']}",
        ),
        ("recordings as they should be", f"{figures['recordings_as_they_should_be']}"),
        ("tracks", f"{figures['tracks']}"),
        ("  unreadable", f"{figures['unreadable']}"),
        (
            "  finished before, lost of them",
            f"{figures['finished_before_the_kill']}, {figures['lost_of_finished_tracks']:.2f} s",
        ),
        ("  with a header and no frame yet", f"{figures['header_and_no_frame_yet']}"),
    ]
    for name, lost in figures["lost"].items():
        rows.append((f"lost: {name.replace('_', ' ')}, tracks", f"{lost['count']}"))
        rows += [(f"  {which}", f"{lost[which]:.2f} s") for which in ("worst", "p99", "mean")]
    for name in ("told_after_the_writers_death", "recorded_again_after_it", "recovery"):
        spread = figures[name]
        rows.append((f"{name.replace('_', ' ')}, worst, mean", f"{spread['worst']:.2f}, {spread['mean']:.2f} s"))
    rows += [
        ("writes torn, by byte", f"{figures['torn_bytes']}"),
        ("  unreadable", f"{figures['torn_bytes_unreadable']}"),
        ("tails cut, by byte", f"{figures['cut_tails']}"),
        ("  unreadable", f"{figures['cut_tails_unreadable']}"),
    ]
    return "\n".join(ROW.format(*row) for row in rows)
