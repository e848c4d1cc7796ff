"""Media, as signaling uses it: an offer goes in, a peer with its slots and an answer for the client come out.

Here and in `sessions.py`, which hears what becomes of peers, is all that this package asks of `sfu` for a call; a
recording's part is in `capture.py`.
"""

from __future__ import annotations

from sfu import MediaServer, PeerAnswer, PeerError, PeerId
from signaling import orders as o
from signaling.messages import Answer, Offer, Source
from signaling.messages import Slot as SlotMessage
from signaling.refusals import Refused
from signaling.roles import Role
from signaling.seat import Media, permitted_sources

WiringOrder = o.Connect | o.Disconnect | o.Show | o.Rank | o.Pause | o.ClosePeer


def open_media(server: MediaServer, offer: Offer, role: Role, session: str) -> tuple[Media, Answer]:
    """A new peer. Raises Refused."""
    sources = permitted_sources(role, offer.sources)
    try:
        answer = server.open_peer(offer.read(), sources, session)
    except PeerError as error:
        raise _refusal(error) from error
    return _media(answer, sources), _answer(answer)


def offer_again(
    server: MediaServer, peer: PeerId | None, offer: Offer, role: Role, session: str
) -> tuple[Media, Answer]:
    """Restarts ICE or brings more slots. Raises Refused.

    An offer that does not continue the old connection (which may be gone: we are told a moment later) begins a new one.
    """
    if peer is None:
        return open_media(server, offer, role, session)
    sources = permitted_sources(role, offer.sources)
    try:
        answer = server.offer_again(peer, offer.read(), sources)
    except PeerError as error:
        if error.code not in ("no_such_peer", "bad_offer"):
            raise _refusal(error) from error
        return open_media(server, offer, role, session)
    return _media(answer, sources), _answer(answer)


def wire(server: MediaServer, order: WiringOrder) -> None:
    """Carries out what a room wants done. Raises sfu.PeerError."""
    match order:
        case o.Connect(publisher, source, subscriber, slot):
            server.connect(publisher, source, subscriber, slot)
        case o.Disconnect(subscriber, slot):
            server.disconnect(subscriber, slot)
        case o.Show(subscriber, slot, height):
            server.show(subscriber, slot, height)
        case o.Rank(subscriber, slot, rank, sure):
            server.rank(subscriber, slot, rank, sure)
        case o.Pause(publisher, source, paused):
            server.pause(publisher, source, paused)
        case o.ClosePeer(peer):
            server.close_peer(peer)


def _refusal(error: PeerError) -> Refused:
    return Refused("server_full" if error.code == "too_many_peers" else "bad_offer")


def _media(answer: PeerAnswer, sources: dict[Source, str]) -> Media:
    return Media(
        peer=answer.peer,
        sources=sources,
        audio=tuple(slot.mid for slot in answer.slots if slot.kind == "audio"),
        video=tuple(slot.mid for slot in answer.slots if slot.kind == "video"),
    )


def _answer(answer: PeerAnswer) -> Answer:
    return Answer(sdp=answer.sdp, slots=[SlotMessage(mid=slot.mid, kind=slot.kind) for slot in answer.slots])
