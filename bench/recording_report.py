"""What the figures of recordings say: medians, ranges, ratios within a repeat, and what is not as it should be. Pure.

Not here: measuring (`recording_cost.py`, `recording_memory.py`, `compose.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from bench import trend
from bench.recording_cost import OURS, Many, Window, loses
from bench.recording_kept import Kept
from bench.recording_memory import Memory
from bench.systems.ours import MEDIA_THREAD

DEARER = 1.25
"""Times the processor time of a call that its recording may make of it."""

FASTER = 4.0
"""Times as fast as real time that composing must be on one core."""

OTHERS_CORES = 0.15
"""Used by others in a window: more, and the machine was not quiet."""

LOST_AT_AN_END_MS = 2_500
"""Of a recording's time, in which a track may not have begun yet or have ended already: calls begin one after the
other, and pictures with a key frame."""

WAITS_BEFORE = 0.35
"""Seconds of what was heard that no checkpoint holds when it is made, at most: in the muxer, on the way there, and
since the last look at what was heard."""

MOST_LOST_SECONDS = 1.0

WARM_SHARE = 0.2
GROWTH_KB = 2048
"""In all of the time after warming up: less is an allocator's unrest."""


@dataclass
class Judged:
    """Facts, the same in words, and what is not as it should be."""

    facts: dict[str, Any] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


# Cost -----------------------------------------------------------------------------------------------------------------


def cost(windows: Sequence[Window], failures: Sequence[str]) -> Judged:
    rows = cost_rows(windows)
    judged = Judged({"results": rows, "failures": list(failures)}, failed=list(failures))
    judged.lines = [
        f"{'milliseconds on a core for a second of a call':<46} {'calls':>5} {'unrecorded':>22} {'recorded':>22} "
        f"{'times':>20}"
    ]
    for row in rows:
        judged.lines.append(
            f"{row['system']:<46} {row['calls']:>5} {_range(row['unrecorded']['cpu_ms_per_call']):>22} "
            f"{_range(row['recorded']['cpu_ms_per_call']):>22} {_range(row['times'], 2):>20}"
        )
        parts = {name: each for name, each in row["recorded"].items() if name.endswith("_ms") and "cpu" not in name}
        judged.lines.append(f"    recorded: {', '.join(f'{name[:-3]} {_range(each)}' for name, each in parts.items())}")
        judged.lines += [f"    {remark}" for remark in row["remarks"]]
        if row["system"] == OURS and row["calls"] == 1 and row["times"]["median"] > DEARER:
            judged.failed.append(f"a recorded call costs {row['times']['median']:.2f} times the unrecorded one")
        if row["lost"]:
            judged.failed.append(f"{row['system']}, {row['calls']} calls: {row['lost']} packets lost")
    return judged


def cost_rows(windows: Sequence[Window]) -> list[dict[str, Any]]:
    """One for each system and number of calls, in the order in which they were first measured."""
    groups: dict[tuple[str, int], list[Window]] = defaultdict(list)
    for window in windows:
        groups[window.system, window.calls].append(window)
    return [_cost_row(system, calls, group) for (system, calls), group in groups.items()]


def _cost_row(system: str, calls: int, windows: Sequence[Window]) -> dict[str, Any]:
    plain = {each.repeat: each for each in windows if not each.recorded}
    recorded = {each.repeat: each for each in windows if each.recorded}
    both = sorted(plain.keys() & recorded.keys())
    remarks = []
    if max(each.others_cores for each in windows) > OTHERS_CORES:
        remarks.append("the machine was not quiet")
    if max(each.seen.late for each in windows) > 0.02:
        remarks.append("the generator did not keep up")
    return {
        "system": system,
        "calls": calls,
        "repeats": len(both),
        "unrecorded": _spent(list(plain.values())),
        "recorded": _spent(list(recorded.values())),
        "times": _summary([recorded[at].cpu_ms_per_call / plain[at].cpu_ms_per_call for at in both]),
        "more_ms": _summary([recorded[at].cpu_ms_per_call - plain[at].cpu_ms_per_call for at in both]),
        "lost": sum(each.seen.counts["lost"] for each in windows),
        "wrong": sum(each.seen.counts["wrong"] for each in windows),
        "packets_per_call": _summary([each.seen.counts["received"] / each.seconds / calls for each in windows]),
        "remarks": remarks,
    }


