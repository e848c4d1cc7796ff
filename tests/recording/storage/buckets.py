"""Buckets on which things go wrong, and tracks that go into them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from recording.age import Identity
from recording.sealed import SealedWriter
from recording.storage import Bucket
from tests.recording.age.made_up import IDENTITY, text
from tests.recording.storage.store import QUICK, Store

RECORDING, NAME = "rec-1", "track-1"

STEP = 1 << 20
"""Bytes between checkpoints."""


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class KilledAt(Bucket):
    """The real bucket of a process that is killed at one of its calls: before it is carried out, or just after."""

    def __init__(self, store: Store, name: str, call: int | None = None, *, after: bool = False) -> None:
        super().__init__(store.address(name), sending=QUICK, asking=QUICK)
        self.calls: list[str] = []
        self._call = call
        self._after = after

    async def put(self, key: str, data: bytes) -> None:
        self._before("put")
        await super().put(key, data)
        self._done()

    async def put_file(self, key: str, file: int) -> None:
        self._before("put_file")
        await super().put_file(key, file)
        self._done()

    async def fetch(self, key: str, offset: int, size: int) -> bytes:
        self._before("fetch")
        data = await super().fetch(key, offset, size)
        self._done()
        return data

    async def sizes(self, folder: str) -> dict[str, int]:
        self._before("sizes")
        sizes = await super().sizes(folder)
        self._done()
        return sizes

    async def remove(self, keys: Sequence[str]) -> None:
        self._before("remove")
        await super().remove(keys)
        self._done()

    def _before(self, what: str) -> None:
        if self._call is not None and not self._after and len(self.calls) >= self._call:
            raise Killed
        self.calls.append(what)

    def _done(self) -> None:
        if self._call is not None and self._after and len(self.calls) > self._call:
            raise Killed


class Track:
    """One that is being written, with everything that it ever held."""

    def __init__(self, folder: Path, name: str = NAME, identity: Identity = IDENTITY) -> None:
        place = folder / RECORDING
        place.mkdir(parents=True, exist_ok=True)
        self.main = place / f"{name}.age"
        self.tail = place / f"{name}.tail.age"
        self.content = b""
        self._writer = SealedWriter(place, name, identity.recipient, os.urandom)

    def grows(self, size: int) -> None:
        """And is checkpointed."""
        more = text(size, seed=len(self.content))
        for at in range(0, size, STEP):
            self._writer.write(more[at : at + STEP])
            self._writer.checkpoint()
        self.content += more

    def ends(self) -> None:
        self._writer.close()

    def crashes(self) -> None:
        """As it is, with its tail."""
        self._writer.abandon()


def finished(folder: Path, size: int, name: str = NAME) -> Track:
    track = Track(folder, name)
    track.grows(size)
    track.ends()
    return track
