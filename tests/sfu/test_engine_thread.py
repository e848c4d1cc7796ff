"""The media thread on real sockets: what it gathers and sends in one piece arrives as it would one by one."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sfu.core import Engine
from tests.sfu.client import check
from tests.sim.browser import KEY_BYTES, VIDEO_CODECS, VP8_PT, rtp, srtp, vp8_descriptor

PUBLISHED, SHOWN = 1000, 5000
PASSWORD = "the+servers+password/0123"


class Wire:
    """One connected peer of the engine, on a socket of its own."""

    def __init__(self, engine: Engine, port: int, seed: int) -> None:
        keys = random.Random(seed)
        up, down = keys.randbytes(KEY_BYTES), keys.randbytes(KEY_BYTES)
        self.seal, self.open = srtp(up, outbound=True), srtp(down, outbound=False)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(5)
        self.peer = engine.add_peer()
        engine.set_credentials(self.peer, f"peer{seed}", "page", PASSWORD)
        self.socket.send(check(f"peer{seed}:page", PASSWORD))
        assert self.socket.recv(2048)[:2] == b"\1\1"  # a binding success response
        engine.set_keys(self.peer, srtp(up, outbound=False), srtp(down, outbound=True))

    def receive(self) -> bytes:
        """The next RTP packet, opened."""
        while True:
            data = self.socket.recv(2048)
            if not 192 <= data[1] <= 223:
                return self.open.unprotect(data)


@contextmanager
def running(gather_us: int) -> Iterator[tuple[Engine, Wire, Wire]]:
    """An engine with a publisher and a viewer of its picture."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    udp.setblocking(False)
    udp.bind(("127.0.0.1", 0))
    engine = Engine(max_peers=4, seed=1)
    engine.set_gathering(gather_us)
    engine.limit_peers(10**9, 10**6)
    engine.open(udp.fileno(), -1, -1)
    thread = threading.Thread(target=engine.run)
    thread.start()
    try:
        publisher, viewer = (Wire(engine, udp.getsockname()[1], seed) for seed in (1, 2))
        track = engine.add_track(publisher.peer, "1", "video", VIDEO_CODECS)
        engine.add_ssrc(track, PUBLISHED)
        engine.connect(engine.add_slot(viewer.peer, SHOWN, SHOWN + 1, VIDEO_CODECS), track)
        with publisher.socket, viewer.socket:
            yield engine, publisher, viewer
    finally:
        engine.stop()
        thread.join()
        udp.close()


@pytest.mark.parametrize("gather_us", [0, 1000])
def test_bursts_of_any_sizes_arrive_whole_and_in_order(gather_us: int) -> None:
    sizes = random.Random(gather_us)
    with running(gather_us) as (engine, publisher, viewer):
        seq = 0
        for burst in range(120):
            bodies = []
            for _ in range(sizes.choice([1, 2, 3, 5, 8, 50, 60])):
                # as encoders make them: runs of one size, a shorter end; sometimes anything
                size = sizes.choice([1100, 1100, 1100, 1099, 900, sizes.randrange(20, 1100)])
                body = vp8_descriptor(seq, seq, seq == 0) + bytes([0 if seq == 0 else 1]) + sizes.randbytes(size)
                bodies.append(body)
                publisher.socket.send(publisher.seal.protect(rtp(VP8_PT, seq, burst * 3000, PUBLISHED, body)))
                seq += 1
            for body in bodies:
                packet = viewer.receive()
                assert int.from_bytes(packet[8:12], "big") == SHOWN
                assert packet[17:] == body[5:]  # behind the descriptor, whose picture ids are the slot's own
        counters = engine.counters()
        assert counters["rtp_forwarded"] == seq
        assert counters["dropped_send"] == 0


def test_a_thread_that_sleeps_is_woken_for_what_becomes_due_earlier() -> None:
    with running(0) as (_engine, publisher, _viewer):
        time.sleep(0.3)  # it has nothing to do for a while
        publisher.socket.send(publisher.seal.protect(rtp(VP8_PT, 0, 0, PUBLISHED, vp8_descriptor(0, 0, True) + b"\1")))
        asked = time.monotonic()
        wanted = 0
        while wanted < 3:
            wanted += publisher.socket.recv(2048)[1] == 206
        assert time.monotonic() - asked < 3


def test_stopping_ends_the_thread_at_once_and_twice_is_no_error() -> None:
    engine = Engine(max_peers=1)
    event = os.eventfd(0)
    engine.open(-1, -1, event)
    thread = threading.Thread(target=engine.run)
    thread.start()
    engine.stop()
    thread.join(5)
    assert not thread.is_alive()
    engine.stop()
    os.close(event)


def test_how_long_packets_may_be_held_back_is_bounded() -> None:
    engine = Engine(max_peers=1)
    for wrong in (-1000, 500, 11_000):
        with pytest.raises(ValueError, match="whole milliseconds"):
            engine.set_gathering(wrong)
