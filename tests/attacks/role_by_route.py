"""Every route of the clinic's records, asked by every role, every key and nobody; what came of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from signaling.staff_roles import SCOPES, STAFF_ROLES
from tests.signaling.accounts.staff import KEY, Browser, a_member
from tests.signaling.server import Server

REFUSED = frozenset({"unauthorized", "sign_in_needed", "not_allowed", "token_invalid"})
"""Codes that say: not you. Any other answer means that they came past the door."""

LAST = ("/sign-out", "/end", "/end-others", "/password", "/recovery-codes", "/disable", "/release", "/hold")
"""Asked last, as they may end what the others need."""


@dataclass(frozen=True)
class Asked:
    """A route as the document has it."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def address(self) -> str:
        return re.sub(r"\{\w+\}", lambda name: "any" if name[0] == "{report}" else "0", self.path)


class Everybody:
    """Somebody of each role, a key of each scope, the key of the settings, and nobody."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._browsers: dict[str, Browser] = {}
        self._keys: dict[str, dict[str, str]] = {}

    async def come(self, admin: Browser) -> None:
        nobody = Browser(self.server)
        self._browsers = {"nobody": nobody}
        for scope in sorted(SCOPES):
            await admin.confirms()
            made = await admin.post("/keys", {"name": scope, "scopes": [scope]})
            assert made.status == 201, made.text
            self._keys[f"key:{scope}"] = {"Authorization": f"Bearer {made.json['secret']}"}
        self._keys["key"] = KEY
        for role in STAFF_ROLES:
            self._browsers[role] = await a_member(admin, role)

    @property
    def names(self) -> list[str]:
        return [*self._browsers, *self._keys]

    async def ask(self, who: str, route: Asked) -> str:
        """The code of the answer, or its status."""
        browser = self._browsers.get(who, self._browsers["nobody"])
        headers = self._keys.get(who)
        answer = await browser.ask(route.method, route.address, headers=headers, root="")
        assert answer.status < 500, f"{who}: {route}: {answer.status}"
        return answer.code if answer.status >= 400 else str(answer.status)


def guarded(document: Mapping[str, object]) -> list[Asked]:
    """The routes of the clinic's records that ask who it is, the harmless ones first."""
    paths = document["paths"]
    assert isinstance(paths, dict)
    found = [
        Asked(method.upper(), path)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if any("staff_cookie" in way for way in operation["security"])
    ]
    return sorted(found, key=lambda route: route.path.endswith(LAST))