def _spent(windows: Sequence[Window]) -> dict[str, Any]:
    names = dict.fromkeys(name for each in windows for name in each.cpu_ms)
    return {
        "cpu_ms_per_call": _summary([each.cpu_ms_per_call for each in windows]),
        **{f"{name}_ms": _summary([each.cpu_ms.get(name, 0.0) for each in windows]) for name in names},
        "others_cores": _summary([each.others_cores for each in windows]),
        "p99_us": _summary([each.seen.p99_us for each in windows]),
    }


# Many -----------------------------------------------------------------------------------------------------------------


def many(tried: Sequence[Many], wanted: int) -> Judged:
    """`tried`: from the most calls to the fewest."""
    judged = Judged({"wanted": wanted, "tried": [many_facts(each) for each in tried]})
    for each in tried:
        reasons = why_not(each)
        judged.lines.append(_many_line(each, reasons))
    best = next((each for each in tried if not why_not(each)), None)
    if best is None:
        judged.failed.append("no number of recorded calls that was tried went without a loss")
    elif best.calls < wanted:
        judged.failed.append(f"{best.calls} recorded calls at once drop nothing, {wanted} do: {why_not(tried[0])[0]}")
    if best is not None and best.unkept_seconds + WAITS_BEFORE > MOST_LOST_SECONDS:
        lost = best.unkept_seconds + WAITS_BEFORE
        judged.failed.append(f"with {best.calls} recorded calls a crash would have lost {lost:.1f} s")
    judged.facts["most"] = best.calls if best is not None else 0
    return judged


def why_not(many: Many) -> list[str]:
    """What was dropped, and where; empty if nothing was."""
    if many.recorded is None:
        why = loses(many.plain) or "nothing was recorded"
        others = many.plain.others_cores
        busy = f", while others used {others:.1f} cores" if others > OTHERS_CORES else ""
        return [f"the machine does not carry them, not even without recording: {why}{busy}"]
    reasons = [f"what people were told: {problem}" for problem in many.problems]
    lost = sum(each.lost for each in many.streams) + sum(
        max(each.sent - each.received - each.lost, 0) for each in many.streams
    )
    wrong = sum(each.wrong for each in many.streams)
    if lost or wrong:
        reasons.append(f"{lost} packets lost on their way, {wrong} wrong")
    if many.missed or many.not_recorded:
        reasons.append(f"{many.missed} packets that the listeners could not keep, {many.not_recorded} batches dropped")
    if len(many.kept) != 4 * many.calls:
        reasons.append(f"{len(many.kept)} tracks in place of {4 * many.calls}")
    missing, foreign = sum(each.missing for each in many.kept), sum(each.foreign for each in many.kept)
    if missing or foreign:
        reasons.append(f"{missing} frames missing in the tracks, {foreign} that nobody sent")
    short = sum(not is_whole(each) for each in many.kept)
    if short:
        reasons.append(f"{short} tracks are shorter than their recordings")
    return reasons


def is_whole(kept: Kept) -> bool:
    """From the beginning of its recording to the end, but for what is said above."""
    return kept.recorded_ms - kept.lasted_ms <= LOST_AT_AN_END_MS


def many_facts(many: Many) -> dict[str, Any]:
    return {
        "calls": many.calls,
        "dropped": why_not(many),
        "unrecorded": _window_facts(many.plain),
        "recorded": None if many.recorded is None else _window_facts(many.recorded),
        "packets": sum(each.received for each in many.streams),
        "lost": sum(each.lost for each in many.streams),
        "missed_by_listeners": many.missed,
        "unkept_seconds": round(many.unkept_seconds, 2),
        "finishing_seconds": round(many.finishing_seconds, 1),
        "tracks": len(many.kept),
        "frames": sum(each.frames for each in many.kept),
        "frames_missing": sum(each.missing for each in many.kept),
        "most_missing_at_ends_ms": max((each.recorded_ms - each.lasted_ms for each in many.kept), default=0),
    }


