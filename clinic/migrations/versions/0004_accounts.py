"""Accounts: people who sign in, what they sign in with, their sessions, keys of software, emergency access.

Not here: what is kept to later (`clinic/accounts/tables.py`). This file stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004_accounts"
down_revision = "0003"

TABLES = (
    "emergency",
    "api_key",
    "account_attempt",
    "account_challenge",
    "account_session",
    "account_recovery",
    "account_passkey",
    "account_step",
    "account_invitation",
    "account",
    "account_setup",
)


def upgrade() -> None:
    _people()
    _factors()
    _coming_in()
    _keys_and_emergencies()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)


def _account() -> sa.Column[str]:
    return sa.Column("account_id", sa.String(64), sa.ForeignKey("account.id"), nullable=False)


def _people() -> None:
    op.create_table(
        "account_setup",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("login_hmac", sa.String(64), nullable=False, unique=True),
        sa.Column("login_sealed", sa.LargeBinary, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary, nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("external_id", sa.String(200), unique=True),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("signed_in_at", sa.BigInteger),
        sa.Column("password", sa.String(300)),
        sa.Column("password_changed_at", sa.BigInteger),
        sa.Column("totp_sealed", sa.LargeBinary),
        sa.Column("totp_pending_sealed", sa.LargeBinary),
        sa.Column("totp_since", sa.BigInteger),
        sa.Column("sign_on_hmac", sa.String(64), unique=True),
    )
    op.create_table(
        "account_invitation",
        sa.Column("account_id", sa.String(64), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )


def _factors() -> None:
    op.create_table(
        "account_step",
        sa.Column("account_id", sa.String(64), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("step", sa.BigInteger, primary_key=True, autoincrement=False),
    )
    op.create_table(
        "account_passkey",
        sa.Column("id", sa.String(64), primary_key=True),
        _account(),
        sa.Column("credential_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("credential", sa.LargeBinary, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
    )
    op.create_index("ix_account_passkey_account_id", "account_passkey", ["account_id"])
    op.create_table(
        "account_recovery",
        sa.Column("account_id", sa.String(64), sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("code_hmac", sa.String(64), primary_key=True),
        sa.Column("used_at", sa.BigInteger),
    )


def _coming_in() -> None:
    op.create_table(
        "account_session",
        sa.Column("id", sa.String(64), primary_key=True),
        _account(),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("stage", sa.String(24), nullable=False),
        sa.Column("signed_in_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("confirmed_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("browser", sa.String(60), nullable=False),
        sa.Column("ways", sa.String(60), nullable=False),
    )
    op.create_index("ix_account_session_account_id", "account_session", ["account_id"])
    op.create_index("ix_account_session_expires_at", "account_session", ["expires_at"])
    op.create_table(
        "account_challenge",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("purpose", sa.String(24), nullable=False),
        sa.Column("account_id", sa.String(64)),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_account_challenge_expires_at", "account_challenge", ["expires_at"])
    op.create_table(
        "account_attempt",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("locked_until", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_account_attempt_last_at", "account_attempt", ["last_at"])


def _keys_and_emergencies() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_table(
        "emergency",
        sa.Column("id", sa.String(64), primary_key=True),
        _account(),
        sa.Column("reason_sealed", sa.LargeBinary, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("acknowledged_by", sa.String(64)),
        sa.Column("acknowledged_at", sa.BigInteger),
    )
    op.create_index("ix_emergency_account_id", "emergency", ["account_id"])
    op.create_index("ix_emergency_since", "emergency", ["since"])
