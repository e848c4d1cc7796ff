"""Orders: what a room wants done, in the order in which it wants it done.

A room holds neither sockets nor media; `sessions.py` carries its orders out. Connections are named by numbers that the
shell gives out, peers by what the media server calls them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from recording.e2ee import Secret
from signaling.messages import ServerMessage, Source
from signaling.recording_rules import Rule
from signaling.roles import Role

if TYPE_CHECKING:
    from sfu import PeerId

ConnectionId = int


@dataclass(frozen=True, slots=True)
class Tell:
    connection: ConnectionId
    message: ServerMessage


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close the connection, after what it was told before."""

    connection: ConnectionId


@dataclass(frozen=True, slots=True)
class Connect:
    """Let `source` of `publisher` play in `slot` of `subscriber`, instead of what played there."""

    publisher: PeerId
    source: Source
    subscriber: PeerId
    slot: str


@dataclass(frozen=True, slots=True)
class Disconnect:
    subscriber: PeerId
    slot: str


@dataclass(frozen=True, slots=True)
class Show:
    """Slot `slot` of `subscriber` is shown in this height; 0: not at all."""

    subscriber: PeerId
    slot: str
    height: int


@dataclass(frozen=True, slots=True)
class Rank:
    """Which slots are given more where there is not enough for all, and which are sure to be given something."""

    subscriber: PeerId
    slot: str
    rank: int
    sure: bool


@dataclass(frozen=True, slots=True)
class Pause:
    publisher: PeerId
    source: Source
    paused: bool


@dataclass(frozen=True, slots=True)
class ClosePeer:
    peer: PeerId


@dataclass(frozen=True, slots=True)
class Revoke:
    """Never take this token again; `until` is when it expires by itself, seconds since 1970."""

    token: str
    until: float


@dataclass(frozen=True, slots=True)
class HandOver:
    """The device in the call agreed: open media for this connection, then call `Room.take_over`."""

    connection: ConnectionId


@dataclass(frozen=True, slots=True)
class JoinAfresh:
    """The seat that this connection asked for is gone: let it join like anyone else."""

    connection: ConnectionId


@dataclass(frozen=True, slots=True)
class Note:
    """Something happened that the log and the counters keep. Never holds what identifies a person."""

    event: Literal["waits", "enters", "admitted", "resumed", "returned", "moved", "gone"]
    role: Role
    reason: str = ""
    seat: str = ""
    """Which seat it is about: an id within this session."""


@dataclass(frozen=True, slots=True)
class BeginCapture:
    """Open what this recording needs, then call `Room.capture_began`, or `Room.capture_failed` if it cannot be."""

    recording: str


@dataclass(frozen=True, slots=True)
class HoldCapture:
    """Pause: what was captured is kept, nothing is added. The captures in force were released before this."""

    recording: str


@dataclass(frozen=True, slots=True)
class GoOnCapture:
    recording: str


EndReason = Literal["stopped", "left", "refused", "withdrawn", "place", "failed"]
"""`left`: nobody is there any more whom it concerns. `place`: somebody is where nothing may be recorded."""


@dataclass(frozen=True, slots=True)
class EndCapture:
    """Close the recording and forget its keys. Comes once for each `BeginCapture`, also for one that failed or has not
    begun yet."""

    recording: str
    reason: EndReason


@dataclass(frozen=True, slots=True)
class Capture:
    """Record `source` of `publisher`, who is this person, from now on."""

    recording: str
    person: str
    source: Source
    publisher: PeerId
    sealed: bool
    """Everybody present encrypts: what cannot be opened is not recorded."""


@dataclass(frozen=True, slots=True)
class Release:
    """Record this no longer: switched off, paused, gone, or no longer agreed to."""

    recording: str
    person: str
    source: Source


@dataclass(frozen=True, slots=True)
class SealCapture:
    """From now on everybody present encrypts, or (False) somebody does not."""

    recording: str
    sealed: bool


@dataclass(frozen=True, slots=True)
class OpenWith:
    """A key that opens what this person sends from now on, until `ForgetKeys` or `EndCapture`."""

    recording: str
    number: int
    key_id: int
    key: Secret = field(repr=False)


@dataclass(frozen=True, slots=True)
class ForgetKeys:
    """Of somebody who has gone, or (None) of all: of what was captured before, all is kept; nothing more is opened."""

    recording: str
    number: int | None


@dataclass(frozen=True, slots=True)
class NameCaptured:
    """What somebody is called in this recording: they have told the recorder."""

    recording: str
    person: str
    name: str = field(repr=False)


ConsentKind = Literal["agree", "refuse", "withdraw"]


@dataclass(frozen=True, slots=True)
class KeepConsent:
    """Sign and keep what somebody has answered. A recording that was asked for may never begin."""

    recording: str
    person: str
    role: Role
    kind: ConsentKind
    text_version: str
    rule: Rule
    """In force once this was said."""
    place: str | None = field(repr=False)
    signed_as: str | None = field(repr=False)
    at: float
    """Seconds since 1970."""


RecordingOrder = (
    BeginCapture
    | HoldCapture
    | GoOnCapture
    | EndCapture
    | Capture
    | Release
    | SealCapture
    | OpenWith
    | ForgetKeys
    | NameCaptured
    | KeepConsent
)

Order = (
    Tell
    | HangUp
    | Connect
    | Disconnect
    | Show
    | Rank
    | Pause
    | ClosePeer
    | Revoke
    | HandOver
    | JoinAfresh
    | Note
    | RecordingOrder
)
