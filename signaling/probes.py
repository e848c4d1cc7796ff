"""`POST /api/probe`: a connection to the media server without a session, to find out before a call which ways lead
there and how good they are.

What a probe sends comes back to it: its own microphone and camera play in its own slots, through the same engine and
the same port as a call. Nobody else can hear or see it. Probes are few, short, and ended by the server if they do not
end by themselves.

Not here: what follows from a probe (`web/js/check`, `therabook/doctor`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from sfu import KIND_OF_SOURCE, MediaEvent, MediaServer, PeerError, PeerId, PeerLost
from signaling.bodies import read_json
from signaling.clock import Clock
from signaling.media import open_media
from signaling.messages import Answer, Offer
from signaling.refusals import Refused
from signaling.tickets import Limits, Rate, Tickets

SECONDS = 20.0
"""How long a probe may last. A measurement takes six; a TURN server that does not answer is given up after ten."""

MOST = 24
"""At once. What they may send and get back is bounded for each peer (`MediaConfig.peer_kbps`); with more of them,
checks could take the way that calls need."""

MOST_EACH = 6
"""At once, with one ticket: each way is tried at the same time as the others."""

MOST_LINES = 4
"""m-lines: a microphone, a camera, and a slot for each."""

EACH = Rate(per_second=0.2, burst=24)
"""Of one ticket: a whole check takes six probes, and may be done again."""

ADDRESS = Rate(per_second=2.0, burst=120)


class ProbeRequest(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    offer: Offer


class ProbeAnswer(BaseModel):
    answer: Answer
    seconds: float
    """After which the server ends it."""


@dataclass(frozen=True)
class _Probe:
    ticket: str
    until: float


class Probes:
    def __init__(self, *, media: MediaServer, tickets: Tickets, clock: Clock, new_id: Callable[[], str]) -> None:
        self._media = media
        self._tickets = tickets
        self._clock = clock
        self._new_id = new_id
        self._limits = Limits(each=EACH, address=ADDRESS)
        self._open: dict[PeerId, _Probe] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._open)

    async def open(self, request: web.Request) -> web.Response:
        ticket = self._tickets.take(request, self._limits)
        offer = (await read_json(request, ProbeRequest)).offer
        if len(self._open) >= MOST or sum(1 for each in self._open.values() if each.ticket == ticket) >= MOST_EACH:
            raise Refused("too_many_requests", retry_after=SECONDS / 4)
        if offer.read().count("\nm=") > MOST_LINES:
            raise Refused("bad_offer")
        # a room of its own, whose name no session can have
        media, answer = open_media(self._media, offer, "patient", f"probe/{self._new_id()}")
        try:
            for source in media.sources:
                slots = media.audio if KIND_OF_SOURCE[source] == "audio" else media.video
                if slots:
                    self._media.connect(media.peer, source, media.peer, slots[0])
        except PeerError:
            # what it names as its microphone or camera is none
            self._media.close_peer(media.peer)
            raise Refused("bad_offer") from None
        self._open[media.peer] = _Probe(ticket, self._clock.steady() + SECONDS)
        return web.json_response(text=ProbeAnswer(answer=answer, seconds=SECONDS).model_dump_json())

    def media_event(self, event: MediaEvent) -> None:
        """From the media server: also of peers that are none of ours."""
        if isinstance(event, PeerLost):
            self._open.pop(event.peer, None)

    def look(self) -> None:
        """Ends those whose time is over. Due every second or so."""
        now = self._clock.steady()
        for peer in [peer for peer, probe in self._open.items() if probe.until <= now]:
            del self._open[peer]
            self._media.close_peer(peer)
