"""What two sides of a handshake send each other, as docs/e2ee-messages.md says: JSON objects in UTF-8.

On the way are `Commit`, `Reveal` and `Sealed`; sealed are `Name`, `SenderKey` and `Have`. Read strictly: each field is
there, of its kind, and no other; bytes are base64url without padding (RFC 4648, section 5), written in the one way in
which they can be. Not here: whether a message is in its place (`handshake.py`).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from recording.e2ee.errors import E2eeError
from recording.e2ee.hpke import PUBLIC_BYTES, TAG
from recording.e2ee.keyring import EPOCHS, KEY_BYTES, MOST_NUMBER
from recording.e2ee.secret import Secret

LONGEST = 3072
"""Bytes of a message: in base64url they are the 4 KiB that the server forwards."""

HASH_BYTES = 32
NONCE_BYTES = 32

LONGEST_NAME = 60
"""Characters, as for names that the server is told."""

LARGEST_SEQUENCE = 2**53 - 1
"""What every reader of JSON holds as a whole number."""

PADDING = 256
"""What is sealed has a multiple of so many bytes, so that its length does not tell a name's."""

_NOT_BASE64 = re.compile(r"[^A-Za-z0-9_-]")


class BadMessage(E2eeError):
    """It is not what anybody sends who follows the protocol."""


@dataclass(frozen=True)
class Commit:
    commitment: bytes
    answers: bytes | None = None
    """The other side's commitment, the last that was seen."""


@dataclass(frozen=True)
class Reveal:
    public: bytes
    nonce: bytes
    answers: bytes
    """The other side's commitment, which this goes with."""


@dataclass(frozen=True)
class Sealed:
    enc: bytes
    ciphertext: bytes
    sequence: int


@dataclass(frozen=True)
class Name:
    """What somebody wants to be called."""

    name: str


@dataclass(frozen=True)
class SenderKey:
    key_id: int
    key: Secret
    sequence: int
    """Rises with each key of one side in one handshake."""


@dataclass(frozen=True)
class Have:
    """A key came."""

    key_id: int


Message = Commit | Reveal | Sealed
Content = Name | SenderKey | Have
_T = TypeVar("_T", Message, Content)


def read_message(data: bytes) -> Message:
    """Raises BadMessage."""
    return _read(data, _MESSAGES)


def read_content(data: bytes) -> Content:
    """What was sealed. Raises BadMessage."""
    return _read(data, _CONTENTS)


def write_message(message: Message) -> bytes:
    """Raises BadMessage for one that nobody would take."""
    fields: dict[str, object]
    if isinstance(message, Commit):
        fields = {"kind": "commit", "commitment": _encode(message.commitment)}
        if message.answers is not None:
            fields["answers"] = _encode(message.answers)
    elif isinstance(message, Reveal):
        fields = {"kind": "reveal", "public": _encode(message.public), "nonce": _encode(message.nonce)}
        fields["answers"] = _encode(message.answers)
    else:
        fields = {"kind": "sealed", "enc": _encode(message.enc), "ciphertext": _encode(message.ciphertext)}
        fields["sequence"] = message.sequence
    written = _write(fields)
    read_message(written)
    return written


def write_content(content: Content) -> bytes:
    """What is to be sealed. Raises BadMessage for what nobody would take."""
    fields: dict[str, object]
    if isinstance(content, Name):
        fields = {"kind": "name", "name": content.name}
    elif isinstance(content, SenderKey):
        key = _encode(bytes(content.key.reveal()))
        fields = {"kind": "key", "kid": content.key_id, "key": key, "sequence": content.sequence}
    else:
        fields = {"kind": "have", "kid": content.key_id}
    written = _write(fields)
    read_content(written)
    return written + b" " * (-len(written) % PADDING)


def _write(fields: Mapping[str, object]) -> bytes:
    try:
        return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise BadMessage("A text with half a character.") from None


def _read(data: bytes, kinds: Mapping[str, Callable[[dict[str, Any]], _T]]) -> _T:
    if len(data) > LONGEST:
        raise BadMessage("It is too long.")
    try:
        fields = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):  # not UTF-8, not JSON, numbers or depths that are an attack
        raise BadMessage("It is not JSON.") from None
    kind = fields.pop("kind", None) if isinstance(fields, dict) else None
    if not isinstance(kind, str) or kind not in kinds:
        raise BadMessage("It is of no known kind.")
    try:
        read = kinds[kind](fields)
    except KeyError:
        raise BadMessage("A field is missing.") from None
    if fields:
        raise BadMessage("It has a field that there is not.")
    return read


def _read_commit(fields: dict[str, Any]) -> Message:
    answers = _bytes(fields.pop("answers"), HASH_BYTES) if "answers" in fields else None
    return Commit(_bytes(fields.pop("commitment"), HASH_BYTES), answers)


def _read_reveal(fields: dict[str, Any]) -> Message:
    public, nonce = _bytes(fields.pop("public"), PUBLIC_BYTES), _bytes(fields.pop("nonce"), NONCE_BYTES)
    return Reveal(public, nonce, _bytes(fields.pop("answers"), HASH_BYTES))


def _read_sealed(fields: dict[str, Any]) -> Message:
    enc, ciphertext = _bytes(fields.pop("enc"), PUBLIC_BYTES), _bytes(fields.pop("ciphertext"))
    if len(ciphertext) < TAG:
        raise BadMessage("A ciphertext without a tag.")
    return Sealed(enc, ciphertext, _number(fields.pop("sequence"), LARGEST_SEQUENCE))


def _read_name(fields: dict[str, Any]) -> Content:
    name = fields.pop("name")
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= LONGEST_NAME:
        raise BadMessage("A name has 1 to 60 characters, space around it not counted.")
    if any("\ud800" <= each <= "\udfff" for each in name):
        raise BadMessage("A name with half a character.")
    return Name(name.strip())


def _read_key(fields: dict[str, Any]) -> Content:
    key_id, key = _key_id(fields.pop("kid")), _bytes(fields.pop("key"), KEY_BYTES)
    return SenderKey(key_id, Secret(key), _number(fields.pop("sequence"), LARGEST_SEQUENCE))


def _read_have(fields: dict[str, Any]) -> Content:
    return Have(_key_id(fields.pop("kid")))


_MESSAGES: dict[str, Callable[[dict[str, Any]], Message]] = {
    "commit": _read_commit,
    "reveal": _read_reveal,
    "sealed": _read_sealed,
}
_CONTENTS: dict[str, Callable[[dict[str, Any]], Content]] = {
    "name": _read_name,
    "key": _read_key,
    "have": _read_have,
}


def _key_id(value: object) -> int:
    key_id = _number(value, MOST_NUMBER * EPOCHS + EPOCHS - 1)
    if key_id < EPOCHS:
        raise BadMessage("A key id of nobody.")
    return key_id


def _number(value: object, largest: int) -> int:
    if type(value) is not int or not 0 <= value <= largest:  # True is an int too
        raise BadMessage("A number that is none, or out of range.")
    return value


def _bytes(value: object, length: int | None = None) -> bytes:
    if not isinstance(value, str) or _NOT_BASE64.search(value):
        raise BadMessage("Bytes are not written in base64url.")
    try:
        data = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except ValueError:
        raise BadMessage("Bytes are not written in base64url.") from None
    if _encode(data) != value:
        raise BadMessage("Bytes are written in another way than the one.")
    if length is not None and len(data) != length:
        raise BadMessage("Bytes of another length.")
    return data


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
