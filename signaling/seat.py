"""A seat: one person in one session, waiting or present, with what they send and how they are reached.

A seat outlives its socket and its media: both may go and come back (`resume`) while the person keeps their seat.
The rules of who may do what are in `room.py`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from signaling.encryption import Encryption
from signaling.hold_back import HoldBack
from signaling.messages import Host, Person, Source, Sources, State, WaitingPerson
from signaling.orders import ConnectionId
from signaling.recording_rules import Rule
from signaling.refusals import Refused
from signaling.roles import PERMISSIONS, Action, Role
from signaling.slots import SlotTable
from signaling.sparing import Sparing
from signaling.watching import Watching

if TYPE_CHECKING:
    from sfu import PeerId


AWAY = 1.0
"""Seconds without media, or with nothing at all, before the others are told. Shorter, and they are told of what is
over when they read it."""

AWAY_UNHEARD = 10.0
"""The same for somebody whose media goes on: they are seen and heard, only their buttons do nothing."""

SILENT_JUDGEMENTS = 2
"""And for somebody whose media connection stands but brings nothing, though their microphone is on: how often in a row
that was found, every 2 s. Once is also found when a connection has just begun."""


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
    encryption: Encryption | None = None
    consent_rule: Rule | None = None
    """For recordings, where they said at check-in to be."""


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
    encrypts: bool
    name: str | None = field(default=None, repr=False)


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
    """Empty where we do not know it: the others are told it end to end."""
    number: int
    """Theirs alone in this session, from 1."""
    connection: ConnectionId | None
    resume_ids: tuple[str, ...]
    """The ids of the resume tokens that are good: the newest and, as its delivery may have failed, the one before."""
    page: int = 0
    """How many sockets this seat has had: what was on its way on an earlier one may be lost."""
    encrypts: bool = False
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
    silent: int = 0
    """How often in a row it was found that nothing comes from a media connection that stands."""
    away: bool = False
    """Whether the trouble has lasted long enough to be told."""
    token_facts: object = None
    """What the newest resume token says, and when it was told."""
    token_at: float = 0.0
    chat_refs: tuple[str, ...] = ()
    """What the last chat messages of this person were named."""
    mover: Mover | None = None
    told: State | None = None
    """The last state sent to this person's socket."""
    wired: dict[str, tuple[PeerId, Source]] = field(default_factory=dict)
    """What the media server was last told to play in each slot."""
    paused: dict[Source, bool] = field(default_factory=dict)
    """What the media server was last told about each source."""
    watching: Watching = field(default_factory=Watching)
    hold_back: HoldBack = field(default_factory=HoldBack)
    sparing: Sparing = field(default_factory=Sparing)

    def __post_init__(self) -> None:
        self.role = self.entry.role

    def may(self, action: Action) -> bool:
        return action in PERMISSIONS[self.role]

    @property
    def may_share(self) -> bool:
        return self.may("share_screen") or (self.may("publish") and self.screen_allowed)

    @property
    def reconnecting(self) -> bool:
        """As the others are told."""
        gone = self.socket_gone_at is not None or self.media_gone_at is not None
        return self.away and (gone or self.silent > 0)

    def notice_absence(self, now: float) -> None:
        alone = AWAY if self.peer is None else AWAY_UNHEARD
        waits = ((self.socket_gone_at, alone), (self.media_gone_at, AWAY))
        self.away = self.silent >= SILENT_JUDGEMENTS or any(
            since is not None and now - since >= wait for since, wait in waits
        )

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
        self.silent = 0
        return replaced

    def lose_media(self, last_heard: float) -> None:
        self.peer = None
        self.silent = 0
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
        self.hold_back = HoldBack()
        self.sparing = Sparing()

    def expires(self, grace: float) -> float | None:
        """When the seat is given up: `grace` seconds after socket and media are both gone. None while one lives."""
        if self.socket_gone_at is None or self.peer is not None:
            return None
        media_gone_at = self.media_gone_at if self.media_gone_at is not None else self.socket_gone_at
        return max(self.socket_gone_at, media_gone_at) + grace

    def as_self(self) -> Person:
        """As they are told themselves: at once when it is their media that is gone, so that they offer anew."""
        return self.as_person().model_copy(update={"reconnecting": self.media_gone_at is not None})

    def as_person(self) -> Person:
        """As the others may know them."""
        return Person(
            id=self.id,
            name=self.name,
            number=self.number,
            page=self.page,
            encrypts=self.encrypts,
            role=self.role,
            microphone=self.sends("microphone"),
            camera=self.sends("camera"),
            screen=self.sends("screen"),
            hand=self.hand,
            may_share=self.may_share,
            reconnecting=self.reconnecting,
        )

    def as_waiting(self, epoch: float) -> WaitingPerson:
        """As those who may admit know them. `epoch` added to the room's clock gives seconds since 1970."""
        return WaitingPerson(
            id=self.id,
            name=self.name,
            number=self.number,
            page=self.page,
            encrypts=self.encrypts,
            role=self.role,
            since=round(self.since + epoch, 3),
        )

    def as_host(self) -> Host:
        """As whoever waits for them may know them."""
        return Host(id=self.id, number=self.number, page=self.page, encrypts=self.encrypts)


def notice_absence(seats: Sequence[Seat], now: float | None) -> None:
    """Whose absence the others are to be told of by now."""
    if now is not None:
        for seat in seats:
            seat.notice_absence(now)


def notice_silence(seats: Sequence[Seat], silent: Collection[PeerId]) -> None:
    """Who should be heard, as their microphone is on, and of whom nothing came lately."""
    for seat in seats:
        seat.silent = seat.silent + 1 if seat.peer in silent and seat.sends("microphone") else 0


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


def shown_name(entry: Entry, told: str | None, *, encrypts: bool) -> str:
    """The token's name, or else what the page has told us: nothing, if it tells the others itself. Raises Refused."""
    if not entry.name and told is None and encrypts:
        return ""
    return readable_name(entry.name or told or "")


def readable_name(name: str) -> str:
    """The name as others will see it: one line, without characters that hide or reorder what stands around them."""
    # Cf holds direction overrides; the joiners U+200C and U+200D are part of names in Persian and Indic scripts.
    kept = (c if c in "\u200c\u200d" or not unicodedata.category(c).startswith("C") else " " for c in name)
    cleaned = " ".join(unicodedata.normalize("NFC", "".join(kept)).split())
    if not any(unicodedata.category(c)[0] in "LNSP" for c in cleaned):
        raise Refused("bad_name")
    return cleaned
