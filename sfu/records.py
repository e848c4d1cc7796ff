"""DTLS 1.2 records in datagrams (RFC 6347, sections 4.1 and 4.2.2): told apart and packed, never decrypted.

OpenSSL's memory BIOs are streams: they lose where a datagram ended, and take whatever comes. So what goes in is
looked at first, and what comes out is cut at records here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

CHANGE_CIPHER_SPEC = 20
ALERT = 21
HANDSHAKE = 22
APPLICATION_DATA = 23

CLIENT_HELLO = 1
RECORD_HEADER = 13
HANDSHAKE_HEADER = 12

MTU = 1200
"""Bytes of UDP payload that pass everywhere that WebRTC passes."""

MAX_DATAGRAM = 2048
"""Larger ones are dropped: an Ethernet never delivers them and no browser sends them."""

_CLIENT_MESSAGES = {(CLIENT_HELLO, 0): 16384, (11, 1): 16384, (16, 2): 1024, (15, 3): 1024}
"""(type, sequence) of what a client sends in the clear, and how long it may be: ClientHello, Certificate,
ClientKeyExchange, CertificateVerify. There is no cookie exchange, ICE has shown the address to be real."""


@dataclass(frozen=True)
class Record:
    kind: int
    epoch: int
    data: bytes
    """With its header."""

    @property
    def body(self) -> bytes:
        return self.data[RECORD_HEADER:]


def split(datagram: bytes) -> Iterator[Record]:
    """The records of a datagram, up to the first that is not well-formed."""
    if len(datagram) > MAX_DATAGRAM:
        return
    position = 0
    while position + RECORD_HEADER <= len(datagram):
        kind, major, minor, epoch = struct.unpack_from("!BBBH", datagram, position)
        (length,) = struct.unpack_from("!H", datagram, position + 11)
        end = position + RECORD_HEADER + length
        known = CHANGE_CIPHER_SPEC <= kind <= APPLICATION_DATA and major == 254 and minor in (253, 255)
        if not known or end > len(datagram) or length == 0:
            return
        yield Record(kind, epoch, datagram[position:end])
        position = end


def is_plausible(record: Record) -> bool:
    """Whether a record in the clear can belong to a handshake at all. Anyone can write those."""
    body = record.body
    if record.kind == CHANGE_CIPHER_SPEC:
        return body == b"\x01"
    if record.kind != HANDSHAKE:
        return False
    while body:
        if len(body) < HANDSHAKE_HEADER:
            return False
        length, sequence, offset, size = _handshake_header(body)
        if length > _CLIENT_MESSAGES.get((body[0], sequence), -1) or offset + size > length:
            return False
        if len(body) < HANDSHAKE_HEADER + size:
            return False
        body = body[HANDSHAKE_HEADER + size :]
    return True


def hello_random(record: Record) -> bytes | None:
    """The 32 random bytes of a (plausible) ClientHello's beginning; None for any other record."""
    if not is_hello(record):
        return None
    body = record.body
    _, _, offset, size = _handshake_header(body)
    return body[14:46] if offset == 0 and size >= 34 else None


def is_hello(record: Record) -> bool:
    """Whether a (plausible) record holds a ClientHello or a fragment of one."""
    return record.kind == HANDSHAKE and record.body[0] == CLIENT_HELLO


def pack(stream: bytes) -> list[bytes]:
    """What OpenSSL wrote, as datagrams: whole records, as many in each as fit in MTU."""
    datagrams: list[bytes] = []
    position = start = 0
    while position + RECORD_HEADER <= len(stream):
        (length,) = struct.unpack_from("!H", stream, position + 11)
        end = position + RECORD_HEADER + length
        if end - start > MTU and position > start:
            datagrams.append(stream[start:position])
            start = position
        position = end
    if position > start:
        datagrams.append(stream[start:position])
    return datagrams


def _handshake_header(body: bytes) -> tuple[int, int, int, int]:
    """(length, sequence, fragment offset, fragment length)."""
    return (
        int.from_bytes(body[1:4], "big"),
        int.from_bytes(body[4:6], "big"),
        int.from_bytes(body[6:9], "big"),
        int.from_bytes(body[9:12], "big"),
    )
