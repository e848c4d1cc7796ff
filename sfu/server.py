"""The shell around the media plane: sockets, the media thread, the clock, the event loop's timers. Nothing is
decided here.

    media thread     engine.run(): packets, without the GIL
    event loop       an eventfd says that the engine has DTLS for us; a timer says that it is time to tick

Not here: anything that could be tested without sockets (`plane.py`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping

from sfu.addresses import advertised, machine_addresses
from sfu.config import MediaConfig
from sfu.core import Engine
from sfu.dtls import Identity
from sfu.errors import ConfigError
from sfu.events import MediaEvent, PeerAnswer, PeerId, PeerReport, Source
from sfu.plane import MediaPlane
from sfu.sdp.answer import Endpoints

logger = logging.getLogger(__name__)

SHORTEST_TICK = 0.01
LONGEST_TICK = 0.25
"""Seconds. The shortest bounds the CPU that handshakes cost, the longest how late a silent peer is noticed."""

SOCKET_BUFFER = 4 * 1024 * 1024
"""Bytes asked for each way. The kernel grants what net.core.rmem_max allows; a burst of key frames is 1 MB."""

PORT_ATTEMPTS = 32
"""With port 0: how often a port that is free for UDP may be taken for TCP."""

IDENTITY_LIFETIME = 20 * 24 * 3600.0
"""Seconds until new peers get a new certificate: the certificate is good for 30 days."""


class MediaServer:
    """See `MediaPlane` for what the methods mean. All of them belong to the thread of the event loop that `start` ran
    in, and `on_event` is called there, never from within another method's call."""

    def __init__(self, config: MediaConfig, on_event: Callable[[MediaEvent], None]) -> None:
        self._config = config
        self._on_event = on_event
        self._sockets: list[socket.socket] = []
        self._event_fd = -1
        self._thread: threading.Thread | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._identity_until = 0.0
        self._port = 0
        self._engine: Engine
        self._plane: MediaPlane
        self._loop: asyncio.AbstractEventLoop

    @property
    def port(self) -> int:
        """The port of UDP and TCP, after `start`."""
        return self._port

    async def start(self) -> None:
        """Opens the sockets and starts the media thread. Raises ConfigError if the address can't be had."""
        self._loop = asyncio.get_running_loop()
        udp, tcp = _open_sockets(self._config)
        self._sockets = [each for each in (udp, tcp) if each is not None]
        self._port = tcp.getsockname()[1]
        self._event_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        # as long as a peer that fell silent is waited for, nobody else gets its address
        hold = int(self._config.silence_limit * 1e6)
        self._engine = Engine(max_peers=self._config.max_peers, address_hold=hold)
        self._engine.open(udp.fileno() if udp is not None else -1, tcp.fileno(), self._event_fd)
        addresses = advertised(self._config, machine_addresses())
        self._plane = MediaPlane(
            self._config,
            self._engine,
            Endpoints(addresses, self._port, self._config.udp),
            Identity.generate(),
            secrets.token_bytes,
        )
        self._identity_until = time.monotonic() + IDENTITY_LIFETIME
        self._loop.add_reader(self._event_fd, self._read)
        self._thread = threading.Thread(target=self._engine.run, name="media", daemon=True)
        self._thread.start()
        self._tick()
        transports = "UDP and TCP" if udp is not None else "TCP only"
        logger.info("Media: %d addresses, port %d, %s", len(addresses), self._port, transports)

    async def close(self) -> None:
        """Says goodbye to all peers and gives everything back. No events follow. May be called again."""
        if self._thread is None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._loop.remove_reader(self._event_fd)
        self._plane.close()
        self._engine.stop()
        thread, self._thread = self._thread, None
        await asyncio.to_thread(thread.join)
        for each in self._sockets:
            each.close()
        self._sockets = []
        os.close(self._event_fd)

    def open_peer(self, offer: str, sources: Mapping[Source, str]) -> PeerAnswer:
        return self._plane.open_peer(offer, sources)

    def offer_again(self, peer: PeerId, offer: str, sources: Mapping[Source, str]) -> PeerAnswer:
        return self._plane.offer_again(peer, offer, sources)

    def close_peer(self, peer: PeerId) -> None:
        self._plane.close_peer(peer)

    def connect(self, publisher: PeerId, source: Source, subscriber: PeerId, slot: str) -> None:
        self._plane.connect(publisher, source, subscriber, slot)

    def disconnect(self, subscriber: PeerId, slot: str) -> None:
        self._plane.disconnect(subscriber, slot)

    def pause(self, publisher: PeerId, source: Source, paused: bool) -> None:
        self._plane.pause(publisher, source, paused)

    def levels(self) -> dict[PeerId, float]:
        return self._plane.levels()

    def reports(self) -> dict[PeerId, PeerReport]:
        return self._plane.reports()

    def counters(self) -> dict[str, int]:
        return self._plane.counters()

    def _read(self) -> None:
        """The engine has something. `take_events` also resets the eventfd."""
        self._plane.handle(self._engine.take_events(), _now())
        self._after()

    def _tick(self) -> None:
        self._timer = None
        if time.monotonic() >= self._identity_until:
            self._plane.identity = Identity.generate()
            self._identity_until = time.monotonic() + IDENTITY_LIFETIME
        self._plane.tick(_now())
        self._after()

    def _after(self) -> None:
        for event in self._plane.take_events():
            try:
                self._on_event(event)
            except Exception as error:  # noqa: BLE001 - the other peers' events must still be told
                logger.error("A listener failed on %s: %s", type(event).__name__, type(error).__name__)
        if self._thread is None:
            return  # the listener closed us
        delay = (self._plane.wake_at - _now()) / 1e6
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(min(max(delay, SHORTEST_TICK), LONGEST_TICK), self._tick)


def _now() -> int:
    # the engine's clock: CLOCK_MONOTONIC, microseconds
    return time.monotonic_ns() // 1000


def _open_sockets(config: MediaConfig) -> tuple[socket.socket | None, socket.socket]:
    """UDP and TCP on the same port."""
    error: OSError | None = None
    for _ in range(1 if config.port else PORT_ATTEMPTS):
        try:
            tcp = _open(config, socket.SOCK_STREAM, config.port)
        except OSError as failed:
            error = failed
            continue
        if not config.udp:
            return None, tcp
        try:
            return _open(config, socket.SOCK_DGRAM, tcp.getsockname()[1]), tcp
        except OSError as failed:
            tcp.close()
            error = failed
    raise ConfigError(f"media port {config.port or '(any)'}: {error.strerror if error else 'not available'}")


def _open(config: MediaConfig, kind: socket.SocketKind, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    opened = socket.socket(family, kind)
    try:
        opened.setblocking(False)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if kind == socket.SOCK_STREAM:
            # so that a restart needn't wait for old connections to time out; UDP has none, and there it would let
            # two servers share a port without noticing
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BUFFER)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BUFFER)
        opened.bind((config.host, port))
        if kind == socket.SOCK_STREAM:
            opened.listen(128)
    except OSError:
        opened.close()
        raise
    return opened
