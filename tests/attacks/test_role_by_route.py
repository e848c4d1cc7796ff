"""Role by route, every cell tried: a real server, real cookies and keys, and a table that was decided by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.decisions import DECISIONS
from tests.attacks.role_by_route import REFUSED, Everybody, guarded
from tests.signaling.accounts.staff import a_practice

COMING_AND_GOING = {"POST /api/recordings/sign-in", "POST /api/recordings/sign-out"}
"""Whoever has a link of theirs comes in by the first, and anybody leaves by the second."""


@pytest.mark.timeout(300)
async def test_who_comes_past_which_door(tmp_path: Path) -> None:
    async with a_practice(tmp_path, tokens_per_minute=100_000) as (server, admin):
        async with server.http.get(f"{server.url}/api/openapi.json") as answer:
            routes = [route for route in guarded(await answer.json()) if str(route) not in COMING_AND_GOING]
        assert {str(route) for route in routes} == set(DECISIONS), (
            "each route is decided, and each decision has a route"
        )
        everybody = Everybody(server)
        await everybody.come(admin)
        wrong = []
        for route in routes:
            codes = {who: await everybody.ask(who, route) for who in everybody.names}
            passed = {who for who, code in codes.items() if code not in REFUSED}
            if passed != DECISIONS[str(route)]:
                wrong.append(f"{route}: {sorted(passed ^ DECISIONS[str(route)])}: {codes}")
        assert not wrong, "\n".join(wrong)
