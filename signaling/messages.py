"""The messages of the signaling socket: the one source of their shapes.

Validation, the types of the web client (`web/js/messages.d.ts`) and `docs/protocol.md` are all made from these models.
Every message is one JSON object with a `type`; unknown types and unknown fields are refused. Not here: what a message
does (`signaling/connection.py`, `signaling/room.py`), and what a browser counts (`signaling/stats.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from signaling.chat_messages import Chat as Chat
from signaling.chat_messages import ChatFrom as ChatFrom
from signaling.encryption import Encryption as Encryption
from signaling.hold_back import MOST_MS
from signaling.liveness import Ping as Ping
from signaling.liveness import Pong as Pong
from signaling.liveness import Renewed as Renewed
from signaling.message import Message as Message
from signaling.message import Mid as Mid
from signaling.message import PersonId as PersonId
from signaling.message import Source as Source
from signaling.packed import LONGEST as LONGEST_OFFER
from signaling.packed import unpack
from signaling.recording_messages import ConsentText as ConsentText
from signaling.recording_messages import Film as Film
from signaling.recording_messages import Place as Place
from signaling.recording_messages import Recording as Recording
from signaling.recording_messages import TextVersion as TextVersion
from signaling.roles import Action, Role
from signaling.sealed_messages import DisplayName as DisplayName
from signaling.sealed_messages import Host as Host
from signaling.sealed_messages import Sealed as Sealed
from signaling.sealed_messages import SealedFrom as SealedFrom
from signaling.sealed_messages import TellName as TellName
from signaling.stats import Stats as Stats
from signaling.view_messages import Shown as Shown
from signaling.view_messages import View as View
from signaling.view_messages import Wanted as Wanted

PROTOCOL_VERSION = 1

Token = Annotated[str, StringConstraints(min_length=1, max_length=4096)]


class Sources(Message):
    """Which m-line of the offer carries what the client sends; null for what it never will."""

    microphone: Mid | None = None
    camera: Mid | None = None
    screen: Mid | None = None


class Offer(Message):
    """An SDP offer, packed or as it is: on a slow way that would hold up the sound for seconds. Every recvonly m-line
    in it is a slot to receive in."""

    sdp: Annotated[str, StringConstraints(max_length=LONGEST_OFFER)] = ""
    packed: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_OFFER // 4)] | None = None
    """In place of `sdp`: base64url of its UTF-8, compressed (DEFLATE, RFC 1951)."""
    sources: Sources

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if (self.packed is None) == (not self.sdp):
            raise ValueError("either sdp or packed")
        return self

    def read(self) -> str:
        """The SDP. Raises Refused (bad_offer) for what is not packed as it should be, or is larger than an offer."""
        return self.sdp if self.packed is None else unpack(self.packed)


class Slot(Message):
    """A receiving m-line of the client, answered with a fixed SSRC; tracks are assigned to it by message."""

    mid: Mid
    kind: Literal["audio", "video"]


class Answer(Message):
    """The server's SDP answer and the slots that it opened."""

    sdp: str
    slots: list[Slot]


# From the client ------------------------------------------------------------------------------------------------


class Join(Message):
    """The first message of a new connection. The role and the session come from the token, never from here."""

    type: Literal["join"] = "join"
    version: Literal[1] = 1
    token: Token
    name: DisplayName | None = None
    """Null from a page that encrypts: it tells the others by itself, and the server never learns it."""
    encrypts: bool = False
    """Whether this page encrypts end to end."""
    offer: Offer | None = None
    microphone: bool = False
    camera: bool = False
    move: bool = False
    """Move the call here: asks the device on which this person already is in the session to hand over."""


class Resume(Message):
    """The first message after a lost socket or a reloaded page. Without `offer` the media connection stays as it was;
    with one it is restarted, or begun where the offer is that of a new one."""

    type: Literal["resume"] = "resume"
    version: Literal[1] = 1
    token: Token
    encrypts: bool = False
    offer: Offer | None = None
    microphone: bool = False
    camera: bool = False


class OfferAgain(Message):
    """Restarts ICE, or brings more slots. Answered by `answer`."""

    type: Literal["offer"] = "offer"
    offer: Offer


class Devices(Message):
    """What this person sends now. Others are told; media of what is off is not forwarded."""

    type: Literal["devices"] = "devices"
    microphone: bool
    camera: bool
    screen: bool


class Hand(Message):
    type: Literal["hand"] = "hand"
    raised: bool


class Admit(Message):
    type: Literal["admit"] = "admit"
    person: PersonId


class Decline(Message):
    type: Literal["decline"] = "decline"
    person: PersonId


class Remove(Message):
    """Takes a person out of the session and revokes the token they came with."""

    type: Literal["remove"] = "remove"
    person: PersonId


class AskToMute(Message):
    """Asks; the person decides. There is no message that unmutes anyone."""

    type: Literal["ask_to_mute"] = "ask_to_mute"
    person: PersonId


class AllowScreen(Message):
    type: Literal["allow_screen"] = "allow_screen"
    person: PersonId
    allowed: bool


class Lock(Message):
    """A locked session takes nobody new, not even to wait."""

    type: Literal["lock"] = "lock"
    locked: bool


class MoveAnswer(Message):
    """The device in the call answers `move_requested`."""

    type: Literal["move_answer"] = "move_answer"
    allowed: bool


class Record(Message):
    """Asks everyone whether the session may be recorded, pauses the recording, goes on with it, or ends it.

    `start` is one's own yes, where a plain yes is enough. `resume` asks those again who said no. `stop` also gives up
    asking, and puts away a recording that was declined or failed.
    """

    type: Literal["record"] = "record"
    action: Literal["start", "pause", "resume", "stop"]


