"""A listener is a peer inside the process: it gets in clear what a viewer gets sealed, and nobody else notices."""

from __future__ import annotations

import itertools
import struct

import pytest

from sfu.listener import CODECS
from tests.scenarios.test_packets import SEEDS, a_call, frames
from tests.sim.call import Call, Guest
from tests.sim.heard import packets_in

PICTURES, SOUNDS = 7, 8
ROOM_OF_A_TAP = 1 << 21


class Listening:
    """A listener that takes what it hears whenever the call has run."""

    def __init__(self, call: Call, publisher: Guest) -> None:
        self._call = call
        self.peer = call.engine.add_listener()
        self.pictures = call.engine.add_slot(self.peer, PICTURES, 0, CODECS["video"])
        self.sounds = call.engine.add_slot(self.peer, SOUNDS, 0, CODECS["audio"])
        call.engine.connect(self.pictures, publisher.camera)
        call.engine.connect(self.sounds, publisher.microphone)
        self.packets: list[tuple[int, bytes]] = []
        self.missed = 0

    def run(self, seconds: float, every: float = 0.2) -> None:
        for _ in range(round(seconds / every)):
            self._call.run(every)
            self.take()

    def take(self) -> None:
        packets, missed = self._call.engine.take_packets(self.peer)
        self.packets += packets_in(packets)
        self.missed += missed

    def of(self, ssrc: int) -> list[tuple[int, bytes]]:
        return [(at, data) for at, data in self.packets if not _is_report(data) and _ssrc(data) == ssrc]

    def numbers(self) -> list[int]:
        """Of the frames whose packets all came, by what their first packets say."""
        starts = [data[12:] for _, data in sorted(self.of(PICTURES), key=lambda each: _sequence(each[1]))]
        return [struct.unpack_from("!I", payload, 10)[0] for payload in starts if payload[0] & 0x10]


def _is_report(data: bytes) -> bool:
    return 192 <= data[1] <= 223


def _ssrc(data: bytes) -> int:
    return int.from_bytes(data[8:12], "big")


def _sender(data: bytes) -> int:
    """Whose sound it is."""
    return int.from_bytes(data[12:16], "big")


def _sequence(data: bytes) -> int:
    return int.from_bytes(data[2:4], "big")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_listener_gets_every_frame_and_every_sound_in_clear(seed: int) -> None:
    call, publisher, viewer = a_call(seed)
    listening = Listening(call, publisher)
    listening.run(3)
    publisher.publishing = False
    listening.run(0.4)
    assert listening.numbers() == frames(viewer) == list(range(publisher.browser.camera.frame))
    heard = [struct.unpack_from("!I", data, 16)[0] for _, data in listening.of(SOUNDS)]
    assert heard == list(range(publisher.browser.voice.frame))
    assert {data[1] & 0x7F for _, data in listening.of(PICTURES)} == {96}
    assert listening.missed == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_lost_on_the_way_reaches_a_listener_by_retransmission(seed: int) -> None:
    call, publisher, _ = a_call(seed)
    publisher.up.loss = 0.05
    listening = Listening(call, publisher)
    listening.run(5)
    publisher.up.loss = 0
    listening.run(1)
    publisher.publishing = False
    listening.run(0.4)
    assert publisher.up.lost > 30
    assert len(listening.numbers()) > 0.97 * publisher.browser.camera.frame


