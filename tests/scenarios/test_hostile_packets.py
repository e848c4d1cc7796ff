"""Datagrams that mean harm, from strangers and from people in the call. Other calls notice nothing."""

from __future__ import annotations

import random
import struct
from contextlib import suppress

import pytest
from pylibsrtp import Error as SrtpError

from sfu.core import Engine
from tests.scenarios.test_packets import PICTURE, SOUND, a_call, frames
from tests.sfu.client import check
from tests.sim.browser import LEVEL_ID, MID_ID, OPUS_PT, TRANSPORT_CC_ID, VP8_PT, VP8_RTX_PT, rtp
from tests.sim.call import PASSWORD, Call, Guest

STRANGER = Engine.udp_address("127.0.0.1", 9)
CLIENT_HELLO_NULL_CIPHER = bytes.fromhex(
    "16feff00000000000000000036010000 2a000000000000002afefd".replace(" ", "") + "00" * 32 + "0000000200000100"
)


def dropped(call: Call, name: str) -> int:
    return call.engine.counters()[name]


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x16", b"\x80", b"\xff", b"\x80\xc8", bytes(2048), bytes(3000)])
def test_odd_datagrams_from_anyone_are_dropped(data: bytes) -> None:
    call, publisher, viewer = a_call(1)
    call.run(0.5)
    for source in (STRANGER, publisher.address, viewer.address):
        call.engine.process([(data, source)] * 100, call.network.now)
    before = len(frames(viewer))
    call.run(1)
    assert len(frames(viewer)) >= before + 28


def test_dtls_from_an_address_that_passed_no_check_never_reaches_the_handshake() -> None:
    call, publisher, _ = a_call(1)
    call.engine.process([(CLIENT_HELLO_NULL_CIPHER, STRANGER)], call.network.now)
    assert call.engine.take_events() == []
    assert dropped(call, "dropped_unknown_address") == 1
    call.engine.process([(CLIENT_HELLO_NULL_CIPHER, publisher.address)], call.network.now)
    assert call.engine.take_events() == [("dtls", publisher.peer, CLIENT_HELLO_NULL_CIPHER)]


def test_a_flood_of_handshake_datagrams_fills_no_memory_and_starves_no_other_peer() -> None:
    call, publisher, viewer = a_call(1)
    call.engine.process([(b"\x16" + bytes(100), publisher.address)] * 5000, call.network.now)
    call.engine.process([(b"\x16" + bytes(200), viewer.address)], call.network.now)
    events = call.engine.take_events()
    assert len(events) < 100
    assert ("dtls", viewer.peer, b"\x16" + bytes(200)) in events


def test_a_flood_of_checks_is_not_answered_and_the_call_goes_on() -> None:
    call, publisher, viewer = a_call(1)
    call.run(0.5)
    before = len(frames(viewer))
    for forged in (check("nobody:page", "x" * 24), check("guest1:page", "x" * 24)):
        call.engine.process(
            [(forged, Engine.udp_address("127.0.0.2", port)) for port in range(1, 5000)], call.network.now
        )
        call.engine.process([(forged, publisher.address)] * 5000, call.network.now)
    assert call.engine.drain() == []
    assert call.engine.take_events() == []
    call.engine.process([(check("guest1:page", PASSWORD), publisher.address)], call.network.now)
    assert [address for _, address in call.engine.drain()] == [publisher.address]
    call.run(1)
    assert len(frames(viewer)) >= before + 28


def test_a_joined_peers_flood_of_handshake_datagrams_keeps_python_from_nothing() -> None:
    call, publisher, _ = a_call(1)
    taken = 0
    for _ in range(100):
        call.engine.process([(b"\x15" + bytes(14), publisher.address)] * 500, call.network.now)
        taken += len(call.engine.take_events())
        call.run(0.01)
    assert taken <= 2 * 50
    assert dropped(call, "dropped_dtls_rate") >= 50_000 - 2 * 50


def test_before_there_are_keys_handshake_datagrams_are_not_counted() -> None:
    call, _, _ = a_call(1)
    guest = call.join(5, connected=False)
    taken = 0
    for _ in range(10):
        call.engine.process([(b"\x16" + bytes(100), guest.address)] * 60, call.network.now)
        taken += len(call.engine.take_events())
    assert taken == 600


