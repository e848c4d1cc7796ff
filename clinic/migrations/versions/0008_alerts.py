"""Alerts: notices of unusual activity.

Not here: what is kept to later (`alerts/tables.py`). This file stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_alerts"
down_revision = "0007_appointments"


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor_kind", sa.String(24)),
        sa.Column("actor", sa.String(200)),
        sa.Column("session", sa.String(100)),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Integer, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("closed_by", sa.String(200)),
    )
    op.create_index("ix_alert_at_id", "alert", ["at", "id"])
    op.create_index("ix_alert_closed_at", "alert", ["closed_at"])


def downgrade() -> None:
    op.drop_table("alert")
