"""The words that the media plane shares with its callers: names, what it answers, what it reports.

Plain values only, so that the plane could become a process of its own without its callers noticing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NewType

Kind = Literal["audio", "video"]

Source = Literal["microphone", "camera", "screen"]
"""What a peer can send. At most one of each."""

KIND_OF_SOURCE: dict[Source, Kind] = {"microphone": "audio", "camera": "video", "screen": "video"}

PeerId = NewType("PeerId", str)
"""Names one client's connection. Random, chosen by the plane, says nothing about who it is."""

LostReason = Literal["silent", "closed", "dtls_failed", "fault"]
"""`silent`: nothing authenticated was heard for too long. `closed`: it said goodbye. `dtls_failed`: the handshake
ended badly or not in time. `fault`: a defect of ours, which ended this peer and no other."""


@dataclass(frozen=True)
class Slot:
    """A receiving m-line of a client, open for whatever is connected to it."""

    mid: str
    kind: Kind


@dataclass(frozen=True)
class PeerAnswer:
    peer: PeerId
    sdp: str
    slots: tuple[Slot, ...]
    """All slots that are open now, in the order of the offer."""


@dataclass(frozen=True)
class PeerConnected:
    """DTLS is done and keys are in place: media can flow."""

    peer: PeerId


@dataclass(frozen=True)
class PeerLost:
    """The peer is gone, and its name with it."""

    peer: PeerId
    reason: LostReason


@dataclass(frozen=True)
class LayersWanted:
    """Which encodings of its pictures a peer should send, by RID: those that somebody watches, perhaps none. Told
    whole, whenever it changes; a peer begins with the largest of each."""

    peer: PeerId
    layers: Mapping[Source, tuple[str, ...]]


@dataclass(frozen=True)
class PictureHeld:
    """Whether the picture in a slot is stopped because the peer's connection is too weak for it."""

    peer: PeerId
    slot: str
    held: bool


MediaEvent = PeerConnected | PeerLost | LayersWanted | PictureHeld


@dataclass(frozen=True)
class Heard:
    """What a listener got since it was last asked."""

    packets: bytes
    """To be read with `sfu.split_heard`, also in another process of this machine."""
    missed: int
    """Packets that were thrown away because nobody asked in time."""


@dataclass(frozen=True)
class PeerReport:
    """How a peer's connection is. Loss: 0 to 1, over the last second or so."""

    loss_up: float
    """Of what the client sent, the share that did not come at first, whether or not it came when it was asked for."""
    loss_down: float
    """As the client reports it, which means the same."""
    rtt_ms: float | None
    """Round trip between client and server; None while unknown."""
    bits_in: float
    """bit/s from the client."""
    bits_out: float
    """bit/s to the client."""
    transport: Literal["udp", "tcp"]
    carries: float | None = None
    """bit/s that the way to the client is found to carry; None while that is not known."""
    confirmed: int = 0
    """How many times, since it connected, the client has said what of its pictures reached it; 0: it never does."""
