"""Known pictures and sounds for the fake camera and microphone, so that the far end is recognised and not just counted.

Each person's picture has two colours side by side, which say who it is, and below them eight blocks of black and
white that count the frames, which say that it moves. Each person's sound is a beep of a pitch of its own.

Not here: how the far end looks and listens (`recognise.js`).
"""

from __future__ import annotations

import math
import struct
import wave
from dataclasses import dataclass
from pathlib import Path

FRAME_RATE = 30
HAIR = ((70, 55, 48), (40, 38, 42), (120, 84, 50))
SKIN = ((228, 190, 164), (150, 105, 80), (236, 204, 182))
COAT = ((47, 111, 104), (120, 96, 140), (60, 84, 120))
"""Of the three who are drawn."""

FRAMES = 64
"""One round of the counter: six bits."""

COLOURS = {"R": (200, 40, 40), "G": (40, 160, 40), "B": (40, 40, 200), "Y": (200, 180, 40)}
COLOURS |= {"W": (226, 213, 190), "T": (110, 146, 142)}
SCREEN_COLOUR = (2, 137, 1)


@dataclass(frozen=True)
class Content:
    """What one person's devices show and play."""

    colours: str
    """Two letters of `COLOURS`, left and right; empty for the one strong colour, ever changing, of Firefox's camera."""
    pitch: int
    """Hz. Far enough apart to tell after Opus, noise suppression and a short analysis."""
    width: int = 640
    height: int = 360


DOCTOR = Content("RB", 520)
PATIENT = Content("GR", 880)
INTERPRETER = Content("BY", 1340)

DRAWN_DOCTOR = Content("WT", 600)
DRAWN_PATIENT = Content("TW", 1000)
DRAWN_INTERPRETER = Content("TT", 1600)
DRAWN = {DOCTOR: DRAWN_DOCTOR, PATIENT: DRAWN_PATIENT, INTERPRETER: DRAWN_INTERPRETER}
"""A head and shoulders before a wall instead of a test pattern, for pictures that people look at."""

IN_DETAIL = Content("YG", 1800, 1280, 720)
"""A picture as large as cameras are asked for."""

FIREFOX = Content("", 700)
OTHER_FIREFOX = Content("", 1150)
"""Looks the same, and is told by its sound."""
SCREEN = Content("SS", 0)
"""What Chromium gives out as a shared screen when its devices are fakes: green, with a clock in it."""
EVERYONE = (DOCTOR, PATIENT, INTERPRETER, *DRAWN.values(), IN_DETAIL, FIREFOX, OTHER_FIREFOX)


def write_video(path: Path, content: Content) -> Path:
    """Writes one round of the counter as YUV4MPEG2, 4:2:0, as Chromium's file camera reads it, again and again."""
    width, height = content.width, content.height
    left, right = (_yuv(COLOURS[letter]) for letter in content.colours)
    upper, lower = height * 2 // 3, height - height * 2 // 3
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{FRAME_RATE}:1 Ip A1:1 C420\n".encode())
        for number in range(FRAMES):
            blocks = [235, *(235 if number >> bit & 1 else 16 for bit in reversed(range(6))), 16]
            counter = b"".join(bytes([level]) * (width // 8) for level in blocks)
            file.write(b"FRAME\n")
            file.write((bytes([left[0]]) * (width // 2) + bytes([right[0]]) * (width // 2)) * upper + counter * lower)
            for plane in (1, 2):
                colours = bytes([left[plane]]) * (width // 4) + bytes([right[plane]]) * (width // 4)
                file.write(colours * (upper // 2) + bytes([128]) * (width // 2) * (lower // 2))
    return path


def write_portrait(path: Path, content: Content) -> Path:
    """Writes two seconds of a head and shoulders that sway a little, before a wall in the two colours."""
    width, height = content.width, content.height
    number = list(DRAWN.values()).index(content)
    hair, skin, coat = (_yuv(tones[number]) for tones in (HAIR, SKIN, COAT))
    left, right = (_yuv(COLOURS[letter]) for letter in content.colours)
    wall = [bytes([left[plane]]) * (width // 2) + bytes([right[plane]]) * (width // 2) for plane in range(3)]
    unit = height / 100
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{FRAME_RATE}:1 Ip A1:1 C420\n".encode())
        for frame in range(2 * FRAME_RATE):
            middle = width / 2 + unit * math.sin(math.pi * frame / FRAME_RATE)
            shapes = [
                _Ellipse(hair, middle, 37 * unit, 17 * unit, 22 * unit),
                _Ellipse(skin, middle, 66 * unit, 6 * unit, 14 * unit),
                _Ellipse(coat, width / 2, 118 * unit, 40 * unit, 46 * unit),
                _Ellipse(skin, middle, 44 * unit, 13 * unit, 18 * unit),
            ]
            rows = [[_row(shapes, y, plane, wall[plane]) for y in range(height)] for plane in range(3)]
            file.write(b"FRAME\n" + b"".join(rows[0]))
            for plane in (1, 2):
                file.write(b"".join(row[::2] for row in rows[plane][::2]))
    return path


@dataclass(frozen=True)
class _Ellipse:
    colour: tuple[int, int, int]
    x: float
    y: float
    wide: float
    high: float


def _row(shapes: list[_Ellipse], y: int, plane: int, wall: bytes) -> bytearray:
    row = bytearray(wall)
    for shape in shapes:
        if abs(y - shape.y) < shape.high:
            reach = shape.wide * math.sqrt(1 - ((y - shape.y) / shape.high) ** 2)
            start, end = max(0, round(shape.x - reach)), min(len(row), round(shape.x + reach))
            row[start:end] = bytes([shape.colour[plane]]) * (end - start)
    return row


def write_sound(path: Path, content: Content, *, seconds: int = 4, rate: int = 48_000) -> Path:
    """Writes beeps (a steady tone is what noise suppression takes out) as a 16-bit mono WAV file."""
    beep, pause = rate * 3 // 10, rate // 10
    samples = bytearray()
    for n in range(seconds * rate):
        place = n % (beep + pause)
        loudness = 0.5 * math.sin(math.pi * place / beep) if place < beep else 0.0
        samples += struct.pack("<h", int(32767 * loudness * math.sin(2 * math.pi * content.pitch * n / rate)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(samples))
    return path


def _yuv(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """BT.601 in the video range, which is how browsers read the file."""
    red, green, blue = colour
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return round(16 + luma * 0.859), round(128 + (blue - luma) * 0.495), round(128 + (red - luma) * 0.626)
