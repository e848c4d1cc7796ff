"""A film of the pictures and sounds of `numbered.js`, read again: whose pictures are seen in each frame, where and with
which numbers, and when beeps begin.

Which places a picture can stand at is asked of `recording/compose/layout.py`; which of them is the right one is found
out by reading. Not here: what is expected.
"""

from __future__ import annotations

import io
import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import mul

import av

from recording.compose.layout import Box, boxes, fit

RATE = 30
"""Numbers a second."""

COLUMNS, ROWS = 8, 3
UPPER = 0.6
NUMBER_BITS = 13
LIT = 3
"""Pictures of a flash."""

HALF = 126
"""Luma between black and white."""

SOUND_RATE = 16_000
STEP = SOUND_RATE // 200
"""Samples of 5 ms, in which pitches that are multiples of 200 Hz do not disturb each other."""

LOUD = 0.12
AT_LEAST = 3
"""Steps that a beep lasts, so that a click is none."""
WHOLE_MS = 300
"""Within this after its beginning a beep is the same one, though a lost packet has cut it in two."""

ARRANGEMENTS = ((2, True), (2, False), (1, True), (1, False), (0, True))
"""(cameras, a screen). The fuller ones first: to read many pictures where there are fewer is not possible by chance."""


@dataclass(frozen=True)
class Seen:
    """One picture."""

    source: int
    number: int
    lit: bool

    @property
    def made_ms(self) -> float:
        """By the clock that all pages share."""
        return self.number * 1000 / RATE


@dataclass(frozen=True)
class Shown:
    """What a frame of the film shows."""

    at_ms: float
    screen: Seen | None
    cameras: tuple[Seen, ...]
    """In the order of their places."""

    @property
    def all(self) -> tuple[Seen, ...]:
        return self.cameras if self.screen is None else (self.screen, *self.cameras)


def watch(film: bytes) -> list[Shown]:
    """Every frame. What a decoder finds wrong with one raises."""
    shown = []
    with av.open(io.BytesIO(film), "r") as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        for frame in container.decode(video=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            shown.append(_look(frame, float(frame.pts * frame.time_base * 1000)))
    return shown


def widths(track: bytes) -> list[int]:
    """Of all pictures of a track, each that differs from the one before it."""
    found: list[int] = []
    with av.open(io.BytesIO(track), "r") as container:
        for frame in container.decode(video=0):
            if not found or found[-1] != frame.width:
                found.append(frame.width)
    return found


def flashes(shown: Sequence[Shown], source: int) -> list[tuple[int, float]]:
    """(number, when in milliseconds) of the first picture of each of a camera's flashes, as far as the picture did not
    stand still before it."""
    found = []
    before: Seen | None = None
    for frame in shown:
        seen = next((each for each in frame.cameras if each.source == source), None)
        if seen is not None and before is not None and seen.lit and not before.lit and seen.number - before.number <= 2:
            found.append((seen.number, frame.at_ms))
        before = seen
    return found


def beeps(film: bytes, pitch: int) -> list[float]:
    """When beeps of this pitch begin, milliseconds."""
    found: list[float] = []
    run = 0
    for at_ms, loudness in _loudness(film, pitch):
        run = run + 1 if loudness > LOUD else 0
        began_ms = at_ms - (AT_LEAST - 1) * 1000 * STEP / SOUND_RATE
        if run == AT_LEAST and (not found or began_ms - found[-1] > WHOLE_MS):
            found.append(began_ms)
    return found


def lengths(film: bytes) -> tuple[float, float]:
    """Of picture and sound, seconds."""
    with av.open(io.BytesIO(film), "r") as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        picture, sound = (float((each.duration or 0) * (each.time_base or 0)) for each in (video, audio))
        return picture, sound


class _Luma:
    def __init__(self, frame: av.VideoFrame) -> None:
        plane = frame.planes[0]
        self._pixels = bytes(plane)
        self._line = plane.line_size

    def bright(self, x: float, y: float, reach_x: float, reach_y: float) -> bool:
        """The middle of a block, which is lighter than not."""
        places = ((0.0, 0.0), (-reach_x, -reach_y), (reach_x, -reach_y), (-reach_x, reach_y), (reach_x, reach_y))
        return sum(self._pixels[int(y + down) * self._line + int(x + right)] for right, down in places) > HALF * 5


def _look(frame: av.VideoFrame, at_ms: float) -> Shown:
    luma = _Luma(frame)
    for cameras, screen in ARRANGEMENTS:
        read: list[Seen] = []
        for box in boxes(cameras, screen, frame.width, frame.height):
            seen = _read(luma, fit(box, 16, 9))
            if seen is None:
                break
            read.append(seen)
        else:
            return Shown(at_ms, read[0] if screen else None, tuple(read[screen:]))
    return Shown(at_ms, None, ())


def _read(luma: _Luma, place: Box) -> Seen | None:
    """None: nothing that `numbered.js` has painted."""
    wide, high = place.width / COLUMNS, place.height * UPPER / ROWS
    bits = 0
    for block in range(COLUMNS * ROWS):
        x, y = place.x + (block % COLUMNS + 0.5) * wide, place.y + (block // COLUMNS + 0.5) * high
        bits = bits << 1 | luma.bright(x, y, wide / 5, high / 5)
    value, check = bits >> 8, bits & 255
    source = value >> NUMBER_BITS
    if check != _crc8(value) or source == 0:
        return None
    lower = place.y + place.height * (1 + UPPER) / 2
    lit = luma.bright(place.x + place.width * 3 / 4, lower, wide, high / 3)
    return Seen(source, value & (1 << NUMBER_BITS) - 1, lit)


def _crc8(value: int) -> int:
    check = 0
    for byte in value.to_bytes(2, "big"):
        check ^= byte
        for _ in range(8):
            check = (check << 1 ^ 7) & 255 if check & 128 else check << 1
    return check


def _loudness(film: bytes, pitch: int) -> Iterator[tuple[float, float]]:
    """(when, the amplitude of that pitch; 1 is full scale) for each 5 ms."""
    turn = 2 * math.pi * pitch / SOUND_RATE
    wave = [(math.cos(turn * n), math.sin(turn * n)) for n in range(STEP)]
    cosine, sine = zip(*wave, strict=True)
    first_ms, samples = _sound(film)
    for at in range(0, len(samples) - STEP + 1, STEP):
        part = samples[at : at + STEP]
        real, imaginary = sum(map(mul, part, cosine)), sum(map(mul, part, sine))
        yield first_ms + at * 1000 / SOUND_RATE, 2 * math.hypot(real, imaginary) / STEP / 32_768


def _sound(film: bytes) -> tuple[float, array[int]]:
    """(when it begins, its samples)."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SOUND_RATE)
    samples = array("h")
    first_ms: float | None = None
    with av.open(io.BytesIO(film), "r") as container:
        for frame in container.decode(audio=0):
            if first_ms is None:
                assert frame.pts is not None
                assert frame.time_base is not None
                first_ms = float(frame.pts * frame.time_base * 1000)
            for part in resampler.resample(frame):
                samples.frombytes(bytes(part.planes[0])[: 2 * part.samples])
    return first_ms or 0.0, samples
