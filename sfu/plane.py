"""The media plane: peers come with an offer, shake hands, and see and hear what is connected to their slots. A state
machine: time and randomness come in, engine calls and events go out.

Its tick does the deadlines: flights that were not answered, handshakes that take too long, peers that fell silent.

Not here: sockets, threads and clocks (`server.py`), packets and connectivity checks (`core`), people (nowhere in
`sfu`).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from sfu.config import MediaConfig
from sfu.dtls import DtlsState, Identity
from sfu.engine import EngineEvent, MediaEngine
from sfu.errors import PeerError
from sfu.events import (
    Heard,
    Kind,
    LostReason,
    MediaEvent,
    PeerAnswer,
    PeerConnected,
    PeerId,
    PeerLost,
    PeerReport,
    Source,
)
from sfu.ice import Entropy
from sfu.listener import Listener, ListenerSlot
from sfu.peer import Peer, PeerSlot, Traffic
from sfu.sdp.answer import Endpoints
from sfu.sdp.negotiate import negotiate
from sfu.sdp.offer import parse_offer

SECOND = 1_000_000
"""All times here are microseconds of one monotonic clock."""

SWEEP_EVERY = SECOND // 4
"""Between two looks at all peers: silence is noticed that much late at most."""

LATE_TICK = SECOND
"""A tick that comes this late means that we were not listening (a suspended machine, a stopped process), so the
peers' silence meanwhile says nothing about them."""

TRAFFIC_EVERY = SECOND

logger = logging.getLogger(__name__)


