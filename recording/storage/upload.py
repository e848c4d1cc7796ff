"""Puts what lies on the disk into a bucket: while a file grows in parts, when it is done as one object.

Each call goes on from what the bucket has, so it may be stopped at any moment and called again, by this process or the
next. Nothing on the disk is changed. The order is what makes it safe: a tail goes up after the main file that it
continues, parts are removed after the whole file is known to be there.
Not here: which files, when, and when they may leave the disk (`signaling/offload.py`).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import dataclass

from recording.sealed import files_of, tail_of
from recording.storage.bucket import PART, Bucket
from recording.storage.errors import Unreachable
from recording.storage.layout import MARKED, folder_of, fresh_key, kept_of, mark_of, part_key, tail_key, whole_key
from recording.storage.storage import Storage


@dataclass
class _Growing:
    mark: str
    reached: int
    """Bytes of the main file that the bucket has."""
    tail: bytes = b""
    """Hash of the tail that it has."""


class Uploads:
    """One call for each file at a time. All raise OSError: StorageError if it is the bucket's, FileNotFoundError if
    there is no such file on the disk (any more)."""

    def __init__(self, storage: Storage, bucket: Bucket) -> None:
        self._folder = storage.folder
        self._bucket = bucket
        self._growing: dict[tuple[str, str], _Growing] = {}

    async def grow(self, recording: str, name: str) -> bool:
        """What has come since the last call. When it returns, the bucket's parts and tail hold the track as it was.
        False if nothing has come."""
        files = files_of(self._folder / folder_of(recording), name)
        tail = await asyncio.to_thread(tail_of, files.tail)
        file = await asyncio.to_thread(os.open, files.main, os.O_RDONLY | os.O_CLOEXEC)
        try:
            beginning = await asyncio.to_thread(os.pread, file, MARKED, 0)
            if len(beginning) < MARKED:
                return False
            known = await self._known(recording, name, mark_of(beginning))
            longer = await self._send_parts(recording, name, known, file)
            newer = await self._send_tail(recording, name, known, tail)
            return longer or newer
        finally:
            os.close(file)

    async def settle(self, recording: str, name: str) -> int:
        """When it returns, the bucket has the whole file, and its tails if it has any, and nothing else of it. Returns
        the file's inode: this is what may leave the disk."""
        files = files_of(self._folder / folder_of(recording), name)
        tails = {
            tail_key(recording, name): await asyncio.to_thread(tail_of, files.tail),
            fresh_key(recording, name): await asyncio.to_thread(tail_of, files.fresh),
        }
        file = await asyncio.to_thread(os.open, files.main, os.O_RDONLY | os.O_CLOEXEC)
        try:
            status = os.fstat(file)
            if not await self._is_there(recording, name, file, status.st_size):
                await self._bucket.put_file(whole_key(recording, name), file)
                if not await self._is_there(recording, name, file, status.st_size):
                    raise Unreachable("The bucket has something else than it was given.")
        finally:
            os.close(file)
        for key, tail in tails.items():
            if tail is not None:
                await self._bucket.put(key, tail)
        sizes = await self._bucket.sizes(recording)
        old = [key for key, tail in tails.items() if tail is None and key in sizes]
        await self._bucket.remove([*old, *kept_of(recording, name, sizes).part_keys])
        self._growing.pop((recording, name), None)
        return status.st_ino

    async def _known(self, recording: str, name: str, mark: str) -> _Growing:
        known = self._growing.get((recording, name))
        if known is None or known.mark != mark:
            kept = kept_of(recording, name, await self._bucket.sizes(recording))
            known = self._growing[recording, name] = _Growing(mark, kept.reached(mark))
        return known

    async def _send_parts(self, recording: str, name: str, known: _Growing, file: int) -> bool:
        length, before = os.fstat(file).st_size, known.reached
        while known.reached < length:
            data = await asyncio.to_thread(os.pread, file, min(PART, length - known.reached), known.reached)
            if not data:
                break  # it was cut since
            await self._bucket.put(part_key(recording, name, known.mark, known.reached), data)
            known.reached += len(data)
        return known.reached > before

    async def _send_tail(self, recording: str, name: str, known: _Growing, tail: bytes | None) -> bool:
        hashed = hashlib.sha256(tail or b"").digest()
        if tail is None or hashed == known.tail:
            return False
        await self._bucket.put(tail_key(recording, name), tail)
        known.tail = hashed
        return True

    async def _is_there(self, recording: str, name: str, file: int, size: int) -> bool:
        """By length and by what only this file begins with. If the bucket has more of it than the disk, that is well
        too: files only grow, so the disk has lost something."""
        kept = kept_of(recording, name, await self._bucket.sizes(recording))
        if kept.whole is None or kept.whole < size:
            return False
        beginning = await self._bucket.fetch(whole_key(recording, name), 0, MARKED) if kept.whole else b""
        return beginning == await asyncio.to_thread(os.pread, file, MARKED, 0)
