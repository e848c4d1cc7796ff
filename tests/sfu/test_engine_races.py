"""Python calls the engine while its thread forwards, on real sockets. `make sanitize` runs this under ThreadSanitizer,
which tells of memory that both touch without the lock (docs/decisions/0001)."""

from __future__ import annotations

import os
import random
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sfu.core import Engine
from tests.sfu.client import check
from tests.sfu.test_engine_thread import PASSWORD, Wire
from tests.sim.browser import (
    AUDIO_CODECS,
    KEY_BYTES,
    MID_ID,
    TRANSPORT_CC_ID,
    VIDEO_CODECS,
    VP8_PT,
    rtp,
    srtp,
    vp8_descriptor,
)

PUBLISHED, SHOWN = 1000, 5000
PICTURES = 600
"""That the publisher sends while the others do what they do."""

CALLERS = 3
WITHIN = 60.0


class _Stage:
    """An engine on UDP and TCP with a publisher and a viewer."""

    def __init__(self) -> None:
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.udp.setblocking(False)
        self.udp.bind(("127.0.0.1", 0))
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.tcp.setblocking(False)
        self.event = os.eventfd(0, os.EFD_NONBLOCK)
        self.engine = Engine(max_peers=32, seed=1)
        self.engine.open(self.udp.fileno(), self.tcp.fileno(), self.event)
        self.thread = threading.Thread(target=self.engine.run)
        self.thread.start()
        self.publisher, self.viewer = (Wire(self.engine, self.udp.getsockname()[1], seed) for seed in (1, 2))
        self.engine.set_extensions(self.publisher.peer, transport_cc=TRANSPORT_CC_ID)
        self.track = self.engine.add_track(self.publisher.peer, "1", "video", VIDEO_CODECS)
        self.engine.add_ssrc(self.track, PUBLISHED)
        self.slot = self.engine.add_slot(self.viewer.peer, SHOWN, SHOWN + 1, VIDEO_CODECS)
        self.engine.connect(self.slot, self.track)
        self.over = threading.Event()
        self.calling = threading.Lock()
        """The engine's methods are one thread's at a time."""
        self.claimed = "nobody:page"
        self.seen = 0

    def publish(self) -> None:
        for seq in range(PICTURES):
            payload = vp8_descriptor(seq, seq, True) + bytes([seq % 10 > 0]) + bytes(500)
            element = struct.pack("!BH", TRANSPORT_CC_ID << 4 | 1, seq)
            # every ninth is asked for again
            if seq % 9:
                packet = rtp(VP8_PT, seq, 3000 * seq, PUBLISHED, payload, True, element)
                self.publisher.socket.send(self.publisher.seal.protect(packet))
            self.over.wait(0.002)
        self.over.set()

    def view(self) -> None:
        while not self.over.is_set():
            with suppress(TimeoutError):
                packet = self.viewer.receive()
                self.seen += 1
                (seq,) = struct.unpack_from("!H", packet, 2)
                ask = struct.pack("!BBHIIHH", 0x81, 205, 3, 1, SHOWN, seq, 0)
                self.viewer.socket.send(self.viewer.seal.protect_rtcp(ask))

    def disturb(self) -> None:
        """Strangers on both transports."""
        chance = random.Random(1)
        junk = struct.pack("!HHI", 1, 0, 0x2112A442) + bytes(12)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            while not self.over.is_set():
                for data in (junk, b"\x16" * 40, b"\x80" * 40, chance.randbytes(30)):
                    stranger.sendto(data, self.udp.getsockname())
                with suppress(OSError), socket.create_connection(self.tcp.getsockname(), timeout=1) as connection:
                    # a client that comes over TCP as well, goes, and leaves half a frame
                    claim = check(self.claimed, PASSWORD)
                    connection.sendall(struct.pack("!H", len(claim)) + claim + chance.randbytes(40))
                    self.over.wait(0.002)

    def call(self, seed: int) -> None:
        caller = _Caller(self, seed)
        while not self.over.is_set():
            with self.calling:
                caller.step()
            self.over.wait(0.0005)


