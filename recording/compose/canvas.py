"""The picture of the film: others are scaled and copied into it, row by row, so that what does not change stays.

Not here: where they stand (`layout.py`), decoding them (`clips.py`), what is written upon them (`labels.py`).
"""

from __future__ import annotations

from av import VideoFrame
from av.video.frame import VideoFrame as Frame
from av.video.plane import VideoPlane
from av.video.reformatter import Interpolation, VideoReformatter

from recording.compose.layout import Box, fit

FORMAT = "yuv420p"
DARK = (24, 128, 128)
"""Behind the pictures, as luma and colour."""

Pixels = tuple[bytes, ...]
"""Of a part of the picture: luma, then both planes of colour, in which width and height are half of it."""


class Canvas:
    """`frame` is encoded, and drawn over, again and again: an encoder must have taken it before the next `put`."""

    def __init__(self, width: int, height: int) -> None:
        self.frame = VideoFrame(width, height, FORMAT)
        self._whole = Box(0, 0, width, height)
        self.clear(self._whole)

    def clear(self, box: Box | None = None) -> None:
        """Makes it dark, or a part of it."""
        for index, plane in enumerate(self.frame.planes):
            area = _halved(box or self._whole) if index else (box or self._whole)
            row = bytes([DARK[index]]) * area.width
            pixels = memoryview(plane).cast("B")
            for start in range(area.y * plane.line_size, (area.y + area.height) * plane.line_size, plane.line_size):
                pixels[start + area.x : start + area.x + area.width] = row

    def put(self, picture: Frame, box: Box) -> None:
        """A picture of the place's size."""
        for index, (plane, source) in enumerate(zip(self.frame.planes, picture.planes, strict=True)):
            area = _halved(box) if index else box
            pixels, width = memoryview(plane).cast("B"), area.width
            wanted = memoryview(source).cast("B")
            to, step = area.y * plane.line_size + area.x, plane.line_size
            for start in range(0, area.height * source.line_size, source.line_size):
                pixels[to : to + width] = wanted[start : start + width]
                to += step

    def cut(self, box: Box) -> Pixels:
        """A copy of what is there, without anything between the rows."""
        return tuple(_rows(plane, _halved(box) if index else box) for index, plane in enumerate(self.frame.planes))

    def paste(self, pixels: Pixels, box: Box) -> None:
        """Puts there what `cut` gives of a place of that size."""
        for index, (plane, source) in enumerate(zip(self.frame.planes, pixels, strict=True)):
            area = _halved(box) if index else box
            target, width = memoryview(plane).cast("B"), area.width
            to = area.y * plane.line_size + area.x
            for start in range(0, area.height * width, width):
                target[to : to + width] = source[start : start + width]
                to += plane.line_size


class Place:
    """One box of the canvas, and what was put there last."""

    def __init__(self, canvas: Canvas, box: Box) -> None:
        self._canvas = canvas
        self._box = box
        self._scaler = VideoReformatter()
        self._shown: Frame | None = None
        self._filled: Box | None = None

    @property
    def filled(self) -> Box | None:
        """Where the picture is; None before the first."""
        return self._filled

    def show(self, picture: Frame | None) -> None:
        """None: nothing yet."""
        if picture is None or picture is self._shown:
            return
        filled = fit(self._box, picture.width, picture.height)
        if filled != self._filled and self._filled is not None:
            self._canvas.clear(self._box)
        scaled = self._scaler.reformat(
            picture,
            filled.width,
            filled.height,
            FORMAT,
            dst_color_range="MPEG",
            interpolation=Interpolation.BILINEAR,
            threads=1,
        )
        self._canvas.put(scaled, filled)
        self._shown, self._filled = picture, filled


def _rows(plane: VideoPlane, area: Box) -> bytes:
    pixels, step = memoryview(plane).cast("B"), plane.line_size
    first = area.y * step + area.x
    starts = range(first, first + area.height * step, step)
    return b"".join(pixels[start : start + area.width] for start in starts)


def _halved(box: Box) -> Box:
    """The same place in a plane of colour."""
    return Box(box.x // 2, box.y // 2, box.width // 2, box.height // 2)
