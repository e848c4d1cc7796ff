"""What the server and the writer's process say to each other: frames on a pipe, each a length, a kind and a body.

To the writer go orders (JSON), what was heard (bytes, as the media server gives them) and keys that open it (bytes, so
that they are in no text); back come facts (JSON). Both ends are ours and of one version; a frame that is not as it
should be means that the other end is not well.

Not here: what an order does (`writing.py`), when it is given (`signaling/capture.py`).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from recording.e2ee import Secret
from recording.e2ee.keyring import KEY_BYTES

LARGEST = 64 * 1024 * 1024
"""Bytes of a frame. What was heard in half a second is far below."""

_HEADER = struct.Struct("!IB")
_HEARD = struct.Struct("!I")
_KEY = struct.Struct("!III")

ORDER, HEARD, FACT, KEY = 1, 2, 3, 4


class BrokenWire(ValueError):
    """The other end said what makes no sense."""


@dataclass(frozen=True)
class OpenTrack:
    """What comes in `slot` of `listener` goes into a new file from now on."""

    listener: int
    slot: str
    track: str
    kind: Literal["audio", "video"]
    folder: str
    recipient: str
    """An age recipient: the person's key."""
    epoch: int
    """Where the recording's time is zero, microseconds on the media thread's clock."""
    number: int
    """Theirs in key ids."""
    source: Literal["microphone", "camera", "screen"]
    sealed: bool
    """Everybody in the session encrypts: what no key opens is dropped."""


@dataclass(frozen=True)
class CloseTrack:
    """Everything that was heard before has been sent; the file is finished."""

    track: str


@dataclass(frozen=True)
class SealTracks:
    """Whether everybody in the session encrypts from now on, for all tracks of a listener that are open."""

    listener: int
    sealed: bool


@dataclass(frozen=True)
class ForgetKeys:
    """What was heard before has been sent; the keys of one person, or of all, open nothing after it."""

    listener: int
    number: int | None


@dataclass(frozen=True)
class UseKey:
    """A key that opens what this person sends. Goes as bytes."""

    listener: int
    number: int
    key_id: int
    key: Secret


Order = OpenTrack | CloseTrack | SealTracks | ForgetKeys

TroubleCode = Literal["disk_full", "disk_slow", "disk_failed"]


@dataclass(frozen=True)
class Opened:
    """The first frame of a track has come, or the first in another codec: a file was begun."""

    track: str
    file: str
    codec: str
    at_ms: int
    """In the recording's time."""


@dataclass(frozen=True)
class Finished:
    """A track's file is whole."""

    track: str
    file: str
    duration_ms: int
    bytes: int


@dataclass(frozen=True)
class Closed:
    """All files of a track are finished, as `CloseTrack` asked."""

    track: str
    lost: int
    """Packets that never came."""
    unopened: int = 0
    """Frames that came, encrypted, and could not be opened."""


@dataclass(frozen=True)
class WantsPicture:
    """The picture can't go on without a key frame."""

    listener: int
    slot: str


@dataclass(frozen=True)
class Trouble:
    """A track can't be written. What was written stays, and it is tried again and again: see `Mended`."""

    track: str
    code: TroubleCode


@dataclass(frozen=True)
class Mended:
    """It can be written again. `complete`: nothing was lost meanwhile."""

    track: str
    complete: bool


@dataclass(frozen=True)
class Locked:
    """For some time nothing of a track could be opened, or (False) something can again. What can't is lost."""

    track: str
    locked: bool


@dataclass(frozen=True)
class DiskHangs:
    """The disk answers nothing at the moment, or (False) answers again. What comes meanwhile is kept in memory."""

    hangs: bool


@dataclass(frozen=True)
class Done:
    """All that was heard up to this batch is with the operating system, or has been told as trouble."""

    batch: int


Fact = Opened | Finished | Closed | WantsPicture | Trouble | Mended | Locked | DiskHangs | Done

_ORDERS = {each.__name__: each for each in get_args(Order)}
_FACTS = {each.__name__: each for each in get_args(Fact)}


def order_frame(order: Order) -> bytes:
    return _frame(ORDER, _json(order))


def fact_frame(fact: Fact) -> bytes:
    return _frame(FACT, _json(fact))


def heard_frame(listener: int, packets: bytes) -> bytes:
    return _frame(HEARD, _HEARD.pack(listener) + packets)


def key_frame(order: UseKey) -> bytearray:
    """To be overwritten when it was sent."""
    body = bytearray(_KEY.pack(order.listener, order.number, order.key_id))
    body += order.key.reveal()
    return bytearray(_HEADER.pack(len(body), KEY)) + body


def read_key(body: bytes) -> UseKey:
    if len(body) != _KEY.size + KEY_BYTES:
        raise BrokenWire("a key of another length")
    listener, number, key_id = _KEY.unpack_from(body)
    return UseKey(listener, number, key_id, Secret(memoryview(body)[_KEY.size :]))


def read_order(body: bytes) -> Order:
    order: Order = _read(body, _ORDERS)
    return order


def read_fact(body: bytes) -> Fact:
    fact: Fact = _read(body, _FACTS)
    return fact


def read_heard(body: bytes) -> tuple[int, bytes]:
    """The listener's number, and what it heard."""
    if len(body) < _HEARD.size:
        raise BrokenWire("a batch without a listener")
    return _HEARD.unpack_from(body)[0], body[_HEARD.size :]


class Frames:
    """Takes bytes as they come, gives whole frames."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes | memoryview) -> Iterator[tuple[int, bytes]]:
        """(kind, body) of each frame that is whole now. Raises BrokenWire."""
        self._pending += data
        at = 0
        while len(self._pending) - at >= _HEADER.size:
            length, kind = _HEADER.unpack_from(self._pending, at)
            if length > LARGEST or kind not in (ORDER, HEARD, FACT, KEY):
                raise BrokenWire("not a frame")
            end = at + _HEADER.size + length
            if len(self._pending) < end:
                break
            yield kind, bytes(self._pending[at + _HEADER.size : end])
            at = end
        del self._pending[:at]


def _frame(kind: int, body: bytes) -> bytes:
    return _HEADER.pack(len(body), kind) + body


def _json(said: Order | Fact) -> bytes:
    return json.dumps([type(said).__name__, asdict(said)]).encode()


def _read(body: bytes, known: Mapping[str, Callable[..., Any]]) -> Any:
    try:
        name, fields = json.loads(body)
        return known[name](**fields)
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenWire(type(error).__name__) from None
