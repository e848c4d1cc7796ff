"""Where the files of recordings are: on this machine's disk, and behind it perhaps in a bucket.

Everything is written to the disk first. What is there is read from there, whatever the bucket has. Whoever uses a file
on the disk for longer holds a shared lock on it (`flock`), in whatever process: then it is not taken away.
Not here: what goes into the bucket (`upload.py`), and when (`signaling/offload.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from pathlib import Path

from recording.age import Identity
from recording.sealed import LocalSource, SealedReader, Source, files_of
from recording.storage.bucket import PART, Bucket
from recording.storage.errors import Unreachable
from recording.storage.layout import Kept, Part, folder_of, fresh_key, kept_of, tail_key, whole_key
from recording.storage.remote import RemoteSource

BROUGHT = ".brought"
"""What names of copies end with that are not whole yet."""


class Storage:
    """Methods raise OSError, StorageError among them, and ValueError for ids that are none."""

    def __init__(self, folder: Path, bucket: Bucket | None = None) -> None:
        """`folder`: each recording has a folder of its own in it."""
        self.folder = folder
        self.bucket = bucket
        self._lent: dict[tuple[str, str], list[int]] = {}
        """Descriptors that hold the locks."""
        self._brought: dict[tuple[str, str], int] = {}
        """Copies of what the bucket has whole, with their inodes."""
        self._one_at_a_time = asyncio.Lock()

    def open(self, recording: str, name: str, identity: Identity, *, without_tail: bool = False) -> SealedReader:
        """For a thread. Raises AgeError, FileNotFoundError too."""
        source = self.source(recording, name)
        return SealedReader(self.folder / recording, name, identity, without_tail=without_tail, source=source)

    def source(self, recording: str, name: str) -> Source:
        """What `open` reads: the encrypted file, for a thread. To be closed. Raises FileNotFoundError too."""
        try:
            return LocalSource(self.folder / folder_of(recording), name)
        except FileNotFoundError:
            if self.bucket is None:
                raise
        return RemoteSource(self.bucket, recording, name)

    async def bring(self, recording: str, name: str) -> None:
        """Sees to it that it is on the disk, still encrypted, and stays there until `give_back`. If it is nowhere, then
        nothing happens. The disk needs that much free space."""
        async with self._one_at_a_time:
            held = await asyncio.to_thread(self._hold, recording, name)
            if held is None and self.bucket is not None:
                kept = kept_of(recording, name, await self.bucket.sizes(recording))
                await self._fetch(self.bucket, recording, name, kept)
                held = await asyncio.to_thread(self._hold, recording, name)
                if held is not None and kept.whole is not None:
                    self._brought[recording, name] = os.fstat(held).st_ino
            if held is not None:
                self._lent.setdefault((recording, name), []).append(held)

    def give_back(self, recording: str, name: str) -> None:
        """Once for each `bring`. A copy that the bucket has too goes, if nobody else uses it."""
        held = self._lent.get((recording, name))
        if not held:
            return
        os.close(held.pop())
        if not held:
            del self._lent[recording, name]
            inode = self._brought.pop((recording, name), None)
            if inode is not None:
                # not here: a disk that hangs would hold up whoever calls
                asyncio.get_running_loop().run_in_executor(None, self._drop, recording, name, inode)

    def let_go(self, recording: str, name: str, inode: int) -> bool:
        """Takes this very file off the disk, for the bucket has it. False, and nothing is done, if somebody uses it."""
        files = files_of(self.folder / folder_of(recording), name)
        try:
            file = os.open(files.main, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(file).st_ino != inode:
                return False
            # the main file first: one without its tail would look shorter than it is
            files.main.unlink(missing_ok=True)
            files.tail.unlink(missing_ok=True)
            files.fresh.unlink(missing_ok=True)
            files.spare.unlink(missing_ok=True)
        except BlockingIOError:
            return False
        finally:
            os.close(file)
        return True

    async def remove(self, recording: str, name: str) -> None:
        """From both places, with its parts: its key is gone, so that nothing opens it. If there is none, that is well
        too."""
        await asyncio.to_thread(self._remove, recording, name)
        if self.bucket is not None:
            kept = kept_of(recording, name, await self.bucket.sizes(recording))
            there = [whole_key(recording, name)] if kept.whole is not None else []
            there += [tail_key(recording, name)] if kept.tail is not None else []
            there += [fresh_key(recording, name)] if kept.fresh is not None else []
            await self.bucket.remove([*there, *kept.part_keys])

    async def tidy(self, recording: str) -> None:
        """Removes what interrupted copying has left, and the folder if nothing is in it. Not while it is captured."""
        async with self._one_at_a_time:
            await asyncio.to_thread(_tidy, self.folder / folder_of(recording))

    # On the disk -----------------------------------------------------------------------------------------------

    def _drop(self, recording: str, name: str, inode: int) -> None:
        with contextlib.suppress(OSError):  # then it is an ordinary file, which leaves the disk as others do
            self.let_go(recording, name, inode)

    def _hold(self, recording: str, name: str) -> int | None:
        """A descriptor with a lock on the file that has the name now; None if there is none."""
        path = files_of(self.folder / folder_of(recording), name).main
        while True:
            try:
                file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                return None
            fcntl.flock(file, fcntl.LOCK_SH)
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_ino == os.fstat(file).st_ino:
                    return file
            os.close(file)  # it was taken away, or replaced, just before the lock

    def _remove(self, recording: str, name: str) -> None:
        files = files_of(self.folder / folder_of(recording), name)
        for path in (files.main, files.tail, files.fresh, files.draft, files.spare):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            files.folder.rmdir()  # it was the last one

    # From the bucket -------------------------------------------------------------------------------------------

    async def _fetch(self, bucket: Bucket, recording: str, name: str, kept: Kept) -> None:
        parts = kept.longest if kept.whole is None else (Part(whole_key(recording, name), 0, kept.whole),)
        if not parts:
            return
        files = files_of(self.folder / folder_of(recording), name)
        await asyncio.to_thread(files.folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        if kept.tail:
            await self._copy(bucket, (Part(tail_key(recording, name), 0, kept.tail),), files.tail)
        if kept.fresh:
            await self._copy(bucket, (Part(fresh_key(recording, name), 0, kept.fresh),), files.fresh)
        await self._copy(bucket, parts, files.main)

    async def _copy(self, bucket: Bucket, parts: tuple[Part, ...], to: Path) -> None:
        """Under another name until all of it is there, and would outlive a power failure: what is on the disk counts
        more than what the bucket has."""
        draft = to.with_name(f".{to.name}.{os.getpid()}{BROUGHT}")
        locked = await asyncio.to_thread(_draft, draft)
        try:
            end = 0
            for part in parts:
                while end < part.end:
                    data = await bucket.fetch(part.key, end - part.offset, min(PART, part.end - end))
                    if not data:
                        raise Unreachable("The bucket gave less than it was asked for.")
                    await asyncio.to_thread(_write, draft, data, end)
                    end += len(data)
            await asyncio.to_thread(draft.replace, to)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)
            os.close(locked)


def _draft(path: Path) -> int:
    """Makes it, and locks it, so that it is seen to be in use: the descriptor holds the lock."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _write(path: Path, data: bytes, offset: int) -> None:
    """With a descriptor of its own: whoever waits for this may be cancelled, and must not close it meanwhile."""
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        view = memoryview(data)
        while view:
            written = os.pwrite(file, view, offset)
            view = view[written:]
            offset += written
        os.fdatasync(file)
    finally:
        os.close(file)


def _tidy(folder: Path) -> None:
    for path in folder.glob(f".*{BROUGHT}"):
        with contextlib.suppress(FileNotFoundError):
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink(missing_ok=True)
            os.close(file)
    with contextlib.suppress(OSError):
        folder.rmdir()
