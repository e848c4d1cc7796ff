"""Indexes for what a year of a clinic is asked: lists in their order, and what is whose, without reading whole tables.

Not here: what is kept to later (`tables.py`). This file stays as it is.
"""

from __future__ import annotations

from alembic import op

revision = "0012_indexes"
down_revision = "0011_staff_mail"

NEW: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("appointment", ("state", "starts_at", "id")),
    ("telehealth_consent", ("at",)),
    ("message", ("patient", "created_at", "id")),
    ("webhook_delivery", ("endpoint_id", "state", "next_at", "id")),
    ("webhook_delivery", ("endpoint_id", "id")),
    ("webhook_delivery", ("endpoint_id", "state", "id")),
    ("webhook_delivery", ("session",)),
    ("recording", ("state", "started_at", "id")),
)

OLD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("recording", ("state",)),
    ("webhook_delivery", ("endpoint_id", "state", "next_at")),
)


def upgrade() -> None:
    for table, columns in NEW:
        op.create_index(_name(table, columns), table, list(columns))
    for table, columns in OLD:
        op.drop_index(_name(table, columns), table)


def downgrade() -> None:
    for table, columns in OLD:
        op.create_index(_name(table, columns), table, list(columns))
    for table, columns in NEW:
        op.drop_index(_name(table, columns), table)


def _name(table: str, columns: tuple[str, ...]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"
