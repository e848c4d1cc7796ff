"""Emergency access: for half an hour, somebody reads what their role alone does not show, and says why.

Nobody is asked first: in an emergency nobody may be there. It is in the audit log before it is true, which raises an
alert (`signaling/alerts`), and it stays on the list of administrators and auditors until one of them, who is not the
same person, has looked at it. Not here: what it allows (`signaling/staff_roles.py`).
"""

from __future__ import annotations

from aiohttp import web

from clinic.accounts import Account, Emergency
from clinic.errors import Conflict, Unknown
from signaling.accounts.messages import EmergenciesAnswer, EmergenciesQuery, EmergencyAnswer, EmergencyRequest, Nothing
from signaling.accounts.parts import Parts
from signaling.api_access import ApiAccess
from signaling.bodies import read_json, read_query
from signaling.refusals import Refused

GONE = "?"
"""The name of whoever has no account any more."""


class EmergencyApi:
    def __init__(self, parts: Parts, access: ApiAccess) -> None:
        self._parts = parts
        self._access = access
        self._emergencies = parts.stores.emergencies

    async def take(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "break_glass")
        asked = await read_json(request, EmergencyRequest)
        id, now = self._parts.new_id(), self._parts.now()
        sealed = self._parts.sealed.seal(asked.reason, reason_place(id))
        emergency = Emergency(id, caller.id, sealed, now, now + self._parts.rules.emergency)
        if await self._emergencies.active(caller.id, now) is not None:
            raise Refused("emergency_already")
        minutes = int(self._parts.rules.emergency / 60)
        await self._parts.audit.record("account.break_glass", "staff", caller.id, subject=id, minutes=minutes)
        try:
            await self._emergencies.take(emergency)
        except Conflict:
            raise Refused("emergency_already") from None
        account = await self._parts.stores.accounts.get(caller.id)
        return web.json_response(text=self._answer(emergency, self._parts.name(account)).model_dump_json())

    async def end(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "break_glass")
        await read_json(request, Nothing)
        ended = await self._emergencies.end(caller.id, self._parts.now())
        if ended is None:
            raise Refused("no_such_emergency")
        self._parts.audit.told("account.change", "staff", caller.id, subject=ended, what="emergency_ended")
        return web.Response(status=204)

    async def find(self, request: web.Request) -> web.Response:
        await self._access.require(request, "close_alerts")
        asked = read_query(request, EmergenciesQuery)
        names = {each.id: self._parts.name(each) for each in await self._parts.stores.accounts.all()}
        found = await self._emergencies.all(only_open=asked.open)
        listed = [self._answer(each, names.get(each.account_id, GONE)) for each in found]
        return web.json_response(text=EmergenciesAnswer(emergencies=listed).model_dump_json())

    async def acknowledge(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "close_alerts")
        await read_json(request, Nothing)
        id = request.match_info["emergency"]
        try:
            emergency = await self._emergencies.get(id)
            if emergency.account_id == caller.id:
                raise Refused("not_your_own")
            await self._parts.audit.record("alert.close", "staff", caller.id, subject=id, rule="break_glass")
            looked = await self._emergencies.acknowledge(id, caller.id, self._parts.now())
            account = await self._parts.stores.accounts.get(emergency.account_id)
        except Unknown:
            raise Refused("no_such_emergency") from None
        except Conflict:
            raise Refused("changed_meanwhile") from None
        return web.json_response(text=self._answer(looked, self._parts.name(account)).model_dump_json())

    async def active(self, account: Account) -> EmergencyAnswer | None:
        """What somebody has at the moment."""
        found = await self._emergencies.active(account.id, self._parts.now())
        return None if found is None else self._answer(found, self._parts.name(account))

    def _answer(self, emergency: Emergency, name: str) -> EmergencyAnswer:
        return EmergencyAnswer(
            id=emergency.id,
            account=emergency.account_id,
            name=name,
            reason=self._parts.sealed.open(emergency.reason_sealed, reason_place(emergency.id)),
            since=emergency.since,
            until=emergency.until,
            ended_at=emergency.ended_at,
            acknowledged_by=emergency.acknowledged_by,
            acknowledged_at=emergency.acknowledged_at,
        )


def reason_place(emergency: str) -> str:
    return f"emergency.reason/{emergency}"
