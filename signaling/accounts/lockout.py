"""How often somebody may try: by the name they type, by the address they come from, by the account's second factor.

Each try is counted before it is looked at, and taken back if it was right. Names are counted whether or not somebody
has them, so that a lock tells nothing. It is in the database: a restart forgives nothing. Not here: rates of honest
requests (`signaling/limits.py`)."""

from __future__ import annotations

from dataclasses import dataclass

from clinic.accounts import Attempt, Attempts
from signaling.accounts.lookups import Lookups
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.refusals import Refused

FREE = 5
"""Wrong tries in a row before somebody has to wait: a person who mistypes needs no more."""

FREE_ADDRESS = 30
"""The same of one address, behind which a whole clinic may be."""

FIRST_LOCK = 30.0
LONGEST_LOCK = 15 * 60.0
"""Seconds. Each lock is twice the one before. 4 tries an hour then: no password is found so, and nobody is kept out
for a day by a stranger who knows their name. Who has a passkey is not kept out at all."""

FORGET = 24 * 3600.0


def lock_after(free: int, count: int) -> float:
    """Seconds that nobody may try after so many."""
    return 0.0 if count < free else float(min(LONGEST_LOCK, FIRST_LOCK * 2.0 ** min(count - free, 20)))


@dataclass(frozen=True)
class Try:
    """One that was counted."""

    key: str
    address: str
    count: int


class Lockout:
    def __init__(self, attempts: Attempts, lookups: Lookups, audit: Audit, clock: Clock) -> None:
        self._attempts = attempts
        self._lookups = lookups
        self._audit = audit
        self._clock = clock

    async def take(self, key: str, address: str) -> Try:
        """Raises Refused: `sign_in_locked`."""
        address = self._lookups.address(address)
        await self._count(address, FREE_ADDRESS)
        try:
            attempt = await self._count(key, FREE)
        except Refused:
            await self._attempts.give_back(address)  # what was not looked at is no failure of the address
            raise
        return Try(key, address, attempt.count)

    async def right(self, taken: Try) -> None:
        await self._attempts.clear([taken.key])
        await self._attempts.give_back(taken.address)

    def wrong(self, taken: Try, account: str | None) -> None:
        """Says so in the audit log when this was the one that locks."""
        if taken.count >= FREE:
            seconds = lock_after(FREE, taken.count)
            self._audit.told("account.lock", "server", "accounts", subject=account, state="locked", seconds=seconds)

    async def _count(self, key: str, free: int) -> Attempt:
        now = self._clock.wall()
        taken = await self._attempts.take(key, now, lambda count: lock_after(free, count), FORGET)
        if isinstance(taken, float):
            raise Refused("sign_in_locked", retry_after=taken)
        return taken
