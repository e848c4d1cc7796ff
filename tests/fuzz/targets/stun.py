"""Connectivity checks: who gets an answer, and what is in it (RFC 8489; RFC 8445, section 7.3; `stun.pxi`, `ice.pxi`).

Input: a script. Each step is a message. The bits of its operation: from another address; lengths put right; USERNAME,
MESSAGE-INTEGRITY and FINGERPRINT added, each as our peer would; with another password.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import struct
import zlib
from collections.abc import Hashable, Iterator

from aioice import stun as aioice_stun

from sfu.core import Engine
from tests.fuzz.target import STEPS, Target, join_steps, split_steps
from tests.sfu.client import check

MOST = 16
"""Messages of one input: fewer than one address may send a second."""

ELSEWHERE, MEASURED, NAMED, SEALED, PRINTED, WRONG_PASSWORD = (1 << bit for bit in range(6))

OURS, THEIRS, PASSWORD = "oursOfTwelve", "page", "our+side+password/0123456789"
NAME = f"{OURS}:{THEIRS}"
"""Ours is as long as those that the server makes: an answer that tells an IPv6 address is then no larger than the
smallest check."""

USERNAME, MESSAGE_INTEGRITY, FINGERPRINT = 0x0006, 0x0008, 0x8028
HEADER = struct.Struct("!HHI12s")
COOKIE = 0x2112A442


class _Server:
    """One peer that was let in and waits for checks. Kept from input to input; each begins ten seconds later."""

    def __init__(self) -> None:
        self.engine = Engine(max_peers=2, seed=1)
        self.now = 1_000_000
        self.peer = self.engine.add_peer()
        self.engine.set_credentials(self.peer, OURS, THEIRS, PASSWORD)
        self.own = Engine.udp_address("192.0.2.7", 7)
        self.other = Engine.udp_address("2001:db8::9", 9)
        self.endpoints = {self.own: ("192.0.2.7", 7), self.other: ("2001:db8::9", 9)}
        self.checks = itertools.count(1)

    def give(self, data: bytes, source: bytes) -> list[tuple[bytes, bytes]]:
        self.now += 1_000
        self.engine.process([(data, source)], self.now)
        self.engine.take_events()
        return self.engine.drain()


_servers: list[_Server] = []


def _server() -> _Server:
    if not _servers:
        _servers.append(_Server())
    return _servers[0]


def run(data: bytes) -> Hashable:
    server = _server()
    server.now += 10_000_000
    seen = set()
    for step in split_steps(data)[:MOST]:
        message = _finished(step[0], step[1:], server)
        source = server.other if step[0] & ELSEWHERE else server.own
        answers = server.give(message, source)
        valid = _is_valid(message, server)
        seen.add((bool(answers), valid))
        if not answers:
            continue
        assert valid, "a check that was not authenticated is answered"
        _check_answer(answers, message, source, server)
    own = check(NAME, PASSWORD, transaction=next(server.checks).to_bytes(12, "big"))
    _check_answer(server.give(own, server.own), own, server.own, server)
    return frozenset(seen)


def _check_answer(answers: list[tuple[bytes, bytes]], request: bytes, source: bytes, server: _Server) -> None:
    assert [address for _, address in answers] == [source]
    data = answers[0][0]
    assert len(data) <= len(request), "an answer is larger than what it answers"
    answer = aioice_stun.parse_message(data)
    assert answer.check_message_integrity(PASSWORD.encode())
    assert answer.message_class == aioice_stun.Class.RESPONSE
    assert answer.transaction_id == request[8:20]
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == server.endpoints[source]


def _finished(op: int, message: bytes, server: _Server) -> bytes:
    if op & MEASURED:
        message = HEADER.pack(1, 0, COOKIE, message[8:20].ljust(12, b"\0")) + message[20:]
        message += bytes(-len(message) % 4)
    if op & NAMED:
        message += _attribute(USERNAME, NAME.encode())
    if op & SEALED:
        message = _measured(message, 24)
        password = b"another" if op & WRONG_PASSWORD else PASSWORD.encode()
        message += _attribute(MESSAGE_INTEGRITY, hmac.digest(password, message, hashlib.sha1))
    if op & PRINTED:
        message = _measured(message, 8)
        message += _attribute(FINGERPRINT, struct.pack("!I", zlib.crc32(message) ^ 0x5354554E))
    return _measured(message, 0) if op & MEASURED else message


def _measured(message: bytes, more: int) -> bytes:
    """With the length in its header as if `more` bytes followed."""
    return message[:2] + struct.pack("!H", max(len(message) - 20 + more, 0) & 0xFFFF) + message[4:]


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def _is_valid(data: bytes, server: _Server) -> bool:
    """What RFC 8489 and RFC 8445 want of a check, read once more and apart from what answers it."""
    if len(data) < 20 or len(data) % 4:
        return False
    kind, length, cookie, _ = HEADER.unpack_from(data)
    if (kind, length, cookie) != (1, len(data) - 20, COOKIE):
        return False
    attributes = []
    rest = data[20:]
    while rest:
        attribute, size = struct.unpack_from("!HH", rest)
        padded = 4 + size + -size % 4
        if padded > len(rest):
            return False
        attributes.append((attribute, rest[4 : 4 + size], len(data) - len(rest)))
        rest = rest[padded:]
    covered = list(itertools.takewhile(lambda each: each[0] != MESSAGE_INTEGRITY, attributes))
    if len(covered) == len(attributes):
        return False
    _, digest, at = attributes[len(covered)]
    names = [value for attribute, value, _ in covered if attribute == USERNAME]
    sealed = _measured(data[:at], 24)
    if names[:1] != [NAME.encode()] or digest != hmac.digest(PASSWORD.encode(), sealed, hashlib.sha1):
        return False
    last, print_, at = attributes[-1]
    return last == FINGERPRINT and print_ == struct.pack("!I", zlib.crc32(data[:at]) ^ 0x5354554E)


def seeds() -> Iterator[bytes]:
    head = HEADER.pack(1, 0, COOKIE, b"transaction1")
    usual = _attribute(0x0024, b"\x6e\x00\x1e\xff") + _attribute(0x802A, bytes(8)) + _attribute(0x0025, b"")
    right = bytes([MEASURED | NAMED | SEALED | PRINTED])
    stranger = bytes([MEASURED | NAMED | SEALED | PRINTED | ELSEWHERE])
    yield join_steps([right + head + usual])
    yield join_steps([stranger + HEADER.pack(1, 0, COOKIE, b"transaction2") + usual])
    yield join_steps([bytes([each]) + head + usual for each in (0, MEASURED, MEASURED | NAMED, MEASURED | SEALED)])
    yield join_steps([bytes([MEASURED | NAMED | SEALED | PRINTED | WRONG_PASSWORD]) + head + usual])
    yield join_steps([bytes([MEASURED | SEALED | PRINTED]) + head + _attribute(USERNAME, b"some:body") + usual])
    yield join_steps([right + head + _attribute(0x8022, b"a browser, perhaps") + _attribute(0xC057, bytes(4))])
    yield join_steps([b"\x00" + check("a:b", "password", transaction=bytes(12))])


TARGET = Target(
    "stun",
    run,
    seeds,
    words=(
        *(struct.pack("!HH", kind, size) for kind, size in ((6, 9), (8, 20), (0x8028, 4), (0x25, 0), (0x24, 4))),
        struct.pack("!I", COOKIE),
    ),
    shape=STEPS,
)
