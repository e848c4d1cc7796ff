"""Whether capture's memory grows: hours of a call of two through the real writer in its real process, faster than they
would pass. The clock that counts is in the packets, so to the writer it is hours.

This process is the server's side: it hands over what a listener would have heard, as `signaling/capture.py` does. Not
here: the engine (its tap is a ring of fixed size), the database.
"""

from __future__ import annotations

import asyncio
import os
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import Failed
from bench.processes import resident_kb
from bench.recording_films import RATES, Cast, Film
from recording.age import Identity
from recording.frames import CODECS
from recording.wire import Closed, CloseTrack, Fact, Finished, OpenTrack, Trouble, WantsPicture
from recording.writer import Writer

BATCH_US = 100_000
"""Heard at once, as the service has it."""

MOST_BEHIND = 20
"""Batches that may be on their way to the writer: the service has one or two. More, and the pipe is measured."""

ROW_US = 60_000_000
LOSS_EVERY_US = 60_000_000
"""A packet of each camera is missing so often: what waits for it, and for the key frame after it, is memory too."""

REPORT_US = 1_000_000
NTP_EPOCH = 2_208_988_800
LISTENER = 1
LAST_SECONDS = 60.0
PAYLOAD_TYPES = {codec: number for number, codec in CODECS.items()}
_HEARD = struct.Struct("=qi")
_RTP = struct.Struct("!BBHII")
_REPORT = struct.Struct("!BBHIIIIII")


@dataclass
class Row:
    hours: float
    writer_kb: int
    server_kb: int
    behind: int
    """Batches that the writer had been given and had not done."""


@dataclass
class Memory:
    speed: float
    """Times as fast as real time, on average."""
    rows: list[Row] = field(default_factory=list)
    bytes: int = 0
    """In finished files."""
    shortest_ms: int = 0
    """The shortest track."""
    tracks: int = 0
    troubles: list[str] = field(default_factory=list)


