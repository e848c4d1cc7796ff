"""What the recorder needs to open what two people send: real pictures of 720p30 and real sound, sealed as browsers do.

Only the opening is timed: putting frames together from packets and writing them is done of calls in the clear as well.
Not here: what follows from it (`figures.py`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bench import recording_films
from bench.recording_films import Film
from recording.e2ee import Format, KeyRing, Secret, Sender, Source, open_frame, seal_frame

NUMBER = 7
KEY_ID = NUMBER * 256 + 1
SOURCES: dict[str, tuple[Format, Source]] = {
    "camera": ("VP8", Source.CAMERA),
    "microphone": ("opus", Source.MICROPHONE),
}


def measure(rounds: int) -> tuple[list[dict[str, float]], dict[str, dict[str, float]]]:
    """Microseconds for a frame in each round, and what the frames are."""
    [cast, *_] = recording_films.make()
    films = {"camera": cast.camera, "microphone": cast.microphone}
    frames = {
        name: {"per_s": float(film.rate), "bytes": sum(map(len, film.frames)) / len(film.frames)}
        for name, film in films.items()
    }
    return [measure_round(films) for _ in range(rounds)], frames


def measure_round(films: Mapping[str, Film]) -> dict[str, float]:
    key = Secret(os.urandom(32))
    sender, ring = Sender(KEY_ID, key), KeyRing()
    ring.add(NUMBER, KEY_ID, key)
    sealed = {
        name: [seal_frame(sender, *SOURCES[name], frame) for frame in film.frames] for name, film in films.items()
    }
    return {name: _open(ring, *SOURCES[name], each) for name, each in sealed.items()}


def _open(ring: KeyRing, codec: Format, source: Source, frames: Sequence[bytes]) -> float:
    began = time.thread_time_ns()
    for frame in frames:
        open_frame(ring, NUMBER, codec, source, frame, 0.0)
    return (time.thread_time_ns() - began) / 1000 / len(frames)


def about(found: Mapping[str, Any]) -> str:
    """A word of progress."""
    return ", ".join(f"{name} {each['median']:.1f} us" for name, each in found["us_per_frame"].items())
