"""Recordings: what belongs to them, consents, viewings, proofs, jobs.

Not here: what is kept to later (`tables.py`). This file stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

APPEND_ONLY = ("consent_text", "consent", "viewing", "shred_proof")


def upgrade() -> None:
    _recordings()
    _consents()
    _proofs_and_jobs()
    for table in APPEND_ONLY:
        _append_only(table)


def _recordings() -> None:
    op.create_table(
        "recording",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("session", sa.String(100), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("failure", sa.String(500)),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("node", sa.String(100), nullable=False),
        sa.Column("key_provider", sa.String(200), nullable=False),
        sa.Column("delete_after", sa.BigInteger),
        sa.Column("held_by", sa.String(200)),
        sa.Column("held_at", sa.BigInteger),
        sa.Column("held_because", sa.String(500)),
    )
    op.create_index("ix_recording_started_at_id", "recording", ["started_at", "id"])
    op.create_index("ix_recording_session", "recording", ["session"])
    op.create_index("ix_recording_state", "recording", ["state"])
    op.create_index("ix_recording_delete_after", "recording", ["delete_after"])

    op.create_table(
        "recording_person",
        sa.Column("recording_id", sa.String(64), sa.ForeignKey("recording.id"), primary_key=True),
        sa.Column("person_id", sa.String(64), primary_key=True),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary),
        sa.Column("wrapped_key", sa.LargeBinary),
        sa.Column("shredded_at", sa.BigInteger),
    )

    op.create_table(
        "recording_track",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("recording_id", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("source", sa.String(24), nullable=False),
        sa.Column("codec", sa.String(16), nullable=False),
        sa.Column("started_ms", sa.Integer, nullable=False),
        sa.Column("duration_ms", sa.Integer),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("file", sa.String(200), unique=True),
        sa.Column("size", sa.BigInteger),
        sa.Column("sha256", sa.String(64)),
        sa.ForeignKeyConstraint(
            ["recording_id", "person_id"], ["recording_person.recording_id", "recording_person.person_id"]
        ),
    )
    op.create_index("ix_recording_track_recording_id_started_ms", "recording_track", ["recording_id", "started_ms"])

    op.create_table(
        "recording_mark",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("recording_id", sa.String(64), sa.ForeignKey("recording.id"), nullable=False),
        sa.Column("at_ms", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("person_id", sa.String(64)),
    )
    op.create_index("ix_recording_mark_recording_id_at_ms", "recording_mark", ["recording_id", "at_ms"])

    op.create_table(
        "recording_output",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("recording_id", sa.String(64), sa.ForeignKey("recording.id"), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary),
        sa.Column("file", sa.String(200), unique=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_index("ix_recording_output_recording_id", "recording_output", ["recording_id"])


def _consents() -> None:
    op.create_table(
        "consent_text",
        sa.Column("version", sa.String(64), primary_key=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("body", sa.String(20_000), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
    )

    op.create_table(
        "consent",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("recording_id", sa.String(64), nullable=False),
        sa.Column("session", sa.String(100), nullable=False),
        sa.Column("person_id", sa.String(64), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("text_version", sa.String(64), sa.ForeignKey("consent_text.version"), nullable=False),
        sa.Column("text_sha256", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("place", sa.String(100)),
        sa.Column("signed_as_sealed", sa.LargeBinary),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_consent_recording_id", "consent", ["recording_id"])
    op.create_index("ix_consent_session", "consent", ["session"])


def _proofs_and_jobs() -> None:
    op.create_table(
        "viewing",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("recording_id", sa.String(64), sa.ForeignKey("recording.id"), nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_viewing_recording_id", "viewing", ["recording_id"])

    op.create_table(
        "shred_proof",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("recording_id", sa.String(64), sa.ForeignKey("recording.id"), nullable=False),
        sa.Column("person_id", sa.String(64)),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("keys", sa.JSON, nullable=False),
    )
    op.create_index("ix_shred_proof_recording_id", "shred_proof", ["recording_id"])

    op.create_table(
        "job",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("recording_id", sa.String(64), sa.ForeignKey("recording.id"), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.BigInteger, nullable=False),
        sa.Column("progress", sa.Double, nullable=False),
        sa.Column("error", sa.String(500)),
    )
    op.create_index("ix_job_recording_id", "job", ["recording_id"])
    op.create_index("ix_job_state_lease_until", "job", ["state", "lease_until"])


def _append_only(table: str) -> None:
    """The database itself refuses to change or remove a row: a defect of ours cannot rewrite what somebody said."""
    if op.get_context().dialect.name == "sqlite":
        for change in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change} BEFORE {change.upper()} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'append only'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'append only' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
