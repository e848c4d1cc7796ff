"""What processes have in memory, looked through for what must not be there. Only root may, since the service lets
nobody else (`recording/core_dumps.py`).

All that a process can write to is looked at, what it has freed and not used again too.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

MAY_LOOK = os.geteuid() == 0

_LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw")
_PIECE = 1 << 20
_LONGEST = 1 << 10
"""Bytes of what is searched for, however it is written."""


def found_in(processes: Iterable[int], secrets: Mapping[str, bytes]) -> set[str]:
    """The names of those that are in the memory of one of them: as bytes, in hexadecimal, or in base64url."""
    found: set[str] = set()
    for pid in processes:
        for piece in _pieces(pid):
            for name, secret in secrets.items():
                if name not in found and any(form in piece for form in _forms(secret)):
                    found.add(name)
    return found


def _forms(secret: bytes) -> tuple[bytes, bytes, bytes]:
    return secret, secret.hex().encode(), base64.urlsafe_b64encode(secret).rstrip(b"=")


def _pieces(pid: int) -> Iterator[bytes]:
    """They overlap, so that what lies across a border is found."""
    regions = _LINE.findall(Path(f"/proc/{pid}/maps").read_text())
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for first, last in ((int(one, 16), int(other, 16)) for one, other in regions):
            for at in range(first, last, _PIECE):
                with suppress(OSError):  # it was given back meanwhile
                    piece = os.pread(memory.fileno(), min(_PIECE + _LONGEST, last - at), at)
                    if piece.strip(b"\0"):  # it was used at all
                        yield piece
