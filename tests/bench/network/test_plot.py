"""A picture of the figures can be drawn of whatever was measured."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from bench.network import plot
from bench.network.plot import Panel


def test_a_picture_holds_a_panel_for_each_case(tmp_path: Path) -> None:
    line = [float(at % 7) * 1e5 for at in range(60)]
    panel = Panel("a case", "a note", False, 1.0, [1e6] * 60, [line, line], line, line)
    empty = Panel("nothing came", "0", True, 1.0, [], [[]], [], [])
    plot.draw(tmp_path / "one.png", "title", "legend", [panel, empty])
    plot.draw(tmp_path / "five.png", "title", "legend", [panel] * 5)
    one, five = (Image.open(tmp_path / name) for name in ("one.png", "five.png"))
    assert one.width == five.width == plot.ACROSS * plot.WIDE + 16
    assert five.height - one.height == plot.HIGH
    assert len(one.convert("RGB").getcolors(1 << 24) or []) > 20