def test_junk_srtp_from_a_joined_address_ends_nothing() -> None:
    call, publisher, viewer = a_call(1)
    call.run(0.5)
    chance = random.Random(7)
    junk = [(b"\x80\x60" + chance.randbytes(chance.randrange(0, 1500)), publisher.address) for _ in range(2000)]
    junk += [(b"\x80\xc8" + chance.randbytes(chance.randrange(0, 300)), publisher.address) for _ in range(2000)]
    call.engine.process(junk, call.network.now)
    before = len(frames(viewer))
    call.run(1)
    assert len(frames(viewer)) >= before + 28
    assert (
        dropped(call, "dropped_auth") + dropped(call, "dropped_stranger_ssrc") + dropped(call, "dropped_auth_rtcp")
        > 3000
    )


def test_a_replayed_packet_is_forwarded_once() -> None:
    call, publisher, viewer = a_call(1)
    packets: list[bytes] = []
    send = publisher.browser._send

    def tap(data: bytes) -> None:
        packets.append(data)
        send(data)

    publisher.browser._send = tap
    call.run(0.5)
    forwarded = call.engine.counters()["rtp_forwarded"]
    call.engine.process([(packet, publisher.address) for packet in packets], call.network.now)
    assert call.engine.counters()["rtp_forwarded"] == forwarded
    call.run(0.3)
    assert frames(viewer) == list(range(len(frames(viewer))))


def test_a_second_address_can_neither_inject_nor_take_over_a_call() -> None:
    call, publisher, viewer = a_call(1)
    call.run(0.5)
    thief = Engine.udp_address("127.0.0.3", 4000)
    sealed: list[bytes] = []
    publisher.browser._send = sealed.append
    publisher.browser.send_picture()
    forwarded = call.engine.counters()["rtp_forwarded"]
    call.engine.process([(packet, thief) for packet in sealed], call.network.now)
    assert call.engine.counters()["rtp_forwarded"] == forwarded
    call.engine.process([(check("guest2:page", "x" * 24), thief)], call.network.now)
    call.engine.process([(packet, publisher.address) for packet in sealed], call.network.now)
    reached = {address for _, address in call.engine.drain()}
    assert viewer.address in reached
    assert thief not in reached


def hostile_rtp(chance: random.Random, guest: Guest) -> bytes:
    """RTP that passes authentication and is wrong inside: padding, extensions, descriptors, SSRCs, sizes."""
    ssrc = chance.choice([guest.browser.camera.ssrc, guest.browser.voice.ssrc, guest.browser.camera.ssrc + 500_000, 5])
    pt = chance.choice([VP8_PT, VP8_RTX_PT, OPUS_PT, chance.randrange(128)])
    body = chance.randbytes(chance.choice([0, 1, 2, 3, 5, 40, 1200]))
    extension = chance.choice(
        [
            b"",
            bytes([chance.choice([TRANSPORT_CC_ID, LEVEL_ID, MID_ID, 15]) << 4 | chance.randrange(16)])
            + chance.randbytes(2),
            chance.randbytes(chance.randrange(60)),
        ]
    )
    packet = bytearray(rtp(pt, chance.randrange(65536), chance.randrange(1 << 32), ssrc, body, extensions=extension))
    if chance.random() < 0.4:
        packet[0] |= 0x20
        packet[-1] = chance.choice([0, 1, 4, 255, packet[-1]])
    if extension and chance.random() < 0.3:
        struct.pack_into("!H", packet, 12, chance.choice([0x1000, 0x100F, 0xBEDE, 0xFFFF]))
    return bytes(packet)


