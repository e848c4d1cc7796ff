"""DTLS records told apart and packed (`sfu/records.py`).

Input: a datagram.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from sfu import records
from tests.fuzz.target import Target
from tests.sfu.handshake import message, record


def run(data: bytes) -> Hashable:
    found = list(records.split(data))
    whole = b"".join(each.data for each in found)
    assert data.startswith(whole), "records are what the datagram begins with"
    for each in found:
        assert each.kind in range(20, 24)
        assert len(each.data) == records.RECORD_HEADER + len(each.body) > records.RECORD_HEADER
        if records.is_plausible(each):
            random = records.hello_random(each)
            assert random is None or (len(random) == 32 and records.is_hello(each))
    packed = records.pack(whole)
    assert b"".join(packed) == whole
    for datagram in packed:
        parts = list(records.split(datagram))
        assert b"".join(part.data for part in parts) == datagram, "a record is torn apart"
        assert len(datagram) <= records.MTU or len(parts) == 1
    return tuple((each.kind, records.is_plausible(each)) for each in found[:3])


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
