"""What of a frame is clear, and H264 frames on their way through packetizers."""

from __future__ import annotations

import re

import pytest

from recording.e2ee import BadFrame, Format
from recording.e2ee.clear_bytes import join, split, split_sent
from recording.frames import Codec, depacketizer
from tests.e2ee.made_up import FRAMES, LONG, PPS, SHORT, SPS, seeded
from tests.recording.media import packetize

CLEAR: dict[Codec, list[int]] = {"opus": [1, 1, 1], "VP8": [10, 10, 3], "VP9": [0, 0, 0], "H264": [31, 6, 14]}
"""Bytes of FRAMES."""

CODECS: list[Codec] = list(FRAMES)
SLICE = b"\x65\x88"
START_CODE = re.compile(rb"\x00\x00[\x00-\x02]")


def test_the_clear_bytes_are_those_that_are_read_on_the_way() -> None:
    for codec, frames in FRAMES.items():
        for frame, length in zip(frames, CLEAR[codec], strict=True):
            assert split(codec, frame) == (frame[:length], frame[length:])
    assert split("chat", b"text") == (b"", b"text")


@pytest.mark.parametrize("codec", CODECS)
def test_what_is_sent_comes_apart_again(codec: Codec) -> None:
    for frame in FRAMES[codec]:
        clear, _ = split(codec, frame)
        for ciphertext in (b"\x90\x07\x00ciphertext", b"\x90" + bytes(9), b"\x00\x00\x01", b"\x80", b"\x80\x00"):
            assert split_sent(codec, join(codec, clear, ciphertext)) == (clear, ciphertext)


@pytest.mark.parametrize(
    ("codec", "frame"),
    [
        *((codec, b"") for codec in (*CODECS, "chat")),
        *(("VP8", FRAMES["VP8"][0][:length]) for length in range(1, 10)),
        ("VP8", b"\x11"),
        ("VP8", b"\x11\x02"),
    ],
)
def test_a_frame_without_its_header_is_none(codec: Format, frame: bytes) -> None:
    with pytest.raises(BadFrame):
        split(codec, frame)
    with pytest.raises(BadFrame):
        split_sent(codec, frame)


@pytest.mark.parametrize(
    "frame",
    [
        b"\x00",
        b"\x00\x00\x00",
        b"\x00\x01" + SLICE,
        SLICE,
        b"x" + LONG + SLICE,
        b"\x03" + LONG + SLICE,
        LONG,
        LONG + b"\x65",
        LONG + b"\x41",
        LONG + SPS + LONG + PPS,
        LONG + SPS + b"\x00\x00\x00",
        *(LONG + bytes([kind, 1]) + LONG + SLICE for kind in (0x40, 0x42, 2, 3, 4, 10, 13, 15, 19, 20, 21, 24, 28, 31)),
    ],
)
def test_an_access_unit_that_may_show_a_picture_is_none(frame: bytes) -> None:
    with pytest.raises(BadFrame):
        split("H264", frame)


def test_start_codes_and_what_is_left_out_do_not_matter() -> None:
    """One form, whatever an encoder or a depacketizer makes of it."""
    clear = LONG + SPS + LONG + PPS + LONG + SLICE
    delimiter, filler, rest = b"\x09\xf0", b"\x0c\xff\xff\x80", b"rest" + SHORT + b"\x41\x03next"
    for first in (LONG, SHORT, b"\x00" * 5 + SHORT):
        for between in (LONG, SHORT, b"\x00" * 3 + LONG, SHORT + SHORT, LONG + LONG):
            for extra in (b"", SHORT + filler, SHORT + delimiter + LONG + filler, LONG + delimiter + b"\x00\x00"):
                frame = extra + first + SPS + between + PPS + extra + between + SLICE + rest
                assert split("H264", frame) == (clear, rest)


def test_what_stays_clear_is_authenticated_in_its_place() -> None:
    info, prefix = b"\x06\x05\x01\x80", b"\x6e\x40"
    first = split("H264", LONG + info + LONG + prefix + LONG + SLICE).clear
    second = split("H264", LONG + prefix + LONG + info + LONG + SLICE).clear
    assert first == LONG + info + LONG + prefix + LONG + SLICE
    assert first != second


@pytest.mark.parametrize("last", [0, 1, 3, 0x80, 0x88])
def test_a_ciphertext_holds_no_start_code_and_keeps_its_end(last: int) -> None:
    """Every short one of the bytes that matter."""
    clear = LONG + bytes([0x65, last])
    alphabet = (0, 1, 2, 3, 4, 0x80)
    for length in range(6):
        for number in range(len(alphabet) ** length):
            digits = []
            for _ in range(length):
                number, digit = divmod(number, len(alphabet))
                digits.append(alphabet[digit])
            ciphertext = bytes(digits)
            sent = join("H264", clear, ciphertext)
            assert not START_CODE.search(sent, 4)
            assert sent[-1]
            if length < 5 or number % 7 == 0:
                assert split_sent("H264", sent) == (clear, ciphertext)
                assert split_sent("H264", sent + bytes(2)) == (clear, ciphertext)


def test_what_was_not_protected_is_none() -> None:
    clear = LONG + SLICE
    for rest in (b"", b"\x00", b"x", b"x\x00", b"x\x81", SHORT + b"\x41\x80", b"x" + LONG + b"\x41\x80"):
        with pytest.raises(BadFrame):
            split_sent("H264", clear + rest)
    with pytest.raises(BadFrame):
        split_sent("H264", LONG + b"\x65\x00" + b"\x00\x01\x80")  # begins with a clear byte
    with pytest.raises(BadFrame):
        split_sent("H264", LONG + b"\x65\x80")  # the clear byte is no end
    assert split_sent("H264", LONG + b"\x65\x80\x80") == (LONG + b"\x65\x80", b"")


@pytest.mark.parametrize("seed", range(4))
def test_it_comes_through_packets_as_it_was_sent(seed: int) -> None:
    """With ciphertexts of many zeros, through our packetizer and depacketizer."""
    with seeded(seed) as random:
        frames = depacketizer("H264")
        sets = LONG + SPS + LONG + PPS
        for number in range(60):
            is_key = random.random() < 0.2 or number == 0
            frame = (sets + LONG + b"\x65\x88" if is_key else LONG + b"\x41\x9a") + b"x"
            clear, _ = split("H264", frame)
            ciphertext = b"\x90" + bytes(random.choice([0, 0, 0, 1, 2, 3, 0x80]) for _ in range(random.randrange(200)))
            sent = join("H264", clear, ciphertext)
            payloads = packetize.h264(sent)
            got = [frames.push(number * 3000, at == len(payloads) - 1, each) for at, each in enumerate(payloads)]
            whole = [each for each in got if each is not None]
            assert len(whole) == 1
            assert whole[0].data == sent
            assert split_sent("H264", whole[0].data) == (clear, ciphertext)


@pytest.mark.parametrize("seed", range(4))
def test_anything_comes_apart_or_is_refused(seed: int) -> None:
    with seeded(seed) as random:
        pieces = (LONG, SHORT, b"\x00", b"\x65", b"\x41\x9a", b"\x06", b"\x09", SPS, b"\x80", b"\x03", b"\x01", b"x")
        for _ in range(2000):
            frame = b"".join(random.choice(pieces) for _ in range(random.randrange(12)))
            try:
                clear, rest = split("H264", frame)
            except BadFrame:
                continue
            assert split("H264", clear + rest) == (clear, rest)
            assert frame.endswith(rest)
            assert split_sent("H264", join("H264", clear, rest)) == (clear, rest)