def hostile_rtcp(chance: random.Random) -> bytes:
    kind = chance.choice([200, 201, 202, 203, 204, 205, 206, 207])
    body = chance.randbytes(4 * chance.randrange(1, 60))
    count = chance.choice([0, 1, 4, 15, 31])
    words = chance.choice([len(body) // 4, 0, 1, 65535, chance.randrange(100)])
    part = struct.pack("!BBH", 0x80 | count, kind, words) + body
    return part * chance.choice([1, 2, 5]) if len(part) < 250 else part


@pytest.mark.parametrize("seed", range(4))
def test_a_joined_peer_that_sends_nonsense_inside_valid_srtp_harms_nobody(seed: int) -> None:
    call, _, viewer = a_call(seed)
    chance = random.Random(seed)
    evil = call.join(4)
    evil.publishing = False
    call.engine.set_extensions(evil.peer, mid=MID_ID, transport_cc=TRANSPORT_CC_ID, audio_level=LEVEL_ID)
    watcher = call.join(5)
    watcher.publishing = False
    call.engine.connect(watcher.video_slot(PICTURE + 10), evil.camera)
    call.engine.connect(watcher.audio_slot(SOUND + 10), evil.microphone)
    call.engine.connect(evil.video_slot(PICTURE + 20), evil.camera)
    call.run(0.3)
    before = len(frames(viewer))
    # what the watcher gets is nonsense too: it is not read here
    watcher.browser.receive = lambda data, now: None  # type: ignore[method-assign]
    evil.browser.receive = lambda data, now: None  # type: ignore[method-assign]
    for _ in range(100):
        for _ in range(40):
            with suppress(SrtpError):  # a sequence number far back is refused by its own libsrtp
                evil.browser._send_rtp(hostile_rtp(chance, evil))
            evil.browser._send_rtcp(hostile_rtcp(chance))
        call.run(0.01)
    assert len(frames(viewer)) >= before + 27
    assert dropped(call, "dropped_rtp") > 0
    assert dropped(call, "dropped_rtcp") > 0


def test_a_storm_of_nacks_is_answered_within_a_budget() -> None:
    call, _, viewer = a_call(1)
    call.run(1)
    out = call.engine.counters()["rtx_out"]
    highest = viewer.sees(PICTURE).highest
    assert highest is not None
    entries = b"".join(struct.pack("!HH", (highest - i) & 0xFFFF, 0xFFFF) for i in range(0, 600, 10))
    nack = struct.pack("!BBHII", 0x81, 205, 2 + len(entries) // 4, 1, PICTURE) + entries
    for _ in range(500):
        viewer.browser._send_rtcp(nack)
        call.run(0.005)
    answered = call.engine.counters()["rtx_out"] - out
    assert 0 < answered * 900 < 1_000_000 * 2.5 + 400_000
    assert call.engine.counters()["dropped_repeat_budget"] > 0


def test_streams_without_a_name_are_bounded() -> None:
    call, publisher, viewer = a_call(1)
    call.run(0.5)
    for ssrc in range(50_000, 52_000):
        publisher.browser._send_rtp(rtp(VP8_PT, 1, 1, ssrc, b"\x10\x00"))
    before = len(frames(viewer))
    call.run(1)
    assert dropped(call, "dropped_stranger_ssrc") >= 1990
    assert len(frames(viewer)) >= before + 28


def test_a_camera_that_starts_over_all_the_time_is_stopped_after_a_while() -> None:
    """Each new SSRC is a context that libsrtp keeps."""
    call, publisher, viewer = a_call(1)
    evil = call.join(4)
    evil.publishing = False
    call.engine.set_extensions(evil.peer, mid=MID_ID)
    call.run(0.5)
    before = len(frames(viewer))
    for ssrc in range(50_000, 50_600):
        evil.browser._send_rtp(rtp(VP8_PT, 1, 1, ssrc, b"\x10\x00", extensions=bytes([MID_ID << 4]) + b"1"))
        call.run(0.04)
    assert dropped(call, "dropped_stranger_ssrc") >= 600 - 256
    assert len(frames(viewer)) >= before + 28 * 20
    assert publisher.browser.feedback > 0


def test_a_joined_peer_that_floods_is_limited_and_its_room_mates_go_on() -> None:
    call, publisher, viewer = a_call(1)
    evil = call.join(4)
    evil.publishing = False
    call.engine.connect(viewer.video_slot(PICTURE + 10), evil.camera)
    call.run(0.5)
    before, forwarded = len(frames(viewer)), call.engine.counters()["rtp_forwarded"]
    sent = 0
    for _ in range(200):
        for _ in range(100):
            evil.browser._send_rtp(rtp(VP8_PT, sent, sent, evil.browser.camera.ssrc, b"\x10\x00" + bytes(1000)))
            sent += 1
        call.run(0.01)
    assert len(frames(viewer)) >= before + 57
    flood = call.engine.counters()["rtp_forwarded"] - forwarded
    # 12 Mbit/s for two seconds, one second's worth that was saved, and what the publisher sends
    assert flood * 1_060 * 8 < 3.5 * 12_000_000
    assert dropped(call, "dropped_peer_rate") > sent // 2
    assert publisher.browser.feedback > 0


def test_a_camera_at_its_best_and_a_shared_screen_stay_below_the_limit() -> None:
    call, publisher, _ = a_call(1)
    publisher.browser.camera.packets_per_frame = 40  # 9.6 Mbit/s
    publisher.browser.camera.packets_per_key = 200
    call.run(3)
    assert dropped(call, "dropped_peer_rate") == 0
