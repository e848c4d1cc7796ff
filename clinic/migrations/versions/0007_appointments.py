"""Appointments: patients, series, who is invited, links, check-ins, consents to telehealth, and notes.

Not here: what is kept to later (`clinic/appointments/tables.py`, `clinic/notes/tables.py`). This file stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007_appointments"
down_revision = "0006_keeping"

TABLES = (
    "note_version",
    "note",
    "appointment_request",
    "telehealth_consent",
    "checkin",
    "visit_device",
    "visit_link",
    "appointment_guest",
    "appointment",
    "appointment_series",
    "patient",
)


def upgrade() -> None:
    _patients_and_series()
    _appointments()
    _links()
    _check_ins()
    _notes()
    _append_only("telehealth_consent")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER telehealth_consent_no_change ON telehealth_consent")
    for table in TABLES:
        op.drop_table(table)  # with its indexes, and in SQLite with its triggers


def _patients_and_series() -> None:
    op.create_table(
        "patient",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary),
        sa.Column("email_sealed", sa.LargeBinary),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("language", sa.String(35)),
        sa.Column("zone", sa.String(64)),
    )
    op.create_table(
        "appointment_series",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("therapist", sa.String(200), nullable=False),
        sa.Column("frequency", sa.String(24), nullable=False),
        sa.Column("starts", sa.String(19), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("external_id", sa.String(100)),
        sa.UniqueConstraint("external_id", name="uq_appointment_series_external_id"),
    )


def _appointments() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("session", sa.String(100), nullable=False),
        sa.Column("therapist", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("external_id", sa.String(100)),
        sa.Column("series_id", sa.String(64), sa.ForeignKey("appointment_series.id")),
        sa.Column("series_number", sa.Integer),
        sa.Column("therapist_name_sealed", sa.LargeBinary),
        sa.Column("met_at", sa.BigInteger),
        sa.Column("over_at", sa.BigInteger),
        sa.UniqueConstraint("session", name="uq_appointment_session"),
        sa.UniqueConstraint("external_id", name="uq_appointment_external_id"),
        sa.UniqueConstraint("series_id", "series_number", name="uq_appointment_series_id_series_number"),
    )
    op.create_index("ix_appointment_starts_at_id", "appointment", ["starts_at", "id"])
    op.create_index("ix_appointment_therapist_starts_at", "appointment", ["therapist", "starts_at"])
    op.create_index("ix_appointment_state_ends_at", "appointment", ["state", "ends_at"])
    op.create_table(
        "appointment_guest",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("appointment_id", sa.String(64), sa.ForeignKey("appointment.id"), nullable=False),
        sa.Column("starts_at", sa.BigInteger, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("relation", sa.String(24), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("patient_id", sa.String(200), sa.ForeignKey("patient.id", ondelete="SET NULL")),
        sa.Column("name_sealed", sa.LargeBinary),
        sa.Column("email_sealed", sa.LargeBinary),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("language", sa.String(35)),
        sa.Column("zone", sa.String(64)),
        sa.Column("left_out_at", sa.BigInteger),
        sa.Column("waits_since", sa.BigInteger),
        sa.Column("came_at", sa.BigInteger),
        sa.Column("let_in_at", sa.BigInteger),
        sa.Column("gone_at", sa.BigInteger),
    )
    op.create_index("ix_appointment_guest_appointment_id", "appointment_guest", ["appointment_id"])
    op.create_index(
        "ix_appointment_guest_patient_id_starts_at_appointment_id",
        "appointment_guest",
        ["patient_id", "starts_at", "appointment_id"],
    )
    op.create_table(
        "appointment_request",
        sa.Column("caller", sa.String(200), primary_key=True),
        sa.Column("key_sha256", sa.String(64), primary_key=True),
        sa.Column("body_sha256", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("made", sa.String(64), nullable=False),
    )
    op.create_index("ix_appointment_request_at", "appointment_request", ["at"])


def _links() -> None:
    op.create_table(
        "visit_link",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("appointment_id", sa.String(64), sa.ForeignKey("appointment.id"), nullable=False),
        sa.Column("guest_id", sa.String(64), sa.ForeignKey("appointment_guest.id"), nullable=False),
        sa.Column("secret_sha256", sa.String(64), nullable=False),
        sa.Column("devices", sa.Integer, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("revoked_because", sa.String(24)),
        sa.Column("opened_at", sa.BigInteger),
        sa.UniqueConstraint("secret_sha256", name="uq_visit_link_secret_sha256"),
    )
    op.create_index("ix_visit_link_appointment_id", "visit_link", ["appointment_id"])
    op.create_index("ix_visit_link_guest_id_made_at", "visit_link", ["guest_id", "made_at"])
    op.create_table(
        "visit_device",
        sa.Column("link_id", sa.String(64), sa.ForeignKey("visit_link.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("device_sha256", sa.String(64), primary_key=True),
        sa.Column("first_at", sa.BigInteger, nullable=False),
    )


def _check_ins() -> None:
    op.create_table(
        "checkin",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("appointment_id", sa.String(64), sa.ForeignKey("appointment.id"), nullable=False),
        sa.Column("guest_id", sa.String(64), sa.ForeignKey("appointment_guest.id"), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("answers_sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_checkin_appointment_id_at", "checkin", ["appointment_id", "at"])
    op.create_index("ix_checkin_at", "checkin", ["at"])
    op.create_table(
        "telehealth_consent",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("appointment_id", sa.String(64), nullable=False),
        sa.Column("guest_id", sa.String(64), nullable=False),
        sa.Column("relation", sa.String(24), nullable=False),
        sa.Column("patient_id", sa.String(200)),
        sa.Column("text_version", sa.String(64), sa.ForeignKey("consent_text.version"), nullable=False),
        sa.Column("text_sha256", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_telehealth_consent_appointment_id", "telehealth_consent", ["appointment_id"])
    op.create_index("ix_telehealth_consent_patient_id", "telehealth_consent", ["patient_id"])


def _notes() -> None:
    op.create_table(
        "note",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("appointment_id", sa.String(64), sa.ForeignKey("appointment.id"), nullable=False),
        sa.Column("author", sa.String(200), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("deleted_at", sa.BigInteger),
    )
    op.create_index("ix_note_appointment_id_author", "note", ["appointment_id", "author"])
    op.create_index("ix_note_author", "note", ["author"])
    op.create_table(
        "note_version",
        sa.Column("note_id", sa.String(64), sa.ForeignKey("note.id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("content_sealed", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_note_version_at", "note_version", ["at"])


def _append_only(table: str) -> None:
    """As in the first migration, whose function is there."""
    if op.get_context().dialect.name == "sqlite":
        for change in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change} BEFORE {change.upper()} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'append only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
