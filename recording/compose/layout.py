"""Where pictures stand: rectangles in whole, even pixels, as subsampled colour needs them. Pure.

A picture keeps its shape and is never cropped. Not here: who is shown (`plan.py`), pixels (`canvas.py`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MOST_SHOWN = 12
"""Cameras at once. More would be too small to see a face in."""

GAP = 8
"""Pixels between pictures."""

STRIP = 5
"""The cameras beside a shared screen have a fifth of the width."""

SHAPE = 16 / 9
"""Of the cells of a grid, where there is room to choose."""


@dataclass(frozen=True)
class Box:
    x: int
    y: int
    width: int
    height: int


def boxes(cameras: int, screen: bool, width: int, height: int) -> tuple[Box, ...]:
    """For so many cameras in a picture of this size; with `screen` the first box is for the screen. Raises ValueError
    for more than MOST_SHOWN."""
    if not 0 <= cameras <= MOST_SHOWN:
        raise ValueError("too many cameras")
    if not screen:
        return _grid(cameras, width, height)
    if not cameras:
        return (Box(0, 0, _even(width), _even(height)),)
    strip = _even(width // STRIP)
    main = Box(0, 0, _even(width - strip - GAP), _even(height))
    return (main, *_strip(cameras, width - strip, strip, height))


def fit(box: Box, width: int, height: int) -> Box:
    """The largest place within `box` that has the shape of a picture of this size, in its middle."""
    scale = min(box.width / max(1, width), box.height / max(1, height))
    wide = max(2, min(box.width, _nearest_even(width * scale)))
    high = max(2, min(box.height, _nearest_even(height * scale)))
    return Box(box.x + _even((box.width - wide) // 2), box.y + _even((box.height - high) // 2), wide, high)


def _grid(count: int, width: int, height: int) -> tuple[Box, ...]:
    if not count:
        return ()
    columns = max(range(1, count + 1), key=lambda columns: (_cell_width(columns, count, width, height), columns))
    rows = math.ceil(count / columns)
    cell_width = _even((width - GAP * (columns - 1)) // columns)
    cell_height = _even((height - GAP * (rows - 1)) // rows)
    top = _even((height - rows * cell_height - GAP * (rows - 1)) // 2)
    found = []
    for row in range(rows):
        here = min(columns, count - row * columns)
        left = _even((width - here * cell_width - GAP * (here - 1)) // 2)
        y = top + row * (cell_height + GAP)
        found += [Box(left + column * (cell_width + GAP), y, cell_width, cell_height) for column in range(here)]
    return tuple(found)


def _cell_width(columns: int, count: int, width: int, height: int) -> float:
    """How wide a camera would be."""
    return min(width / columns, height / math.ceil(count / columns) * SHAPE)


def _strip(count: int, left: int, width: int, height: int) -> tuple[Box, ...]:
    """One below the other, in the middle of the height."""
    cell = _even(min((height - GAP * (count - 1)) // count, int(width / SHAPE)))
    top = _even((height - count * cell - GAP * (count - 1)) // 2)
    return tuple(Box(_even(left), top + number * (cell + GAP), width, cell) for number in range(count))


def _even(number: int) -> int:
    """Not above it."""
    return number // 2 * 2


def _nearest_even(number: float) -> int:
    return 2 * round(number / 2)
