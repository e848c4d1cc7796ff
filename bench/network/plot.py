"""The courses of all cases in one picture (PNG): what could be carried, what was, and what waited in the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

ACROSS = 4
WIDE, HIGH = 440, 236
MARGIN = 44
QUEUE_HIGH = 44
SCALE = 2
"""Drawn larger and made smaller again: smooth lines."""

COULD, USED, OTHERS, WAITED, BAD, INK, FAINT = (
    "#dfe5e4",
    "#2f6f68",
    "#c98a3d",
    "#7a5ea8",
    "#b3372f",
    "#222222",
    "#8a9a98",
)
MORE = ("#2f6f68", "#5a9c6a", "#3f7fa8", "#86a83f", "#6a6fb0")
COLORS = 96
"""Of the finished picture: so it is a quarter as large."""

QUEUE_MS = 400.0


@dataclass(frozen=True)
class Panel:
    """kbit/s and milliseconds, a value for each `step` seconds."""

    title: str
    note: str
    failed: bool
    step: float
    could: Sequence[float]
    lines: Sequence[Sequence[float]]
    """One for each call, and their sum where there are several."""
    others: Sequence[float]
    waited: Sequence[float]


def draw(path: Path, title: str, legend: str, panels: Sequence[Panel]) -> None:
    rows = -(-len(panels) // ACROSS)
    size = (ACROSS * WIDE + 16, rows * HIGH + 64)
    image = Image.new("RGB", (size[0] * SCALE, size[1] * SCALE), "#ffffff")
    pen = _Pen(ImageDraw.Draw(image))
    pen.text(14, 8, title, 17, INK)
    pen.text(14, 33, legend, 12, "#555555")
    for number, panel in enumerate(panels):
        _panel(pen, panel, 8 + number % ACROSS * WIDE, 56 + number // ACROSS * HIGH)
    image.resize(size, Image.Resampling.LANCZOS).quantize(COLORS).save(path, optimize=True)


class _Pen:
    """In units of the finished picture."""

    def __init__(self, canvas: ImageDraw.ImageDraw) -> None:
        self._canvas = canvas
        self._fonts: dict[int, ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}

    def text(self, x: float, y: float, text: str, size: int, color: str, right: bool = False) -> None:
        font = self._fonts.setdefault(size, ImageFont.load_default(size * SCALE))
        at = (x * SCALE - (self._canvas.textlength(text, font) if right else 0), y * SCALE)
        self._canvas.text(at, text, fill=color, font=font)

    def line(self, points: Sequence[tuple[float, float]], color: str, width: float) -> None:
        if len(points) > 1:
            scaled = [(x * SCALE, y * SCALE) for x, y in points]
            self._canvas.line(scaled, fill=color, width=round(width * SCALE), joint="curve")

    def area(self, points: Sequence[tuple[float, float]], color: str) -> None:
        if len(points) > 2:
            self._canvas.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=color)


def _panel(pen: _Pen, panel: Panel, left: float, top: float) -> None:
    x0, x1 = left + MARGIN, left + WIDE - 10
    y0, y1 = top + 36, top + HIGH - QUEUE_HIGH - 26
    pen.text(left + 6, top, panel.title, 13, INK)
    pen.text(left + 6, top + 17, panel.note, 11, BAD if panel.failed else "#555555")
    most = max([*panel.could, *(value for line in panel.lines for value in line), 1.0]) * 1.05
    seconds = len(panel.could) * panel.step or 1.0

    def points(values: Sequence[float], bottom: float, high: float, full: float) -> list[tuple[float, float]]:
        wide = (x1 - x0) / max(len(values), 1)
        return [(x0 + (at + 0.5) * wide, bottom - min(each / full, 1.0) * high) for at, each in enumerate(values)]

    pen.area([(x0, y1), *points(panel.could, y1, y1 - y0, most), (x1, y1)], COULD)
    if any(panel.others):
        pen.line(points(panel.others, y1, y1 - y0, most), OTHERS, 1)
    for number, line in enumerate(panel.lines):
        pen.line(points(line, y1, y1 - y0, most), MORE[number % len(MORE)], 1.4)
    bottom = y1 + 8 + QUEUE_HIGH
    pen.line(points(panel.waited, bottom, QUEUE_HIGH, QUEUE_MS), WAITED, 1.1)
    for low in (y1, bottom):
        pen.line([(x0, low), (x1, low)], FAINT, 0.6)
    pen.text(x0 - 4, y0 - 4, f"{most / 1.05 / 1000:.2g} M", 10, "#555555", right=True)
    pen.text(x0 - 4, bottom - QUEUE_HIGH, f"{QUEUE_MS:.0f} ms", 10, "#555555", right=True)
    pen.text(x1, bottom + 2, f"{seconds:.0f} s", 10, "#555555", right=True)
