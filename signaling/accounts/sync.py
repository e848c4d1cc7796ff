"""Accounts from the booking system: what it knows becomes what is here, as often as it says so.

People are matched by the booking system's own id. The same list twice changes nothing the second time; a dry run says
what would change. Not here: how these people get in: by single sign-on, or by an invitation that an administrator
sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

from clinic.accounts import Account
from clinic.errors import Conflict, LastOne
from signaling.accounts.inviting import Inviting
from signaling.accounts.lookups import normal
from signaling.accounts.managing import in_order
from signaling.accounts.messages import SyncAnswer, SyncChange, SyncRequest, SyncUser
from signaling.accounts.parts import Parts, email_place, login_place, name_place
from signaling.api_access import ApiAccess, Caller
from signaling.bodies import read_json
from signaling.refusals import Refused
from signaling.staff_roles import StaffRole

Field = Literal["login", "name", "roles", "email"]

PRIVILEGED: frozenset[StaffRole] = frozenset({"administrator", "auditor"})
"""Roles that the booking system hands out only if the clinic's settings say so: whoever has its key would be
administrator here."""


@dataclass
class Planned:
    """One account's change."""

    user: SyncUser | None
    account: Account | None
    change: Literal["create", "update", "disable", "enable"]
    fields: list[Field]


class SyncApi:
    def __init__(self, parts: Parts, access: ApiAccess, inviting: Inviting) -> None:
        self._parts = parts
        self._access = access
        self._inviting = inviting
        self._accounts = parts.stores.accounts
        self._sessions = parts.stores.sessions

    async def sync(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "sync_accounts")
        asked = await read_json(request, SyncRequest)
        self._check(asked)
        there = await self._accounts.all()
        planned = self._plan(asked, there)
        if asked.dry_run:
            changes = [_change(each) for each in planned]
        else:
            await self._parts.audit.record(
                "account.sync",
                caller.kind,
                caller.id,
                users=len(asked.users),
                complete=asked.complete,
                made=sum(each.change == "create" for each in planned),
                disabled=sum(each.change == "disable" for each in planned),
                changes=len(planned),
            )
            changes = [await self._carry_out(caller, each) for each in planned]
        untouched = len(asked.users) - sum(each.user is not None for each in planned)
        answer = SyncAnswer(dry_run=asked.dry_run, changes=changes, unchanged=untouched)
        return web.json_response(text=answer.model_dump_json())

    def _check(self, asked: SyncRequest) -> None:
        """Raises Refused: `bad_request`, `not_allowed`."""
        if len({each.external_id for each in asked.users}) < len(asked.users):
            raise Refused("bad_request", "users: an external_id comes twice.")
        if len({normal(each.login) for each in asked.users}) < len(asked.users):
            raise Refused("bad_request", "users: a login comes twice.")
        if not self._parts.rules.sync_administrators and any(PRIVILEGED & set(each.roles) for each in asked.users):
            raise Refused("not_allowed", "users: administrators and auditors are not made this way here.")

    def _plan(self, asked: SyncRequest, there: list[Account]) -> list[Planned]:
        known = {each.external_id: each for each in there if each.external_id is not None}
        by_login = {each.login_hmac: each for each in there}
        planned: list[Planned] = []
        for user in asked.users:
            account = known.get(user.external_id)
            same = by_login.get(self._parts.lookups.login(user.login))
            if same is not None and (account is None or same.id != account.id):
                # Somebody else's: taking it over would hand their account to whoever the booking system names.
                raise Refused("login_taken")
            if account is None:
                if user.active:
                    planned.append(Planned(user, None, "create", []))
                continue
            fields = self._differs(user, account)
            if user.active != account.active:
                planned.append(Planned(user, account, "enable" if user.active else "disable", fields))
            elif fields:
                planned.append(Planned(user, account, "update", fields))
        if asked.complete:
            named = {each.external_id for each in asked.users}
            planned += [
                Planned(None, each, "disable", [])
                for each in there
                if each.active and each.external_id is not None and each.external_id not in named
            ]
        return planned

    def _differs(self, user: SyncUser, account: Account) -> list[Field]:
        fields: list[Field] = []
        if self._parts.lookups.login(user.login) != account.login_hmac:
            fields.append("login")
        if user.name != self._parts.name(account):
            fields.append("name")
        if self._roles(user, account) != account.roles:
            fields.append("roles")
        if "email" in user.model_fields_set and user.email != self._parts.email(account):
            fields.append("email")
        return fields

    def _roles(self, user: SyncUser, account: Account | None) -> tuple[str, ...]:
        """What the booking system may not give, it may not take either."""
        roles = set(user.roles)
        if account is not None and not self._parts.rules.sync_administrators:
            roles |= {role for role in PRIVILEGED if role in account.roles}
        return in_order(list(roles))

    async def _carry_out(self, caller: Caller, planned: Planned) -> SyncChange:
        user, account = planned.user, planned.account
        id = self._parts.new_id() if account is None else account.id
        values: dict[str, Any] = {}
        if user is not None:
            roles = self._roles(user, account)
            if account is None or "login" in planned.fields:
                values["login_hmac"] = self._parts.lookups.login(user.login)
                values["login_sealed"] = self._parts.sealed.seal(user.login.strip(), login_place(id))
            if account is None or "name" in planned.fields:
                values["name_sealed"] = self._parts.sealed.seal(user.name, name_place(id))
            if account is None or "roles" in planned.fields:
                values["roles"] = roles
            if "email" in user.model_fields_set and (account is None or "email" in planned.fields):
                values["email_sealed"] = self._parts.sealed.maybe_seal(user.email, email_place(id))
        if planned.change in ("enable", "disable"):
            values["active"] = planned.change == "enable"
        try:
            if account is None:
                external = None if user is None else user.external_id
                await self._accounts.add(Account(id=id, external_id=external, made_at=self._parts.now(), **values))
            else:
                await self._accounts.change(id, **values)
        except LastOne:
            return _change(planned, kept=True)
        except Conflict:
            raise Refused("login_taken") from None
        kind = "account.create" if account is None else "account.change"
        what = planned.change if planned.change != "update" else " ".join(planned.fields)
        self._parts.audit.told(kind, caller.kind, caller.id, subject=id, what=what)
        if "roles" in values or values.get("active") is False:
            await self._sessions.end_all(id)
        if values.get("active") is False:
            await self._inviting.withdraw(id)
        return _change(planned, made=id)


def _change(planned: Planned, *, made: str | None = None, kept: bool = False) -> SyncChange:
    account, user = planned.account, planned.user
    external = user.external_id if user is not None else account.external_id if account is not None else None
    return SyncChange(
        external_id=external or "",
        account=made if account is None else account.id,
        change="keep" if kept else planned.change,
        fields=planned.fields,
        why_kept="last_administrator" if kept else None,
    )
