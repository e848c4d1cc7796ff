"""The writer's process: `python -m recording.writing`. Takes orders and what was heard on standard input, writes
tracks, says what became of them on standard output. When the input ends it finishes all files and ends.

One thread reads, puts frames together, opens what people have encrypted and seals it for the file, in memory; another
speaks with the disk. So a disk that hangs holds up neither what is heard nor the tracks of a faster one, until memory's
limit (`recording/sealed`).
Not here: what the frames of the pipe look like (`wire.py`), what a track is made of (`track.py`).
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from recording import core_dumps
from recording.age import Entropy, Recipient
from recording.disk_thread import DiskThread, SealedTrackFile
from recording.opening import SOURCES, Keys, Opener, Watch
from recording.sealed import Disk, SealedWriter
from recording.track import Stretch, TrackCapture
from recording.wire import (
    HEARD,
    KEY,
    ORDER,
    Closed,
    CloseTrack,
    Done,
    Fact,
    ForgetKeys,
    Frames,
    Locked,
    Opened,
    OpenTrack,
    Order,
    SealTracks,
    UseKey,
    WantsPicture,
    fact_frame,
    read_heard,
    read_key,
    read_order,
)
from sfu import Run, split_heard

logger = logging.getLogger(__name__)

PATIENCE_US = 500_000
"""How long a missing packet is waited for: what comes after it is kept in memory meanwhile, and a crash would lose it.
Retransmission takes a round trip or two."""

ASK_EVERY_US = 1_000_000
"""Between two requests for a key frame. The media server throttles them too."""

WAIT = 0.7
"""Seconds without input after which what is missing is given up. Input comes each half second."""

NICE = 5
"""How far it steps back behind the server, whose calls come first: what waits for it a little is in memory."""

READ = 1 << 18
"""Bytes taken at once: what a recording of two cameras hears in half a second."""


class _Track:
    """What comes in one slot, and the files that it went into."""

    def __init__(
        self, order: OpenTrack, keys: Keys, entropy: Entropy, disk: DiskThread, files: Disk, say: Callable[[Fact], None]
    ) -> None:
        self.order = order
        self.files: list[SealedTrackFile] = []
        self.asked_at = -ASK_EVERY_US
        self.opener = Opener(keys, order.number, SOURCES[order.source], order.sealed)
        self.watch = Watch(self.opener)
        self.capture = TrackCapture(order.kind, self._open, order.epoch, PATIENCE_US, self.opener)
        self._entropy = entropy
        self._disk = disk
        self._files = files
        self._say = say

    def _open(self, stretch: Stretch) -> SealedTrackFile:
        order = self.order
        name = f"{order.track}-{len(self.files)}" if self.files else order.track
        recipient = Recipient.parse(order.recipient)
        sealed = SealedWriter(Path(order.folder), name, recipient, self._entropy, disk=self._files)
        file = SealedTrackFile(order.track, name, stretch, sealed, self._disk)
        self.files.append(file)
        self._disk.add(file)
        self._say(Opened(order.track, name, stretch.codec, stretch.began_us // 1000))
        return file


@dataclass
class _Listener:
    """What one recording hears, and the keys that open it."""

    keys: Keys = field(default_factory=Keys)
    tracks: dict[int, _Track] = field(default_factory=dict)
    """By the SSRC that is its slot's name."""


