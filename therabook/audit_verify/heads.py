"""Signed heads (C2SP tlog-checkpoint) and the keys that signed them.

Not here: whether a head fits the events.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from therabook.audit_verify.hashes import Wrong

LOG_KEY = 1
WITNESS_KEY = 4


@dataclass(frozen=True)
class Key:
    name: str
    kind: int
    raw: bytes

    def hash(self) -> bytes:
        return hashlib.sha256(b"%s\n%c%s" % (self.name.encode(), self.kind, self.raw)).digest()[:4]


@dataclass(frozen=True)
class Head:
    origin: str
    size: int
    root: bytes
    text: str
    signatures: list[tuple[str, bytes]]

    def signed_by(self, key: Key) -> bool:
        """Whether one of the signatures is this key's, over this head."""
        for name, signature in self.signatures:
            if name != key.name or signature[:4] != key.hash():
                continue
            signed, rest = self.text.encode(), signature[4:]
            if key.kind == WITNESS_KEY:
                if len(rest) != 72:
                    return False
                time, rest = int.from_bytes(rest[:8], "big"), rest[8:]
                signed = b"cosignature/v1\ntime %d\n%s" % (time, signed)
            try:
                Ed25519PublicKey.from_public_bytes(key.raw).verify(rest, signed)
            except InvalidSignature:
                return False
            return True
        return False


def read_key(text: str) -> Key:
    """NAME+HASH+KEY. Raises Wrong."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise Wrong("this is no public key: NAME+HASH+KEY")
    raw = unbase64(parts[2])
    if len(raw) != 33 or raw[0] not in (LOG_KEY, WITNESS_KEY):
        raise Wrong("this is no public key for Ed25519")
    key = Key(parts[0], raw[0], raw[1:])
    if key.hash().hex() != parts[1]:
        raise Wrong("this public key is damaged")
    return key


def read_head(note: object) -> Head:
    """Raises Wrong."""
    if not isinstance(note, str):
        raise Wrong("a head that is no text")
    lines = note.split("\n")
    if len(lines) < 6 or lines[3] or lines[-1]:
        raise Wrong("a head that is none: origin, size, root, an empty line, signatures")
    origin, size, root = lines[:3]
    if not size.isascii() or not size.isdigit() or str(int(size)) != size:
        raise Wrong("a head whose size is no number")
    signatures = []
    for line in lines[4:-1]:
        words = line.split(" ")
        if len(words) != 3 or words[0] != "—":
            raise Wrong("a head with a line that is no signature")
        signatures.append((words[1], unbase64(words[2])))
    return Head(origin, int(size), unhash(root), f"{origin}\n{size}\n{root}\n", signatures)


def unhash(text: object) -> bytes:
    """A hash in base64. Raises Wrong."""
    if not isinstance(text, str):
        raise Wrong("a hash that is no text")
    data = unbase64(text)
    if len(data) != 32:
        raise Wrong("a hash that is none")
    return data


def unbase64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Wrong("what should be base64 is none") from None
    if base64.b64encode(data).decode() != text:
        raise Wrong("what should be base64 is written in another way")
    return data