def _window_facts(window: Window) -> dict[str, Any]:
    cores = {name: round(each * window.calls / 1000, 3) for name, each in window.cpu_ms.items()}
    return {
        "cores": cores,
        "resident_kb": dict(window.resident_kb),
        "generator_cores": round(window.seen.generator_cores, 3),
        "others_cores": round(window.others_cores, 3),
        "late": round(window.seen.late, 5),
        "p50_us": round(window.seen.p50_us),
        "p99_us": round(window.seen.p99_us),
        "lost": window.seen.counts["lost"],
        "packets_per_s": round(window.seen.counts["received"] / window.seconds),
    }


def _many_line(many: Many, reasons: Sequence[str]) -> str:
    window = many.recorded or many.plain
    cores = ", ".join(
        f"{name} {each * many.calls / 1000:.2f}" for name, each in window.cpu_ms.items() if name != MEDIA_THREAD
    )
    frames = sum(each.frames for each in many.kept)
    return (
        f"{many.calls} calls: cores {cores}, generator {window.seen.generator_cores:.2f}; "
        f"p99 {many.plain.seen.p99_us:,.0f} us without and {window.seen.p99_us:,.0f} us with recording; "
        f"checkpoints at most {many.unkept_seconds:.1f} s old; "
        f"{frames:,} frames in {len(many.kept)} tracks; {'; '.join(reasons) or 'nothing dropped'}"
    )


# Composing and memory -------------------------------------------------------------------------------------------------


def composing(films: Sequence[Mapping[str, float]]) -> Judged:
    """As `bench/compose.py` tells of them."""
    judged = Judged({"films": [dict(each) for each in films]})
    for each in films:
        judged.lines.append(
            f"a film of {each['seconds']:.0f} s at {each['times_real_time']:.1f} times real time on one core, "
            f"{each['most_resident_kb'] / 1024:.0f} MB resident"
        )
        if each["times_real_time"] < FASTER:
            judged.failed.append(f"composing is {each['times_real_time']:.1f} times as fast as real time")
    return judged


def memory(found: Memory) -> Judged:
    judged = Judged({"memory": asdict(found)})
    rows = found.rows
    settled = [row for row in rows if row.hours >= WARM_SHARE * rows[-1].hours] if rows else []
    if len(settled) < 5:
        judged.lines.append("too little time to say whether memory grows")
    else:
        hours = [row.hours for row in settled]
        sides: dict[str, Callable[[Any], float]] = {
            "writer": lambda row: row.writer_kb,
            "server's side": lambda row: row.server_kb,
        }
        for name, side in sides.items():
            values = [side(row) for row in settled]
            line = trend.of(hours, values)
            judged.facts[name] = {"kb_per_hour": asdict(line), "least_kb": min(values), "most_kb": max(values)}
            took = f"{rows[-1].hours:.1f} hours in {60 * rows[-1].hours / found.speed:.0f} minutes"
            judged.lines.append(
                f"{name}: {line.words} kB an hour after warming up, {min(values) / 1024:.0f} to "
                f"{max(values) / 1024:.0f} MB resident; {took}"
            )
            if trend.grows(line, hours[-1] - hours[0], GROWTH_KB):
                judged.failed.append(f"memory of the {name} grows by {line.words} kB an hour")
    if found.troubles:
        judged.failed.append(f"the writer was in trouble: {', '.join(sorted(set(found.troubles)))}")
    if found.tracks != 4:
        judged.failed.append(f"{found.tracks} tracks in place of 4")
    return judged


def _summary(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {"median": 0.0, "least": 0.0, "most": 0.0}
    return {"median": round(median(values), 3), "least": round(min(values), 3), "most": round(max(values), 3)}


def _range(summary: Mapping[str, float], digits: int = 1) -> str:
    least, most = summary["least"], summary["most"]
    return f"{summary['median']:.{digits}f} ({least:.{digits}f} to {most:.{digits}f})"
