"""What stands in an export's lines, read strictly: the same thing can be written in one way only.

Not here: whether lines fit together (`verify.py`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from therabook.audit_verify.hashes import Wrong, heights
from therabook.audit_verify.heads import unhash

LONGEST = 65_536
"""Bytes of a line."""

ORDER = ("seq", "at", "kind", "actor_kind", "actor", "session", "patient", "subject", "details")
NEEDED = ORDER[:5]
TEXTS = ("kind", "actor_kind", "actor", "session", "patient", "subject")


@dataclass(frozen=True)
class Start:
    """The first line."""

    origin: str
    key: str
    first: int
    last: int
    size: int
    left: list[bytes]
    right: list[bytes]


@dataclass(frozen=True)
class Event:
    seq: int
    at: int
    """Milliseconds since 1970."""
    kind: str


def read_object(line: bytes) -> dict[str, Any]:
    """Raises Wrong."""
    if len(line) > LONGEST:
        raise Wrong("a line that is too long")
    try:
        told = json.loads(line.decode("ascii"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Wrong("a line that is no JSON in ASCII") from None
    if not isinstance(told, dict):
        raise Wrong("a line that is no object")
    return told


def read_start(told: dict[str, Any]) -> Start:
    """Raises Wrong."""
    if told.get("audit_export") != 1 or set(told) != {
        *("audit_export", "origin", "key", "first", "last", "size", "left", "right"),
    }:
        raise Wrong("this does not begin as an export of the audit log does")
    first, last, size = (_number(told[each]) for each in ("first", "last", "size"))
    if not first <= last <= size:
        raise Wrong("an export of events that there cannot be")
    if not isinstance(told["origin"], str) or not isinstance(told["key"], str):
        raise Wrong("an export without the log's name and key")
    left, right = hashes(told["left"]), hashes(told["right"])
    if len(left) != len(heights(0, first)) or len(right) != len(heights(last, size)):
        raise Wrong("an export with other hashes before or behind its events than it needs")
    return Start(told["origin"], told["key"], first, last, size, left, right)


def read_event(line: bytes, told: dict[str, Any]) -> Event:
    """Raises Wrong."""
    keys = tuple(told)
    if keys != tuple(each for each in ORDER if each in told) or not set(NEEDED) <= set(keys):
        raise Wrong("an event with other fields, or in another order, than events have")
    if any(not isinstance(told[each], str) for each in TEXTS if each in told):
        raise Wrong("an event with a field that is no text")
    details = told.get("details", {})
    if not isinstance(details, dict) or list(details) != sorted(details) or ("details" in told and not details):
        raise Wrong("an event whose details are not in order")
    if any(isinstance(each, dict | list) for each in details.values()):
        raise Wrong("an event whose details are no plain values")
    event = Event(_number(told["seq"]), _number(told["at"]), told["kind"])
    if json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode() != line:
        raise Wrong("an event that is written in another way than the log writes")
    return event


def hashes(told: object) -> list[bytes]:
    """Raises Wrong."""
    if not isinstance(told, list):
        raise Wrong("hashes that are no list")
    return [unhash(each) for each in told]


def _number(told: object) -> int:
    if not isinstance(told, int) or isinstance(told, bool) or not 0 <= told < 1 << 53:
        raise Wrong("a number that is none")
    return told


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("a field that is there twice")
    return told


def _no_constant(name: str) -> None:
    raise ValueError(name)