class Consent(Message):
    """Answers the question in `recording.text`. A no needs nothing else, and after a yes it withdraws it."""

    type: Literal["consent"] = "consent"
    agreed: bool
    text: TextVersion | None = None
    """The version of the words that were shown. A yes to other words than those in force is refused."""
    place: Place | None = None
    """One of `recording.text.places`, where there are any."""
    signed_as: DisplayName | None = None
    """The name that the person typed as their signature, where one is needed."""


class Leave(Message):
    type: Literal["leave"] = "leave"


class End(Message):
    """Ends the session for everyone."""

    type: Literal["end"] = "end"


ClientMessage = Annotated[
    Join
    | Resume
    | OfferAgain
    | Devices
    | Hand
    | TellName
    | Sealed
    | Chat
    | Admit
    | Decline
    | Remove
    | AskToMute
    | AllowScreen
    | Lock
    | MoveAnswer
    | Record
    | Consent
    | View
    | Stats
    | Ping
    | Leave
    | End,
    Field(discriminator="type"),
]

# From the server ------------------------------------------------------------------------------------------------


class Person(Message):
    """A person in the session, as the others may know them."""

    id: PersonId
    name: str
    """Empty where the server does not know it: told end to end."""
    number: int
    """From 1, in the order of coming: this person's place in key ids. Nobody else gets it in this session."""
    page: int
    """Counts up with every new socket of theirs: what was on its way to them, or from them, may be lost."""
    encrypts: bool
    role: Role
    microphone: bool
    camera: bool
    screen: bool
    hand: bool
    may_share: bool
    """Whether this person may share a screen now."""
    reconnecting: bool
    """Their socket or their media is gone and they may still come back."""


class WaitingPerson(Message):
    id: PersonId
    name: str
    """Empty where the server does not know it: told end to end."""
    number: int
    page: int
    encrypts: bool
    role: Role
    since: float
    """Seconds since 1970, UTC."""


class Assignment(Message):
    """What plays in a slot now."""

    mid: Mid
    person: PersonId
    source: Source
    held: bool = False
    """The picture is stopped because a connection, theirs or its sender's, is too weak for it. It comes back by
    itself."""
    delay: int = Field(default=0, ge=0, le=MOST_MS)
    """Milliseconds for which it should wait before it is played: on its sender's way packets are lost, and those that
    are sent again must come in time."""


class Joined(Message):
    """Answers `join` and `resume`. A `state` follows at once."""

    type: Literal["joined"] = "joined"
    you: PersonId
    resume: str
    """For a later `resume`; replaces any earlier one."""
    answer: Answer | None


class State(Message):
    """All that this person may know of the session, whole, whenever any of it changes."""

    type: Literal["state"] = "state"
    revision: int
    """Counts up; a lower one than the last seen is out of date."""
    phase: Literal["waiting", "present"]
    session: str
    started_at: float | None
    """When the first person was let in, seconds since 1970, UTC; null while nobody is."""
    ends_at: float | None
    """When the session ends by itself."""
    limit: int
    locked: bool
    encryption: Encryption
    """The session's policy. It may become stricter, never laxer."""
    clear: bool
    """Somebody who is present does not encrypt, so that nothing is encrypted end to end. Only where that is preferred,
    and told to those who are present."""
    waiting_for: str | None
    """While waiting: the therapist's name as the clinic's booking system says it, when one is there."""
    hosts: list[Host]
    """While waiting: those who can let this person in."""
    you: Person
    may: list[Action]
    people: list[Person]
    """The others in the session; empty while waiting."""
    waiting: list[WaitingPerson]
    """Only for those who may admit."""
    slots: list[Assignment]
    recording: Recording | None
    """Null while nothing is recorded or asked for."""
    film: Film | None


class Answered(Message):
    """Answers `offer`."""

    type: Literal["answer"] = "answer"
    answer: Answer


class MoreSlots(Message):
    """The room has outgrown the client's slots: offer again with at least this many."""

    type: Literal["more_slots"] = "more_slots"
    audio: int
    video: int


class MuteRequested(Message):
    type: Literal["mute_requested"] = "mute_requested"
    person: PersonId
    """Who asks."""
    by: str
    """Their name; empty where the server does not know it: told end to end."""


class MoveRequested(Message):
    """The link was opened on another device, which asks to take the call over. Silence means no."""

    type: Literal["move_requested"] = "move_requested"


class Moving(Message):
    """To the other device: the device in the call has been asked."""

    type: Literal["moving"] = "moving"


class Speaking(Message):
    """Who is heard now, loudest first."""

    type: Literal["speaking"] = "speaking"
    people: list[PersonId]


class Quality(Message):
    """How each person's connection is, as the server sees it."""

    type: Literal["quality"] = "quality"
    people: dict[PersonId, Literal["good", "fair", "poor", "lost"]]


OverReason = Literal["left", "removed", "declined", "ended", "expired", "moved", "lost", "unencrypted"]


class Over(Message):
    """The last message: this person is no longer in the session."""

    type: Literal["over"] = "over"
    reason: OverReason
    error: str
    """A sentence for the person."""


class Error(Message):
    """A request that was refused. The connection stays open unless it had not joined."""

    type: Literal["error"] = "error"
    code: str
    error: str
    """A sentence for the person."""


ServerMessage = Annotated[
    Joined
    | Renewed
    | State
    | Answered
    | Wanted
    | MoreSlots
    | SealedFrom
    | ChatFrom
    | MuteRequested
    | MoveRequested
    | Moving
    | Speaking
    | Quality
    | Pong
    | Over
    | Error,
    Field(discriminator="type"),
]

client_messages: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
server_messages: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
