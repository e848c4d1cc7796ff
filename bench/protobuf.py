"""Protocol buffers' wire format, as far as LiveKit's signalling needs it: numbers, texts and messages by field number.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5


def encode(fields: Mapping[int, int | str | bytes]) -> bytes:
    """Texts are UTF-8, bytes may be messages. Numbers must not be negative."""
    out = bytearray()
    for number, value in fields.items():
        if isinstance(value, int):
            out += _varint(number << 3 | VARINT) + _varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += _varint(number << 3 | LENGTH) + _varint(len(data)) + data
    return bytes(out)


def decode(data: bytes) -> dict[int, Any]:
    """The last value of each field: numbers, else bytes. Raises ValueError."""
    fields: dict[int, Any] = {}
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        kind = key & 7
        if kind == VARINT:
            fields[key >> 3], at = _read_varint(data, at)
            continue
        if kind == LENGTH:
            size, at = _read_varint(data, at)
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
        else:
            raise ValueError("not protocol buffers")
        if at + size > len(data):
            raise ValueError("not protocol buffers: cut off")
        fields[key >> 3] = data[at : at + size]
        at += size
    return fields


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at
    raise ValueError("not protocol buffers: cut off")
