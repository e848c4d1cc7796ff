"""Passkeys (WebAuthn level 3): challenges, registration, authentication. The authenticator has to check who holds it.

Challenges are good once and for one purpose. A counter that goes back says that there are two of one key: it is
refused, and told. Not here: what follows from a right one (`sign_in.py`, `security.py`)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import webauthn
from aiohttp import web
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from clinic.accounts import Account, Challenge, Passkey
from clinic.errors import Conflict
from signaling.accounts.messages import PasskeyOptions, PasskeyProof
from signaling.accounts.parts import Parts
from signaling.headers import bare_host, same_origin
from signaling.refusals import Refused

Purpose = Literal["passkey_in", "passkey_second", "passkey_new", "passkey_confirm"]

GOOD_FOR = 5 * 60.0
"""Seconds for a challenge: whoever has to look for their phone needs one or two minutes."""

CHALLENGE_BYTES = 32
LARGEST_CREDENTIAL = 1023
"""Bytes of a credential's id, as the standard says."""

_MALFORMED = (WebAuthnException, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)
"""What reading a hostile credential may end in: its own library promises nothing."""

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """What a passkey is bound to: the host, and the origin of the page."""

    host: str
    origin: str


class Passkeys:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._factors = parts.stores.factors

    async def options(self, request: web.Request, purpose: Purpose, account: Account | None) -> PasskeyOptions:
        """For signing in: without an account, whichever passkey the browser has for this host."""
        place = self._place(request)
        known = await self._factors.passkeys(account.id) if account is not None else []
        answer = webauthn.generate_authentication_options(
            rp_id=place.host,
            challenge=(challenge := self._parts.entropy(CHALLENGE_BYTES)),
            allow_credentials=[PublicKeyCredentialDescriptor(id=each.credential) for each in known],
            user_verification=UserVerificationRequirement.REQUIRED,
            timeout=int(GOOD_FOR * 1000),
        )
        return await self._given(purpose, account, challenge, options_to_json_dict(answer))

    async def new_options(self, request: web.Request, account: Account) -> PasskeyOptions:
        place = self._place(request)
        known = await self._factors.passkeys(account.id)
        answer = webauthn.generate_registration_options(
            rp_id=place.host,
            rp_name=self._parts.rules.brand,
            user_name=self._parts.login(account),
            user_display_name=self._parts.name(account),
            user_id=account.id.encode(),
            challenge=(challenge := self._parts.entropy(CHALLENGE_BYTES)),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each.credential) for each in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            timeout=int(GOOD_FOR * 1000),
        )
        return await self._given("passkey_new", account, challenge, options_to_json_dict(answer))

    async def add(self, request: web.Request, account: Account, proof: PasskeyProof, name: str) -> str:
        """The id of the new one. Raises Refused: `challenge_invalid`, `passkey_refused`, `passkey_taken`."""
        place, challenge = self._place(request), await self._taken("passkey_new", account, proof.challenge)
        verified = self._verified(
            lambda: webauthn.verify_registration_response(
                credential=proof.credential,
                expected_challenge=challenge,
                expected_rp_id=place.host,
                expected_origin=place.origin,
                require_user_verification=True,
            )
        )
        if len(verified.credential_id) > LARGEST_CREDENTIAL:
            raise Refused("passkey_refused")
        id = self._parts.new_id()
        passkey = Passkey(
            id=id,
            account_id=account.id,
            credential_hash=hashlib.sha256(verified.credential_id).hexdigest(),
            credential=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            name_sealed=self._parts.sealed.seal(name, passkey_place(id)),
            made_at=self._parts.now(),
        )
        try:
            await self._factors.add_passkey(passkey)
        except Conflict:
            raise Refused("passkey_taken") from None
        return id

    async def check(self, request: web.Request, purpose: Purpose, account: Account | None, proof: PasskeyProof) -> str:
        """Whose passkey it is: an account's id; with `account`, it must be theirs. Raises Refused: `challenge_invalid`,
        `passkey_refused`."""
        place, challenge = self._place(request), await self._taken(purpose, account, proof.challenge)
        passkey = await self._factors.passkey(_credential_hash(proof.credential))
        if passkey is None or (account is not None and passkey.account_id != account.id):
            raise Refused("passkey_refused")
        verified = self._verified(
            lambda: webauthn.verify_authentication_response(
                credential=proof.credential,
                expected_challenge=challenge,
                expected_rp_id=place.host,
                expected_origin=place.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,  # compared below, where it can be told
                require_user_verification=True,
            )
        )
        handle = proof.credential["response"].get("userHandle")
        if handle is not None and handle != _base64url(passkey.account_id.encode()):
            raise Refused("passkey_refused")
        count = verified.new_sign_count
        behind = (count > 0 or passkey.sign_count > 0) and count <= passkey.sign_count
        if behind or not await self._factors.passkey_used(passkey, count, self._parts.now()):
            self._parts.audit.told(
                "account.fail", "staff", passkey.account_id, subject=passkey.id, code="passkey_counter"
            )
            self._parts.audit.told("alert.raise", "server", "accounts", subject=passkey.id, rule="passkey_counter")
            raise Refused("passkey_refused")
        return passkey.account_id

    async def _given(
        self, purpose: Purpose, account: Account | None, challenge: bytes, options: dict[str, Any]
    ) -> PasskeyOptions:
        id = self._parts.new_id()
        now = self._parts.now()
        whose = None if account is None else account.id
        await self._parts.stores.challenges.add(Challenge(id, purpose, challenge, now + GOOD_FOR, whose), now)
        return PasskeyOptions(challenge=id, options=options)

    async def _taken(self, purpose: Purpose, account: Account | None, id: str) -> bytes:
        taken = await self._parts.stores.challenges.take(id, purpose, self._parts.now())
        if taken is None or taken.account_id != (None if account is None else account.id):
            raise Refused("challenge_invalid")
        return taken.value

    def _verified(self, verify: Callable[[], T]) -> T:
        try:
            return verify()
        except _MALFORMED:
            raise Refused("passkey_refused") from None

    def _place(self, request: web.Request) -> Place:
        """Raises Refused: `wrong_origin`. That the page is ours was checked before."""
        public = self._parts.rules.public_url
        if public is not None:
            return Place(urlsplit(public).hostname or "", public)
        if not same_origin(request, ()):
            raise Refused("wrong_origin")
        return Place(bare_host(request.host), request.headers["Origin"])


def passkey_place(passkey: str) -> str:
    return f"account_passkey.name/{passkey}"


def _credential_hash(credential: dict[str, Any]) -> str:
    given = credential.get("rawId")
    try:
        raw = base64.urlsafe_b64decode(given + "=" * (-len(given) % 4)) if isinstance(given, str) else b""
    except ValueError:
        raw = b""
    if not isinstance(credential.get("response"), dict):
        raise Refused("passkey_refused")
    return hashlib.sha256(raw).hexdigest()


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
