"""Writes one track, so that at every moment what was checkpointed can be read (`layout.py` says how it lies there).

Memory and disk are kept apart: a track begins in memory, and `write` seals and keeps there and never waits;
`checkpoint` and `close` speak with the disk, and are where its errors appear. So a muxer, which would never recover
from one, sees none, and a disk that is full or hangs holds up nobody but the thread that checkpoints.
Not here: when to checkpoint, and when to secure. A track loses at a crash what was written since the last checkpoint,
at a power failure what was written since it was last secured.

What is never done: to seal the same chunk twice with different contents, to touch a byte that was synced, to remove
bytes from one file before the other that holds them has been synced.
"""

from __future__ import annotations

import errno
import threading
from pathlib import Path

from recording.age import Data, Encryptor, Entropy, Recipient, Sealer
from recording.sealed.disk import Disk
from recording.sealed.layout import PROOF, Tail, files_of

MOST_HELD = 4 * 1024 * 1024
"""Bytes that wait in memory for a disk that takes none: some ten seconds of a camera at 3 Mbit/s. Larger rides out
longer troubles and costs that much for each track."""


MOST_UNSYNCED = 1024 * 1024
"""Bytes after which a checkpoint secures the track unasked. They are kept in memory until then."""


class DiskBehind(OSError):
    """The disk has taken nothing for so long that no more is kept for it. What was accepted before still is."""


class SealedWriter:
    """A file for a muxer: write only, not seekable. `write` is called from one thread; `checkpoint`, `close` and
    `abandon` from that or from one other.

    After an OSError from `checkpoint` or `close` nothing on the disk is worse than before, and nothing in memory is
    lost: call the same again later (space was freed, the disk is back), or `abandon`.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        recipient: Recipient,
        entropy: Entropy,
        *,
        disk: Disk | None = None,
        most_held: int = MOST_HELD,
    ) -> None:
        """Does nothing to the disk yet. Raises BadKeyText; ValueError for the name."""
        self._disk = disk or Disk()
        self._files = files_of(folder, name)
        self._tails = Sealer([recipient], entropy)
        self._most_held = most_held
        self._encryptor = Encryptor([recipient], entropy)
        self._proof = self._encryptor.derive(PROOF)
        self._waiting = bytearray(self._encryptor.start)
        """Sealed, and not known to be on the disk. Kept until a sync has succeeded: after one that failed, the system
        may have dropped what it was given."""
        self._memory = threading.Lock()
        """Around the encryptor and what waits; never held while the disk is spoken with."""
        self._synced = 0
        """Bytes of the main file on the disk; `_waiting` belongs there."""
        self._given = 0
        """Bytes of `_waiting` that the system has, and has not been asked to sync."""
        self._kept = self._secured = 0
        self._freshened = False
        """There is a fresh tail."""
        self._file: int | None = None
        """Descriptor of the main file, from the first checkpoint on."""
        self._over = False
        self._whole = False
        """The main file has its end; the others are no longer needed and perhaps still there."""

    @property
    def position(self) -> int:
        """Bytes written so far."""
        return self._encryptor.position

    @property
    def kept(self) -> int:
        """Of those, how many a crash would leave."""
        return self._kept

    def writable(self) -> bool:
        return True

    def write(self, data: Data) -> int:
        """Takes all of it, into memory. Raises DiskBehind, and then has taken nothing; ValueError once closed."""
        with self._memory:
            if self._over or self._encryptor.finished:
                raise ValueError("the track was closed")
            if len(self._waiting) + len(data) > self._most_held:
                raise DiskBehind(errno.ENOBUFS, "the disk is too far behind")
            self._waiting += self._encryptor.push(data)
            return len(data)

    def checkpoint(self, *, secure: bool = True) -> None:
        """When it returns, everything written before can be read, whatever becomes of this process; with `secure`
        whatever becomes of the machine. Raises OSError (FileExistsError at the first one, if there is a track of that
        name); ValueError after `abandon`."""
        with self._memory:
            position, size = self.position, len(self._waiting)
            secure = secure or size > MOST_UNSYNCED
            if position == (self._secured if secure else self._kept):
                return
            if self._over:
                raise ValueError("the track was abandoned")
            fresh = self._not_given()
            tail = Tail(self._encryptor.emitted, self._proof, self._encryptor.pending)
        # This order: the new tail begins where the main file ends, so the main file must be there first.
        if secure:
            self._write_main(fresh, size)
            self._secure_tail(self._tails.seal(tail.encode()))
            self._secured = position
        else:
            self._open_main()
            self._give(fresh, size)
            self._freshen_tail(self._tails.seal(tail.encode()))
        self._kept = position

    def close(self) -> None:
        """Writes the end; the track is one finished age file then. Raises OSError; may be called again."""
        if not self._over:
            with self._memory:
                if not self._encryptor.finished:
                    self._waiting += self._encryptor.finish()
                fresh, size = self._not_given(), len(self._waiting)
            self._write_main(fresh, size)
            self._kept = self._secured = self.position
            self._whole = True
            self.abandon()
        if self._whole:
            # If this fails the track is whole all the same: readers know a tail that the main file has grown past.
            for each in (self._files.draft, self._files.spare, self._files.fresh, self._files.tail):
                self._disk.remove(each)
            self._disk.sync_folder(self._files.folder)
            self._whole = False

    def abandon(self) -> None:
        """Lets go of the files as they are, as a crash would: what was checkpointed can be read, and finished later."""
        self._over = True
        if self._file is not None:
            file, self._file = self._file, None
            self._disk.close(file)

    def _not_given(self) -> bytes:
        """Of what waits, what the system does not have: all that has to be copied while nobody can write."""
        with memoryview(self._waiting) as waiting:
            return bytes(waiting[self._given :])

    def _write_main(self, fresh: bytes, size: int) -> None:
        file = self._open_main()
        if size:
            self._give(fresh, size)
            # what is given once more if this fails is the same, at the same place
            self._given = 0
            self._disk.sync(file)
            self._synced += size
            with self._memory:
                del self._waiting[:size]

    def _open_main(self) -> int:
        if self._file is None:
            self._file = self._disk.create(self._files.main, fresh=True)
        return self._file

    def _give(self, fresh: bytes, size: int) -> None:
        """To the system, which may keep it in memory: `fresh`, with which it has the first `size` bytes that wait."""
        if self._file is not None and fresh:
            self._disk.write(self._file, fresh, self._synced + self._given)
            self._given = size

    def _secure_tail(self, sealed: bytes) -> None:
        file = self._disk.create(self._files.draft, fresh=False)
        try:
            self._disk.write(file, sealed, 0)
            self._disk.sync(file)
        finally:
            self._disk.close(file)
        self._disk.rename(self._files.draft, self._files.tail)
        self._disk.sync_folder(self._files.folder)

    def _freshen_tail(self, sealed: bytes) -> None:
        file = self._disk.reuse(self._files.spare)
        try:
            self._disk.write(file, sealed, 0)
            self._disk.cut(file, len(sealed))
        finally:
            self._disk.close(file)
        if self._freshened:
            self._disk.exchange(self._files.spare, self._files.fresh)
        else:
            self._disk.rename(self._files.spare, self._files.fresh)
            self._freshened = True
