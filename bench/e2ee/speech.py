"""What microphones of real browsers hear in a measurement: somebody who does not stop speaking.

Chromium's own fake microphone beeps once a second, and browsers send next to nothing in between (silence is not sent).
Syllables of gliding pitch are neither silence nor the steady noise that browsers take out. From a seed; made once.
"""

from __future__ import annotations

import array
import math
import random
import wave
from pathlib import Path

RATE = 48_000
SECONDS = 10
SYLLABLE = (0.12, 0.3)
"""Seconds, shortest and longest. Between two there is a twentieth of it."""

PITCH = (110.0, 260.0)
PARTIALS = (1.0, 0.6, 0.45, 0.3, 0.2, 0.12)
LOUDEST = 0.35
"""Of full scale."""


def sound(path: Path, seed: int = 1) -> Path:
    """Writes a 16-bit mono WAV file. Not again if it is there."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)  # noqa: S311 - chance from a seed, no secret
    samples = array.array("h")
    while len(samples) < RATE * SECONDS:
        length = round(RATE * chance.uniform(*SYLLABLE))
        begin, end = (chance.uniform(*PITCH) for _ in range(2))
        phase = 0.0
        for at in range(length):
            phase += 2 * math.pi * (begin + (end - begin) * at / length) / RATE
            shape = math.sin(math.pi * at / length)
            value = sum(part * math.sin((number + 1) * phase) for number, part in enumerate(PARTIALS))
            samples.append(round(32767 * LOUDEST * shape * value / sum(PARTIALS)))
        samples.extend(0 for _ in range(length // 20))
    unfinished = path.with_suffix(".part")
    with wave.open(str(unfinished), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples[: RATE * SECONDS].tobytes())
    unfinished.rename(path)
    return path
