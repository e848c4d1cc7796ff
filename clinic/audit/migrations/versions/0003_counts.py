"""Events counted by day and kind; indexes that hold what reports add up, in place of those that only led to it.

Not here: what is kept to later (`tables.py`). This file stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BESIDE = {
    ("at", "seq"): ("kind",),
    ("kind", "at", "seq"): ("actor_kind", "actor", "patient", "session"),
    ("actor", "at", "seq"): ("kind", "actor_kind", "patient", "session"),
    ("session", "at", "seq"): ("kind", "patient"),
    ("patient", "at", "seq"): ("kind", "session"),
}
"""What an index was of -> what stands behind it now."""


def upgrade() -> None:
    op.create_table(
        "audit_day",
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(24), primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
    op.execute(
        "INSERT INTO audit_day (day, kind, count) "
        "SELECT at / 86400000, kind, count(*) FROM audit_event GROUP BY at / 86400000, kind"
    )
    for before, beside in BESIDE.items():
        op.drop_index(_name(before), "audit_event")
        op.create_index(_name((*before, *beside)), "audit_event", [*before, *beside])


def downgrade() -> None:
    for before, beside in BESIDE.items():
        op.drop_index(_name((*before, *beside)), "audit_event")
        op.create_index(_name(before), "audit_event", list(before))
    op.drop_table("audit_day")


def _name(columns: tuple[str, ...]) -> str:
    return f"ix_audit_event_{'_'.join(columns)}"
