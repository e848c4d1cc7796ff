"""Messages that go out, and webhooks.

Not here: what is kept of them (`messages/tables.py`, `webhooks/tables.py`). This file stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009_messages"
down_revision = "0008_alerts"


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("channel", sa.String(24), nullable=False),
        sa.Column("to_sealed", sa.LargeBinary),
        sa.Column("content_sealed", sa.LargeBinary),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("useless_at", sa.BigInteger, nullable=False),
        sa.Column("about", sa.String(64)),
        sa.Column("guest", sa.String(64)),
        sa.Column("patient", sa.String(200)),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("done_at", sa.BigInteger),
        sa.Column("error", sa.String(64)),
        sa.UniqueConstraint("key", name="uq_message_key"),
    )
    op.create_index("ix_message_state_next_at", "message", ["state", "next_at"])
    op.create_index("ix_message_about_created_at", "message", ["about", "created_at"])
    op.create_index("ix_message_created_at", "message", ["created_at"])
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("url_sealed", sa.LargeBinary, nullable=False),
        sa.Column("secrets_sealed", sa.LargeBinary, nullable=False),
        sa.Column("kinds", sa.JSON, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("removed_at", sa.BigInteger),
    )
    endpoint = sa.ForeignKey("webhook_endpoint.id", name="fk_webhook_counter_endpoint_id")
    op.create_table(
        "webhook_counter",
        sa.Column("endpoint_id", sa.String(64), endpoint, primary_key=True),
        sa.Column("session", sa.String(100), primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
    )
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    endpoint = sa.ForeignKey("webhook_endpoint.id", name="fk_webhook_delivery_endpoint_id")
    op.create_table(
        "webhook_delivery",
        sa.Column("id", number, primary_key=True),
        sa.Column("endpoint_id", sa.String(64), endpoint, nullable=False),
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("session", sa.String(100), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.Column("give_up_at", sa.BigInteger, nullable=False),
        sa.Column("done_at", sa.BigInteger),
        sa.Column("status", sa.Integer),
        sa.Column("duration_ms", sa.Integer),
        sa.Column("error", sa.String(64)),
        sa.UniqueConstraint("endpoint_id", "event_id", name="uq_webhook_delivery_endpoint_id_event_id"),
        sa.UniqueConstraint(
            "endpoint_id", "session", "sequence", name="uq_webhook_delivery_endpoint_id_session_sequence"
        ),
    )
    op.create_index(
        "ix_webhook_delivery_endpoint_id_state_next_at", "webhook_delivery", ["endpoint_id", "state", "next_at"]
    )
    op.create_index("ix_webhook_delivery_endpoint_id_at", "webhook_delivery", ["endpoint_id", "at"])
    op.create_index("ix_webhook_delivery_at", "webhook_delivery", ["at"])
    delivery = sa.ForeignKey("webhook_delivery.id", name="fk_webhook_attempt_delivery_id")
    op.create_table(
        "webhook_attempt",
        sa.Column("id", number, primary_key=True),
        sa.Column("delivery_id", number, delivery, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("duration_ms", sa.Integer, nullable=False),
        sa.Column("error", sa.String(64)),
    )
    op.create_index("ix_webhook_attempt_delivery_id", "webhook_attempt", ["delivery_id"])


def downgrade() -> None:
    for table in ("webhook_attempt", "webhook_delivery", "webhook_counter", "webhook_endpoint", "message"):
        op.drop_table(table)
