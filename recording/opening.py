"""Opening what people have encrypted, before it goes into files: whose keys there are, and what becomes of frames that
no key opens.

Keys are in memory only, and gone when they are forgotten: then nothing opens what is encrypted later, nor what still
waits. Not here: how a frame is opened (`recording/e2ee`), who gives keys and when (`signaling/recorder.py`).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from recording.e2ee import BadKey, CannotOpen, KeyRing, Reason, Secret, Source, open_frame
from recording.frames import Codec

LOCKED = 5.0
"""Seconds without a frame that could be opened, while there are some, until people are told. Shorter, and they are told
of a key that is late; longer, and more is missing."""

SOURCES: dict[str, Source] = {
    "microphone": Source.MICROPHONE,
    "camera": Source.CAMERA,
    "screen": Source.SCREEN,
}


class Keys:
    """Of one recording: by the number of the person whose frames they open."""

    def __init__(self) -> None:
        self.now = 0.0
        """Seconds of any clock that does not go back; to be kept up to date."""
        self._rings: dict[int, KeyRing] = {}

    def use(self, number: int, key_id: int, key: Secret) -> None:
        """One that is no key of theirs is passed over."""
        ring = self._rings.setdefault(number, KeyRing())
        with contextlib.suppress(BadKey):
            ring.add(number, key_id, key)

    def forget(self, number: int | None) -> None:
        """Those of one person, or all."""
        for each in [number] if number is not None else list(self._rings):
            ring = self._rings.pop(each, None)
            if ring is not None:
                ring.forget()

    def expire(self) -> None:
        for ring in self._rings.values():
            ring.expire(self.now)

    def open(self, number: int, codec: Codec, source: Source, data: bytes) -> bytes:
        """Raises CannotOpen."""
        return open_frame(self._rings.get(number) or _NONE, number, codec, source, data, self.now)

    def __len__(self) -> int:
        return sum(map(len, self._rings.values()))


_NONE = KeyRing()


@dataclass
class Opener:
    """Of one track. `sealed`: everybody in the session encrypts, so what no key opens is nobody's frame. Otherwise
    somebody is there who cannot, and what no key opens is taken as it came."""

    keys: Keys
    number: int
    source: Source
    sealed: bool
    opened: int = 0
    """Frames that were taken."""
    unopened: int = 0
    """Frames that were dropped."""

    def __call__(self, codec: Codec, data: bytes) -> bytes | None:
        try:
            data = self.keys.open(self.number, codec, self.source, data)
        except CannotOpen as error:
            # without a key it can't be told what is sealed; with it, what was opened before
            if self.sealed or error.reason is Reason.REPLAYED:
                self.unopened += 1
                return None
        self.opened += 1
        return data


class Watch:
    """Notices when nothing of a track can be opened for longer than a key takes to come."""

    def __init__(self, opener: Opener) -> None:
        self.locked = False
        self._opener = opener
        self._opened = self._unopened = 0
        self._since: float | None = None
        """When the first came that could not be opened, after the last that could."""

    def look(self, now: float) -> bool:
        """To be called after frames came. Whether `locked` has changed."""
        before, opener = self.locked, self._opener
        if opener.opened != self._opened:
            self._opened, self._unopened, self._since, self.locked = opener.opened, opener.unopened, None, False
        elif opener.unopened != self._unopened:
            self._since = now if self._since is None else self._since
            self.locked = now - self._since >= LOCKED
        return self.locked != before
