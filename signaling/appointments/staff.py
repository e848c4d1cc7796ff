"""The clinic's staff, as far as appointments need it.

Not here: accounts (`signaling/accounts`).
"""

from __future__ import annotations

from typing import Protocol


class Staff(Protocol):
    async def account(self, given: str) -> str:
        """The id of the account that the booking system, or we ourselves, call so; itself where there is none. Raises
        ClinicError."""

    async def name(self, account: str) -> str | None:
        """What patients read. Raises ClinicError."""


class NoAccounts:
    """Where the booking system names therapists, and nobody signs in."""

    async def account(self, given: str) -> str:
        return given

    async def name(self, account: str) -> str | None:
        return None
