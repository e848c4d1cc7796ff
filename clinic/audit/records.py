"""What the audit log gives back: plain frozen values.

Not here: events as they are told (`events.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from clinic.audit.events import Event


@dataclass(frozen=True)
class Entry:
    """An event in its place."""

    seq: int
    """From 0, without a gap."""
    event: Event
    """Its time in whole milliseconds."""
    body: str
    """The canonical text, whose UTF-8 bytes are the leaf of the tree."""


@dataclass(frozen=True)
class Head:
    """All that was ever written, in one hash."""

    size: int
    """How many events."""
    root: bytes
    """The root of the tree over them (RFC 6962)."""
    note: str
    """The same signed, as a C2SP tlog checkpoint; empty before the first event."""


@dataclass(frozen=True)
class Inclusion:
    """That one event is in the log: with its body, and the head that was signed, enough for a stranger."""

    entry: Entry
    head: Head
    path: tuple[bytes, ...]
    """Hashes from the leaf to the root (RFC 6962 section 2.1.1)."""


@dataclass(frozen=True)
class Witnessed:
    """A head that a witness has signed too, and when it did."""

    size: int
    witness: str
    """Its key's name."""
    at: float
    note: str
    """The checkpoint with our signature and the witness's."""
