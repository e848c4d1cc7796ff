"""One client's connection as the plane holds it: its ICE, its DTLS, its tracks and its slots.

Carries a negotiated plan out on the engine, and keeps what later answers must repeat. Not here: when a peer is
lost, who sees whom (`plane.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from sfu.dtls import DtlsServer, Fingerprint, Identity
from sfu.engine import EngineCodec, MediaEngine
from sfu.errors import PeerError
from sfu.events import Kind, LayersWanted, PeerAnswer, PeerId, PictureHeld, Slot, Source
from sfu.ice import Credentials, Entropy
from sfu.sdp.answer import Endpoints, SlotStreams, write_answer
from sfu.sdp.negotiate import AgreedCodec, Line, Plan, Use

LAYERS = ("q", "h", "f")
"""What clients call a quarter, a half and the full picture."""

MOST_LAYERS = 3
"""That the engine takes; the client's others are not forwarded."""


@dataclass(frozen=True)
class PeerTrack:
    """What the client sends, with its number in the engine."""

    handle: int
    mid: str
    kind: Kind
    codecs: tuple[AgreedCodec, ...]
    rids: tuple[str, ...]
    """Of its encodings, the smallest picture first; one even where the offer names none."""


@dataclass(frozen=True)
class PeerSlot:
    """What the client receives in, with its number in the engine."""

    handle: int
    kind: Kind
    codecs: tuple[AgreedCodec, ...]
    streams: SlotStreams


@dataclass
class Traffic:
    """Totals when they were last looked at, and the rates since the time before."""

    at: int
    bytes_in: int
    bytes_out: int
    bits_in: float = 0.0
    bits_out: float = 0.0


