"""Keeping: rules of retention, legal holds, proofs of deletion, backups; documentation may go when its time is over.

Not here: what is kept to later (`tables.py`, `keeping/tables.py`). This file stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006_keeping"
down_revision = "0005_usage"

APPEND_ONLY = ("retention_rule", "deletion_proof")
DOCUMENTATION = ("consent", "viewing")
"""Was append-only until now. From now on a transaction with a permit may remove it; nobody may change it."""

WITHOUT_PERMIT = "NOT EXISTS (SELECT 1 FROM removal_permit)"


def upgrade() -> None:
    op.create_table(
        "retention_rule",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("days", sa.Integer),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
    )
    op.create_index("ix_retention_rule_kind_id", "retention_rule", ["kind", "id"])
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("placed_at", sa.BigInteger, nullable=False),
        sa.Column("placed_by", sa.String(200), nullable=False),
        sa.Column("because_sealed", sa.LargeBinary, nullable=False),
        sa.Column("patient", sa.String(200)),
        sa.Column("session", sa.String(100)),
        sa.Column("therapist", sa.String(200)),
        sa.Column("since", sa.BigInteger),
        sa.Column("until", sa.BigInteger),
        sa.Column("released_at", sa.BigInteger),
        sa.Column("released_by", sa.String(200)),
    )
    op.create_index("ix_legal_hold_placed_at", "legal_hold", ["placed_at"])
    op.create_table(
        "deletion_proof",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary, nullable=False),
        sa.Column("patient_hmac", sa.String(64)),
        sa.Column("deleted", sa.JSON, nullable=False),
        sa.Column("secrets", sa.JSON, nullable=False),
        sa.Column("left", sa.JSON, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_deletion_proof_at", "deletion_proof", ["at"])
    op.create_index("ix_deletion_proof_patient_hmac", "deletion_proof", ["patient_hmac"])
    op.create_table("removal_permit", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table(
        "keeping_run",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("well", sa.Boolean, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
    )
    op.create_index("ix_keeping_run_kind_at", "keeping_run", ["kind", "at"])
    _append_only()
    _permit()


def downgrade() -> None:
    _append_only_again()
    for table in ("keeping_run", "removal_permit", "deletion_proof", "legal_hold", "retention_rule"):
        op.drop_table(table)


def _append_only() -> None:
    for table in APPEND_ONLY:
        if _sqlite():
            for change in ("update", "delete"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{change} BEFORE {change.upper()} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'append only'); END"
                )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )


def _permit() -> None:
    if not _sqlite():
        op.execute(
            "CREATE FUNCTION refuse_change_without_permit() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM removal_permit) THEN RETURN OLD; END IF; "
            "RAISE EXCEPTION 'append only' USING ERRCODE = 'restrict_violation'; END $$"
        )
    for table in DOCUMENTATION:
        if _sqlite():
            op.execute(f"DROP TRIGGER {table}_no_delete")
            op.execute(
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
                f"WHEN {WITHOUT_PERMIT} BEGIN SELECT RAISE(ABORT, 'append only'); END"
            )
        else:
            op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
            op.execute(
                f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change_without_permit()"
            )


def _append_only_again() -> None:
    for table in DOCUMENTATION:
        if _sqlite():
            op.execute(f"DROP TRIGGER {table}_no_delete")
            op.execute(
                f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'append only'); END"
            )
        else:
            op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
            op.execute(
                f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )
    if not _sqlite():
        op.execute("DROP FUNCTION refuse_change_without_permit")


def _sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"
