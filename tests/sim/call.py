"""A call on the simulated network: browsers around the real engine, on one simulated clock."""

from __future__ import annotations

import itertools
from functools import partial

from sfu.core import Engine
from tests.sfu.client import check
from tests.sim.arrivals import Arrivals
from tests.sim.browser import (
    AUDIO_CODECS,
    FRAME_US,
    HEARD_CODECS,
    LEVEL_ID,
    MID_ID,
    TRANSPORT_CC_ID,
    VIDEO_CODECS,
    Browser,
    Receiver,
    srtp,
)
from tests.sim.network import Link, Network
from tests.sim.simulcast import REPAIRED_RID_ID, RID_ID, RIDS, SimulcastCamera

STEP_US = 5_000
TELL_US = 100_000
SIGNALING = Link(delay=30_000)
"""The way of a message from the engine through Python to a page."""
PASSWORD = "the+servers+password/0123"


class Guest:
    """A browser, its two links and what the engine calls it."""

    def __init__(self, call: Call, name: int, layers: bool = False, feedback: bool = False) -> None:
        self.up, self.down = Link(), Link()
        self.address = Engine.udp_address("127.0.0.1", 20_000 + name)
        self.browser = Browser(name, call.seed * 100 + name, self._send)
        self._transport_cc = TRANSPORT_CC_ID if feedback else 0
        if feedback:
            self.browser.arrivals = Arrivals()
        self._call = call
        engine = call.engine
        self.peer = engine.add_peer()
        engine.set_credentials(self.peer, f"guest{name}", "page", PASSWORD)
        engine.process([(check(f"guest{name}:page", PASSWORD), self.address)], call.network.now)
        engine.set_extensions(
            self.peer,
            transport_cc=TRANSPORT_CC_ID,
            audio_level=LEVEL_ID,
            mid=MID_ID,
            rid=RID_ID,
            repaired_rid=REPAIRED_RID_ID,
        )
        engine.set_ceilings(self.peer, True)
        self.camera = engine.add_track(self.peer, "1", "video", VIDEO_CODECS)
        self.layers = SimulcastCamera(name)
        if layers:
            self.browser.picture = self.layers
            engine.name_layers(self.camera, list(RIDS))
        else:
            engine.add_ssrc(self.camera, self.browser.camera.ssrc, self.browser.camera.ssrc + 500_000)
        self.microphone = engine.add_track(self.peer, "0", "audio", AUDIO_CODECS)
        engine.add_ssrc(self.microphone, self.browser.voice.ssrc)
        self.slots: dict[int, int] = {}
        self.publishing = True

    def connect(self) -> None:
        """What DTLS does: from now on there are keys."""
        self._call.engine.set_keys(
            self.peer, srtp(self.browser.up_key, outbound=False), srtp(self.browser.down_key, outbound=True)
        )

    def video_slot(self, ssrc: int) -> int:
        self.browser.receivers[ssrc] = Receiver(ssrc, ssrc + 1)
        self.slots[ssrc] = self._call.engine.add_slot(self.peer, ssrc, ssrc + 1, VIDEO_CODECS, self._transport_cc)
        return self.slots[ssrc]

    def audio_slot(self, ssrc: int, redundant: bool = True) -> int:
        self.browser.heard[ssrc] = []
        codecs = HEARD_CODECS if redundant else AUDIO_CODECS
        self.slots[ssrc] = self._call.engine.add_slot(self.peer, ssrc, 0, codecs, self._transport_cc)
        return self.slots[ssrc]

    def sees(self, ssrc: int) -> Receiver:
        return self.browser.receivers[ssrc]

    def _send(self, data: bytes) -> None:
        engine, network = self._call.engine, self._call.network
        network.send(self.up, data, lambda packet, now: engine.process([(packet, self.address)], now))


class Call:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.network = Network(seed)
        self.engine = Engine(max_peers=16, seed=seed + 1)
        self.guests: list[Guest] = []
        self.facts: list[tuple[int, str, int, int]] = []
        """(time, what, number of the track or slot, what of it) of everything the engine said."""
        self._picture_at = self._sound_at = self._tell_at = self.network.now

    def join(self, name: int, connected: bool = True, layers: bool = False, feedback: bool = False) -> Guest:
        """`layers`: its camera sends several sizes. `feedback`: it gives transport-wide feedback on what comes."""
        guest = Guest(self, name, layers, feedback)
        self.guests.append(guest)
        if connected:
            guest.connect()
        return guest

    def run(self, seconds: float) -> None:
        end = self.network.now + int(seconds * 1_000_000)
        while self.network.now < end:
            if self.network.now >= self._picture_at:
                self._picture_at += FRAME_US
                for guest in self.guests:
                    if guest.publishing:
                        guest.browser.send_picture()
            if self.network.now >= self._sound_at:
                self._sound_at += 20_000
                for guest in self.guests:
                    if guest.publishing:
                        guest.browser.send_sound()
            if self.network.now >= self._tell_at:
                self._tell_at += TELL_US
                for guest in self.guests:
                    guest.browser.tell()
            self.network.advance(self.network.now + STEP_US)
            self.engine.tick(self.network.now)
            for guest in self.guests:
                guest.browser.ask(self.network.now, guest.up.delay + guest.down.delay)
            self._deliver()
            self._signal()
        # libsrtp refuses to seal a second packet under a number that it has used: with AES-GCM that must never be tried
        assert self.engine.counters()["dropped_seal"] == 0, f"seed {self.seed}: a number was used twice"

    def _signal(self) -> None:
        """What goes by way of the signaling socket."""
        for what, peer, number, value in (each for each in self.engine.take_events() if each[0] != "dtls"):
            self.facts.append((self.network.now, what, number, int(value)))
            for guest in self.guests:
                if what == "wanted" and guest.peer == peer and guest.camera == number:
                    self.network.send(SIGNALING, b"", partial(_want, guest, value))

    def _deliver(self) -> None:
        by_address = {guest.address: guest for guest in self.guests}
        for data, address in self.engine.drain():
            is_media = data[0] >= 128  # and not the answer to the check with which a guest joins
            if is_media and address in by_address:
                guest = by_address[address]
                self.network.send(guest.down, data, guest.browser.receive)


def _want(guest: Guest, layers: int, data: bytes, now: int) -> None:
    guest.layers.want(layers)


def frozen_us(shown: list[tuple[int, int, bool, int]], until: int, gap: int = 200_000) -> int:
    """How long no new frame came, in all: the sum of the gaps between frames that are longer than `gap`."""
    times = [time for _, _, _, time in shown] + [until]
    return sum(later - earlier for earlier, later in itertools.pairwise(times) if later - earlier > gap)