class Peer:
    """Made by an offer. `negotiated` plans are checked against what was agreed before, then carried out whole."""

    def __init__(self, peer_id: PeerId, handle: int, engine: MediaEngine, identity: Identity, entropy: Entropy) -> None:
        self.id = peer_id
        self.handle = handle
        self.tracks: dict[Source, PeerTrack] = {}
        self.slots: dict[str, PeerSlot] = {}
        """By mid, in the order of the offer."""
        self.heard_at = 0
        """When the last authenticated check came; before the first, 0."""
        self.silent_since = 0
        """The same, but later by the times since in which we did not listen."""
        self.waits_since: int | None = None
        """When the plane's clock first saw it."""
        self.connected = False
        self.traffic: Traffic | None = None
        self.ice: Credentials
        self.dtls: DtlsServer
        self._engine = engine
        self._identity = identity
        self._entropy = entropy
        self._session_id = int.from_bytes(entropy(8), "big") >> 2
        self._version = 0
        self._fingerprints: tuple[Fingerprint, ...] = ()
        self._extensions: dict[str, int] = {}
        self._paused: set[Source] = set()
        self._wanted: dict[Source, tuple[str, ...]] = {}

    def begin(self, plan: Plan) -> None:
        """The first offer's plan."""
        self._begin_generation(plan)
        self.dtls = DtlsServer(self._identity, plan.fingerprints)
        self._fingerprints = plan.fingerprints
        self._carry_out(plan)

    def go_on(self, plan: Plan) -> Plan:
        """A later offer's plan. Returns it as it can be answered.

        Raises PeerError("bad_offer") where it contradicts what was agreed; then nothing has changed.
        """
        if set(plan.fingerprints) != set(self._fingerprints):
            raise PeerError("bad_offer", "SDP offer: another certificate needs a new connection")
        for name, number in plan.extension_ids.items():
            if self._extensions.get(name, number) != number:
                raise PeerError("bad_offer", "SDP offer: a=extmap changed an id")
        plan = replace(plan, lines=tuple(self._continued(line) for line in plan.lines))
        if self.ice.is_restart(plan.ufrag, plan.password):
            self._begin_generation(plan)
        self._carry_out(plan)
        return plan

    def pause(self, source: Source, paused: bool) -> None:
        """Also before the source is offered."""
        (self._paused.add if paused else self._paused.discard)(source)
        track = self.tracks.get(source)
        if track is not None:
            self._engine.pause_track(track.handle, paused)

    def wants(self, track: int, layers: int) -> Iterator[LayersWanted]:
        """What follows from the engine's word on a track of this number: a bit for each layer that is wanted."""
        for source, found in self.tracks.items():
            if found.handle == track:
                rids = tuple(rid for place, rid in enumerate(found.rids) if layers >> place & 1)
                self._wanted[source] = rids
                yield LayersWanted(self.id, dict(self._wanted))

    def holds(self, slot: int, held: bool) -> Iterator[PictureHeld]:
        """The same on a slot: whether its picture is stopped."""
        for mid, found in self.slots.items():
            if found.handle == slot:
                yield PictureHeld(self.id, mid, held)

    def answer(self, plan: Plan, endpoints: Endpoints) -> PeerAnswer:
        self._version += 1
        sdp = write_answer(
            plan,
            session_id=self._session_id,
            version=self._version,
            credentials=self.ice,
            fingerprint=self._identity.fingerprint,
            endpoints=endpoints,
            slots={mid: slot.streams for mid, slot in self.slots.items()},
        )
        return PeerAnswer(self.id, sdp, tuple(Slot(mid, slot.kind) for mid, slot in self.slots.items()))

    def _begin_generation(self, plan: Plan) -> None:
        self.ice = Credentials.create(self._entropy, plan.ufrag, plan.password)
        self._engine.set_credentials(self.handle, self.ice.ufrag, self.ice.remote_ufrag, self.ice.password)

    def _continued(self, line: Line) -> Line:
        """The line with what was agreed for it before: payload types in use don't change their meaning."""
        known: PeerTrack | PeerSlot | None = self.slots.get(line.mid) or next(
            (track for track in self.tracks.values() if track.mid == line.mid), None
        )
        if known is None or line.use is Use.DECLINED:
            return line
        if known.kind != line.kind:
            raise PeerError("bad_offer", "SDP offer: an m-line changed its kind")
        before = {codec.name: codec for codec in known.codecs}
        codecs = tuple(codec for codec in line.codecs if codec.name in before)
        for codec in codecs:
            if _numbers(codec) != _numbers(before[codec.name]):
                raise PeerError("bad_offer", "SDP offer: a payload type changed its meaning")
        if not codecs:
            raise PeerError("bad_offer", "SDP offer: none of the codecs in use is left")
        return replace(line, codecs=codecs)

    def _carry_out(self, plan: Plan) -> None:
        self._extensions |= plan.extension_ids
        self._engine.set_extensions(self.handle, **self._extensions)
        self._engine.set_ceilings(self.handle, plan.takes_ceilings)
        self._close_unused(plan)
        slots: dict[str, PeerSlot] = {}
        for line in plan.lines:
            if line.source is not None and line.source not in self.tracks and line.use is not Use.DECLINED:
                self.tracks[line.source] = self._open_track(line, line.source)
            elif line.use is Use.SLOT:
                slots[line.mid] = self.slots.get(line.mid) or self._open_slot(line, [*slots.values()])
        self.slots = slots

    def _close_unused(self, plan: Plan) -> None:
        sources = {line.source: line.mid for line in plan.lines if line.source and line.use is not Use.DECLINED}
        for source, track in list(self.tracks.items()):
            if sources.get(source) != track.mid:
                self._engine.remove_track(track.handle)
                del self.tracks[source]
        open_slots = {line.mid for line in plan.lines if line.use is Use.SLOT}
        for mid in self.slots.keys() - open_slots:
            self._engine.remove_slot(self.slots.pop(mid).handle)

    def _open_track(self, line: Line, source: Source) -> PeerTrack:
        handle = self._engine.add_track(self.handle, line.mid, line.kind, _for_engine(line))
        rids = _layers(line)
        if len(rids) > 1:
            self._engine.name_layers(handle, list(rids))
        if not line.media.simulcast:
            # with simulcast the rid says which stream is which layer, and the SSRCs don't
            for ssrc in line.media.ssrcs:
                with suppress(ValueError):  # more than the engine takes: those are not forwarded
                    self._engine.add_ssrc(handle, ssrc, line.media.rtx_of.get(ssrc, 0))
        if source in self._paused:
            self._engine.pause_track(handle, True)
        return PeerTrack(handle, line.mid, line.kind, line.codecs, rids)

    def _open_slot(self, line: Line, others: list[PeerSlot]) -> PeerSlot:
        used = {ssrc for slot in [*others, *self.slots.values()] for ssrc in (slot.streams.ssrc, slot.streams.rtx_ssrc)}
        ssrc = _fresh_ssrc(self._entropy, lambda value: value in used)
        used.add(ssrc)
        repeats = any(codec.rtx_payload_type >= 0 for codec in line.codecs)
        streams = SlotStreams(ssrc, _fresh_ssrc(self._entropy, lambda value: value in used) if repeats else 0)
        handle = self._engine.add_slot(
            self.handle, streams.ssrc, streams.rtx_ssrc, _for_engine(line), line.transport_cc
        )
        return PeerSlot(handle, line.kind, line.codecs, streams)


def _layers(line: Line) -> tuple[str, ...]:
    """The RIDs of what the client sends, the smallest picture first: in its order, unless their names say better."""
    offered = tuple(dict.fromkeys(alternatives.split(",")[0] for alternatives in line.media.simulcast))
    if offered and set(offered) <= set(LAYERS):
        return tuple(rid for rid in LAYERS if rid in offered)
    return offered[:MOST_LAYERS] or LAYERS[-1:]


def _for_engine(line: Line) -> list[EngineCodec]:
    return [(codec.payload_type, codec.name, _repeating(codec)) for codec in line.codecs]


def _numbers(codec: AgreedCodec) -> tuple[int, int]:
    return codec.payload_type, _repeating(codec)


def _repeating(codec: AgreedCodec) -> int:
    return max(codec.rtx_payload_type, codec.red_payload_type)


def _fresh_ssrc(entropy: Entropy, is_used: Callable[[int], bool]) -> int:
    while True:
        ssrc = int.from_bytes(entropy(4), "big")
        if ssrc and not is_used(ssrc):
            return ssrc
