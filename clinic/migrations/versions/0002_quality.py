"""Quality: how the connection of each person in each session was.

Not here: what is kept to later (`tables.py`). This file stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "quality",
        sa.Column("session", sa.String(100), primary_key=True),
        sa.Column("person_id", sa.String(64), primary_key=True),
        sa.Column("came_at", sa.BigInteger, primary_key=True),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("kept_at", sa.BigInteger, nullable=False),
        sa.Column("gone_at", sa.BigInteger),
        sa.Column("gone", sa.String(24)),
        sa.Column("connected", sa.Boolean, nullable=False),
        sa.Column("failure", sa.String(24)),
        sa.Column("figures", sa.JSON, nullable=False),
    )
    op.create_index("ix_quality_kept_at", "quality", ["kept_at"])