class _Caller:
    """Peers of its own, to which everything is done that can be done."""

    def __init__(self, stage: _Stage, seed: int) -> None:
        self.stage = stage
        self.engine = stage.engine
        self.chance = random.Random(seed)
        self.name = f"caller{seed}"
        self.wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.wire.connect(stage.udp.getsockname())
        self.life = self.live()

    def step(self) -> None:
        """A little of one peer's life, and then of the next one's."""
        if next(self.life, "over") == "over":
            self.life = self.live()

    def live(self) -> Iterator[None]:
        engine, chance = self.engine, self.chance
        peer = engine.add_peer()
        engine.set_credentials(peer, self.name, "page", PASSWORD)
        self.wire.send(check(f"{self.name}:page", PASSWORD))
        self.wire.send(b"\x16" * 40)
        yield
        engine.take_events()
        assert engine.heard_at(peer) >= 0
        engine.set_credentials(peer, f"{self.name}again", "page", PASSWORD)
        self.stage.claimed = f"{self.name}again:page"
        engine.set_extensions(peer, mid=MID_ID, transport_cc=TRANSPORT_CC_ID)
        yield
        key = chance.randbytes(KEY_BYTES)
        engine.set_keys(peer, srtp(key, outbound=False), srtp(key, outbound=True))
        picture = engine.add_slot(peer, 1, 2, VIDEO_CODECS)
        sound = engine.add_slot(peer, 3, 0, AUDIO_CODECS)
        engine.connect(picture, self.stage.track)
        yield
        engine.set_keys(peer, srtp(key, outbound=False), srtp(key, outbound=True))
        microphone = engine.add_track(peer, "0", "audio", AUDIO_CODECS)
        camera = engine.add_track(peer, "1", "video", VIDEO_CODECS)
        engine.add_ssrc(camera, 10, 11)
        engine.connect(sound, microphone)
        engine.send_to_peer(peer, b"\x16" * 100)
        yield
        engine.pause_track(self.stage.track, chance.random() < 0.1)
        engine.pause_track(self.stage.track, False)
        engine.levels()
        engine.peer_stats(peer)
        engine.peer_stats(self.stage.viewer.peer)
        engine.counters()
        yield
        engine.disconnect(picture)
        engine.connect(picture, camera)
        engine.remove_track(camera)
        engine.remove_slot(sound)
        engine.limit_peers(12_000_000, 3000)
        engine.set_gathering(chance.choice([0, 1000, 2000]))
        yield
        engine.heard_at(peer)
        engine.remove_peer(peer)


@contextmanager
def _stage() -> Iterator[_Stage]:
    made = _Stage()
    try:
        yield made
    finally:
        made.over.set()
        made.engine.stop()
        made.thread.join(WITHIN)
        for each in (made.udp, made.tcp, made.publisher.socket, made.viewer.socket):
            each.close()
        os.close(made.event)


def test_python_may_call_anything_while_packets_flow() -> None:
    failed: list[BaseException] = []

    def guarded(body: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                body()
            except BaseException as error:  # noqa: BLE001 - it is raised below
                failed.append(error)
                stage.over.set()

        return run

    with _stage() as stage:
        stage.viewer.socket.settimeout(0.2)
        bodies = [stage.publish, stage.view, stage.disturb]
        bodies += [lambda seed=seed: stage.call(seed) for seed in range(CALLERS)]  # type: ignore[misc]
        threads = [threading.Thread(target=guarded(body)) for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WITHIN)
            assert not thread.is_alive()
        assert not failed
        assert stage.seen > PICTURES / 4
        counters = stage.engine.counters()
        assert counters["rtx_out"] > 0
        assert counters["dropped_seal"] == 0
    assert not stage.thread.is_alive()