def test_times_are_when_packets_came_and_reports_give_the_same_clock() -> None:
    call, publisher, _ = a_call(1)
    listening = Listening(call, publisher)
    began = call.network.now
    publisher_clock = 1_000_000_000
    for _ in range(4):
        publisher.browser._send_rtcp(_sender_report(publisher.browser.voice.ssrc, publisher_clock, publisher))
        listening.run(1)
        publisher_clock += 1_000_000
    times = [at for at, _ in listening.packets]
    assert times == sorted(times)
    assert began <= times[0] <= times[-1] <= call.network.now
    reports = [(at, data) for at, data in listening.packets if _is_report(data)]
    assert len(reports) >= 2
    for at, data in reports:
        assert data[1] == 200
        assert _ssrc_of_report(data) == SOUNDS
        assert abs(_ntp_us(data) - at) < 2, "the engine's own clock"
        sounds = [(when, each) for when, each in listening.of(SOUNDS) if when <= at]
        when, newest = sounds[-1]
        told = int.from_bytes(data[16:20], "big") - int.from_bytes(newest[4:8], "big")
        assert abs(told - (at - when) * 48 // 1000) < 48 * 60, "within what the network delays"


def test_before_another_source_begins_a_report_says_what_its_timestamps_mean() -> None:
    call, publisher, _ = a_call(1)
    other = call.join(3)
    listening = Listening(call, publisher)
    for guest in (publisher, other):
        voice = guest.browser.voice
        guest.browser._send_rtcp(_sender_report(voice.ssrc, 1_000_000_000, guest))
    listening.run(0.6)
    listening.packets.clear()
    call.engine.connect(listening.sounds, other.microphone)
    listening.run(0.2)
    of_the_slot = [data for _, data in listening.packets if _is_report(data) or _ssrc(data) == SOUNDS]
    first = next(number for number, data in enumerate(of_the_slot) if not _is_report(data) and _sender(data) == 3)
    report = of_the_slot[first - 1]
    assert _is_report(report)
    assert _ssrc_of_report(report) == SOUNDS
    told = int.from_bytes(report[16:20], "big") - int.from_bytes(of_the_slot[first][4:8], "big")
    assert abs(told) < 48 * 60, "within what the network delays"


def test_a_publishers_slow_clock_is_followed() -> None:
    call, publisher, viewer = a_call(1)
    publisher.publishing = viewer.publishing = False
    listening = Listening(call, publisher)
    began, voice = call.network.now, publisher.browser.voice
    for second in range(900):
        voice.timestamp = 48_000 * second
        slow = 1_000_000_000 + round(second * 1_000_000 * (1 - 200e-6))
        publisher.browser._send_rtcp(_sender_report(voice.ssrc, slow, publisher))
        publisher.browser.send_sound()
        listening.run(1, every=1)
    at, report = [(at, data) for at, data in listening.packets if _is_report(data)][-1]
    offset = int.from_bytes(listening.of(SOUNDS)[0][1][4:8], "big")
    told = (int.from_bytes(report[16:20], "big") - offset) & 0xFFFFFFFF
    assert abs(told - (at - began) * 48 // 1000) < 48 * 60, "it would be 180 ms off"


def test_a_listener_is_asked_nothing_and_asks_for_pictures_as_a_viewer_does() -> None:
    call, publisher, _ = a_call(1)
    listening = Listening(call, publisher)
    listening.run(2)
    before = publisher.browser.camera.keys_sent
    call.engine.ask_for_picture(listening.pictures)
    listening.run(1)
    assert publisher.browser.camera.keys_sent == before + 1
    call.engine.ask_for_picture(listening.sounds)
    assert publisher.browser.camera.keys_sent == before + 1


def test_who_takes_nothing_misses_packets_and_harms_nobody() -> None:
    call, publisher, viewer = a_call(1)
    publisher.browser.camera.packets_per_frame = 30
    listening = Listening(call, publisher)
    call.run(3)
    packets, missed = call.engine.take_packets(listening.peer)
    kept = list(packets_in(packets))
    assert missed > 100
    assert ROOM_OF_A_TAP - 2_000 < len(packets) <= ROOM_OF_A_TAP
    assert call.engine.counters()["dropped_tap"] == missed
    sequences = [_sequence(data) for _, data in kept if not _is_report(data) and _ssrc(data) == PICTURES]
    assert {(b - a) & 0xFFFF for a, b in itertools.pairwise(sequences)} == {1}, "what was kept is whole"
    assert frames(viewer)[-1] >= publisher.browser.camera.frame - 3
    call.run(0.5)
    _, missed = call.engine.take_packets(listening.peer)
    assert missed == 0, "told once"


def test_the_ring_goes_round_without_a_changed_byte() -> None:
    call, publisher, _ = a_call(2)
    publisher.browser.camera.packets_per_frame = 25
    listening = Listening(call, publisher)
    listening.run(24, every=0.5)
    total = sum(12 + len(data) for _, data in listening.packets)
    assert total > 6 * ROOM_OF_A_TAP
    assert listening.missed == 0
    assert listening.numbers() == list(range(len(listening.numbers())))
    bodies = {data[12 + 18 :] for _, data in listening.of(PICTURES)}
    assert bodies == {bytes(900)}


def test_a_listener_goes_in_mid_call_and_nothing_of_it_is_left() -> None:
    call, publisher, viewer = a_call(3)
    listening = Listening(call, publisher)
    listening.run(1)
    call.engine.remove_peer(listening.peer)
    call.run(1)
    with pytest.raises(KeyError):
        call.engine.take_packets(listening.peer)
    assert frames(viewer) == list(range(len(frames(viewer))))
    with pytest.raises(ValueError, match="no listener"):
        call.engine.take_packets(viewer.peer)


def test_a_paused_camera_reaches_no_listener() -> None:
    call, publisher, _ = a_call(1)
    listening = Listening(call, publisher)
    listening.run(1)
    call.engine.pause_track(publisher.camera, True)
    listening.take()
    before = len(listening.of(PICTURES))
    listening.run(1)
    assert len(listening.of(PICTURES)) == before
    call.engine.pause_track(publisher.camera, False)
    listening.run(1)
    start = listening.of(PICTURES)[before][1][12:]
    assert start[0] & 0x10, "it goes on with the beginning of a frame"
    assert start[5] & 1 == 0, "a key frame"


def _sender_report(ssrc: int, ntp_us: int, publisher: Guest) -> bytes:
    seconds, fraction = divmod(ntp_us, 1_000_000)
    voice = publisher.browser.voice
    ntp = struct.pack("!II", seconds, (fraction << 32) // 1_000_000)
    return struct.pack("!BBHI", 0x80, 200, 6, ssrc) + ntp + struct.pack("!III", voice.timestamp & 0xFFFFFFFF, 1, 1)


def _ssrc_of_report(data: bytes) -> int:
    return int.from_bytes(data[4:8], "big")


def _ntp_us(data: bytes) -> int:
    seconds, fraction = struct.unpack_from("!II", data, 8)
    return int((seconds - 2_208_988_800) * 1_000_000 + ((fraction * 1_000_000) >> 32))
