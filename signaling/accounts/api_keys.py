"""Keys of the clinic's software: made, listed and revoked by an administrator. A secret is shown once.

Not here: how a key is checked (`signaling/key_ring.py`).
"""

from __future__ import annotations

from aiohttp import web

from clinic.accounts import ApiKey
from clinic.errors import Conflict, Unknown
from signaling.accounts.cookies import Cookies
from signaling.accounts.lookups import digest
from signaling.accounts.messages import KeyAnswer, KeysAnswer, NewKeyAnswer, NewKeyRequest, Nothing
from signaling.accounts.parts import Parts
from signaling.api_access import ApiAccess
from signaling.bodies import read_json
from signaling.key_ring import written
from signaling.refusals import Refused
from signaling.staff_roles import SCOPES

DAY = 24 * 3600.0


class ApiKeysApi:
    def __init__(self, parts: Parts, access: ApiAccess, cookies: Cookies) -> None:
        self._parts = parts
        self._access = access
        self._cookies = cookies
        self._keys = parts.stores.keys

    async def find(self, request: web.Request) -> web.Response:
        await self._access.require(request, "manage_keys")
        keys = [self._answer(each) for each in await self._keys.all()]
        return web.json_response(text=KeysAnswer(keys=keys).model_dump_json())

    async def make(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "manage_keys")
        self._cookies.fresh(await self._cookies.signed_in(request))
        asked = await read_json(request, NewKeyRequest)
        id, secret, now = self._parts.new_id(), self._parts.new_secret(), self._parts.now()
        scopes = tuple(sorted(set(asked.scopes)))
        key = ApiKey(
            id=id,
            secret_hash=digest(secret),
            name_sealed=self._parts.sealed.seal(asked.name, key_place(id)),
            scopes=scopes,
            made_at=now,
            made_by=caller.id,
            expires_at=None if asked.expires_in_days is None else now + asked.expires_in_days * DAY,
        )
        await self._parts.audit.record("apikey.create", "staff", caller.id, subject=id, scopes=" ".join(scopes))
        try:
            await self._keys.add(key)
        except Conflict:
            raise Refused("too_many_keys") from None
        answer = NewKeyAnswer(key=self._answer(key), secret=written(id, secret))
        return web.json_response(text=answer.model_dump_json(), status=201)

    async def revoke(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "manage_keys")
        await read_json(request, Nothing)
        id = request.match_info["key"]
        if await self._keys.find(id) is None:
            raise Refused("no_such_key")
        await self._parts.audit.record("apikey.revoke", "staff", caller.id, subject=id)
        try:
            revoked = await self._keys.revoke(id, self._parts.now())
        except Unknown:
            raise Refused("no_such_key") from None
        return web.json_response(text=self._answer(revoked).model_dump_json())

    def _answer(self, key: ApiKey) -> KeyAnswer:
        return KeyAnswer(
            id=key.id,
            name=self._parts.sealed.open(key.name_sealed, key_place(key.id)),
            scopes=[scope for scope in sorted(SCOPES) if scope in key.scopes],
            made_at=key.made_at,
            made_by=key.made_by,
            expires_at=key.expires_at,
            used_at=key.used_at,
            revoked_at=key.revoked_at,
        )


def key_place(key: str) -> str:
    return f"api_key.name/{key}"
