"""Films: what a camera at 720p and a microphone send, encoded once, cut into packets as browsers cut them.

Real VP8 and Opus, so that whoever records it has the work of a real call: at a steady bit rate, as browsers encode. The
first picture is a key frame and no other: whoever asks for one gets the film from its beginning.
Not here: playing them (`recording_playing.py`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Literal

import av
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext

from bench import compose
from recording.age import Identity
from recording.sealed import SealedReader

Kind = Literal["audio", "video"]

LARGEST = 1150
"""Bytes of a payload. Browsers stay below 1,200 with all that is put around it."""

PACED_US = 1500
"""Between two packets of one picture: some 2.5 times as fast as the picture would need, as browsers pace."""

LONGEST_PACED_US = 30_000
"""A large picture's packets follow each other closer: the next picture is due."""

RATES: dict[Kind, tuple[int, int]] = {"video": (30, 3000), "audio": (50, 960)}
"""Frames a second, and RTP time from one to the next."""

ASKED_BIT_RATE = 1_000_000
"""Of a camera. The encoder makes exactly twice of it: 2 Mbit/s, as browsers send at 720p."""

NOISE = 3
SECONDS = 10
LOOKS = ("testsrc2", "mandelbrot")
"""Filters that make pictures: one for each of the two people."""


@dataclass(frozen=True)
class Piece:
    """One packet's payload: when it is sent, with what RTP time, and whether its frame begins and ends with it."""

    at_us: int
    timestamp: int
    data: bytes
    first: bool
    last: bool


@dataclass(frozen=True)
class Film:
    kind: Kind
    frames: tuple[bytes, ...]
    pieces: tuple[Piece, ...]

    @property
    def rate(self) -> int:
        """Frames a second."""
        return RATES[self.kind][0]

    @property
    def ticks(self) -> int:
        """RTP time of all of it."""
        return len(self.frames) * RATES[self.kind][1]

    @property
    def length_us(self) -> int:
        return len(self.frames) * 1_000_000 // self.rate

    @property
    def bits_per_s(self) -> float:
        """Of its frames, without anything around them."""
        return 8e6 * sum(len(frame) for frame in self.frames) / self.length_us

    @property
    def packets_per_s(self) -> float:
        return 1e6 * len(self.pieces) / self.length_us


@dataclass(frozen=True)
class Cast:
    """What one person sends."""

    camera: Film
    microphone: Film

    @property
    def films(self) -> tuple[Film, Film]:
        return self.microphone, self.camera


def make() -> list[Cast]:
    """Of two people. Takes some ten seconds of one core."""
    identity = Identity.generate(os.urandom)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        cast = []
        for look in LOOKS:
            compose.microphone(folder, f"microphone-{look}", identity)
            sounds = _frames(folder, f"microphone-{look}", identity)
            cast.append(Cast(film("video", _pictures(look)), film("audio", sounds)))
    return cast


def film(kind: Kind, frames: Sequence[bytes]) -> Film:
    rate, ticks = RATES[kind]
    pieces: list[Piece] = []
    for number, frame in enumerate(frames):
        parts = cut(frame) if kind == "video" else [frame]
        pace = min(PACED_US, LONGEST_PACED_US // len(parts))
        pieces += [
            Piece(number * 1_000_000 // rate + pace * index, number * ticks, part, index == 0, index == len(parts) - 1)
            for index, part in enumerate(parts)
        ]
    return Film(kind, tuple(frames), tuple(pieces))


def cut(frame: bytes) -> list[bytes]:
    """Parts of almost the same size, as browsers cut."""
    count = -(-len(frame) // LARGEST)
    edges = [len(frame) * at // count for at in range(count + 1)]
    return [frame[begin:end] for begin, end in pairwise(edges)]


def _pictures(look: str) -> list[bytes]:
    """Somebody who moves all the time, before a wall that stands still but for noise."""
    width, height = compose.SIZE
    graph = Graph()
    backdrop = graph.add("gradients", f"size={width}x{height}:rate=30:speed=0.00001:seed=1")
    person = graph.add(look, f"size={compose.PERSON[0]}x{compose.PERSON[1]}:rate=30")
    together = graph.add("overlay", "x=(W-w)/2:y=H-h")
    backdrop.link_to(together, 0, 0)
    person.link_to(together, 0, 1)
    noise = graph.add("noise", f"alls={NOISE}:allf=t")
    graph.link_nodes(together, noise, graph.add("format", "yuv420p"), graph.add("buffersink")).configure()
    encoder = av.CodecContext.create("libvpx", "w")
    if not isinstance(encoder, VideoCodecContext):
        raise TypeError("VP8 is a video codec")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
    encoder.bit_rate, encoder.gop_size = ASKED_BIT_RATE, 3000
    steady = {"minrate": str(ASKED_BIT_RATE), "maxrate": str(ASKED_BIT_RATE), "bufsize": str(ASKED_BIT_RATE // 2)}
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "1", **steady}
    made = []
    for number in range(RATES["video"][0] * SECONDS):
        picture = graph.vpull()
        picture.pts, picture.time_base = number, Fraction(1, 30)
        made += [bytes(packet) for packet in encoder.encode(picture)]
    return made


def _frames(folder: Path, name: str, identity: Identity) -> list[bytes]:
    with SealedReader(folder, name, identity) as reader, av.open(reader.file(), "r") as container:
        return [bytes(packet) for packet in container.demux() if packet.size]
