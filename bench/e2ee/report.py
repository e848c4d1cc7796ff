"""What was found, as tables for people. Not here: what the figures mean (`figures.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.e2ee.figures import RATIOS
from bench.network.report import range_of

ROWS = (
    ("main_ms", "main thread", 1),
    ("worker_ms", "worker", 1),
    ("main_and_worker_ms", "both", 1),
    ("page_ms", "all of the page's process", 0),
    ("browser_ms", "all of the browser", 0),
    ("worker_us_per_frame", "worker, us for a frame", 1),
    ("pictures_per_s", "pictures/s", 1),
    ("lines", "lines", 0),
    ("sounds_per_s", "sounds/s", 1),
    ("encoding_ms", "encoding a picture, of a second", 0),
    ("kbit_per_s", "kbit/s", 0),
    ("packets_per_s", "packets/s", 1),
    ("bytes_per_picture", "bytes of a picture", 0),
    ("packets_per_picture", "packets of a picture", 2),
    ("bytes_per_sound", "bytes of a sound", 1),
    ("server_us", "server, us for a forwarded packet", 1),
    ("media_us", "its media thread", 2),
)
COLUMN = 24
NAMED = 42


def cost(found: Mapping[str, Any]) -> list[str]:
    kinds = found["kinds"]
    lines = [_line("the publisher, ms on a core for a second", kinds)]
    lines += [_line(name, [range_of(kinds[kind][key], digits) for kind in kinds]) for key, name, digits in ROWS]
    ratios = found["ratios"]
    lines += ["", _line("an encrypted call", [f"times {other}" for other in ratios])]
    lines += [_line(name, [range_of(ratios[other][key], 2) for other in ratios]) for key, name in RATIOS.items()]
    return [*lines, *(f"    {remark}" for remark in found["remarks"])]


def joining(found: Mapping[str, Any]) -> list[str]:
    kinds = found["kinds"]
    lines = [_line("joining, ms", [*kinds, "later"])]
    for name, later in found["later_ms"].items():
        lines.append(_line(name, [*(range_of(kinds[kind][name]) for kind in kinds), f"{later:+d}"]))
    return lines


def recording(found: Mapping[str, Any]) -> list[str]:
    lines = [_line("the recorder, opening a frame", ["us", "bytes", "a second"])]
    for name, about in found["frames"].items():
        us = range_of(found["us_per_frame"][name], 1)
        lines.append(_line(name, [us, f"{about['bytes']:.0f}", f"{about['per_s']:.0f}"]))
    lines.append(_line("ms on a core for a second of a call of two", [range_of(found["ms_per_call_second"], 2)]))
    return lines


def _line(name: str, cells: Any) -> str:
    return f"{name:<{NAMED}}" + "".join(f"{cell:>{COLUMN}}" for cell in cells)
