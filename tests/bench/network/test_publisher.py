"""A simulated sender gives its encodings what they may take, and answers what it is asked."""

from __future__ import annotations

import struct

import pytest

from bench.network import media, rtcp
from bench.network.encoder import FRAME_US, Encoder
from bench.network.publisher import PACE_US, Encoding, Publisher
from bench.network.rate import SECOND
from bench.network.sealed import Sealed


class Wide:
    """An uplink that carries so much."""

    def __init__(self, bps: float) -> None:
        self.bps = bps

    def sent(self, number: int, size: int, now: int) -> None:
        """It needs not know."""

    def feedback(self, part: bytes, now: int) -> None:
        """Nor this."""

    def target(self, now: int) -> float:
        return self.bps

    def probe(self, now: int, wanted: float) -> int:
        return 0


class Bed:
    def __init__(self, bps: float = 5e6, wanted: tuple[bool, ...] = (True, True, True)) -> None:
        self.sent: list[tuple[int, int]] = []
        sealed = Sealed(1, 1, lambda data, now: self.sent.append((now, len(data))))
        most = (150_000.0, 500_000.0, 2_500_000.0)
        least = (0.0, 150_000.0, 600_000.0)
        encodings = [
            Encoding(rid, 10 + place, 20 + place, Encoder(place, most[place]), 180, least[place], wanted[place])
            for place, rid in enumerate("qhf")
        ]
        self.publisher = Publisher(sealed, encodings, Wide(bps), 80)

    def targets(self) -> list[int]:
        self.publisher.share(0)
        return [round(each.encoder.target / 1000) for each in self.publisher.encodings]

    def run(self, seconds: float) -> None:
        for now in range(0, round(seconds * SECOND), PACE_US):
            if now // FRAME_US != (now - PACE_US) // FRAME_US:
                self.publisher.picture(now)
            self.publisher.pace(now)


def told(publisher: Publisher, packet: bytes) -> None:
    for part in rtcp.parts(packet):
        publisher.told(part, SECOND)


def remb(bps: int) -> bytes:
    body = struct.pack("!II4sB", 1, 0, b"REMB", 1) + (6 << 18 | bps >> 6).to_bytes(3, "big") + bytes(4)
    return struct.pack("!BBH", 0x80 | 15, 206, len(body) // 4) + body


def test_the_smallest_encoding_comes_first_and_a_large_one_needs_enough() -> None:
    assert Bed(5e6).targets() == [150, 500, 2500]
    assert Bed(1e6).targets() == [150, 500, 0]
    assert Bed(260e3).targets() == [150, 0, 0]


def test_an_encoding_alone_takes_what_there_is() -> None:
    assert Bed(1e6, (False, False, True)).targets() == [0, 0, round((1e6 - 52_000) / 1.04 / 1000)]


def test_the_servers_ceiling_counts_at_once() -> None:
    bed = Bed(5e6, (False, False, True))
    told(bed.publisher, remb(800_000))
    assert round(bed.publisher.target / 1000) == pytest.approx((800 - 52) / 1.04, abs=1)


def test_what_was_asked_for_is_sent_again_and_a_picture_lost_is_begun_anew() -> None:
    bed = Bed(1e6, (False, False, True))
    bed.publisher.share(0)
    bed.run(1)
    camera = bed.publisher.encodings[2]
    keys, repeats = camera.encoder.keys, camera.rtx_seq
    told(bed.publisher, rtcp.nack(camera.ssrc, [0, 2]))
    told(bed.publisher, rtcp.pli(camera.ssrc))
    bed.run(0.2)
    assert camera.rtx_seq == repeats + 2
    assert camera.encoder.keys == keys + 1


def test_a_key_frame_does_not_leave_all_at_once() -> None:
    bed = Bed(1e6, (False, False, True))
    bed.publisher.share(0)
    bed.publisher.picture(0)
    for now in range(0, 60_000, PACE_US):
        bed.publisher.pace(now)
    times = {now for now, _ in bed.sent}
    assert len(times) > 5


def test_sound_holds_copies_only_when_its_sender_is_told_of_loss() -> None:
    bed = Bed()
    publisher = bed.publisher
    publisher.sound(0)
    told(publisher, rtcp.receiver_report(1, [rtcp.Block(publisher.voice_ssrc, 0, 0, 1, 0, 0)]))
    assert not publisher.copies
    for _ in range(3):
        told(publisher, rtcp.receiver_report(1, [rtcp.Block(publisher.voice_ssrc, 13, 9, 1, 0, 0)]))
    assert publisher.copies
    assert media.heard(media.sound(1, 5, 7, 80, publisher.copies)) == (5, 7, True)
