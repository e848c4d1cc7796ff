"""Recording: packets and reports of one slot, to files (`recording/track.py` and what it is made of).

Input: a script. The operation says what its data are: a whole packet as it comes from the tap, the payload of the next
packet of a codec (with a marker or without), a report, or how many packets are lost. What comes out must be read by
the library that players use, with times that rise.
"""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Hashable, Iterator

import av

from recording.frames import CODECS, KINDS, Codec
from recording.track import Stretch, TrackCapture
from tests.fuzz.target import STEPS, Target, join_steps, split_steps
from tests.recording.media.packetize import PAYLOAD_TYPES, sender_report
from tests.sim.browser import rtp, vp8_descriptor

MOST = 64
"""Steps of one input."""

PACKET, REPORT, LOSS = 0, 1, 2
PAYLOADS = 3
"""Operations from here on: the codec, without a marker and with one."""

SLOT = 7
STEP_US = 20_000


class _File:
    def __init__(self) -> None:
        self.data = bytearray()
        self.closed = False

    def write(self, data: bytes, /) -> int:
        assert not self.closed, "written after it was closed"
        self.data += data
        return len(data)

    def close(self) -> None:
        assert not self.closed, "closed twice"
        self.closed = True


def run(data: bytes) -> Hashable:
    steps = split_steps(data)[:MOST]
    kind = KINDS[_codec(next((step[0] for step in steps if step[0] >= PAYLOADS), PAYLOADS))[0]]
    files: list[_File] = []
    stretches: list[Stretch] = []

    def open_file(stretch: Stretch) -> _File:
        stretches.append(stretch)
        files.append(_File())
        return files[-1]

    capture = TrackCapture(kind, open_file, 0, patience_us=3 * STEP_US)
    sequence = now = 0
    for step in steps:
        operation, rest = step[0], step[1:]
        now += STEP_US
        if operation == PACKET:
            capture.feed([(now, rest)])
        elif operation == REPORT:
            (timestamp,) = struct.unpack("!I", rest[:4].ljust(4, b"\0"))
            capture.feed([(now, sender_report(SLOT, now, timestamp))])
        elif operation == LOSS:
            sequence += len(rest) + 1
        else:
            codec, marker = _codec(operation)
            packet = rtp(PAYLOAD_TYPES[codec], sequence, sequence // 4 * 3000, SLOT, rest, marker)
            capture.feed([(now, packet)])
            sequence += 1
    capture.expire(now + 10 * STEP_US)
    capture.close()
    statistics = capture.statistics
    assert all(file.closed for file in files)
    assert statistics.frames == sum(stretch.frames for stretch in stretches)
    for file, stretch in zip(files, stretches, strict=True):
        _check(bytes(file.data), stretch)
    return frozenset(
        {
            *((stretch.codec, min(stretch.frames, 3), stretch.width > 0) for stretch in stretches),
            ("lost", statistics.lost > 0),
            ("broken", min(statistics.broken, 3)),
            ("dropped", min(statistics.dropped, 2)),
            ("restarts", min(statistics.restarts, 2)),
        }
    )


def _codec(operation: int) -> tuple[Codec, bool]:
    names = list(CODECS.values())
    return names[(operation - PAYLOADS) // 2 % len(names)], bool((operation - PAYLOADS) % 2)


def _check(recorded: bytes, stretch: Stretch) -> None:
    if stretch.frames == 0:
        return
    with av.open(io.BytesIO(recorded), "r") as container:
        times = [packet.pts for packet in container.demux() if packet.pts is not None]
    assert len(times) == stretch.frames, "a frame is missing in the file, or there is one too many"
    assert all(before < after for before, after in itertools.pairwise(times)), "time goes back"
    assert stretch.began_us >= 0


def seeds() -> Iterator[bytes]:
    opus, vp8, vp9, h264 = (PAYLOADS + 2 * list(CODECS.values()).index(name) for name in ("opus", "VP8", "VP9", "H264"))
    key = b"\x10\x00\x00\x9d\x01\x2a\xc0\x00\x60\x00key"
    yield join_steps([bytes([opus]) + b"\x78sound", b"\x01\x00\x00\x10\x00", bytes([opus]) + b"\xfb\x03three"])
    yield join_steps(
        [
            bytes([vp8]) + vp8_descriptor(1, 1, True) + key,
            bytes([vp8 + 1]) + vp8_descriptor(1, 1, False) + b"rest",
            bytes([vp8 + 1]) + vp8_descriptor(2, 2, True) + b"\x11delta",
            b"\x02",
            bytes([vp8 + 1]) + b"\x10" + key,
        ]
    )
    picture = bytes.fromhex("824983420005f005f6")
    yield join_steps([bytes([vp9 + 1]) + b"\x8e\x80\x05\x18\x00\xc0\x00\x60\x01\x04\x01" + picture + b"key"])
    yield join_steps([bytes([vp9]) + b"\x08" + picture, bytes([vp9 + 1]) + b"\x5c\x03\x04\x86delta"])
    sps, pps = bytes.fromhex("6742c01fda0304f69b808080a0"), bytes.fromhex("68ce3c80")
    together = b"\x78" + b"".join(struct.pack("!H", len(unit)) + unit for unit in (sps, pps))
    yield join_steps([bytes([h264]) + together, bytes([h264]) + b"\x7c\x85idr", bytes([h264 + 1]) + b"\x7c\x45end"])
    yield join_steps([bytes([h264]) + sps, bytes([h264]) + pps, bytes([h264 + 1]) + b"\x65idr"])
    yield join_steps([b"\x00" + rtp(111, 5, 6, SLOT, b"\x78"), bytes([opus]) + b"\x78"])


TARGET = Target(
    "frames",
    run,
    seeds,
    words=(
        b"\x9d\x01\x2a",
        b"\x49\x83\x42",
        b"\x00\x00\x03",
        b"\x00\x00\x01",
        b"\x67\x42",
        b"\x67\x64",
        b"\x68",
        b"\x65",
    ),
    shape=STEPS,
    brief=600,
    watched=(
        "recording/track.py",
        "recording/rtp.py",
        "recording/reorder.py",
        "recording/clock.py",
        "recording/matroska.py",
        *(f"recording/frames/{name}.py" for name in ("opus", "pictures", "vp8", "vp9", "h264", "sps", "bits")),
    ),
)
