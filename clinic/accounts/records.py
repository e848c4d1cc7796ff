"""What goes into the tables of accounts and comes out. Times are seconds since 1970; what is sealed is opaque here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Stage = Literal["second_factor", "enrol", "done"]
"""Of a session: the password was right and more is to follow; signed in only to set up a second factor; signed in."""


@dataclass(frozen=True)
class Account:
    id: str
    login_hmac: str
    """The login under a keyed hash, by which it is found."""
    login_sealed: bytes
    name_sealed: bytes
    roles: tuple[str, ...]
    made_at: float
    active: bool = True
    external_id: str | None = None
    """How the booking system calls them."""
    signed_in_at: float | None = None
    password: str | None = field(default=None, repr=False)
    """As argon2 encodes it, with parameters and salt."""
    password_changed_at: float | None = None
    totp_sealed: bytes | None = field(default=None, repr=False)
    totp_pending_sealed: bytes | None = field(default=None, repr=False)
    totp_since: float | None = None
    sign_on_hmac: str | None = None
    email_sealed: bytes | None = field(default=None, repr=False)
    """Where invitations go."""


@dataclass(frozen=True)
class Listed:
    """An account with what is told of it in lists."""

    account: Account
    passkeys: int
    invited_until: float | None


@dataclass(frozen=True)
class Passkey:
    id: str
    account_id: str
    credential_hash: str
    credential: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    name_sealed: bytes
    made_at: float
    used_at: float | None = None


@dataclass(frozen=True)
class StaffSession:
    """A browser in which somebody is signed in, or about to be."""

    id: str
    account_id: str
    token_hash: str = field(repr=False)
    stage: Stage
    signed_in_at: float
    seen_at: float
    confirmed_at: float
    """When they last showed who they are."""
    expires_at: float
    browser: str
    ways: str
    """By what they signed in, such as `password totp`."""


@dataclass(frozen=True)
class Challenge:
    """Something to be answered once, within a few minutes."""

    id: str
    purpose: str
    value: bytes = field(repr=False)
    expires_at: float
    account_id: str | None = None


@dataclass(frozen=True)
class Attempt:
    key: str
    count: int
    last_at: float
    locked_until: float


@dataclass(frozen=True)
class ApiKey:
    id: str
    secret_hash: str = field(repr=False)
    name_sealed: bytes
    scopes: tuple[str, ...]
    made_at: float
    made_by: str
    expires_at: float | None = None
    used_at: float | None = None
    revoked_at: float | None = None


@dataclass(frozen=True)
class Emergency:
    id: str
    account_id: str
    reason_sealed: bytes
    since: float
    until: float
    ended_at: float | None = None
    acknowledged_by: str | None = None
    acknowledged_at: float | None = None
