"""DTLS records told apart and packed (`sfu/records.py`).

Input: a datagram.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterator

from sfu import records
from tests.fuzz.target import Target


def run(data: bytes) -> Hashable:
    found = list(records.split(data))
    whole = b"".join(record.data for record in found)
    assert data.startswith(whole), "records are what the datagram begins with"
    for record in found:
        assert record.kind in range(20, 24)
        assert len(record.data) == records.RECORD_HEADER + len(record.body) > records.RECORD_HEADER
        if records.is_plausible(record):
            random = records.hello_random(record)
            assert random is None or (len(random) == 32 and records.is_hello(record))
    packed = records.pack(whole)
    assert b"".join(packed) == whole
    for datagram in packed:
        parts = list(records.split(datagram))
        assert b"".join(part.data for part in parts) == datagram, "a record is torn apart"
        assert len(datagram) <= records.MTU or len(parts) == 1
    return tuple((record.kind, records.is_plausible(record)) for record in found[:3])


def record(kind: int, body: bytes, epoch: int = 0, minor: int = 253) -> bytes:
    return struct.pack("!BBBH", kind, 254, minor, epoch) + bytes(6) + struct.pack("!H", len(body)) + body


def message(kind: int, sequence: int, body: bytes, length: int | None = None, offset: int = 0) -> bytes:
    """A handshake message, or a fragment of one."""
    return (
        bytes([kind])
        + (len(body) if length is None else length).to_bytes(3, "big")
        + sequence.to_bytes(2, "big")
        + offset.to_bytes(3, "big")
        + len(body).to_bytes(3, "big")
        + body
    )


def seeds() -> Iterator[bytes]:
    hello = b"\xfe\xfd" + bytes(range(32)) + bytes(20)
    yield record(22, message(1, 0, hello))
    yield record(22, message(1, 0, hello[:40], 200)) + record(22, message(1, 0, hello, 200, 40), minor=255)
    yield record(22, message(11, 1, bytes(400)) + message(16, 2, bytes(66)) + message(15, 3, bytes(70)))
    yield record(20, b"\x01") + record(22, bytes(40), 1) + record(21, bytes(26), 1) + record(23, bytes(30), 1)


TARGET = Target(
    "records",
    run,
    seeds,
    words=tuple(
        bytes([kind, 254, minor, 0, epoch]) for kind in range(20, 24) for minor in (253, 255) for epoch in (0, 1)
    ),
    watched=("sfu/records.py",),
)
