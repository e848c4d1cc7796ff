"""NAL units, alone, together and in pieces; parameter sets."""

from __future__ import annotations

import pytest

from recording.frames import H264, Frame
from tests.recording.media.content import Camera
from tests.recording.media.packetize import aggregated, fragments, units
from tests.recording.media.stream import pictures

SENT = pictures("H264", 4)
UNITS = units(SENT[0].encoded.data)
SPS = next(unit for unit in UNITS if unit[0] & 31 == 7)
PPS = next(unit for unit in UNITS if unit[0] & 31 == 8)
SLICES = [unit for unit in UNITS if unit[0] & 31 == 5]
DELTA = units(SENT[1].encoded.data)


def push(frames: H264, timestamp: int, *payloads: bytes) -> Frame | None:
    """One access unit."""
    frame = None
    for index, payload in enumerate(payloads):
        frame = frames.push(timestamp, index == len(payloads) - 1, payload)
    return frame


def in_order(frame: Frame | None) -> list[bytes]:
    assert frame is not None
    return units(frame.data)


def golomb(number: int) -> str:
    """H.264, section 9.1, as bits."""
    return f"{number + 1:b}".rjust(2 * (number + 1).bit_length() - 1, "0")


def escaped(raw: bytes) -> bytes:
    """H.264, section 7.4.1.1: so that no start code appears."""
    out = bytearray()
    for byte in raw:
        if byte <= 3 and out.endswith(b"\x00\x00"):
            out.append(3)
        out.append(byte)
    return bytes(out)


@pytest.mark.parametrize(
    "payloads",
    [
        [SPS, PPS, *SLICES],
        [*aggregated([SPS, PPS]), *SLICES],
        [*aggregated([SPS, PPS, *SLICES])],
        [SPS, PPS, *(piece for unit in SLICES for piece in fragments(unit))],
        [b"\x09\x10", SPS, PPS, *SLICES, b"\x0c\xff\xff\x80"],
    ],
    ids=["alone", "parameters together", "all together", "in fragments", "with delimiter and filler"],
)
def test_units_are_put_together_however_they_were_packed(payloads: list[bytes]) -> None:
    frames = H264()
    frame = push(frames, 7, *payloads)
    assert in_order(frame) == [SPS, PPS, *SLICES]
    assert frames.broken == 0
    assert frame is not None
    assert units(frame.parameters) == [SPS, PPS]


def test_every_key_frame_begins_with_its_parameters_though_they_came_once() -> None:
    frames = H264()
    push(frames, 1, SPS, PPS, *SLICES)
    push(frames, 2, *DELTA)
    assert in_order(push(frames, 3, *SLICES)) == [SPS, PPS, *SLICES]


def test_parameters_that_came_by_themselves_are_kept() -> None:
    frames = H264()
    assert push(frames, 1, SPS) is None
    assert push(frames, 2, PPS) is None
    assert in_order(push(frames, 3, *SLICES)) == [SPS, PPS, *SLICES]
    assert frames.broken == 0


@pytest.mark.parametrize("payloads", [[*SLICES], [SPS, *SLICES], [PPS, *SLICES]], ids=["neither", "no PPS", "no SPS"])
def test_a_key_frame_whose_parameters_never_came_is_broken(payloads: list[bytes]) -> None:
    frames = H264()
    assert push(frames, 1, *payloads) is None
    assert frames.broken == 1
    assert frames.wants_key


def test_after_a_gap_a_key_frame_without_its_first_packet_is_not_whole() -> None:
    frames = H264()
    push(frames, 1, SPS, PPS, *SLICES)
    frames.gap()
    assert push(frames, 2, PPS, *SLICES) is None, "the parameter set before it was lost and may have been another one"
    assert push(frames, 3, *SLICES) is not None


def test_after_a_gap_the_rest_of_the_same_picture_is_not_taken_for_a_new_one() -> None:
    frames = H264()
    push(frames, 1, SPS, PPS, *SLICES)
    frames.push(2, False, SPS)
    frames.gap()
    assert frames.push(2, False, SLICES[0]) is None
    assert frames.push(2, True, SLICES[-1]) is None
    assert frames.wants_key