class Slot:
    """One film, again and again, as a listener hears it."""

    def __init__(self, film: Film, ssrc: int, epoch_us: int) -> None:
        self.again = False
        """A key frame was asked for."""
        self._film = film
        self._ssrc = ssrc
        self._type = PAYLOAD_TYPES["VP8" if film.kind == "video" else "opus"]
        self._clock = RATES[film.kind][0] * RATES[film.kind][1]
        self._epoch = self._began = epoch_us
        self._base = 0
        self._piece = self._sequence = self._picture = 0
        self._loss_at = epoch_us + LOSS_EVERY_US
        self._report_at = epoch_us

    def until(self, us: int) -> Iterator[tuple[int, bytes]]:
        """What comes before `us`, with its time."""
        film = self._film
        while (at := self._began + film.pieces[self._piece].at_us) < us:
            piece = film.pieces[self._piece]
            if self.again and piece.first:
                self._begin_again(piece.at_us, piece.timestamp)
                continue
            payload = piece.data
            if film.kind == "video":
                self._picture += piece.first
                payload = (
                    struct.pack("!BBH", 0x90 if piece.first else 0x80, 0x80, 0x8000 | self._picture & 0x7FFF) + payload
                )
            marker = 0x80 if piece.last and film.kind == "video" else 0
            timestamp = (self._base + piece.timestamp) & 0xFFFFFFFF
            header = _RTP.pack(0x80, marker | self._type, self._sequence & 0xFFFF, timestamp, self._ssrc)
            self._sequence += 1
            self._piece += 1
            if self._piece == len(film.pieces):
                self._begin_again(film.length_us, film.ticks)
            if at >= self._report_at:
                self._report_at += REPORT_US
                yield at, self._report(at)
            if film.kind == "video" and at >= self._loss_at:
                self._loss_at += LOSS_EVERY_US
            else:
                yield at, header + payload

    def _begin_again(self, us: int, ticks: int) -> None:
        self.again = False
        self._began += us
        self._base += ticks
        self._piece = 0

    def _report(self, at: int) -> bytes:
        """As the engine writes one: its own clock, from NTP's epoch."""
        seconds, rest = divmod(at, 1_000_000)
        timestamp = (self._base + (at - self._began) * self._clock // 1_000_000) & 0xFFFFFFFF
        words = (seconds + NTP_EPOCH, (rest << 32) // 1_000_000, timestamp, 0, 0)
        return _REPORT.pack(0x80, 200, 6, self._ssrc, *words)


class Told:
    """What the writer says."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.finished: list[Finished] = []
        self.closed = 0
        self.troubles: list[str] = []
        self.dead = False
        self.news = asyncio.Event()
        self._slots = slots

    def fact(self, fact: Fact) -> None:
        match fact:
            case WantsPicture(_, slot):
                self._slots[int(slot) - 1].again = True
            case Finished():
                self.finished.append(fact)
            case Closed():
                self.closed += 1
                self.news.set()
            case Trouble(_, code):
                self.troubles.append(code)

    def died(self) -> None:
        self.dead = True
        self.news.set()

    def revived(self) -> None:
        """It must not come to this: `dead` is what counts."""


def measure(hours: float, speed: float, cast: Sequence[Cast], folder: Path) -> Memory:
    """Raises Failed, OSError."""
    return asyncio.run(_measure(hours, speed, cast, folder))


async def _measure(hours: float, speed: float, cast: Sequence[Cast], folder: Path) -> Memory:
    epoch = time.monotonic_ns() // 1000
    films = [film for person in cast for film in person.films]
    slots = [Slot(film, number, epoch) for number, film in enumerate(films, 1)]
    told = Told(slots)
    writer = Writer(told.fact, told.died, told.revived)
    await writer.start()
    recipients = [str(Identity.generate(os.urandom).recipient) for _ in cast]
    for number, film in enumerate(films, 1):
        recipient = recipients[(number - 1) // 2]
        writer.order(
            OpenTrack(
                LISTENER,
                str(number),
                f"track-{number}",
                film.kind,
                str(folder),
                recipient,
                epoch,
                1,
                "microphone" if film.kind == "audio" else "camera",
                False,
            )
        )
    memory = Memory(speed)
    began = time.monotonic()
    end = epoch + int(hours * 3_600_000_000)
    row_at = now = epoch
    while now < end:
        now += BATCH_US
        heard = sorted((each for slot in slots for each in slot.until(now)), key=lambda each: each[0])
        await _wait_for_turn(writer, told, began + (now - epoch) / 1e6 / speed)
        batch = b"".join(part for at, packet in heard for part in (_HEARD.pack(at, len(packet)), packet))
        if not writer.heard(LISTENER, batch):
            raise Failed("the writer did not take what was heard")
        if now >= row_at:
            row_at += ROW_US
            memory.rows.append(_row((now - epoch) / 3.6e9, writer))
    memory.speed = round((end - epoch) / 1e6 / (time.monotonic() - began), 1)
    await _finish(writer, told, len(films))
    memory.troubles = told.troubles
    memory.tracks = len(told.finished)
    memory.bytes = sum(each.bytes for each in told.finished)
    memory.shortest_ms = min((each.duration_ms for each in told.finished), default=0)
    return memory


async def _wait_for_turn(writer: Writer, told: Told, at: float) -> None:
    """Until `at`, and until the writer is not behind."""
    await asyncio.sleep(max(at - time.monotonic(), 0.0))
    while writer.behind > MOST_BEHIND and not told.dead:  # noqa: ASYNC110 - what it has done is told by its facts
        await asyncio.sleep(0.001)
    if told.dead:
        raise Failed("the writer died")


async def _finish(writer: Writer, told: Told, tracks: int) -> None:
    for number in range(1, tracks + 1):
        writer.order(CloseTrack(f"track-{number}"))
    try:
        async with asyncio.timeout(LAST_SECONDS):
            while told.closed < tracks and not told.dead:
                told.news.clear()
                await told.news.wait()
    except TimeoutError:
        raise Failed("the writer has not finished its files in time") from None
    finally:
        await writer.close()


def _row(hours: float, writer: Writer) -> Row:
    if writer.pid is None:
        raise Failed("the writer died")
    return Row(round(hours, 4), resident_kb(writer.pid), resident_kb(os.getpid()), writer.behind)
