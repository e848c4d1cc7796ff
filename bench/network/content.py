"""What cameras of real browsers see in a measurement: a film that moves all over and holds as much detail as a room.

A head before a wall with books: texture of several finenesses, panned in a circle that closes, so that the film can be
shown again and again without a cut, with a little grain as a webcam's. Chromium's own fake camera is a plain colour
with a moving disk, which no encoder needs the given bits for. From a seed; made once.
"""

from __future__ import annotations

import math
import random
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

FRAME_RATE = 30
FRAMES = 150
GRAIN = 5
"""Of 255, standard deviation."""

GOOD_LIGHT = 2
"""Likewise, of one that costs an encoder little."""

SWING = 36
"""Pixels, of the pan."""


def film(path: Path, width: int, height: int, seed: int = 1, *, pans: bool = True) -> Path:
    """Writes YUV4MPEG2, 4:2:0, as Chromium's file camera reads it. Not again if it is there. `pans`: the camera itself
    moves; else it stands on a table in good light, and only the head moves."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)  # noqa: S311 - chance from a seed, no secret
    wall = [_texture(width + 4 * SWING, height + 4 * SWING, chance) for _ in range(3)]
    grain = [_noise(width, height, chance, GRAIN if pans else GOOD_LIGHT) for _ in range(7)]
    mask = Image.new("L", (width, height), 0)
    ImageDraw.Draw(mask).ellipse((width * 0.36, height * 0.16, width * 0.64, height * 1.3), fill=255)
    mask = mask.filter(ImageFilter.GaussianBlur(3))
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{FRAME_RATE}:1 Ip A1:1 C420\n".encode())
        for frame in range(FRAMES):
            turn = 2 * math.pi * frame / FRAMES
            behind = (SWING * math.cos(turn), SWING * math.sin(turn)) if pans else (0.0, 0.0)
            before = (SWING * math.sin(2 * turn), SWING / 2 * math.cos(3 * turn))
            file.write(b"FRAME\n")
            for plane in range(3):
                picture = _window(wall[plane], behind, width, height)
                head = _window(wall[plane], before, width, height).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
                picture.paste(head, (0, 0), mask)
                if plane == 0:
                    picture = ImageChops.add(picture, grain[frame % len(grain)], 1, -128)
                    file.write(picture.tobytes())
                else:
                    file.write(picture.resize((width // 2, height // 2), Image.Resampling.BILINEAR).tobytes())
    unfinished.rename(path)
    return path


def _texture(width: int, height: int, chance: random.Random) -> Image.Image:
    """Noise of several finenesses, the coarse the stronger, as in pictures of real things."""
    made = Image.new("L", (width, height), 128)
    for step, strength in ((64, 1.0), (24, 0.7), (8, 0.5), (3, 0.35)):
        small = _noise(width // step + 2, height // step + 2, chance, 70)
        layer = small.resize((width, height), Image.Resampling.BICUBIC)
        made = Image.blend(made, ImageChops.add(made, layer, 1, -128), strength)
    return made


def _noise(width: int, height: int, chance: random.Random, deviation: float = GRAIN) -> Image.Image:
    """Around 128."""
    # the sum of four bytes is nearly normal; a byte's deviation is 74
    scale = deviation / 74 / 2
    planes = [Image.frombytes("L", (width, height), chance.randbytes(width * height)) for _ in range(4)]
    mixed = ImageChops.add(ImageChops.add(planes[0], planes[1], 2), ImageChops.add(planes[2], planes[3], 2), 2)
    return mixed.point([round(min(max(128 + (value - 128) * scale * 4, 0), 255)) for value in range(256)])


def _window(picture: Image.Image, shift: tuple[float, float], width: int, height: int) -> Image.Image:
    left, top = round(2 * SWING + shift[0]), round(2 * SWING + shift[1])
    return picture.crop((left, top, left + width, top + height))
