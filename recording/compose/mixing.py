"""All sounds of a film as one: lanes of clips are read side by side, added and kept from clipping.

Not here: which clips a lane has (`plan.py`), decoding (`clips.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from av.audio.frame import AudioFrame
from av.filter import Graph

from recording.compose.clips import RATE, SAMPLE, Sound
from recording.compose.plan import Piece

BLOCK = 1024
"""Samples at once: what an AAC packet holds."""

LOUDEST = "0.95"
"""Of full scale. What several people shout at once is turned down to this, for as long as it takes."""


class Lane:
    """Reads the pieces of one lane, each clip opened when it is reached and let go of when it is over."""

    def __init__(self, pieces: Sequence[Piece], open_sound: Callable[[str], Sound | None]) -> None:
        """`open_sound` returns None for a clip that cannot be used; it is silent then."""
        self._pieces = list(reversed(pieces))
        self._open_sound = open_sound
        self._track: str | None = None
        self._sound: Sound | None = None

    def read(self, at: int, count: int) -> bytes:
        """So many samples of the film, of which `at` is the first."""
        out = bytearray(count * SAMPLE)
        while self._pieces:
            piece = self._pieces[-1]
            start, until = _samples(piece.at_ms), _samples(piece.until_ms)
            low, high = max(start, at), min(until, at + count)
            if low < high:
                data = self._read(piece, low - start, high - low)
                out[(low - at) * SAMPLE : (high - at) * SAMPLE] = data
            if until > at + count:
                break
            self._pieces.pop()
        return bytes(out)

    def close(self) -> None:
        if self._sound is not None:
            self._sound.close()
            self._sound = None

    def _read(self, piece: Piece, offset: int, count: int) -> bytes:
        if piece.track != self._track:
            self._track = piece.track
            self.close()
            self._sound = self._open_sound(piece.track)
        if self._sound is None:
            return bytes(count * SAMPLE)
        return self._sound.read(_samples(piece.from_ms) + offset, count)


class Mixer:
    """Blocks of each lane in, frames of all together out, in the same order and at the same times."""

    def __init__(self, lanes: int) -> None:
        self._graph = _graph(lanes) if lanes > 1 else None

    def push(self, blocks: Sequence[bytes], at: int) -> Iterator[AudioFrame]:
        """The frames that are ready now."""
        frames = [_frame(block, at) for block in blocks]
        if self._graph is None:
            yield from frames
            return
        for number, frame in enumerate(frames):
            self._graph.push(frame, at=number)
        yield from _ready(self._graph)

    def finish(self) -> Iterator[AudioFrame]:
        """What was held back."""
        if self._graph is not None:
            self._graph.push(None)
            yield from _ready(self._graph)


def _graph(lanes: int) -> Graph:
    graph = Graph()
    mix = graph.add("amix", f"inputs={lanes}:normalize=0")
    for number in range(lanes):
        source = graph.add_abuffer(sample_rate=RATE, format="fltp", layout="mono", time_base=Fraction(1, RATE))
        source.link_to(mix, 0, number)
    # with `latency` it gives out what it looked ahead at under its own time
    limiter = graph.add("alimiter", f"limit={LOUDEST}:level=0:latency=1")
    form = graph.add("aformat", "sample_fmts=fltp:channel_layouts=mono")
    graph.link_nodes(mix, limiter, form, graph.add("abuffersink")).configure()
    return graph


def _ready(graph: Graph) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        if isinstance(frame, AudioFrame):
            yield frame


def _frame(block: bytes, at: int) -> AudioFrame:
    frame = AudioFrame("fltp", "mono", len(block) // SAMPLE)
    frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
    frame.planes[0].update(block)
    return frame


def _samples(ms: int) -> int:
    return ms * RATE // 1000
