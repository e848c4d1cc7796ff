"""DTLS records and handshake messages, put together byte by byte (RFC 6347, sections 4.1 and 4.2.2)."""

from __future__ import annotations

import struct


def record(kind: int = 22, body: bytes = b"x", epoch: int = 0, minor: int = 253) -> bytes:
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
