"""What was found, as a table for people. Not here: what the figures mean (`score.py`, `compared.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

SIMULATED = (
    ("title", "simulated", "{:<46}"),
    ("kbit_per_s", "kbit/s", "{:>7.0f}"),
    ("used", "used", "{:>5.2f}"),
    ("used_steady", "steady", "{:>6.2f}"),
    ("queue_p50_ms", "q p50", "{:>6.0f}"),
    ("queue_p95_ms", "q p95", "{:>6.0f}"),
    ("queue_standing_ms", "stands", "{:>6.0f}"),
    ("frozen_s_per_minute", "frozen", "{:>6.1f}"),
    ("concealed", "made up", "{:>7.1%}"),
    ("recovers_s", "back s", "{:>6.1f}"),
)

BROWSERS = (
    ("title", "browsers, through us / directly", "{:<34}"),
    ("direction", "direction", "{:<10}"),
    ("ours", "kbit/s", "{:>20}"),
    ("direct", "directly", "{:>20}"),
    ("ratio", "ratio", "{:>18}"),
    ("frozen", "frozen s/min", "{:>20}"),
    ("frozen_direct", "directly", "{:>20}"),
    ("queue", "queue p95", "{:>10}"),
)

NOTE = (
    "used: of what could be carried, in all and in steady state; q: ms in the bottleneck's queue; frozen: s a minute; "
    "made up: share of the sound; back: s until 90% again"
)


def simulated(found: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["  ".join(_cell(title, form) for _, title, form in SIMULATED)]
    for told in found:
        cells = [
            form.format(told[name]) if told.get(name) is not None else _cell("-", form, right=True)
            for name, _, form in SIMULATED
        ]
        lines.append("  ".join(cells))
        lines += [f"    {reason}" for reason in told["missed"]]
    return [*lines, NOTE]


def browsers(found: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["  ".join(_cell(title, form) for _, title, form in BROWSERS)]
    for told in found:
        for direction in told["directions"]:
            row = {
                "title": told["title"],
                "direction": direction["direction"],
                "ours": range_of(direction["ours"]["kbit_per_s"]),
                "direct": range_of(direction["direct"]["kbit_per_s"]),
                "ratio": range_of(direction["ratio"], 2),
                "frozen": range_of(direction["ours"]["frozen_s_per_minute"], 1),
                "frozen_direct": range_of(direction["direct"]["frozen_s_per_minute"], 1),
                "queue": range_of(direction["ours"]["queue_p95_ms"], short=True),
            }
            lines.append("  ".join(form.format(row[name]) for name, _, form in BROWSERS))
        lines += [f"    {reason}" for reason in (*told["missed"], *told["remarks"])]
    return lines


def range_of(summary: Mapping[str, float] | None, digits: int = 0, short: bool = False) -> str:
    """Median, and in brackets the least and the most."""
    if not summary:
        return "-"
    middle = f"{summary['median']:.{digits}f}"
    return middle if short else f"{middle} [{summary['least']:.{digits}f}, {summary['most']:.{digits}f}]"


def joined(values: Iterable[float]) -> str:
    """A course on one line, for the results."""
    return " ".join(str(round(value)) for value in values)


def apart(course: str) -> list[float]:
    return [float(value) for value in course.split()]


def _cell(text: str, form: str, right: bool = False) -> str:
    width = int("".join(each for each in form[3:].partition(".")[0] if each.isdigit()))
    return f"{text:>{width}}" if right or form[2] == ">" else f"{text:<{width}}"
