"""What somebody did of one kind is found by an index of its own: of two that fit, a database takes the wrong one.

Not here: what is kept to later (`tables.py`). This file stays as it is.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("ix_audit_event_actor_kind_at_seq", "audit_event", ["actor", "kind", "at", "seq"])


def downgrade() -> None:
    op.drop_index("ix_audit_event_actor_kind_at_seq", "audit_event")
