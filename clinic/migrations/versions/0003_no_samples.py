"""PostgreSQL takes no samples of wrapped keys: they would stay in its own tables when the keys are deleted.

This file stays as it is.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in ("recording_person", "recording_output"):
            op.execute(f"ALTER TABLE {table} ALTER COLUMN wrapped_key SET STATISTICS 0")
