"""Encrypted frames and SFrame headers (`recording/e2ee`): nothing is opened that was not sealed, as what it was sealed.

Input: a byte that says which codec and source, or that it is a header; and that.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from recording.e2ee import BadFrame, CannotOpen, Format, KeyRing, Secret, Sender, Source, open_frame, seal_frame
from recording.e2ee.clear_bytes import join, split, split_sent
from recording.e2ee.sframe import read_header
from tests.fuzz.target import Target

NUMBER, KEY_ID = 7, 7 * 256
KEY = Secret(bytes(range(32)))
FORMATS: tuple[Format, ...] = ("opus", "VP8", "VP9", "H264", "chat")
SOURCES = tuple(Source)
HEADER = len(FORMATS) * len(SOURCES)

SPS, PPS = bytes.fromhex("000000016742c01fda0304f69b808080a0"), bytes.fromhex("0000000168ce3c80")
PLAIN: dict[Format, list[bytes]] = {
    "opus": [b"\x78", b"\x78sound"],
    "VP8": [b"\x10\x00\x00\x9d\x01\x2a\xc0\x00\x60\x00key", b"\x11\x02\x03"],
    "VP9": [bytes.fromhex("824983420005f005f6")],
    "H264": [SPS + PPS + b"\x00\x00\x00\x01\x65\x88key", b"\x00\x00\x00\x01\x41\x00\x00\x00\x01\x41\x9a"],
    "chat": [b"text"],
}


def _sealed(counter: int) -> Iterator[tuple[int, bytes, bytes]]:
    """(first byte of the input, what was sealed, sealed)."""
    for at, codec in enumerate(FORMATS):
        for frame in PLAIN[codec]:
            sender = Sender(KEY_ID, KEY)
            sender.counter = counter
            source = SOURCES[(at + len(frame)) % len(SOURCES)]
            yield at * len(SOURCES) + source - 1, frame, seal_frame(sender, codec, source, frame)


OPENED = {(kind % len(SOURCES), frame) for kind, frame, _ in _sealed(0)}
"""With their sources. Which codec it was is not sealed where nothing of it is clear."""


def run(data: bytes) -> Hashable:
    kind, data = data[0] % (HEADER + 1) if data else HEADER, data[1:]
    if kind == HEADER:
        try:
            header, length = read_header(data)
        except CannotOpen as error:
            return error.reason
        assert header.encode() == data[:length], "a header that could be written in two ways"
        return length
    codec, source = FORMATS[kind // len(SOURCES)], SOURCES[kind % len(SOURCES)]
    _check_parts(codec, data)
    ring = KeyRing()
    ring.add(NUMBER, KEY_ID, KEY)
    try:
        frame = open_frame(ring, NUMBER, codec, source, data, 0.0)
    except CannotOpen as error:
        return codec, error.reason
    assert (kind % len(SOURCES), frame) in OPENED, "something is opened that nobody sealed"
    return codec, len(frame)


def _check_parts(codec: Format, data: bytes) -> None:
    try:
        parts = split(codec, data)
    except BadFrame:
        return
    assert split(codec, parts.clear + parts.rest) == parts, "there are two forms of one frame"
    if parts.rest or codec == "H264":
        assert split_sent(codec, join(codec, *parts)) == parts, "a frame is cut at two places"


def seeds() -> Iterator[bytes]:
    for counter in (0, 300):
        for kind, frame, sealed in _sealed(counter):
            yield bytes([kind]) + sealed
            yield bytes([kind]) + frame
    for header in ("00", "08ff", "9fffff0100000000000000", "ffffffffffffffffffffffffffffffffff"):
        yield bytes([HEADER]) + bytes.fromhex(header)


TARGET = Target(
    "sframe",
    run,
    seeds,
    words=(b"\x00\x00\x00\x01", b"\x00\x00\x01", b"\x00\x00\x03", b"\x80", b"\x65\x88", b"\x90\x07\x00", b"\x09\xf0"),
    watched=tuple(f"recording/e2ee/{each}.py" for each in ("annex_b", "clear_bytes", "frames", "keyring", "sframe")),
)
