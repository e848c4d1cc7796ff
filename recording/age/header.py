"""An age file's header: the file key, wrapped for each recipient, and a code that shows that it was not changed.

Format: https://age-encryption.org/v1. Read strictly: what is accepted could have been written in that one way only.
Not here: the payload (`stream.py`).
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import SecretBytes

from recording.age.errors import Damaged, NoKeyFits, NotAgeFile, Truncated
from recording.age.kdf import Entropy, hkdf
from recording.age.stanza import Stanza, decode64, encode64, read_stanzas
from recording.age.x25519 import Identity, Recipient

INTRO = b"age-encryption.org/v1\n"
ARMOR = b"-----BEGIN AGE"

MAX_HEADER = 65536
"""Bytes. Room for some 650 recipients of our kind or 40 post-quantum ones; bounds what a hostile header costs."""

MAC_BYTES = 32
_END = b"---"
_END_LINE = len(_END) + 1 + 43
"""`--- ` and the code in Base64."""


@dataclass(frozen=True)
class Header:
    stanzas: tuple[Stanza, ...]
    covered: bytes
    """What the code is made of: everything up to and with `---`."""
    mac: bytes

    @property
    def length(self) -> int:
        return len(self.covered) + _END_LINE - len(_END) + 1


def parse(data: bytes) -> Header:
    """Reads the header with which `data` begins; what follows it is left alone.

    Raises NotAgeFile; Truncated if `data` ends within it; Damaged. Nothing is authenticated yet.
    """
    data = data[:MAX_HEADER]
    _check_intro(data)
    mark = data.find(b"\n" + _END, len(INTRO) - 1)
    end = data.find(b"\n", mark + 1) if mark >= 0 else -1
    if end < 0:
        if len(data) == MAX_HEADER:
            raise NotAgeFile("The header is longer than any that is read here.")
        raise Truncated("The file ends within its header.")
    last = data[mark + 1 : end]
    if len(last) != _END_LINE or not last.startswith(_END + b" "):
        raise Damaged("The header's last line is not what it must be.")
    stanzas = tuple(read_stanzas(data[len(INTRO) : mark].split(b"\n"))) if mark >= len(INTRO) else ()
    if not stanzas:
        raise Damaged("The header names no recipient.")
    return Header(stanzas, data[: mark + 1 + len(_END)], decode64(last[len(_END) + 1 :]))


def make(file_key: SecretBytes, recipients: Sequence[Recipient], entropy: Entropy) -> bytes:
    """The header of a file that each of the recipients can open. Raises BadKeyText, ValueError if there are none."""
    if not recipients:
        raise ValueError("an age file is for somebody")
    stanzas = [each.wrap(file_key, entropy).encode() for each in recipients]
    covered = b"".join([INTRO, *stanzas, _END])
    header = covered + b" " + encode64(_mac(file_key, covered)) + b"\n"
    if len(header) > MAX_HEADER:
        raise ValueError("too many recipients")
    return header


def unlock(header: Header, keys: SecretBytes | Sequence[Identity]) -> SecretBytes:
    """The file key. `keys` is that key itself, or identities, of which one must fit.

    Raises NoKeyFits; Damaged if the header is not as it was written.
    """
    if isinstance(keys, SecretBytes):
        if not _is_whole(header, keys):
            raise NoKeyFits("The key is not this file's, or the header was changed.")
        return keys
    for identity in keys:
        file_key = identity.unwrap(header.stanzas)
        if file_key is not None:
            if not _is_whole(header, file_key):
                raise Damaged("The header was changed after it was written.")
            return file_key
    raise NoKeyFits("The file is sealed to another key.")


def rewrap(beginning: bytes, identity: Identity, recipients: Sequence[Recipient], entropy: Entropy) -> bytes:
    """A header for other recipients, to stand before the same payload. `beginning` holds the old one, and may hold
    more: the payload starts `parse(beginning).length` bytes into the old file.

    Whoever gets the new file learns the key of the old one, which is the same payload. Raises as `parse`, `unlock` and
    `make` do.
    """
    return make(unlock(parse(beginning), [identity]), recipients, entropy)


def _check_intro(data: bytes) -> None:
    if data.startswith(INTRO):
        return
    if INTRO.startswith(data):
        raise Truncated("The file ends within its header.")
    if data.startswith(ARMOR):
        raise NotAgeFile("This is an age file written as text (armor). Turn it into a binary one with age -d first.")
    if data.startswith(INTRO[: INTRO.index(b"/") + 1]):
        raise NotAgeFile("This is an age file of a version that is not read here.")
    raise NotAgeFile("This is not an age file.")


def _mac(file_key: SecretBytes, covered: bytes) -> bytes:
    return hmac.digest(hkdf(file_key.get_secret_value(), b"", b"header"), covered, "sha256")


def _is_whole(header: Header, file_key: SecretBytes) -> bool:
    return hmac.compare_digest(_mac(file_key, header.covered), header.mac)
