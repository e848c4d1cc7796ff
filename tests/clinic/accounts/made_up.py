"""Made-up accounts."""

from __future__ import annotations

from typing import Any

from clinic.accounts import Account, Challenge, Emergency, Passkey, StaffSession

NOW = 1_780_000_000.0


def account(id: str = "a1", *roles: str, **fields: Any) -> Account:
    values: dict[str, Any] = {
        "id": id,
        "login_hmac": f"login of {id}",
        "login_sealed": b"sealed login",
        "name_sealed": b"sealed name",
        "roles": roles or ("therapist",),
        "made_at": NOW,
    }
    return Account(**(values | fields))


def session(id: str = "s1", whose: str = "a1", **fields: Any) -> StaffSession:
    values: dict[str, Any] = {
        "id": id,
        "account_id": whose,
        "token_hash": f"token of {id}",
        "stage": "done",
        "signed_in_at": NOW,
        "seen_at": NOW,
        "confirmed_at": NOW,
        "expires_at": NOW + 3600,
        "browser": "Firefox, Linux",
        "ways": "password totp",
    }
    return StaffSession(**(values | fields))


def passkey(id: str = "p1", whose: str = "a1", **fields: Any) -> Passkey:
    values: dict[str, Any] = {
        "id": id,
        "account_id": whose,
        "credential_hash": f"credential of {id}",
        "credential": b"credential",
        "public_key": b"public",
        "sign_count": 0,
        "name_sealed": b"sealed",
        "made_at": NOW,
    }
    return Passkey(**(values | fields))


def challenge(id: str = "c1", **fields: Any) -> Challenge:
    values: dict[str, Any] = {"id": id, "purpose": "test", "value": b"value", "expires_at": NOW + 300}
    return Challenge(**(values | fields))


def emergency(id: str = "e1", whose: str = "a1", **fields: Any) -> Emergency:
    values: dict[str, Any] = {
        "id": id,
        "account_id": whose,
        "reason_sealed": b"sealed",
        "since": NOW,
        "until": NOW + 1800,
    }
    return Emergency(**(values | fields))