@pytest.mark.parametrize(
    "payload",
    [
        b"\x80",
        b"\xe5idr",
        b"\x00nothing",
        b"\x19STAP-B",
        b"\x1dFU-B",
        b"\x1f",
        b"\x78\x00",
        b"\x78\x00\x00",
        b"\x78\x00\x05\x67",
        b"\x7c",
        b"\x7c\x85",
        b"\x7c\x05middle",
        b"\x7c\x98nested",
        b"\x67",
        b"\x67" + bytes(2000),
        b"\x68\x00",
    ],
)
def test_a_malformed_packet_breaks_its_picture(payload: bytes) -> None:
    frames = H264()
    push(frames, 1, SPS, PPS, *SLICES)
    frames.push(2, False, DELTA[0])
    frames.push(2, False, payload)
    assert frames.push(2, True, b"\x7c\x45end" if payload == b"\x7c\x98nested" else DELTA[0]) is None
    assert frames.broken == 1
    assert frames.wants_key
    assert push(frames, 3, SPS, PPS, *SLICES) is not None


@pytest.mark.parametrize("between", [DELTA[0], b"\x7c\x85again"], ids=["another unit", "another beginning"])
def test_fragments_are_not_mixed_with_others(between: bytes) -> None:
    frames = H264()
    push(frames, 1, SPS, PPS, *SLICES)
    start, *_, end = fragments(b"\x41" + bytes(500))
    assert push(frames, 2, start, between, end) is None
    assert frames.broken == 1


def test_a_picture_that_ends_within_a_fragment_is_broken() -> None:
    frames = H264()
    push(frames, 1, SPS, PPS, *SLICES)
    assert push(frames, 2, fragments(b"\x41" + bytes(500))[0]) is None
    assert frames.broken == 1


def test_the_number_of_parameter_sets_is_limited() -> None:
    frames = H264()
    many = [b"\x68" + int(golomb(number).ljust(16, "1"), 2).to_bytes(2, "big") for number in range(64)]
    taken = [frames.push(number, True, each) is None and frames.broken == 0 for number, each in enumerate(many)]
    assert taken.count(True) == 16


@pytest.mark.parametrize("size", [(16, 16), (192, 96), (640, 360), (1280, 720), (1920, 1080), (854, 480), (98, 50)])
@pytest.mark.parametrize("profile", ["baseline", "high"])
def test_the_size_is_read_from_the_parameters(size: tuple[int, int], profile: str) -> None:
    camera = Camera("H264", *size, profile=profile)
    frame = push(H264(), 1, *units(camera.picture(1, 0).data))
    assert frame is not None
    assert (frame.width, frame.height) == size


@pytest.mark.parametrize("cut", range(4, len(SPS) - 8))
def test_cut_off_parameters_are_refused(cut: int) -> None:
    frames = H264()
    frame = push(frames, 1, SPS[:cut], PPS, *SLICES)
    assert frame is None or (frame.width, frame.height) == (192, 96)


def test_parameters_with_every_field_are_read() -> None:
    """High profile with scaling lists, order of pictures 1, fields and a crop: nobody's encoder, all of the syntax."""
    bits = f"{100:08b}" + "0" * 8 + f"{31:08b}" + golomb(0)
    bits += golomb(1) + golomb(0) + golomb(0) + "0" + "1"
    bits += "1" + golomb(2) + golomb(1) * 15 + "0" * 6 + "1" + golomb(16)
    bits += golomb(0) + golomb(1) + "0" + golomb((1 << 30) + 0x155555) + golomb(1) + golomb(2) + golomb(3) + golomb(4)
    bits += golomb(1) + "0" + golomb(39) + golomb(14) + "0" + "1" + "1"
    bits += "1" + golomb(0) + golomb(0) + golomb(0) + golomb(2) + "0" + "1"
    bits = bits.ljust(-(-len(bits) // 8) * 8, "0")
    raw = int(bits, 2).to_bytes(len(bits) // 8, "big")
    assert b"\x00\x00\x03" in escaped(raw)
    sps = b"\x67" + escaped(raw)
    frame = push(H264(), 1, sps, PPS, *SLICES)
    assert frame is not None
    assert (frame.width, frame.height) == (640, 15 * 32 - 8)
