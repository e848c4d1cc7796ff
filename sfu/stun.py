"""ICE-lite connectivity checks: recognised, verified, answered (RFC 8489 and RFC 8445, section 7.3).

Pure. Parsing and digests are aioice's. What is particular here: the user name is looked at before anything is
computed, so a stranger's check costs a few comparisons, and no answer of any kind goes to a check that was not
authenticated, so this server can't be used to reflect traffic or to guess names.

Not here: which names are known (`ice.py`), what a verified check changes (`plane.py`).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from aioice import stun

BINDING_REQUEST = 0x0001
USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008

MAX_CHECK = 1280
"""Bytes. Browsers send about 120; the longest lawful names and passwords stay far below."""

MAX_USERNAME = 513
"""Bytes: two fragments of at most 256 and a colon (RFC 8445, section 5.3)."""


@dataclass(frozen=True)
class Check:
    """A check whose sender has shown that it knows our password."""

    transaction: bytes
    nominated: bool
    """Whether it carries USE-CANDIDATE: the client wants this address used."""


def username_of(data: bytes) -> tuple[str, str] | None:
    """The (our fragment, their fragment) that a binding request claims; None if this isn't one. Nothing is verified."""
    if not stun.HEADER_LENGTH + 4 <= len(data) <= MAX_CHECK:
        return None
    kind, length, cookie = struct.unpack_from("!HHI", data)
    if kind != BINDING_REQUEST or cookie != stun.COOKIE or length != len(data) - stun.HEADER_LENGTH or length % 4:
        return None
    name: bytes | None = None
    authenticated = True
    position = stun.HEADER_LENGTH
    while position < len(data):
        if position + 4 > len(data):
            return None
        attribute, size = struct.unpack_from("!HH", data, position)
        end = position + 4 + size + stun.padding_length(size)
        if end > len(data):
            return None
        if attribute == MESSAGE_INTEGRITY:
            authenticated = False  # nothing after the digest is covered by it
        elif attribute == USERNAME and authenticated and name is None:
            name = data[position + 4 : position + 4 + size]
        position = end
    if name is None or len(name) > MAX_USERNAME or not name.isascii():
        return None
    ours, colon, theirs = name.decode("ascii").partition(":")
    return (ours, theirs) if colon else None


def verify(data: bytes, username: tuple[str, str], password: str) -> Check | None:
    """The check in `data`, if it was made for `username` (as `username_of` found it) by someone who knows `password`;
    else None."""
    try:
        message = stun.parse_message(data)
    except (ValueError, struct.error):
        return None
    if message.message_method != stun.Method.BINDING or message.message_class != stun.Class.REQUEST:
        return None
    # RFC 8445, section 7.1: a check always has both. aioice has compared the fingerprint where there is one.
    if "FINGERPRINT" not in message.attributes or not message.check_message_integrity(password.encode("ascii")):
        return None
    # again, from the attributes that the digest covers
    if message.attributes.get("USERNAME") != ":".join(username):
        return None
    return Check(message.transaction_id, "USE-CANDIDATE" in message.attributes)


def success(check: Check, seen_from: tuple[str, int], password: str) -> bytes:
    """The answer to `check`: tells the client under which (IP, port) it is seen here."""
    message = stun.Message(
        message_method=stun.Method.BINDING,
        message_class=stun.Class.RESPONSE,
        transaction_id=check.transaction,
        attributes={"XOR-MAPPED-ADDRESS": seen_from},
    )
    message.add_message_integrity(password.encode("ascii"))
    return bytes(message)
