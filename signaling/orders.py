"""Orders: what a room wants done, in the order in which it wants it done.

A room holds neither sockets nor media; `sessions.py` carries its orders out. Connections are named by numbers that the
shell gives out, peers by what the media server calls them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from signaling.messages import ServerMessage, Source
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

    event: Literal["waits", "enters", "admitted", "resumed", "moved", "gone"]
    role: Role
    reason: str = ""


Order = Tell | HangUp | Connect | Disconnect | Pause | ClosePeer | Revoke | HandOver | JoinAfresh | Note