class MediaPlane:
    """`handle` and `tick` move it, `take_events` tells what came of it."""

    def __init__(
        self, config: MediaConfig, engine: MediaEngine, endpoints: Endpoints, identity: Identity, entropy: Entropy
    ) -> None:
        self.identity = identity
        """Shown to peers that come from now on; may be replaced at any time."""
        self._config = config
        self._engine = engine
        self._endpoints = endpoints
        self._entropy = entropy
        self._silence = int(config.silence_limit * SECOND)
        self._handshake = int(config.handshake_limit * SECOND)
        self._peers: dict[PeerId, Peer] = {}
        self._listeners: dict[PeerId, Listener] = {}
        self._by_handle: dict[int, Peer] = {}
        self._handshaking: dict[int, Peer] = {}
        self._events: list[MediaEvent] = []
        self._counters: Counter[str] = Counter(dict.fromkeys(_COUNTERS, 0))
        self._ticked_at: int | None = None
        self._sweep_at = 0

    def __len__(self) -> int:
        """How many peers there are."""
        return len(self._peers)

    # What callers ask -------------------------------------------------------------------------------------------

    def open_peer(self, offer: str, sources: Mapping[Source, str]) -> PeerAnswer:
        """A new client. `sources`: mid of each thing it sends; its recvonly m-lines become slots.

        Raises PeerError("bad_offer", "no_common_codec" or "too_many_peers"). Its deadlines run from the next tick.
        """
        if len(self._peers) >= self._config.max_peers:
            raise PeerError("too_many_peers", "no room for another connection")
        plan = negotiate(parse_offer(offer), sources)
        try:
            handle = self._engine.add_peer()
        except MemoryError:
            raise PeerError("too_many_peers", "no room for another connection") from None
        peer = Peer(self._new_id(), handle, self._engine, self.identity, self._entropy)
        try:
            peer.begin(plan)
            answer = peer.answer(plan, self._endpoints)
        except BaseException:
            self._engine.remove_peer(handle)
            raise
        self._peers[peer.id] = self._by_handle[handle] = self._handshaking[handle] = peer
        return answer

    def offer_again(self, peer: PeerId, offer: str, sources: Mapping[Source, str]) -> PeerAnswer:
        """An ICE restart, more slots, or both. DTLS, and what plays in the slots that stay, goes on.

        Raises PeerError("no_such_peer", "bad_offer" or "no_common_codec"); then nothing has changed.
        """
        found = self._peer(peer)
        plan = found.go_on(negotiate(parse_offer(offer), sources))
        return found.answer(plan, self._endpoints)

    def close_peer(self, peer: PeerId) -> None:
        """Says goodbye and forgets it; no event follows. A peer that is gone already is no error."""
        found = self._peers.get(peer)
        if found is not None:
            self._remove(found)
        listener = self._listeners.pop(peer, None)
        if listener is not None:
            self._engine.remove_peer(listener.handle)

    def connect(self, publisher: PeerId, source: Source, subscriber: PeerId, slot: str) -> None:
        """Plays what `publisher` sends in `slot` (a mid) of `subscriber`, instead of what was there.

        Raises PeerError("no_such_peer", "no_such_source", "no_such_slot" or "wrong_kind").
        """
        track = self._peer(publisher).tracks.get(source)
        if track is None:
            raise PeerError("no_such_source", f"this peer offered no {source}")
        listener = self._listeners.get(subscriber)
        receiving = (self._peer(subscriber) if listener is None else listener).slots.get(slot)
        if receiving is None:
            raise PeerError("no_such_slot", "this peer has no such slot")
        if receiving.kind != track.kind:
            raise PeerError("wrong_kind", "sound and picture don't go into each other's slots")
        self._engine.connect(receiving.handle, track.handle)

    def disconnect(self, subscriber: PeerId, slot: str) -> None:
        """Empties a slot. One that is gone already, with its peer or without, is no error."""
        receiving = self._slot(subscriber, slot)
        if receiving is not None:
            self._engine.disconnect(receiving.handle)

    def pause(self, publisher: PeerId, source: Source, paused: bool) -> None:
        """Whether what it sends is forwarded. Kept for a source that it may offer later; a peer that is gone
        already is no error."""
        found = self._peers.get(publisher)
        if found is not None:
            found.pause(source, paused)

    def show(self, subscriber: PeerId, slot: str, height: int) -> None:
        """How high, in pixels, a slot's picture is shown; 0: not at all, and nothing is sent for it. A slot or a peer
        that is gone already is no error."""
        receiving = self._slot(subscriber, slot)
        if receiving is not None:
            self._engine.set_view(receiving.handle, height)

    def rank(self, subscriber: PeerId, slot: str, rank: int, sure: bool) -> None:
        """Which of a peer's pictures are given more where its connection is too weak for all: the higher ones; first,
        those that are `sure` to be shown are given a little. As `show`."""
        receiving = self._slot(subscriber, slot)
        if receiving is not None:
            self._engine.set_rank(receiving.handle, rank, sure)

    # Listeners ---------------------------------------------------------------------------------------------------

    def open_listener(self) -> PeerId:
        """A peer inside this process: `open_slot`, `connect`, then `take` what it hears. Raises
        PeerError("too_many_peers")."""
        try:
            listener = Listener(self._new_id(), self._engine)
        except MemoryError:
            raise PeerError("too_many_peers", "no room for another connection") from None
        self._listeners[listener.id] = listener
        return listener.id

    def open_slot(self, listener: PeerId, kind: Kind) -> str:
        """Returns the new slot's name. Raises PeerError("no_such_peer")."""
        return self._listener(listener).open_slot(kind)

    def close_slot(self, listener: PeerId, slot: str) -> None:
        """One that is gone already, with its listener or without, is no error."""
        found = self._listeners.get(listener)
        if found is not None and slot in found.slots:
            found.close_slot(slot)

    def take(self, listener: PeerId) -> Heard:
        """What it heard since the last call. To be called several times a second. Raises PeerError("no_such_peer")."""
        return self._listener(listener).take()

    def ask_for_picture(self, listener: PeerId, slot: str) -> None:
        """A key frame, please. The publisher is not asked more often than viewers may. As `close_slot`."""
        found = self._listeners.get(listener)
        if found is not None and slot in found.slots:
            self._engine.ask_for_picture(found.slots[slot].handle)

    def levels(self) -> dict[PeerId, float]:
        """Loudness of each microphone heard in the last 300 ms, dBov: 0 is the loudest, -127 silence."""
        by_track = self._engine.levels()
        found = {}
        for peer in self._peers.values():
            track = peer.tracks.get("microphone")
            if track is not None and track.handle in by_track:
                found[peer.id] = float(-by_track[track.handle])
        return found

    def reports(self) -> dict[PeerId, PeerReport]:
        """Of all connected peers."""
        return {peer.id: self._report(peer) for peer in self._peers.values() if peer.connected}

    def counters(self) -> dict[str, int]:
        """Since the start; names beginning with `dropped_` count what was thrown away."""
        return {**self._engine.counters(), **self._counters, "peers": len(self._peers)}

    def take_events(self) -> list[MediaEvent]:
        taken, self._events = self._events, []
        return taken

    def close(self) -> None:
        """Says goodbye to everyone, without events."""
        for peer in list(self._peers.values()):
            self._remove(peer)
        for listener in list(self._listeners):
            self.close_peer(listener)

    @property
    def wake_at(self) -> int:
        """When `tick` has something to do next. Earlier calls do no harm; `open_peer` may bring it forward."""
        due = [peer.dtls.resend_at for peer in self._handshaking.values()]
        return min([self._sweep_at, *(at for at in due if at is not None)])

    # What moves it ----------------------------------------------------------------------------------------------

    def handle(self, events: Iterable[EngineEvent], now: int) -> None:
        """What the engine had for us. Hostile content has no effect but on counters."""
        for event in events:
            if event[0] == "dtls":
                self._handle_dtls(event[1], event[2], now)
            elif event[0] == "wanted" and event[1] in self._by_handle:
                self._events += self._by_handle[event[1]].wants(event[2], event[3])
            elif event[0] == "held" and event[1] in self._by_handle:
                self._events += self._by_handle[event[1]].holds(event[2], event[3])

    def tick(self, now: int) -> None:
        """Call it often: at `wake_at`, and never more than LATE_TICK apart."""
        late = 0 if self._ticked_at is None else now - self._ticked_at
        self._ticked_at = now
        for peer in list(self._handshaking.values()):
            try:
                peer.dtls.tick(now)
                self._pump(peer)
            except Exception as error:  # noqa: BLE001 - our defect ends this peer and no other
                self._fault(peer, error)
        if now >= self._sweep_at or late > LATE_TICK:
            self._sweep_at = now + SWEEP_EVERY
            self._sweep(now, late if late > LATE_TICK else 0)

    def _handle_dtls(self, handle: int, data: bytes, now: int) -> None:
        peer = self._by_handle.get(handle)
        if peer is None:
            return
        try:
            peer.dtls.receive(data, now)
            self._pump(peer)
        except Exception as error:  # noqa: BLE001 - as in tick
            self._fault(peer, error)

    def _pump(self, peer: Peer) -> None:
        dtls = peer.dtls
        if dtls.srtp is not None:
            # before our last flight leaves: media may come back at once
            self._engine.set_keys(peer.handle, dtls.srtp.rx, dtls.srtp.tx)
            dtls.srtp = None
            peer.connected = True
            self._handshaking.pop(peer.handle, None)
            self._counters["dtls_connected"] += 1
            self._events.append(PeerConnected(peer.id))
        for datagram in dtls.take():
            self._engine.send_to_peer(peer.handle, datagram)
        if dtls.state is DtlsState.CLOSED:
            self._lose(peer, "closed")
        elif dtls.state is DtlsState.FAILED:
            self._counters["dtls_failed"] += 1
            self._lose(peer, "dtls_failed")

    def _sweep(self, now: int, not_listening: int) -> None:
        for peer in list(self._peers.values()):
            if peer.waits_since is None:
                peer.waits_since = now
            else:
                peer.waits_since += not_listening
            heard_at = self._engine.heard_at(peer.handle)
            if heard_at != peer.heard_at:
                peer.heard_at = peer.silent_since = heard_at
            peer.silent_since = min(now, peer.silent_since + not_listening)
            if peer.heard_at and now - peer.silent_since >= self._silence:
                self._lose(peer, "silent")
            elif not peer.connected and now - peer.waits_since >= self._handshake:
                self._lose(peer, "dtls_failed" if peer.heard_at else "silent")
            elif peer.connected and (peer.traffic is None or now - peer.traffic.at >= TRAFFIC_EVERY):
                self._measure(peer, now)

    def _measure(self, peer: Peer, now: int) -> None:
        stats = self._engine.peer_stats(peer.handle)
        measured = Traffic(now, stats["bytes_in"], stats["bytes_out"])
        before = peer.traffic
        if before is not None:
            seconds = (now - before.at) / SECOND
            measured.bits_in = 8 * (measured.bytes_in - before.bytes_in) / seconds
            measured.bits_out = 8 * (measured.bytes_out - before.bytes_out) / seconds
        peer.traffic = measured

    def _report(self, peer: Peer) -> PeerReport:
        stats = self._engine.peer_stats(peer.handle)
        transport: Literal["udp", "tcp"] = "tcp" if stats["transport"] == "tcp" else "udp"
        return PeerReport(
            loss_up=stats["loss_in"],
            loss_down=stats["loss_out"],
            rtt_ms=stats["round_trip_us"] / 1000 if stats["round_trip_us"] else None,
            bits_in=peer.traffic.bits_in if peer.traffic else 0.0,
            bits_out=peer.traffic.bits_out if peer.traffic else 0.0,
            transport=transport,
            carries=float(stats["estimate_bps"]) or None,
            confirmed=int(stats["feedback_in"]),
        )

    # Ends -------------------------------------------------------------------------------------------------------

    def _lose(self, peer: Peer, reason: LostReason) -> None:
        self._remove(peer)
        self._counters[f"lost_{reason}"] += 1
        self._events.append(PeerLost(peer.id, reason))

    def _fault(self, peer: Peer, error: Exception) -> None:
        # its text could quote what a client sent; where it happened can't
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "?"
        logger.error("A defect ended one media connection: %s at %s", type(error).__name__, where)
        if peer.id in self._peers:
            self._lose(peer, "fault")

    def _remove(self, peer: Peer) -> None:
        del self._peers[peer.id], self._by_handle[peer.handle]
        self._handshaking.pop(peer.handle, None)
        peer.dtls.close()
        for datagram in peer.dtls.take():
            self._engine.send_to_peer(peer.handle, datagram)
        self._engine.remove_peer(peer.handle)

    def _new_id(self) -> PeerId:
        return PeerId(self._entropy(16).hex())

    def _peer(self, peer: PeerId) -> Peer:
        found = self._peers.get(peer)
        if found is None:
            raise PeerError("no_such_peer", "this connection is gone")
        return found

    def _listener(self, listener: PeerId) -> Listener:
        found = self._listeners.get(listener)
        if found is None:
            raise PeerError("no_such_peer", "this listener is gone")
        return found

    def _slot(self, peer: PeerId, mid: str) -> PeerSlot | ListenerSlot | None:
        found = self._peers.get(peer) or self._listeners.get(peer)
        return found.slots.get(mid) if found is not None else None


_COUNTERS = (
    "dtls_connected",
    "dtls_failed",
    "lost_silent",
    "lost_closed",
    "lost_dtls_failed",
    "lost_fault",
)
"""All of them from the start, so that a graph shows zeros and not gaps."""
