"""A capture is given anything: it drops and counts, writes what can be read, and keeps no more than it may."""

from __future__ import annotations

import io
import tracemalloc

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recording.frames import CODECS, KINDS, Codec
from recording.frames.frame import LARGEST_FRAME
from recording.track import Stretch, TrackCapture
from tests.recording.media.packetize import PAYLOAD_TYPES, sender_report
from tests.recording.media.slot import Kept
from tests.recording.media.stream import pictures
from tests.sim.browser import rtp

LARGEST_BATCH = 40

ALL: list[Codec] = ["opus", "VP8", "VP9", "H264"]

PAYLOADS = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([packet.payload for codec in ALL[1:] for each in pictures(codec)[:3] for packet in each.packets]),
    st.sampled_from([b"\x78sound", b"\x10\x00\x00\x9d\x01\x2a\xff\x3f\xff\x3f", b"\x67\x42\xe0\x1f", b"\x65\x88"]),
)

RTP = st.builds(
    rtp,
    st.sampled_from([*CODECS, 0]),
    st.one_of(st.integers(0, 40), st.integers(0, 65_535)),
    st.one_of(st.integers(0, 10), st.integers(0, 2**32 - 1)),
    st.sampled_from([7, 7, 7, 8]),
    PAYLOADS,
    st.booleans(),
)

RTCP = st.builds(sender_report, st.just(7), st.integers(0, 2**42), st.integers(0, 2**32 - 1))

BATCHES = st.lists(
    st.lists(st.tuples(st.integers(0, 10**8), st.one_of(RTP, RTCP, st.binary(max_size=40))), max_size=LARGEST_BATCH),
    max_size=4,
)


@pytest.mark.parametrize("kind", ["audio", "video"])
@given(batches=BATCHES)
@settings(max_examples=150)
def test_no_packets_do_harm(kind: str, batches: list[list[tuple[int, bytes]]]) -> None:
    files: list[Kept] = []

    def open_file(stretch: Stretch) -> Kept:
        files.append(Kept())
        return files[-1]

    capture = TrackCapture("audio" if kind == "audio" else "video", open_file, 0)
    now = 0
    for batch in batches:
        for passed, data in batch:
            now += passed
            capture.feed([(now, data)])
        capture.expire(now)
    capture.close()
    assert all(file.closed for file in files)
    readable = [frames_in(bytes(file.data)) for file in files]
    assert sum(readable) >= capture.statistics.frames - len(files)


def frames_in(recorded: bytes) -> int:
    """Blocks in a file, whatever is in them."""
    if not recorded:
        return 0
    with av.open(io.BytesIO(recorded), "r") as container:
        return len([packet for packet in container.demux() if packet.size])


@pytest.mark.parametrize(
    ("codec", "start", "more"),
    [
        ("opus", b"\x78", b"\x78"),
        ("VP8", b"\x10\x00", b"\x00"),
        ("VP9", b"\x08\x82", b"\x00"),
        ("H264", b"\x67\x42\xe0\x1f\xff", b"\x41"),
        ("H264", b"\x7c\x85\x00", b"\x7c\x05"),
    ],
    ids=["opus", "VP8", "VP9", "units", "fragments"],
)
def test_an_endless_frame_takes_no_more_memory_than_the_largest(codec: Codec, start: bytes, more: bytes) -> None:
    capture = TrackCapture(KINDS[codec], lambda stretch: Kept(), 0)
    pt = PAYLOAD_TYPES[codec]
    capture.feed([(0, rtp(pt, 0, 0, 7, start))])
    tracemalloc.start()
    try:
        for number in range(1, 20_000):
            capture.feed([(number, rtp(pt, number, 0, 7, more + bytes(600)))])
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2 * LARGEST_FRAME
    capture.close()
