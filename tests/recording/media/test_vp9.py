"""Payload descriptors of VP9 in both modes, spatial layers, and headers."""

from __future__ import annotations

import struct

import pytest

from recording.frames import VP9
from tests.recording.media.packetize import vp9
from tests.recording.media.stream import flat, numbers, pictures, push

KEY = pictures("VP9")[0].encoded.data
DELTA = pictures("VP9")[1].encoded.data


@pytest.mark.parametrize(
    "descriptor",
    [
        b"\x0c",
        b"\x8c\x05",
        b"\x8c\x80\x05",
        b"\x2c\x00\x05",
        b"\x3c\x20",
        b"\x0e\x18" + struct.pack("!HH", 192, 96) + b"\x01\x04\x01",
        b"\x0e\x00",
        b"\x0e\x58" + struct.pack("!HHHHHH", 48, 24, 96, 48, 192, 96) + b"\x02\x08\x01\x02\x00",
        b"\xae\x80\x05\x00\x05\x08\x01\x0c\x01\x02\x03",
    ],
)
def test_a_descriptor_is_taken_off(descriptor: bytes) -> None:
    frame = VP9().push(7, True, descriptor + KEY)
    assert frame == (KEY, 7, True, 0, 192, 96, b"")


@pytest.mark.parametrize("descriptor", [b"\x5c\x02", b"\x5c\x03\x04", b"\x5c\x03\x05\x06", b"\xfc\x80\x05\x40\x03\x04"])
def test_references_of_the_flexible_mode_are_taken_off(descriptor: bytes) -> None:
    frames = VP9()
    frames.push(7, True, b"\x0c" + KEY)
    frame = frames.push(8, True, descriptor + DELTA)
    assert frame == (DELTA, 8, False, 0, 0, 0, b"")


@pytest.mark.parametrize(
    "payload", [b"\x0c", b"\x8c", b"\x8c\x80", b"\x2c\x00", b"\x5c\x03", b"\x0e", b"\x0e\x18\x00", b"\x0e\x08\x09\x00"]
)
def test_a_packet_that_ends_with_its_descriptor_is_broken(payload: bytes) -> None:
    frames = VP9()
    assert frames.push(7, True, payload) is None
    assert frames.broken == 1


def test_the_flexible_mode_is_understood() -> None:
    sent = pictures("VP9", flexible=True)
    out = push(VP9(), flat(sent))
    assert [frame.data for frame in out] == [each.encoded.data for each in sent]


def test_of_several_spatial_layers_the_lowest_is_kept() -> None:
    frames = VP9()
    out = []
    for number, each in enumerate(pictures("VP9")):
        lowest = vp9(each.encoded.data, number, each.encoded.key)
        above = vp9(b"a larger picture" * 40, number, False, spatial=1)
        for index, payload in enumerate([*lowest, *above]):
            frame = frames.push(3000 * number, index == len(lowest) + len(above) - 1, payload)
            if frame is not None:
                out.append(frame)
    assert [frame.data for frame in out] == [each.encoded.data for each in pictures("VP9")]
    assert frames.broken == 0
    assert numbers(out) == list(range(8))


@pytest.mark.parametrize(
    "picture",
    [b"\x00" + KEY[1:], KEY[:1] + b"\x00" + KEY[2:], KEY[:6], DELTA, b"\xb8" + KEY[1:]],
    ids=["no frame marker", "no sync code", "too short", "no key frame", "a reserved profile"],
)
def test_what_only_says_that_it_is_a_key_frame_is_broken(picture: bytes) -> None:
    frames = VP9()
    assert frames.push(7, True, b"\x0c" + picture) is None
    assert frames.broken == 1
    assert frames.wants_key


@pytest.mark.parametrize(
    ("header", "size"),
    [
        ("10 00 0 0 1 0 {sync} 010 0", (640, 360)),
        ("10 10 0 0 1 0 {sync} 010 0 00 0", (640, 360)),
        ("10 10 0 0 1 0 {sync} 111 0", (640, 360)),
        ("10 01 0 0 1 0 {sync} 0 010 0", (640, 360)),
        ("10 11 0 0 0 1 0 {sync} 1 010 0 00 0", (640, 360)),
    ],
    ids=["profile 0", "profile 1", "profile 1 in RGB", "profile 2", "profile 3"],
)
def test_the_size_is_read_in_every_profile(header: str, size: tuple[int, int]) -> None:
    bits = header.format(sync=f"{0x498342:024b}").replace(" ", "") + f"{size[0] - 1:016b}{size[1] - 1:016b}"
    picture = int(bits.ljust(160, "0"), 2).to_bytes(20, "big")
    frame = VP9().push(7, True, b"\x0c" + picture)
    assert frame is not None
    assert (frame.width, frame.height) == size
