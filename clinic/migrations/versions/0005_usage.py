"""Usage: sittings with their shares and spans, sums of days, versions of the service codes.

This file stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005_usage"
down_revision = "0004_accounts"

STATES = ("video", "audio", "muted", "lost", "gap")
REASONS = ("alone", "connection", "muted", "server")
KINDS = ("all", "therapist", "patient")


def upgrade() -> None:
    op.create_table(
        "usage_sitting",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("session", sa.String(100), nullable=False),
        sa.Column("appointment", sa.String(64)),
        sa.Column("therapist", sa.String(200)),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("known_until", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("two_way_ms", sa.BigInteger, nullable=False),
        sa.Column("video_ms", sa.BigInteger, nullable=False),
        sa.Column("patients", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_usage_sitting"),
    )
    op.create_index("ix_usage_sitting_started_at_id", "usage_sitting", ["started_at", "id"])
    op.create_index("ix_usage_sitting_session_started_at", "usage_sitting", ["session", "started_at"])
    op.create_index("ix_usage_sitting_ended_at", "usage_sitting", ["ended_at"])
    op.create_table(
        "usage_share",
        sa.Column("sitting_id", sa.String(64), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("came_at", sa.BigInteger, nullable=False),
        sa.Column("known_until", sa.BigInteger, nullable=False),
        sa.Column("present_ms", sa.BigInteger, nullable=False),
        sa.Column("two_way_ms", sa.BigInteger, nullable=False),
        sa.Column("video_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("sitting_id", "person", "role", name="pk_usage_share"),
        sa.ForeignKeyConstraint(["sitting_id"], ["usage_sitting.id"], name="fk_usage_share_sitting_id_usage_sitting"),
    )
    op.create_index(
        "ix_usage_share_person_role_started_at_sitting_id",
        "usage_share",
        ["person", "role", "started_at", "sitting_id"],
    )
    op.create_table(
        "usage_span",
        sa.Column("sitting_id", sa.String(64), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("began_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("reason", sa.String(24)),
        sa.PrimaryKeyConstraint("sitting_id", "person", "number", name="pk_usage_span"),
        sa.ForeignKeyConstraint(["sitting_id"], ["usage_sitting.id"], name="fk_usage_span_sitting_id_usage_sitting"),
    )
    op.create_table(
        "usage_sum",
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("sittings", sa.Integer, nullable=False),
        sa.Column("held", sa.Integer, nullable=False),
        sa.Column("present_ms", sa.BigInteger, nullable=False),
        sa.Column("two_way_ms", sa.BigInteger, nullable=False),
        sa.Column("video_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("kind", "who", "day", name="pk_usage_sum"),
    )
    op.create_index("ix_usage_sum_kind_day", "usage_sum", ["kind", "day"])
    op.create_table(
        "usage_codes",
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("codes", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_usage_codes"),
    )


def downgrade() -> None:
    for table in ("usage_codes", "usage_sum", "usage_span", "usage_share", "usage_sitting"):
        op.drop_table(table)
