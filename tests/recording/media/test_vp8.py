"""Payload descriptors of VP8 in all their lengths."""

from __future__ import annotations

import pytest

from recording.frames import VP8

KEY = b"\x10\x00\x00\x9d\x01\x2a\xc0\x00\x60\x80picture"
DELTA = b"\x11\x00\x00picture"


@pytest.mark.parametrize(
    "descriptor",
    [
        b"\x10",
        b"\x90\x00",
        b"\x90\x80\x05",
        b"\x90\x80\x80\x05",
        b"\x90\x40\x05",
        b"\x90\xc0\x05\x06",
        b"\x90\xf0\x80\x05\x06\x21",
        b"\x90\x30\x21",
        b"\x90\x10\x01",
        b"\xb0\x20\x20",
    ],
)
def test_a_descriptor_is_taken_off(descriptor: bytes) -> None:
    frame = VP8().push(7, True, descriptor + KEY)
    assert frame == (KEY, 7, True, 0, 192, 96, b"")


@pytest.mark.parametrize("payload", [b"\x10", b"\x90", b"\x90\x80", b"\x90\x80\x80", b"\x90\xf0\x80\x05\x06\x21"])
def test_a_packet_that_ends_with_its_descriptor_is_broken(payload: bytes) -> None:
    vp8 = VP8()
    assert vp8.push(7, True, payload) is None
    assert vp8.broken == 1


@pytest.mark.parametrize(
    "picture",
    [KEY[:9], KEY[:3] + b"\x9d\x01\x2b" + KEY[6:], KEY[:6] + b"\x00\x00" + KEY[8:], KEY[:6] + b"\x00\xc0" + KEY[8:]],
    ids=["too short", "no start code", "no width", "no width but a scale"],
)
def test_what_only_looks_like_a_key_frame_is_broken(picture: bytes) -> None:
    vp8 = VP8()
    assert vp8.push(7, True, b"\x10" + picture) is None
    assert vp8.broken == 1
    assert vp8.wants_key


def test_later_partitions_continue_a_picture() -> None:
    vp8 = VP8()
    assert vp8.push(7, False, b"\x10" + KEY) is None
    frame = vp8.push(7, True, b"\x11more")
    assert frame is not None
    assert frame.data == KEY + b"more"


def test_a_packet_of_another_time_within_a_picture_breaks_it() -> None:
    vp8 = VP8()
    vp8.push(7, False, b"\x10" + KEY)
    assert vp8.push(8, True, b"\x00more") is None
    assert vp8.broken == 1
    assert vp8.push(9, True, b"\x10" + DELTA) is None
    assert vp8.push(10, True, b"\x10" + KEY) is not None
