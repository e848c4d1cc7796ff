"""A seat: one person in one session, waiting or present, with what they send and how they are reached.

A seat outlives its socket and its media: both may go and come back (`resume`) while the person keeps their seat.
The rules of who may do what are in `room.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from signaling.messages import Person, Source, Sources, State
from signaling.orders import ConnectionId
from signaling.refusals import Refused
from signaling.roles import PERMISSIONS, Action, Role
from signaling.slots import SlotTable
from signaling.watching import Watching

if TYPE_CHECKING:
    from sfu import PeerId


class Phase(Enum):
    """waiting -> present (entered or admitted) -> gone. Nobody goes back: who returns takes a new seat."""

    WAITING = "waiting"
    PRESENT = "present"
    GONE = "gone"


@dataclass(frozen=True)
class Entry:
    """Somebody at the door, as their token (not their browser) names them."""

    identity: str
    """Whom the token is for; two devices of one person have the same."""
    role: Role
    name: str = field(repr=False)
    token: str
    """The token's unique id (`jti`)."""
    token_expires: float
    """Seconds since 1970."""
    limit: int | None = None
    minutes: int | None = None


@dataclass(frozen=True)
class Media:
    """A peer that the media server opened, or offered again, for one person."""

    peer: PeerId
    sources: Mapping[Source, str]
    audio: tuple[str, ...]
    video: tuple[str, ...]


@dataclass(frozen=True)
class Arrival:
    """A connection that comes to a seat, newly or again, with what it brought."""

    connection: ConnectionId
    resume_id: str
    media: Media | None
    microphone: bool
    camera: bool
    name: str = field(default="", repr=False)


@dataclass
class Mover:
    """A second device that wants the seat and waits for the first one's answer."""

    connection: ConnectionId
    entry: Entry
    until: float


@dataclass(eq=False)
class Seat:
    id: str
    entry: Entry
    phase: Phase
    since: float
    """When the seat was taken, on the room's clock."""
    name: str = field(repr=False)
    connection: ConnectionId | None
    resume_ids: tuple[str, ...]
    """The ids of the resume tokens that are good: the newest and, as its delivery may have failed, the one before."""
    microphone: bool = False
    """What the person has switched on. Whether it is sent depends on there being a track for it: see `sends`."""
    camera: bool = False
    screen: bool = False
    hand: bool = False
    screen_allowed: bool = False
    peer: PeerId | None = None
    sources: Mapping[Source, str] = field(default_factory=dict)
    slots: SlotTable = field(default_factory=SlotTable)
    socket_gone_at: float | None = None
    media_gone_at: float | None = None
    """When the media was last heard of, if it is gone; None while it lives or if there never was any."""
    mover: Mover | None = None
    told: State | None = None
    """The last state sent to this person's socket."""
    wired: dict[str, tuple[PeerId, Source]] = field(default_factory=dict)
    """What the media server was last told to play in each slot."""
    paused: dict[Source, bool] = field(default_factory=dict)
    """What the media server was last told about each source."""
    watching: Watching = field(default_factory=Watching)

    def __post_init__(self) -> None:
        self.role = self.entry.role

    def may(self, action: Action) -> bool:
        return action in PERMISSIONS[self.role]

    @property
    def may_share(self) -> bool:
        return self.may("share_screen") or (self.may("publish") and self.screen_allowed)

    @property
    def reconnecting(self) -> bool:
        return self.socket_gone_at is not None or self.media_gone_at is not None

    def sends(self, source: Source) -> bool:
        """Whether others may get this source now: switched on, and there is a track for it."""
        on = {"microphone": self.microphone, "camera": self.camera, "screen": self.screen}[source]
        return on and source in self.sources

    def take_media(self, media: Media) -> PeerId | None:
        """Use `media` from now on; returns the peer that it replaces, if it is another one."""
        replaced = self.peer if self.peer != media.peer else None
        if self.peer != media.peer:
            self._forget_media()
        self.peer = media.peer
        self.sources = media.sources
        self.slots.offered(media.audio, media.video)
        self.media_gone_at = None
        return replaced

    def lose_media(self, last_heard: float) -> None:
        self.peer = None
        self.media_gone_at = last_heard
        self._forget_media()

    def drop_media(self) -> PeerId | None:
        """Use none; returns the peer that there was."""
        dropped, self.peer = self.peer, None
        self.media_gone_at = None
        self.screen = False
        self.sources = {}
        self._forget_media()
        return dropped

    def _forget_media(self) -> None:
        """What the media server was told of a peer that is gone."""
        self.wired = {}
        self.paused = {}
        self.watching = Watching()

    def expires(self, grace: float) -> float | None:
        """When the seat is given up: `grace` seconds after socket and media are both gone. None while one lives."""
        if self.socket_gone_at is None or self.peer is not None:
            return None
        media_gone_at = self.media_gone_at if self.media_gone_at is not None else self.socket_gone_at
        return max(self.socket_gone_at, media_gone_at) + grace

    def as_person(self) -> Person:
        """As the others may know them."""
        return Person(
            id=self.id,
            name=self.name,
            role=self.role,
            microphone=self.sends("microphone"),
            camera=self.sends("camera"),
            screen=self.sends("screen"),
            hand=self.hand,
            may_share=self.may_share,
            reconnecting=self.reconnecting,
        )


def permitted_sources(role: Role, sources: Sources) -> dict[Source, str]:
    """What of an offer's sources somebody in this role may send at all."""
    if "publish" not in PERMISSIONS[role]:
        return {}
    offered: dict[Source, str | None] = {
        "microphone": sources.microphone,
        "camera": sources.camera,
        "screen": sources.screen,
    }
    return {source: mid for source, mid in offered.items() if mid is not None}


def readable_name(name: str) -> str:
    """The name as others will see it: one line, without characters that hide or reorder what stands around them."""
    # Cf holds direction overrides; the joiners U+200C and U+200D are part of names in Persian and Indic scripts.
    kept = (c if c in "\u200c\u200d" or not unicodedata.category(c).startswith("C") else " " for c in name)
    cleaned = " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
    if not any(unicodedata.category(c)[0] in "LNSP" for c in cleaned):
        raise Refused("bad_name")
    return cleaned
