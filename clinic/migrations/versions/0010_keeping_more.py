"""Keeping: consents to telehealth may go when their time is over; PostgreSQL takes no samples of what is sealed.

Not here: what is kept to later (`tables.py`). This file stays as it is.
"""

from __future__ import annotations

from alembic import op

revision = "0010_keeping_more"
down_revision = "0009_messages"

TABLE = "telehealth_consent"
WITHOUT_PERMIT = "NOT EXISTS (SELECT 1 FROM removal_permit)"

SEALED = {
    "account": ("login_sealed", "name_sealed", "totp_sealed", "totp_pending_sealed"),
    "account_passkey": ("name_sealed",),
    "api_key": ("name_sealed",),
    "emergency": ("reason_sealed",),
    "patient": ("name_sealed", "email_sealed", "phone_sealed"),
    "appointment": ("therapist_name_sealed",),
    "appointment_guest": ("name_sealed", "email_sealed", "phone_sealed"),
    "checkin": ("answers_sealed",),
    "note_version": ("content_sealed",),
    "message": ("to_sealed", "content_sealed"),
    "webhook_endpoint": ("url_sealed", "secrets_sealed"),
    "legal_hold": ("because_sealed",),
    "deletion_proof": ("reason_sealed",),
}
"""Samples would stay in PostgreSQL's own tables when a record is deleted."""


def upgrade() -> None:
    if _sqlite():
        op.execute(f"DROP TRIGGER {TABLE}_no_delete")
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} "
            f"WHEN {WITHOUT_PERMIT} BEGIN SELECT RAISE(ABORT, 'append only'); END"
        )
        return
    _trigger("refuse_change_without_permit")
    _statistics(0)


def downgrade() -> None:
    if _sqlite():
        op.execute(f"DROP TRIGGER {TABLE}_no_delete")
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} BEGIN SELECT RAISE(ABORT, 'append only'); END"
        )
        return
    _trigger("refuse_change")
    _statistics(-1)


def _trigger(function: str) -> None:
    op.execute(f"DROP TRIGGER {TABLE}_no_change ON {TABLE}")
    op.execute(
        f"CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()"
    )


def _statistics(target: int) -> None:
    for table, columns in SEALED.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS {target}")


def _sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"
