"""One media thread with what belongs to it: its port, its engine, its peers' plane, and its share of the event loop.

    media thread     engine.run(): packets, without the GIL
    event loop       an eventfd says that the engine has DTLS for us; a timer says that it is time to tick

Threads share nothing, so that each can use a core of its own. Nothing is decided here.
Not here: which thread a room gets (`server.py`); anything that could be tested without sockets (`plane.py`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable

from sfu.config import MediaConfig
from sfu.core import Engine
from sfu.dtls import Identity
from sfu.errors import ConfigError
from sfu.events import MediaEvent
from sfu.plane import MediaPlane
from sfu.sdp.answer import Endpoints

logger = logging.getLogger(__name__)

SHORTEST_TICK = 0.01
LONGEST_TICK = 0.25
"""Seconds. The shortest bounds the CPU that handshakes cost, the longest how late a silent peer is noticed."""

SOCKET_BUFFER = 4 * 1024 * 1024
"""Bytes asked for each way; a burst of key frames is 1 MB."""

SMALL_BUFFER = 1024 * 1024
"""Less is warned of: the kernel grants no more than net.core.rmem_max, unless it is asked by an administrator."""

_SO_SNDBUFFORCE = 32
_SO_RCVBUFFORCE = 33
"""asm-generic/socket.h; Python has no names for them."""

GATHER_US = 1000
"""Longer saves little more and is heard sooner; shorter saves less."""

PORT_ATTEMPTS = 32
"""With port 0: how often a port that is free for UDP may be taken for TCP."""

IDENTITY_LIFETIME = 20 * 24 * 3600.0
"""Seconds until new peers get a new certificate: the certificate is good for 30 days."""


class MediaThread:
    """Its methods belong to the thread of the event loop that it was made in. Raises ConfigError if the port can't be
    had."""

    def __init__(
        self, config: MediaConfig, port: int, addresses: tuple[str, ...], on_event: Callable[[MediaEvent], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_event = on_event
        udp, tcp = _open_sockets(config, port)
        self._sockets = [each for each in (udp, tcp) if each is not None]
        self.port: int = tcp.getsockname()[1]
        self._event_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        # as long as a peer that fell silent is waited for, nobody else gets its address
        hold = int(config.silence_limit * 1e6)
        self._engine = Engine(max_peers=config.max_peers, address_hold=hold)
        self._engine.limit_peers(config.peer_kbps * 1000, config.peer_packets)
        self._engine.set_gathering(GATHER_US if config.gathering else 0)
        self._engine.open(udp.fileno() if udp is not None else -1, tcp.fileno(), self._event_fd)
        endpoints = Endpoints(addresses, self.port, config.udp)
        self.plane = MediaPlane(config, self._engine, endpoints, Identity.generate(), secrets.token_bytes)
        self._identity_until = time.monotonic() + IDENTITY_LIFETIME
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._loop.add_reader(self._event_fd, self._read)
        self._thread = threading.Thread(target=self._engine.run, name="media", daemon=True)
        self._thread.start()
        self._cpu = _Share(self._thread)
        self._tick()

    @property
    def share(self) -> float:
        """Of one core, that it used in the last seconds."""
        return self._cpu.share()

    async def close(self) -> None:
        """Says goodbye to all its peers and gives everything back. No events follow."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._event_fd)
        self.plane.close()
        self._engine.stop()
        await asyncio.to_thread(self._thread.join)
        for each in self._sockets:
            each.close()
        os.close(self._event_fd)

    def _read(self) -> None:
        """The engine has something. `take_events` also resets the eventfd."""
        self.plane.handle(self._engine.take_events(), _now())
        self._after()

    def _tick(self) -> None:
        self._timer = None
        if time.monotonic() >= self._identity_until:
            self.plane.identity = Identity.generate()
            self._identity_until = time.monotonic() + IDENTITY_LIFETIME
        self.plane.tick(_now())
        self._after()

    def _after(self) -> None:
        for event in self.plane.take_events():
            try:
                self._on_event(event)
            except Exception as error:  # noqa: BLE001 - the other peers' events must still be told
                logger.error("A listener failed on %s: %s", type(event).__name__, type(error).__name__)
        if self._closed:
            return  # by the listener
        delay = (self.plane.wake_at - _now()) / 1e6
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(min(max(delay, SHORTEST_TICK), LONGEST_TICK), self._tick)


class _Share:
    """How busy a thread is, by the scheduler's account of it."""

    OVER = 2.0
    """Seconds. Shorter, and a burst decides; longer, and rooms that were just opened are not seen yet."""

    def __init__(self, thread: threading.Thread) -> None:
        self._clock = time.pthread_getcpuclockid(thread.ident or 0)
        self._at, self._used = time.monotonic(), time.clock_gettime(self._clock)
        self._share = 0.0

    def share(self) -> float:
        now = time.monotonic()
        if now - self._at >= self.OVER:
            used = time.clock_gettime(self._clock)
            self._share = (used - self._used) / (now - self._at)
            self._at, self._used = now, used
        return self._share


def _now() -> int:
    # the engine's clock: CLOCK_MONOTONIC, microseconds
    return time.monotonic_ns() // 1000


def _open_sockets(config: MediaConfig, port: int) -> tuple[socket.socket | None, socket.socket]:
    """UDP and TCP on the same port."""
    error: OSError | None = None
    for _ in range(1 if port else PORT_ATTEMPTS):
        try:
            tcp = _open(config.host, socket.SOCK_STREAM, port)
        except OSError as failed:
            error = failed
            continue
        if not config.udp:
            return None, tcp
        try:
            return _open(config.host, socket.SOCK_DGRAM, tcp.getsockname()[1]), tcp
        except OSError as failed:
            tcp.close()
            error = failed
    raise ConfigError(f"media port {port or '(any)'}: {error.strerror if error else 'not available'}")


def _enlarge_buffers(opened: socket.socket) -> None:
    for forced, asked in ((_SO_RCVBUFFORCE, socket.SO_RCVBUF), (_SO_SNDBUFFORCE, socket.SO_SNDBUF)):
        try:
            opened.setsockopt(socket.SOL_SOCKET, forced, SOCKET_BUFFER)
        except OSError:  # for administrators only
            opened.setsockopt(socket.SOL_SOCKET, asked, SOCKET_BUFFER)
    granted = opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # the kernel tells twice what it granted
    if granted < SMALL_BUFFER:
        logger.warning(
            "The media socket holds only %d kB: bursts may be lost. Raise net.core.rmem_max and wmem_max to %d.",
            granted // 1024,
            SOCKET_BUFFER,
        )


def _open(host: str, kind: socket.SocketKind, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
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
            _enlarge_buffers(opened)
        opened.bind((host, port))
        if kind == socket.SOCK_STREAM:
            opened.listen(128)
    except OSError:
        opened.close()
        raise
    return opened
