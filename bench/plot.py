"""The CPU time of each system, drawn as SVG: a group of bars for each load, medians with the least and the most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

WIDTH = 960
LEFT = 190
RIGHT = 70
BAR = 18
GAP = 26
COLORS = {"ours": "#2f6f68", "floor": "#8a9a98", "janus": "#c98a3d", "livekit": "#7a5ea8"}


def draw(found: Sequence[Mapping[str, Any]], title: str) -> str:
    """`found` as `report.results` gives it; only what was measured in quiet is drawn."""
    quiet = [result for result in found if result["condition"] == "quiet"]
    loads = list(dict.fromkeys(result["load"] for result in quiet))
    most = max((result["range"]["cpu_us_per_packet"][1] for result in quiet), default=1.0) or 1.0
    scale = (WIDTH - LEFT - RIGHT) / most
    parts = [f'<text x="12" y="26" font-size="16" font-weight="600">{escape(title)}</text>']
    y = 44.0
    for load in loads:
        y += GAP
        parts.append(f'<text x="12" y="{y - 8:.0f}" font-weight="600">{escape(load)}</text>')
        for result in (each for each in quiet if each["load"] == load):
            parts += _bar(result, y, scale)
            y += BAR + 4
    height = int(y + 20)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#222">'
    )
    return "\n".join([head, f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>', *parts, "</svg>", ""])


def _bar(result: Mapping[str, Any], y: float, scale: float) -> list[str]:
    value = result["cpu_us_per_packet"]
    least, most = result["range"]["cpu_us_per_packet"]
    color = COLORS.get(result["system"].partition(",")[0], "#777")
    middle = y + BAR / 2
    return [
        f'<text x="{LEFT - 8}" y="{middle + 4:.1f}" text-anchor="end">{escape(result["system"])}</text>',
        f'<rect x="{LEFT}" y="{y:.1f}" width="{value * scale:.1f}" height="{BAR}" fill="{color}"/>',
        f'<path d="M{LEFT + least * scale:.1f} {middle:.1f}H{LEFT + most * scale:.1f}" stroke="#222"/>',
        f'<text x="{LEFT + most * scale + 6:.1f}" y="{middle + 4:.1f}">{value:.1f} us</text>',
    ]
