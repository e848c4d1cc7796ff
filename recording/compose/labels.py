"""What is written into the film: whose picture it is, and when it was, on plates that let the picture through.

Names are what people have typed, so they are cleaned (`names.py`) and shortened to their place. What is written is
taken off again before the next picture is drawn, so that what is behind it stays clean. Not here: which names and
times there are (`order.py`), pictures (`canvas.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from PIL import Image, ImageChops, ImageDraw

from recording.compose.canvas import Canvas, Pixels
from recording.compose.fonts import Fonts
from recording.compose.layout import Box
from recording.compose.names import clean, shortened
from recording.compose.order import Order

LETTERS = 34
"""The picture is so many letters high."""

LEAST_SIZE = 10
"""Pixels. Smaller letters cannot be read in a film."""

LIGHT, DARK = 235, 20
"""Luma of letters and plate."""

PLATE = 150
"""How much of the plate is seen, of 255. With less, white letters are lost upon a white wall."""

GREY = 128
"""Both colours of letters and plate."""

Corner = Literal["lower left", "upper right"]


@dataclass(frozen=True)
class Label:
    text: str = field(repr=False)
    """As it is to be drawn."""
    within: Box
    corner: Corner


class Captions:
    """What one film has written into it. `lift` before anything is drawn, `lay` afterwards."""

    def __init__(self, canvas: Canvas, order: Order) -> None:
        self._canvas = canvas
        self._whole = Box(0, 0, order.width, order.height)
        self._names: dict[str, str] = {}
        if order.show_names:
            self._names = {person: clean(name.get_secret_value()) for person, name in order.names.items()}
        self._shows_time = order.show_time
        self._started_at = order.started_at
        self._press = Press(max(LEAST_SIZE, order.height // LETTERS))
        self._plates: dict[Label, Plate | None] = {}
        """Those that were laid last."""
        self._behind: list[tuple[Pixels, Box]] = []

    def lift(self) -> None:
        """Takes everything off again."""
        while self._behind:
            self._canvas.paste(*self._behind.pop())

    def lay(self, pictures: Iterable[tuple[str, Box]], recorded_ms: float) -> None:
        """`pictures`: whose is where. `recorded_ms`: the recording's time."""
        labels = [Label(self._names[person], box, "lower left") for person, box in pictures if self._names.get(person)]
        if self._shows_time:
            labels.append(Label(clock(self._started_at, recorded_ms), self._whole, "upper right"))
        known, self._plates = self._plates, {}
        for label in labels:
            plate = known[label] if label in known else self._press.plate(label)
            self._plates[label] = plate
            if plate is not None:
                behind = self._canvas.cut(plate.box)
                self._behind.append((behind, plate.box))
                self._canvas.paste(plate.upon(behind), plate.box)


@dataclass(frozen=True)
class Plate:
    """A text as it lies upon a picture."""

    box: Box
    planes: Sequence[tuple[Image.Image, Image.Image]]
    """(what is seen, how much of it is seen), for luma and both colours."""

    def upon(self, pixels: Pixels) -> Pixels:
        """What is seen of both."""
        return tuple(
            Image.composite(seen, Image.frombytes("L", seen.size, behind), mask).tobytes()
            for (seen, mask), behind in zip(self.planes, pixels, strict=True)
        )


class Press:
    """Makes plates, of letters so many pixels high."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._fonts = Fonts(size)
        self._margin = _even(size // 2)
        self._padding = size // 2
        self._height = _even(size * 7 // 4)

    def plate(self, label: Label) -> Plate | None:
        """None where there is no room for it, or no font for a letter of it."""
        within = label.within
        most = within.width - 2 * self._margin - 2 * self._padding
        font, text = self._fonts.font_for(label.text)
        while text and font.width(text) > most:
            text = shortened(text, len(text) - 1)
        if not text or within.height < self._height + 2 * self._margin:
            return None
        width, height = _even(font.width(text) + 2 * self._padding), self._height
        shape = Image.new("L", (width, height))
        ImageDraw.Draw(shape).rounded_rectangle((0, 0, width - 1, height - 1), radius=height // 4, fill=PLATE)
        letters = Image.new("L", (width, height))
        ImageDraw.Draw(letters).text((self._padding, height // 2), text, fill=255, font=font.face, anchor="lm")
        luma = Image.composite(_plain(LIGHT, letters), _plain(DARK, letters), letters)
        mask = ImageChops.lighter(shape, letters)
        half = mask.resize((width // 2, height // 2), Image.Resampling.BOX)
        grey = _plain(GREY, half)
        return Plate(self._place(label, width), ((luma, mask), (grey, half), (grey, half)))

    def _place(self, label: Label, width: int) -> Box:
        within = label.within
        if label.corner == "lower left":
            y = within.y + within.height - self._margin - self._height
            return Box(within.x + self._margin, y, width, self._height)
        return Box(within.x + within.width - self._margin - width, within.y + self._margin, width, self._height)


def clock(started_at: float | None, recorded_ms: float) -> str:
    """The day and the time of day, where this runs; without a beginning how long it has been recorded for."""
    if started_at is not None:
        at = datetime.fromtimestamp(int(started_at + recorded_ms / 1000), UTC).astimezone()
        return at.strftime("%Y-%m-%d %H:%M:%S")
    seconds = int(recorded_ms // 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _plain(level: int, like: Image.Image) -> Image.Image:
    return Image.new("L", like.size, level)


def _even(number: int) -> int:
    """Not above it."""
    return number // 2 * 2
