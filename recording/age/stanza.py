"""One recipient's part of an age header: some arguments and a body, in lines of text.

Not here: what they mean to whom (`x25519.py`), and what stands around them (`header.py`).
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from recording.age.errors import Damaged

COLUMNS = 64
"""Of a body's lines. The last one is shorter, and so may have to be empty."""

_ARGUMENT = re.compile(rb"[!-~]+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*")


@dataclass(frozen=True)
class Stanza:
    arguments: tuple[str, ...]
    """The first one names the kind of recipient."""
    body: bytes

    def encode(self) -> bytes:
        text = encode64(self.body)
        lines = [text[at : at + COLUMNS] for at in range(0, len(text) + 1, COLUMNS)]
        return b"\n".join([f"-> {' '.join(self.arguments)}".encode("ascii"), *lines, b""])


def read_stanzas(lines: Iterable[bytes]) -> Iterator[Stanza]:
    """From lines without their ends. Raises Damaged for whatever `Stanza.encode` would have written otherwise."""
    rest = iter(lines)
    for line in rest:
        arguments = line[3:].split(b" ")
        if not line.startswith(b"-> ") or not all(_ARGUMENT.fullmatch(each) for each in arguments):
            raise Damaged("The header holds a line that does not belong there.")
        body = []
        for part in rest:
            body.append(part)
            if len(part) != COLUMNS:
                break
        if not body or len(body[-1]) >= COLUMNS:
            raise Damaged("The header holds a line of the wrong length.")
        yield Stanza(tuple(each.decode("ascii") for each in arguments), decode64(b"".join(body)))


def encode64(data: bytes) -> bytes:
    """Base64 without padding (RFC 4648, section 4)."""
    return b64encode(data).rstrip(b"=")


def decode64(text: bytes) -> bytes:
    """Takes only what `encode64` would have written, so that nothing can be said in two ways. Raises Damaged."""
    if _BASE64.fullmatch(text) and len(text) % 4 != 1:
        data = b64decode(text + b"=" * (-len(text) % 4))
        if encode64(data) == text:
            return data
    raise Damaged("The header holds text that is not Base64 as age writes it.")
