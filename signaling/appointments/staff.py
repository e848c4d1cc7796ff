"""The clinic's staff, as far as appointments need it.

Not here: accounts (`signaling/accounts`).
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Protocol

from clinic import Unknown
from clinic.accounts import Accounts
from signaling.accounts.parts import name_place
from signaling.sealed_columns import SealBroken, SealedColumns

TREATING = frozenset({"therapist", "supervisor"})


class Staff(Protocol):
    async def account(self, given: str) -> str:
        """The id of the account that the booking system, or we ourselves, call so; itself where there is none. Raises
        ClinicError."""

    async def name(self, account: str) -> str | None:
        """What patients read. Raises ClinicError."""

    async def treating(self) -> list[tuple[str, str]]:
        """Account and name of everybody who can be booked. Raises ClinicError."""


class StaffByAccount:
    """Staff who sign in. Others, whom the booking system alone knows, are who it says."""

    def __init__(self, accounts: Accounts, seals: SealedColumns) -> None:
        self._accounts = accounts
        self._seals = seals

    async def account(self, given: str) -> str:
        try:
            return (await self._accounts.get(given)).id
        except Unknown:
            found = await self._accounts.by_external_id(given)
            return found.id if found is not None else given

    async def name(self, account: str) -> str | None:
        try:
            known = await self._accounts.get(account)
            return self._seals.open(known.name_sealed, name_place(known.id))
        except (Unknown, SealBroken):
            return None

    async def names(self, accounts: Collection[str]) -> dict[str, str]:
        """By account; whoever has none is left out. Raises ClinicError."""
        found: dict[str, str] = {}
        for account in await self._accounts.several(accounts):
            with suppress(SealBroken):
                found[account.id] = self._seals.open(account.name_sealed, name_place(account.id))
        return found

    async def treating(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for account in await self._accounts.all():
            if not account.active or not TREATING.intersection(account.roles):
                continue
            try:
                found.append((account.id, self._seals.open(account.name_sealed, name_place(account.id))))
            except SealBroken:
                found.append((account.id, account.id))
        return sorted(found, key=lambda each: each[1].casefold())
