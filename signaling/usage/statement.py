"""The signed statement of minutes: what was measured of some sittings, so that it can be checked by anybody, offline.

A JSON document. What is signed (Ed25519) is `CONTEXT` and then the document without its `signature`, written
canonically: keys in order, no spaces, UTF-8, integers and texts only. Times are milliseconds since 1970.

It is anchored in the audit log from both ends: the newest head of the log stands in it, so it was not made before that;
and the log has the digest of each statement that was handed out, so it was not made after the head that came next.

`verify` takes nothing from the database and believes no sum: it adds the spans up again. Pure.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from clinic.usage.records import EVERYBODY, WholeSitting
from signaling.usage.codes import CodesVersion, in_force, minutes_of, suggest

FORMAT = "therabook-usage-statement"
CONTEXT = b"therabook usage statement v1\n"

LARGEST = 64 * 1024 * 1024
"""Bytes of a statement that is read: a month of a large clinic takes a tenth of it."""

Document = dict[str, Any]


class BadStatement(ValueError):
    """It is no statement, or it was changed. `str()` says where; it quotes nothing."""


@dataclass(frozen=True)
class Verified:
    key: str
    """The public key that signed it, hexadecimal. Whose it is only the clinic can say."""
    clinic: str
    month: str
    made_at_ms: int
    sittings: int
    minutes: int
    audit_head: str | None


def public_key(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()


def document(
    sittings: Sequence[WholeSitting],
    known: Sequence[CodesVersion],
    *,
    clinic: str,
    month: str,
    therapist: str | None,
    patient: str | None,
    made_at: float,
    audit_head: str | None,
) -> Document:
    """Not signed yet. `sittings`: with their spans; only what has ended is stated."""
    ended = sorted(
        (each for each in sittings if each.sitting.ended_at is not None),
        key=lambda each: (each.sitting.started_at, each.sitting.id),
    )
    listed = [_sitting(each, known) for each in ended]
    return {
        "format": FORMAT,
        "version": 1,
        "clinic": clinic,
        "month": month,
        "therapist": therapist,
        "patient": patient,
        "made_at_ms": _ms(made_at),
        "audit_head": audit_head,
        "sittings": listed,
        "totals": _totals(listed),
    }


def sign(made: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """The statement, as a file."""
    named = {**made, "key": public_key(key)}
    signature = base64.b64encode(key.sign(CONTEXT + canonical(named))).decode()
    return canonical({**named, "signature": signature}) + b"\n"


def verify(data: bytes, key: str | None = None) -> Verified:
    """`key`: the only one that is believed, hexadecimal; without it the one that the statement names. Raises
    BadStatement."""
    if len(data) > LARGEST:
        raise BadStatement("it is too large for a statement")
    try:
        told = json.loads(data, object_pairs_hook=_once, parse_float=_no_float, parse_constant=_no_float)
    except BadStatement:
        raise
    except (ValueError, RecursionError):
        raise BadStatement("it is no JSON") from None
    if not isinstance(told, dict) or told.get("format") != FORMAT or told.get("version") != 1:
        raise BadStatement("it is no statement of this kind")
    named = told.get("key")
    if not isinstance(named, str) or (key is not None and named != key.lower()):
        raise BadStatement("another key signed it" if isinstance(named, str) else "it names no key")
    signature = str(told.pop("signature", None))
    try:
        signed = base64.b64decode(signature, validate=True)
        if base64.b64encode(signed).decode() != signature:
            raise ValueError("one signature has one way to be written")
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(named)).verify(signed, CONTEXT + canonical(told))
    except (ValueError, binascii.Error, InvalidSignature):
        raise BadStatement("the signature does not fit: it was changed, or another key signed it") from None
    try:
        return _added_up(told)
    except (KeyError, TypeError, AttributeError):
        raise BadStatement("it is signed, but not made as statements are") from None


def canonical(value: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except (UnicodeEncodeError, ValueError):
        raise BadStatement("a text in it is none") from None


def _sitting(whole: WholeSitting, known: Sequence[CodesVersion]) -> Document:
    sitting = whole.sitting
    version = in_force(known, sitting.started_at)
    return {
        "id": sitting.id,
        "session": sitting.session,
        "appointment": sitting.appointment,
        "day": sitting.day,
        "started_ms": _ms(sitting.started_at),
        "ended_ms": _ms(sitting.known_until),
        "two_way_ms": sitting.two_way_ms,
        "video_ms": sitting.video_ms,
        "shares": [
            {
                "person": each.person,
                "role": each.role,
                "present_ms": each.present_ms,
                "two_way_ms": each.two_way_ms,
                "video_ms": each.video_ms,
            }
            for each in whole.shares
        ],
        "spans": [
            {
                "began_ms": _ms(span.began_at),
                "ended_ms": _ms(span.ended_at),
                "state": span.state,
                "reason": span.reason,
            }
            for span in whole.spans
            if span.person == EVERYBODY
        ],
        "suggested": [f"{each.code}-{each.modifier}".rstrip("-") for each in suggest(version, sitting)],
        "rules_version": version.version,
    }


def _totals(sittings: Sequence[Document]) -> Document:
    two_way = sum(each["two_way_ms"] for each in sittings)
    return {
        "sittings": len(sittings),
        "two_way_ms": two_way,
        "video_ms": sum(each["video_ms"] for each in sittings),
        "minutes": sum(minutes_of(each["two_way_ms"]) for each in sittings),
    }


def _added_up(told: Document) -> Verified:
    """Raises BadStatement if its own numbers contradict each other; KeyError, TypeError for another shape."""
    for number, sitting in enumerate(told["sittings"]):
        at, counted, shown = sitting["started_ms"], 0, 0
        for span in sitting["spans"]:
            length = span["ended_ms"] - span["began_ms"]
            if span["began_ms"] != at or length < 0:
                raise BadStatement(f"sitting {number + 1}: its spans do not follow one another")
            at = span["ended_ms"]
            counted += length if span["state"] in ("video", "audio") else 0
            shown += length if span["state"] == "video" else 0
        if (at, counted, shown) != (sitting["ended_ms"], sitting["two_way_ms"], sitting["video_ms"]):
            raise BadStatement(f"sitting {number + 1}: its spans do not add up to its minutes")
    if told["totals"] != _totals(told["sittings"]):
        raise BadStatement("its sittings do not add up to its totals")
    return Verified(
        key=told["key"],
        clinic=told["clinic"],
        month=told["month"],
        made_at_ms=told["made_at_ms"],
        sittings=told["totals"]["sittings"],
        minutes=told["totals"]["minutes"],
        audit_head=told["audit_head"],
    )


def _ms(moment: float) -> int:
    return round(moment * 1000)


def _once(pairs: Sequence[tuple[str, Any]]) -> Document:
    """A name that stands twice would be read one way here and another way elsewhere."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadStatement("a name stands in it twice")
    return found


def _no_float(text: str) -> None:
    raise BadStatement("there is a number in it that is no integer")
