"""How long packets of Opus last."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.frames import Opus
from tests.recording.media.content import Microphone


@pytest.mark.parametrize(
    ("packet", "ticks"),
    [
        (bytes([0 << 3]) + b"silk", 480),
        (bytes([3 << 3]) + b"silk", 2880),
        (bytes([11 << 3]) + b"silk", 2880),
        (bytes([12 << 3]) + b"hybrid", 480),
        (bytes([15 << 3]) + b"hybrid", 960),
        (bytes([16 << 3]) + b"celt", 120),
        (bytes([31 << 3]) + b"celt", 960),
        (bytes([31 << 3 | 1]) + b"twotwo", 1920),
        (bytes([31 << 3 | 2, 1]) + b"one+", 1920),
        (bytes([31 << 3 | 2, 252, 1]) + bytes(260), 1920),
        (bytes([31 << 3 | 3, 6]) + b"sixfor", 5760),
        (bytes([31 << 3 | 3, 0x83, 1, 2]) + b"oneandthree", 2880),
        (bytes([31 << 3 | 3, 0x43, 2]) + b"three.xx", 2880),
        (bytes([31 << 3 | 3, 0x43, 255, 0]) + b"three." + bytes(254), 2880),
        (bytes([31 << 3]), 960),
    ],
)
def test_a_packet_lasts_as_long_as_it_says(packet: bytes, ticks: int) -> None:
    frame = Opus().push(7, False, packet)
    assert frame == (packet, 7, True, ticks, 0, 0, b"")


@pytest.mark.parametrize(
    "packet",
    [
        b"\xf9odd",
        b"\xfa",
        b"\xfa\xfc",
        b"\xfa\x05four",
        b"\xfb",
        b"\xfb\x00",
        b"\xfb\x07" + bytes(14),
        b"\x1b\x03" + bytes(9),
        b"\xfb\x03seven..",
        b"\xfb\x83\x01\x0bone and six",
        b"\xfb\x43",
        b"\xfb\x43\xff",
        b"\xfb\x43\x20threes",
        b"\xf8" + bytes(1276),
        b"\xf9" + bytes(2552),
    ],
    ids=[
        "unequal halves",
        "no length",
        "half a length",
        "too long a first of two",
        "no count",
        "none at all",
        "140 ms",
        "180 ms",
        "no thirds",
        "too long a second of three",
        "no padding's length",
        "half a padding's length",
        "padding past the end",
        "too large",
        "two too large",
    ],
)
def test_a_malformed_packet_is_counted_and_left_out(packet: bytes) -> None:
    opus = Opus()
    assert opus.push(7, False, packet) is None
    assert opus.broken == 1


def test_what_an_encoder_makes_lasts_twenty_milliseconds() -> None:
    microphone, opus = Microphone(), Opus()
    for number in range(5):
        frame = opus.push(960 * number, False, microphone.sound(number, 0, beep=True).data)
        assert frame is not None
        assert frame.duration == 960


def test_after_a_gap_sound_goes_on_at_once() -> None:
    opus = Opus()
    opus.gap()
    assert not opus.wants_key
    assert opus.push(0, False, b"\x78sound") is not None


def test_an_empty_payload_is_nothing() -> None:
    opus = Opus()
    assert opus.push(0, False, b"") is None
    assert opus.broken == 0


@given(st.binary(max_size=40))
def test_no_packet_lasts_longer_than_the_longest(packet: bytes) -> None:
    frame = Opus().push(0, False, packet)
    assert frame is None or 0 < frame.duration <= 5760
