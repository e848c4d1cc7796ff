"""The media server: some media threads, and which of them a room is on.

A room stays on the thread that it was opened on, because only peers of one thread can be connected to each other.
Not here: what a thread does (`media_thread.py`), what a peer is (`plane.py`), people (nowhere in `sfu`).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sfu.addresses import advertised, machine_addresses
from sfu.config import MediaConfig
from sfu.errors import PeerError
from sfu.events import Heard, Kind, MediaEvent, PeerAnswer, PeerId, PeerLost, PeerReport, Source
from sfu.leftovers import Leftovers
from sfu.media_thread import MediaThread

logger = logging.getLogger(__name__)


@dataclass
class _Place:
    """Where a room is."""

    room: str
    thread: MediaThread
    peers: int = 0


class MediaServer:
    """See `MediaPlane` for what the methods mean. All of them belong to the thread of the event loop that `start` ran
    in, and `on_event` is called there, never from within another method's call."""

    def __init__(self, config: MediaConfig, on_event: Callable[[MediaEvent], None]) -> None:
        self._config = config
        self._on_event = on_event
        self._threads: list[MediaThread] = []
        self._rooms: dict[str, _Place] = {}
        self._peers: dict[PeerId, _Place] = {}
        self._leftovers = Leftovers()

    @property
    def ports(self) -> list[int]:
        """Of UDP and TCP, one for each thread, after `start`."""
        return [thread.port for thread in self._threads]

    async def start(self) -> None:
        """Opens the sockets and starts the media threads. Raises ConfigError if an address can't be had."""
        addresses = advertised(self._config, machine_addresses())
        try:
            for number in range(self._config.threads):
                port = self._config.port + number if self._config.port else 0
                self._threads.append(MediaThread(self._config, port, addresses, self._event))
        except BaseException:
            await self.close()
            raise
        ports = ", ".join(str(port) for port in self.ports)
        transports = "UDP and TCP" if self._config.udp else "TCP only"
        logger.info("Media: %d addresses, port %s, %s", len(addresses), ports, transports)

    async def close(self) -> None:
        """Says goodbye to all peers and gives everything back. No events follow. May be called again."""
        self._leftovers.close()
        threads, self._threads = self._threads, []
        self._rooms.clear()
        self._peers.clear()
        for thread in threads:
            await thread.close()

    def open_peer(self, offer: str, sources: Mapping[Source, str], room: str = "") -> PeerAnswer:
        """As the plane's. Only peers of the same `room` can be connected to each other."""
        if len(self._peers) >= self._config.max_peers:
            raise PeerError("too_many_peers", "no room for another connection")
        place = self._rooms.get(room) or _Place(room, self._least_busy())
        answer = place.thread.plane.open_peer(offer, sources)
        place.peers += 1
        self._rooms[room] = self._peers[answer.peer] = place
        return answer

    def offer_again(self, peer: PeerId, offer: str, sources: Mapping[Source, str]) -> PeerAnswer:
        return self._place(peer).thread.plane.offer_again(peer, offer, sources)

    def close_peer(self, peer: PeerId) -> None:
        place = self._peers.get(peer)
        if place is not None:
            place.thread.plane.close_peer(peer)
            self._forget(peer)

    def connect(self, publisher: PeerId, source: Source, subscriber: PeerId, slot: str) -> None:
        """As the plane's. Raises PeerError("other_room") besides."""
        place = self._place(publisher)
        if self._place(subscriber) is not place:
            raise PeerError("other_room", "peers of different rooms can't be connected")
        place.thread.plane.connect(publisher, source, subscriber, slot)

    def disconnect(self, subscriber: PeerId, slot: str) -> None:
        place = self._peers.get(subscriber)
        if place is not None:
            place.thread.plane.disconnect(subscriber, slot)

    def pause(self, publisher: PeerId, source: Source, paused: bool) -> None:
        place = self._peers.get(publisher)
        if place is not None:
            place.thread.plane.pause(publisher, source, paused)

    def show(self, subscriber: PeerId, slot: str, height: int) -> None:
        place = self._peers.get(subscriber)
        if place is not None:
            place.thread.plane.show(subscriber, slot, height)

    def rank(self, subscriber: PeerId, slot: str, rank: int, sure: bool) -> None:
        place = self._peers.get(subscriber)
        if place is not None:
            place.thread.plane.rank(subscriber, slot, rank, sure)

    def open_listener(self, room: str) -> PeerId:
        """As the plane's, and it counts as one of the room's peers."""
        place = self._rooms.get(room) or _Place(room, self._least_busy())
        listener = place.thread.plane.open_listener()
        place.peers += 1
        self._rooms[room] = self._peers[listener] = place
        return listener

    def open_slot(self, listener: PeerId, kind: Kind) -> str:
        return self._place(listener).thread.plane.open_slot(listener, kind)

    def close_slot(self, listener: PeerId, slot: str) -> None:
        place = self._peers.get(listener)
        if place is not None:
            place.thread.plane.close_slot(listener, slot)

    def take(self, listener: PeerId) -> Heard:
        return self._place(listener).thread.plane.take(listener)

    def ask_for_picture(self, listener: PeerId, slot: str) -> None:
        place = self._peers.get(listener)
        if place is not None:
            place.thread.plane.ask_for_picture(listener, slot)

    def levels(self) -> dict[PeerId, float]:
        return {peer: level for thread in self._threads for peer, level in thread.plane.levels().items()}

    def reports(self) -> dict[PeerId, PeerReport]:
        return {peer: report for thread in self._threads for peer, report in thread.plane.reports().items()}

    def counters(self) -> dict[str, int]:
        """Of all threads together."""
        counted: Counter[str] = Counter()
        for thread in self._threads:
            counted.update(thread.plane.counters())
        return dict(counted)

    def _least_busy(self) -> MediaThread:
        # in tenths of a core, so that of threads with little to do the one with fewer peers is taken: people who came
        # a moment ago send nothing yet
        return min(self._threads, key=lambda thread: (round(thread.share, 1), len(thread.plane)))

    def _place(self, peer: PeerId) -> _Place:
        place = self._peers.get(peer)
        if place is None:
            raise PeerError("no_such_peer", "this connection is gone")
        return place

    def _forget(self, peer: PeerId) -> None:
        place = self._peers.pop(peer, None)
        if place is None:
            return
        self._leftovers.left()
        place.peers -= 1
        if place.peers == 0:
            self._rooms.pop(place.room, None)

    def _event(self, event: MediaEvent) -> None:
        if isinstance(event, PeerLost):
            self._forget(event.peer)
        self._on_event(event)
