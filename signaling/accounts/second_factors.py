"""Second factors by code: TOTP (RFC 6238) and recovery codes. Each code is good once.

Not here: passkeys (`passkeys.py`), how often somebody may try (`lockout.py`).
"""

from __future__ import annotations

import base64

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError

from clinic.accounts import Account
from signaling.accounts.messages import TotpAnswer, Way
from signaling.accounts.parts import Parts
from signaling.ids import LETTERS
from signaling.refusals import Refused

STEP = 30
WINDOW = 1
"""Steps before and after the present one that are taken: clocks of phones differ by some seconds."""

SECRET_BYTES = 20
"""As the RFC recommends for SHA-1."""

RECOVERY_CODES = 10
RECOVERY_GROUPS, RECOVERY_GROUP = 4, 4
"""16 letters: 79 bits."""


class SecondFactors:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._factors = parts.stores.factors

    async def ways(self, account: Account) -> list[Way]:
        """What this account has; recovery codes only beside something else."""
        ways: list[Way] = []
        if await self._factors.passkeys(account.id):
            ways.append("passkey")
        if account.totp_sealed is not None:
            ways.append("totp")
        if ways and await self._factors.recovery_codes_left(account.id):
            ways.append("recovery")
        return ways

    # TOTP ------------------------------------------------------------------------------------------------------------

    async def offer_totp(self, account: Account) -> TotpAnswer:
        """A new secret, which counts when a code of it was confirmed."""
        secret = base64.b32encode(self._parts.entropy(SECRET_BYTES)).decode()
        sealed = self._parts.sealed.seal(secret, totp_place(account.id))
        await self._parts.stores.accounts.change(account.id, totp_pending_sealed=sealed)
        address = pyotp.TOTP(secret).provisioning_uri(
            name=self._parts.login(account), issuer_name=self._parts.rules.brand
        )
        picture = segno.make_qr(address).svg_data_uri(scale=4, border=2, dark="#000", light="#fff")
        return TotpAnswer(secret=secret, address=address, qr=picture)

    async def confirm_totp(self, account: Account, code: str) -> None:
        """Raises Refused: `code_wrong`."""
        pending = account.totp_pending_sealed
        if pending is None or not await self._totp_right(account, pending, code):
            raise Refused("code_wrong")
        now = self._parts.now()
        values = {"totp_sealed": pending, "totp_pending_sealed": None, "totp_since": now}
        await self._parts.stores.accounts.change(account.id, **values)

    async def check_totp(self, account: Account, code: str) -> bool:
        """Uses the code up."""
        return account.totp_sealed is not None and await self._totp_right(account, account.totp_sealed, code)

    async def _totp_right(self, account: Account, sealed: bytes, code: str) -> bool:
        secret = self._parts.sealed.open(sealed, totp_place(account.id))
        digits = "".join(code.split())
        now = self._parts.now()
        try:
            step = pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=now, valid_window=WINDOW)
        except OTPVerificationError:
            return False
        return await self._factors.use_step(account.id, step, int(now) // STEP - WINDOW - 1)

    # Recovery codes ------------------------------------------------------------------------------------------------

    async def check_recovery(self, account: Account, code: str) -> bool:
        """Uses the code up."""
        hashed = self._parts.lookups.recovery(account.id, code)
        return await self._factors.use_recovery_code(account.id, hashed, self._parts.now())

    async def new_recovery_codes(self, account: str) -> list[str]:
        """Ten, in place of all earlier ones."""
        codes = [self._code() for _ in range(RECOVERY_CODES)]
        await self._factors.new_recovery_codes(account, [self._parts.lookups.recovery(account, each) for each in codes])
        return codes

    async def first_recovery_codes(self, account: str) -> list[str]:
        """Those that come with the first second factor; none if there are some."""
        return [] if await self._factors.recovery_codes_left(account) else await self.new_recovery_codes(account)

    def _code(self) -> str:
        letters: list[str] = []
        while len(letters) < RECOVERY_GROUPS * RECOVERY_GROUP:
            # bytes beyond the largest multiple are thrown away, so that all letters are as likely
            byte = self._parts.entropy(1)[0]
            if byte < 256 - 256 % len(LETTERS):
                letters.append(LETTERS[byte % len(LETTERS)])
        text = "".join(letters)
        return "-".join(text[at : at + RECOVERY_GROUP] for at in range(0, len(text), RECOVERY_GROUP))


def totp_place(account: str) -> str:
    return f"account.totp/{account}"
