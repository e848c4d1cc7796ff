"""Measurements over time, drawn as SVG: a panel for each kind, lines in it, one time axis for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 960
LEFT = 80
RIGHT = 170
PANEL = 130
GAP = 34
COLORS = ("#2f6f68", "#c98a3d", "#7a5ea8", "#8a9a98")


@dataclass(frozen=True)
class Panel:
    """`lines`: name -> a value for each time."""

    title: str
    lines: dict[str, Sequence[float]]


def draw(title: str, minutes: Sequence[float], panels: Sequence[Panel]) -> str:
    height = 50 + len(panels) * (PANEL + GAP) + 10
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#222">'
    )
    parts = [head, f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>']
    parts.append(f'<text x="12" y="26" font-size="16" font-weight="600">{escape(title)}</text>')
    for number, panel in enumerate(panels):
        parts += _panel(panel, minutes, 50.0 + number * (PANEL + GAP))
    end = f"{max(minutes, default=0.0):.0f} min"
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{height - 12}" text-anchor="end">{end}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, minutes: Sequence[float], top: float) -> list[str]:
    most = max((value for line in panel.lines.values() for value in line), default=0.0) or 1.0
    until = max(minutes, default=0.0) or 1.0
    bottom, right = top + PANEL, WIDTH - RIGHT
    parts = [
        f'<text x="12" y="{top - 6:.0f}" font-weight="600">{escape(panel.title)}</text>',
        f'<path d="M{LEFT} {top:.0f}V{bottom:.0f}H{right}" fill="none" stroke="#999"/>',
        f'<text x="{LEFT - 6}" y="{top + 10:.0f}" text-anchor="end">{_short(most)}</text>',
        f'<text x="{LEFT - 6}" y="{bottom:.0f}" text-anchor="end">0</text>',
    ]
    for number, (name, line) in enumerate(panel.lines.items()):
        color = COLORS[number % len(COLORS)]
        points = " ".join(
            f"{LEFT + at / until * (right - LEFT):.1f},{bottom - value / most * PANEL:.1f}"
            for at, value in zip(minutes, line, strict=True)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.5"/>')
        label = f"{name} {_short(line[-1])}" if line else name
        parts.append(f'<text x="{right + 10}" y="{top + 14 + 18 * number:.0f}" fill="{color}">{escape(label)}</text>')
    return parts


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