class Writing:
    """All tracks of this process. `say` is called from both threads."""

    def __init__(
        self, say: Callable[[Fact], None], disk: DiskThread, entropy: Entropy, files: Disk | None = None
    ) -> None:
        self._say = say
        self._disk = disk
        self._entropy = entropy
        self._files = files or Disk()
        self._listeners: dict[int, _Listener] = {}
        self._batches = 0

    def order(self, order: Order) -> None:
        match order:
            case OpenTrack():
                listener = self._listeners.setdefault(order.listener, _Listener())
                track = _Track(order, listener.keys, self._entropy, self._disk, self._files, self._say)
                listener.tracks[int(order.slot)] = track
            case CloseTrack(name):
                for number, listener in list(self._listeners.items()):
                    for slot, each in list(listener.tracks.items()):
                        if each.order.track == name:
                            del listener.tracks[slot]
                            self._close(each)
                    self._look_whether_over(number)
            case SealTracks(number, sealed):
                for each in self._tracks(number):
                    each.opener.sealed = sealed
            case ForgetKeys(number, person):
                self._forget(number, person)

    def use(self, order: UseKey) -> None:
        """A key, which is overwritten when it is in its place."""
        self._listeners.setdefault(order.listener, _Listener()).keys.use(order.number, order.key_id, order.key)
        order.key.overwrite()

    def heard(self, number: int, packets: bytes, now_us: int) -> None:
        by_slot: dict[int, list[Run | tuple[int, bytes]]] = {}
        reports: list[Run | tuple[int, bytes]] = []
        for each in split_heard(packets):
            if isinstance(each, Run):
                by_slot.setdefault(each.ssrc, []).append(each)
            else:
                reports.append(each)
        if listener := self._listeners.get(number):
            listener.keys.now = now_us / 1e6
            for slot, track in listener.tracks.items():
                if reports or slot in by_slot:
                    self._feed(track, reports + by_slot.get(slot, []), now_us)
        self._batches += 1
        self._say(Done(self._batches))

    def expire(self, now_us: int) -> None:
        """Nothing was heard for a while."""
        for listener in self._listeners.values():
            listener.keys.now = now_us / 1e6
            listener.keys.expire()
            for track in listener.tracks.values():
                self._guarded(track, partial(track.capture.expire, now_us))

    def finish(self) -> None:
        for number in self._listeners:
            for track in self._tracks(number):
                self._close(track)
        self._listeners.clear()

    def _forget(self, number: int, person: int | None) -> None:
        for track in self._tracks(number):
            if person in (None, track.order.number):
                self._guarded(track, track.capture.flush)  # what came before is still to be opened
        if listener := self._listeners.get(number):
            listener.keys.forget(person)
        self._look_whether_over(number)

    def _look_whether_over(self, number: int) -> None:
        listener = self._listeners.get(number)
        if listener is not None and not listener.tracks and not listener.keys:
            del self._listeners[number]

    def _tracks(self, number: int) -> list[_Track]:
        listener = self._listeners.get(number)
        return list(listener.tracks.values()) if listener is not None else []

    def _feed(self, track: _Track, batch: list[Run | tuple[int, bytes]], now_us: int) -> None:
        self._guarded(track, partial(track.capture.feed, batch))
        if track.watch.look(now_us / 1e6):
            self._say(Locked(track.order.track, track.watch.locked))
        if track.capture.wants_key and now_us - track.asked_at >= ASK_EVERY_US:
            track.asked_at = now_us
            self._say(WantsPicture(track.order.listener, track.order.slot))

    def _guarded(self, track: _Track, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            self._disk.failed(track.order.track, error)

    def _close(self, track: _Track) -> None:
        self._guarded(track, track.capture.close)
        closed = Closed(track.order.track, track.capture.statistics.lost, track.opener.unopened)
        self._disk.after(track.files, lambda: self._say(closed))


def main() -> None:
    """Until standard input ends."""
    core_dumps.forbid()
    os.nice(NICE)
    # a Ctrl-C at the terminal reaches all processes there; the server decides what becomes of this one
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
    # nothing but facts may go to where facts go, whatever a library prints
    facts = os.dup(1)
    os.dup2(2, 1)
    lock = threading.Lock()

    def say(fact: Fact) -> None:
        frame = fact_frame(fact)
        with lock:
            try:
                while frame:
                    frame = frame[os.write(facts, frame) :]
            except BrokenPipeError:
                return  # the server is gone: there is nobody to tell, and the files are finished all the same

    disk = DiskThread(say, time.monotonic)
    disk.start()
    writing = Writing(say, disk, os.urandom)
    frames = Frames()
    news = False
    buffer = memoryview(bytearray(READ))
    while True:
        ready, _, _ = select.select([0], [], [], 0)
        if not ready:
            if news:
                news = False
                disk.heard()
            ready, _, _ = select.select([0], [], [], WAIT)
        now_us = time.monotonic_ns() // 1000
        disk.look(now_us / 1e6)
        if not ready:
            writing.expire(now_us)
            continue
        size = os.readv(0, [buffer])
        if not size:
            break
        for kind, body in frames.feed(buffer[:size]):
            if kind == ORDER:
                writing.order(read_order(body))
            elif kind == KEY:
                writing.use(read_key(body))
            elif kind == HEARD:
                writing.heard(*read_heard(body), now_us)
                news = True
    writing.finish()
    disk.finish()


if __name__ == "__main__":
    main()
