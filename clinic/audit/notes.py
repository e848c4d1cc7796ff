"""Signed notes and tree heads as C2SP writes them: signed-note, tlog-checkpoint, tlog-cosignature; with Ed25519.

A head is three lines, `ORIGIN`, `SIZE`, `ROOT` in base64, an empty line, and a line for each signature, which begins
with a dash and the signer's name. A public key is `NAME+HASH+KEY`.
Not here: whose keys these are, and where they come from.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LOG: Final = 1
WITNESS: Final = 4
Kind = Literal[1, 4]
"""What a key signs: a log's heads, or as a witness those of others, with the time (cosignature/v1)."""

LONGEST_NOTE = 16_384
_NAME = re.compile(r"[^\s+]{1,200}")
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")


class BadNote(ValueError):
    """No signed head, no public key, or not signed by who it should be. `str()` says which."""


@dataclass(frozen=True)
class Checkpoint:
    """What a head says, signed by nobody yet."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"


class Signer:
    """A private key with its name. Does not print itself."""

    def __init__(self, name: str, key: bytes, kind: Kind = LOG) -> None:
        """`key`: 32 bytes. Raises BadNote for a name that cannot be one."""
        if not _NAME.fullmatch(name):
            raise BadNote("a name without spaces and plus signs")
        self._key = Ed25519PrivateKey.from_private_bytes(key)
        self.public = PublicKey(name, self._key.public_key().public_bytes_raw(), kind)

    @property
    def name(self) -> str:
        return self.public.name

    def sign(self, text: str) -> str:
        """The line of a log's signature below this text."""
        return self._line(self._key.sign(text.encode()))

    def cosign(self, text: str, at: int) -> str:
        """The line of a witness's signature: at this second since 1970 it had seen nothing that contradicts it."""
        return self._line(at.to_bytes(8, "big") + self._key.sign(_cosigned(text, at)))

    def note(self, checkpoint: Checkpoint) -> str:
        return f"{checkpoint.text}\n{self.sign(checkpoint.text)}"

    def _line(self, signature: bytes) -> str:
        return f"— {self.name} {encoded(self.public.hash + signature)}\n"


@dataclass(frozen=True)
class PublicKey:
    name: str
    key: bytes
    kind: Kind = LOG

    @property
    def hash(self) -> bytes:
        """What signatures name the key by."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{encoded(bytes([self.kind]) + self.key)}"

    @classmethod
    def read(cls, text: str) -> PublicKey:
        """Raises BadNote."""
        name, _, rest = text.strip().partition("+")
        told, _, encoded_key = rest.partition("+")
        key = decoded(encoded_key)
        if not _NAME.fullmatch(name) or len(key) != 33 or key[0] not in (LOG, WITNESS):
            raise BadNote("this is no public key: NAME+HASH+KEY")
        found = cls(name, key[1:], WITNESS if key[0] == WITNESS else LOG)
        if found.hash.hex() != told:
            raise BadNote("this public key is damaged")
        return found

    def check(self, note: Note) -> int | None:
        """Raises BadNote unless the note has this key's signature. Of a witness: when it signed, in seconds."""
        for name, signature in note.signatures:
            if name == self.name and signature[:4] == self.hash:
                at, text = None, note.checkpoint.text.encode()
                signature = signature[4:]
                if self.kind == WITNESS:
                    at = int.from_bytes(signature[:8], "big")
                    text, signature = _cosigned(note.checkpoint.text, at), signature[8:]
                try:
                    Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text)
                except InvalidSignature:
                    break
                return at
        raise BadNote(f"not signed by {self.name}")


@dataclass(frozen=True)
class Note:
    """A head with its signatures, of which none was checked yet."""

    checkpoint: Checkpoint
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def read(cls, note: str) -> Note:
        """Raises BadNote."""
        if len(note) > LONGEST_NOTE:
            raise BadNote("this is too long for a signed head")
        text, gap, below = note.partition("\n\n")
        lines = text.split("\n")
        if not gap or len(lines) != 3 or not lines[0] or not _SIZE.fullmatch(lines[1]) or not below.endswith("\n"):
            raise BadNote("this is no signed head")
        root = decoded(lines[2])
        if len(root) != hashlib.sha256().digest_size:
            raise BadNote("this is no signed head")
        signatures = []
        for line in below[:-1].split("\n"):
            match = _SIGNATURE.fullmatch(line)
            if match is None:
                raise BadNote("this is no signed head")
            signatures.append((match[1], decoded(match[2])))
        return cls(Checkpoint(lines[0], int(lines[1]), root), tuple(signatures))


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decoded(text: str) -> bytes:
    """Raises BadNote for what is no base64, or is written in another way than `encoded` does."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("this is no base64") from None
    if encoded(data) != text:
        raise BadNote("this is no base64")
    return data


def _cosigned(text: str, at: int) -> bytes:
    return f"cosignature/v1\ntime {at}\n{text}".encode()
