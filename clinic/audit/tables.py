"""The audit log's tables, in a database of their own: events, the hashes above them, the signed head, witnesses' words.

`audit_event.body` is what counts: the bytes that are hashed (`canonical.py`). The other columns of that table are what
it says once more, to find it by; `audit_day` counts them, `audit_day_actor` says whose. Events, tiles and witnessed
heads are only ever added to, and the head only grows; triggers of the first migration see to it.

Every change here needs a migration (`migrations/`); a test compares the two. Not here: what may be done with the rows.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from clinic.audit.canonical import LONGEST_BODY, LONGEST_ID, LONGEST_SESSION
from clinic.columns import WORD, Moment, Words

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite keeps rows by their number if it is called INTEGER only; it takes 64 bits all the same."""


class AuditTable(DeclarativeBase):
    metadata = MetaData(
        # Migrations rely on these names: they stay as they are.
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


class EventRow(AuditTable):
    __tablename__ = "audit_event"
    __table_args__ = (
        # In the order of time; what reports add up stands beside it, so that no event is read for it.
        Index(None, "at", "seq", "kind"),
        Index(None, "kind", "at", "seq", "actor_kind", "actor", "patient", "session"),
        Index(None, "actor", "at", "seq", "kind", "actor_kind", "patient", "session"),
        Index(None, "actor", "kind", "at", "seq"),
        Index(None, "session", "at", "seq", "kind", "patient"),
        Index(None, "patient", "at", "seq", "kind", "session"),
        Index(None, "subject", "at", "seq"),
    )

    seq: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
    """From 0, without a gap: its place in the tree."""
    at: Mapped[float] = mapped_column(Moment)
    kind: Mapped[str] = mapped_column(Words(WORD))
    actor_kind: Mapped[str] = mapped_column(Words(WORD))
    actor: Mapped[str] = mapped_column(Words(LONGEST_ID))
    session: Mapped[str | None] = mapped_column(Words(LONGEST_SESSION))
    patient: Mapped[str | None] = mapped_column(Words(LONGEST_ID))
    subject: Mapped[str | None] = mapped_column(Words(LONGEST_ID))
    body: Mapped[str] = mapped_column(Words(LONGEST_BODY))


class TileRow(AuditTable):
    """256 neighbouring hashes of one level of the tree, kept once all of them are there (C2SP tlog-tiles, height 8)."""

    __tablename__ = "audit_tile"

    level: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """0: hashes of events. 1: roots of level 0's tiles, and so on."""
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class DayRow(AuditTable):
    """How many events of a kind there were on a day: what is in the events already, added up (`days.py`)."""

    __tablename__ = "audit_day"

    day: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """Since 1970, UTC."""
    kind: Mapped[str] = mapped_column(Words(WORD), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class DayActorRow(AuditTable):
    """Who had access to any record on a day: what is in the events already (`days.py`)."""

    __tablename__ = "audit_day_actor"

    day: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    actor_kind: Mapped[str] = mapped_column(Words(WORD), primary_key=True)
    actor: Mapped[str] = mapped_column(Words(LONGEST_ID), primary_key=True)


class HeadRow(AuditTable):
    """One row, since the first migration. Whoever holds its lock is the writer."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str] = mapped_column(Words(1000))
    """The signed checkpoint; empty before the first event."""


class WitnessedRow(AuditTable):
    """A head that a witness has signed too."""

    __tablename__ = "audit_witnessed"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    witness: Mapped[str] = mapped_column(Words(LONGEST_ID), primary_key=True)
    at: Mapped[float] = mapped_column(Moment)
    note: Mapped[str] = mapped_column(Words(4000))
