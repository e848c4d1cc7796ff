"""Who had access to any record on a day, so that a report of that asks about them only.

Not here: what is kept to later (`tables.py`). This file stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ACCESS = (
    "recording.list",
    "recording.view",
    "recording.export",
    "recording.compose",
    "recording.verify",
    "recording.hold",
    "recording.delete",
    "account.break_glass",
    "appointment.view",
    "checkin.view",
    "note.view",
    "note.delete",
    "usage.view",
    "usage.export",
    "record.delete",
    "patient.export",
    "audit.view",
    "audit.export",
)
"""Kinds of events that are access. One that is added to them needs a migration, if there are such events already."""


def upgrade() -> None:
    made = op.create_table(
        "audit_day_actor",
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("actor_kind", sa.String(24), primary_key=True),
        sa.Column("actor", sa.String(200), primary_key=True),
    )
    event = sa.table(
        "audit_event", *(sa.column(name) for name in ("kind", "actor_kind", "actor")), sa.column("at", sa.BigInteger)
    )
    day = event.c.at // sa.literal_column("86400000")
    had = sa.select(day, event.c.actor_kind, event.c.actor).where(event.c.kind.in_(ACCESS)).distinct()
    op.execute(sa.insert(made).from_select(["day", "actor_kind", "actor"], had))


def downgrade() -> None:
    op.drop_table("audit_day_actor")
