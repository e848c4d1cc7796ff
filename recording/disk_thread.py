"""The thread of the writer's process that speaks with the disk: checkpoints all open tracks, closes those that ended,
and tells of trouble and of its end.

It tries again for as long as the process lives: what could not be written waits in memory (`recording/sealed`).
Not here: what is in a track.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Sequence

from recording.sealed import DiskBehind, SealedWriter
from recording.track import Stretch
from recording.wire import DiskHangs, Fact, Finished, Mended, Trouble, TroubleCode

CHECKPOINT = 0.6
"""Seconds from the beginning of one to that of the next, at the latest."""

SOON = 0.2
"""Seconds after which something that was heard is reason enough. What is heard comes each half second, so that soon
after it everything is sealed but what the muxer holds, a tenth of a second: a crash loses less than a second."""

SECURE = 3.0
"""Seconds after which a track is synced too. A power failure loses that much; more often, and syncing costs more than
everything else that the writer does."""

SYNCING = 0.2
"""Seconds of each round after which no more syncing is begun: on a slow disk it goes on in the next one, behind what is
quick and keeps what was heard from a crash."""

REST = 0.1
"""Seconds at least from the end of one to the beginning of the next, where nothing was heard and nothing has ended."""

HANGS = 2.0
"""Seconds without an answer until people are told."""

LAST_TRY = 8.0
"""Seconds at the end for what the disk did not take so far."""


class SealedTrackFile:
    """One file of a track, as the muxer and the disk's thread see it."""

    def __init__(self, track: str, name: str, stretch: Stretch, sealed: SealedWriter, disk: DiskThread) -> None:
        self.track = track
        self.name = name
        self.stretch = stretch
        self.sealed = sealed
        self.ended = False
        self.secured_at = float("-inf")
        self._disk = disk

    def write(self, data: bytes, /) -> int:
        return self.sealed.write(data)

    def close(self) -> None:
        """The muxer is done; the disk's thread finishes the file."""
        self.ended = True
        self._disk.wake()


class DiskThread:
    def __init__(self, say: Callable[[Fact], None], now: Callable[[], float]) -> None:
        self._say = say
        self._now = now
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._files: list[SealedTrackFile] = []
        self._waiting: list[tuple[list[SealedTrackFile], Callable[[], None]]] = []
        self._troubled: set[str] = set()
        self._cut: set[str] = set()
        """Tracks of which something could not be kept since trouble began."""
        self._finishing = False
        self._asked_at: float | None = None
        self._began = now()
        """When it last looked at all files."""
        self._news = self._urgent = False
        self._hangs = False
        self._thread = threading.Thread(target=self._run, name="disk", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, file: SealedTrackFile) -> None:
        with self._lock:
            self._files.append(file)

    def after(self, files: Sequence[SealedTrackFile], call: Callable[[], None]) -> None:
        """Calls when all of these are finished."""
        with self._lock:
            self._waiting.append((list(files), call))
        self.wake()

    def wake(self) -> None:
        self._urgent = True
        self._woken.set()

    def heard(self) -> None:
        """The other thread has taken what came, and nothing more for a while."""
        self._news = True
        self._woken.set()

    def look(self, now: float) -> None:
        """Called by the other thread several times a second: tells when the disk does not answer, and when it does."""
        asked_at = self._asked_at
        hangs = asked_at is not None and now - asked_at > HANGS
        if hangs != self._hangs:
            self._hangs = hangs
            self._say(DiskHangs(hangs))

    def failed(self, track: str, error: OSError) -> None:
        """The other thread could not keep something of a track."""
        with self._lock:
            self._cut.add(track)
        self._trouble(track, error)

    def finish(self) -> None:
        """Returns when all files are finished, or after LAST_TRY."""
        self._finishing = True
        self.wake()
        self._thread.join(LAST_TRY)

    def _run(self) -> None:
        while True:
            self._wait()
            self._began = self._now()
            with self._lock:
                files = list(self._files)
            failed = {file.track for file in files if not self._keep(file)}
            well = [file for file in files if file.track not in failed]
            self._tell_mended(failed | self._secure_those_due(well))
            self._call_those_that_waited()
            with self._lock:
                if self._finishing and not self._files and not self._waiting:
                    return

    def _wait(self) -> None:
        left = REST
        while left > 0 and not self._urgent:
            self._woken.wait(left)
            self._woken.clear()
            left = self._began + (SOON if self._news else CHECKPOINT) - self._now()
        self._news = self._urgent = False

    def _secure_those_due(self, files: Sequence[SealedTrackFile]) -> set[str]:
        """The longest due first. Returns the tracks that are in trouble, for all that is known."""
        until = self._now() + SYNCING
        still = set()
        for file in sorted(files, key=lambda each: each.secured_at):
            # a disk that is in trouble takes what is not synced, and says nothing
            troubled = file.track in self._troubled
            if file.ended or not (troubled or self._now() - file.secured_at >= SECURE):
                continue
            if self._now() > until:
                still |= {file.track} if troubled else set()
            elif not self._keep(file, secure=True):
                still.add(file.track)
        return still

    def _keep(self, file: SealedTrackFile, *, secure: bool = False) -> bool:
        ended = file.ended
        now = self._asked_at = self._now()
        try:
            if ended:
                file.sealed.close()
            else:
                file.sealed.checkpoint(secure=secure)
                file.secured_at = now if secure else file.secured_at
        except OSError as error:
            self._trouble(file.track, error)
            return False
        finally:
            self._asked_at = None
        if ended:
            with self._lock:
                self._files.remove(file)
            self._say(Finished(file.track, file.name, file.stretch.duration_us // 1000, file.sealed.position))
        return True

    def _trouble(self, track: str, error: OSError) -> None:
        with self._lock:
            known = track in self._troubled
            self._troubled.add(track)
        if not known:
            self._say(Trouble(track, _code(error)))

    def _tell_mended(self, still: set[str]) -> None:
        with self._lock:
            mended = self._troubled - still
            self._troubled &= still
            told = [Mended(track, complete=track not in self._cut) for track in mended]
            self._cut -= mended
        for fact in told:
            self._say(fact)

    def _call_those_that_waited(self) -> None:
        with self._lock:
            due = [call for files, call in self._waiting if not any(file in self._files for file in files)]
            self._waiting = [each for each in self._waiting if any(file in self._files for file in each[0])]
        for call in due:
            call()


def _code(error: OSError) -> TroubleCode:
    if isinstance(error, DiskBehind):
        return "disk_slow"
    return "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "disk_failed"
