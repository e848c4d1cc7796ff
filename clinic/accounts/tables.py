"""The tables of accounts. Names, logins and reasons are sealed before they come here; of tokens, codes and secrets only
digests are kept, so that whoever reads the database can sign in as nobody.

Not here: what may be done with the rows.
"""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from clinic.columns import Moment, Sealed, Words, word_column
from clinic.tables import HASH, ID, Table

STAGES = ("second_factor", "enrol", "done")


class SetupRow(Table):
    """One row, when the first administrator has been set up: there can be no second one who claims it."""

    __tablename__ = "account_setup"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[float] = mapped_column(Moment)


class AccountRow(Table):
    __tablename__ = "account"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    login_hmac: Mapped[str] = mapped_column(HASH, unique=True)
    login_sealed: Mapped[bytes] = mapped_column(Sealed(4096))
    name_sealed: Mapped[bytes] = mapped_column(Sealed(4096))
    roles: Mapped[list[str]] = mapped_column(JSON)
    active: Mapped[bool] = mapped_column(Boolean)
    external_id: Mapped[str | None] = mapped_column(Words(200), unique=True)
    made_at: Mapped[float] = mapped_column(Moment)
    signed_in_at: Mapped[float | None] = mapped_column(Moment)
    password: Mapped[str | None] = mapped_column(Words(300))  # argon2id, with its parameters and salt
    password_changed_at: Mapped[float | None] = mapped_column(Moment)
    totp_sealed: Mapped[bytes | None] = mapped_column(Sealed(4096))
    totp_pending_sealed: Mapped[bytes | None] = mapped_column(Sealed(4096))  # shown, not confirmed yet
    totp_since: Mapped[float | None] = mapped_column(Moment)
    sign_on_hmac: Mapped[str | None] = mapped_column(HASH, unique=True)  # who they are to single sign-on
    email_sealed: Mapped[bytes | None] = mapped_column(Sealed(4096))


class InvitationRow(Table):
    __tablename__ = "account_invitation"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(HASH, unique=True)
    expires_at: Mapped[float] = mapped_column(Moment)


class StepRow(Table):
    """A time step of TOTP whose code was taken: it is taken once."""

    __tablename__ = "account_step"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class PasskeyRow(Table):
    __tablename__ = "account_passkey"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    credential_hash: Mapped[str] = mapped_column(HASH, unique=True)
    credential: Mapped[bytes] = mapped_column(Sealed(1024))
    public_key: Mapped[bytes] = mapped_column(Sealed(4096))
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name_sealed: Mapped[bytes] = mapped_column(Sealed(4096))
    made_at: Mapped[float] = mapped_column(Moment)
    used_at: Mapped[float | None] = mapped_column(Moment)


class RecoveryRow(Table):
    __tablename__ = "account_recovery"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    code_hmac: Mapped[str] = mapped_column(HASH, primary_key=True)
    used_at: Mapped[float | None] = mapped_column(Moment)


class StaffSessionRow(Table):
    __tablename__ = "account_session"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    token_hash: Mapped[str] = mapped_column(HASH, unique=True)
    stage: Mapped[str] = mapped_column(word_column(STAGES))
    signed_in_at: Mapped[float] = mapped_column(Moment)
    seen_at: Mapped[float] = mapped_column(Moment)
    confirmed_at: Mapped[float] = mapped_column(Moment)
    expires_at: Mapped[float] = mapped_column(Moment, index=True)
    browser: Mapped[str] = mapped_column(Words(60))
    ways: Mapped[str] = mapped_column(Words(60))


class ChallengeRow(Table):
    __tablename__ = "account_challenge"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    purpose: Mapped[str] = mapped_column(Words(24))
    account_id: Mapped[str | None] = mapped_column(ID)
    value: Mapped[bytes] = mapped_column(Sealed(2048))
    expires_at: Mapped[float] = mapped_column(Moment, index=True)


class AttemptRow(Table):
    """Tries to sign in, by a digest of whatever is counted: the login (whether there is such an account or not), the
    address, the account's second factor."""

    __tablename__ = "account_attempt"

    key: Mapped[str] = mapped_column(HASH, primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[float] = mapped_column(Moment, index=True)
    locked_until: Mapped[float] = mapped_column(Moment)


class ApiKeyRow(Table):
    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    secret_hash: Mapped[str] = mapped_column(HASH)
    name_sealed: Mapped[bytes] = mapped_column(Sealed(4096))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    made_at: Mapped[float] = mapped_column(Moment)
    made_by: Mapped[str] = mapped_column(ID)
    expires_at: Mapped[float | None] = mapped_column(Moment)
    used_at: Mapped[float | None] = mapped_column(Moment)
    revoked_at: Mapped[float | None] = mapped_column(Moment)


class EmergencyRow(Table):
    __tablename__ = "emergency"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    reason_sealed: Mapped[bytes] = mapped_column(Sealed(4096))
    since: Mapped[float] = mapped_column(Moment, index=True)
    until: Mapped[float] = mapped_column(Moment)
    ended_at: Mapped[float | None] = mapped_column(Moment)
    acknowledged_by: Mapped[str | None] = mapped_column(ID)
    acknowledged_at: Mapped[float | None] = mapped_column(Moment)
