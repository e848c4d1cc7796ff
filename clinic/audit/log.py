"""The audit log: appended to, proven, and read.

What is appended at once is written at once: one transaction, one head signed over it, one write to the disk, however
many wait for it. Whoever waited goes on when events, tree and signed head are durable.
Not here: searching (`search.py`), exports, witnesses over HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clinic.audit.events import Event
from clinic.audit.notes import Signer
from clinic.audit.records import Entry, Head, Inclusion, Witnessed
from clinic.database import Database


class AuditLog:
    """One log. Its database is for it alone; everybody reads it through `database`, and only this writes.

    All raise Unavailable; Tampered, which is one, when the database contradicts what was signed.
    """

    def __init__(self, database: Database, signer: Signer, head_file: Path) -> None:
        self.database = database

    async def open(self) -> Head:
        """Brings the tables up to date and compares them with the last signed head that was kept beside them.

        Done by the first append too, if the database was away before.
        """

    async def append(self, events: Sequence[Event]) -> None:
        """Returns when they are durable, in their order, under a signed head. Raises BadValue, and then none is kept."""

    async def head(self) -> Head:
        """The newest."""

    async def inclusion(self, seq: int) -> Inclusion:
        """That this event is under the newest head. Raises Unknown."""

    async def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """That the tree of `new` events goes on from that of `old` (RFC 6962 section 2.1.2). Raises Unknown."""

    async def entries(self, first: int, last: int) -> list[Entry]:
        """Those from `first` on, up to and without `last`, as their bodies say."""

    async def witnessed(self) -> list[Witnessed]:
        """The newest head of each witness."""

    async def close(self) -> None:
        """After what is being written."""
