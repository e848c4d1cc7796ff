"""Sessions, keys and emergencies in the database."""

from __future__ import annotations

import asyncio

import pytest

from clinic import Conflict, Database, Unknown
from clinic.accounts import Accounts, ApiKey, ApiKeys, Emergencies, StaffSessions
from tests.clinic.accounts.made_up import NOW, account, emergency, session


@pytest.fixture
async def sessions(database: Database) -> StaffSessions:
    await Accounts(database).add(account("a1"))
    await Accounts(database).add(account("a2"))
    return StaffSessions(database)


async def test_a_session_is_found_until_it_ends(sessions: StaffSessions) -> None:
    await sessions.add(session(), NOW)
    found = await sessions.find("token of s1", NOW)
    assert found is not None
    assert (found.session, found.account.id, found.emergency) == (session(), "a1", None)
    assert "token of s1" not in repr(found)
    assert await sessions.find("token of s1", NOW + 3600) is None, "expired"
    assert await sessions.find("another", NOW) is None
    assert not await sessions.end("s1", "a2"), "somebody else's"
    assert await sessions.end("s1", "a1")
    assert await sessions.find("token of s1", NOW) is None


async def test_who_is_disabled_is_out_at_once(sessions: StaffSessions, database: Database) -> None:
    await sessions.add(session(), NOW)
    await Accounts(database).change("a1", active=False)
    assert await sessions.find("token of s1", NOW) is None


async def test_a_token_is_renewed_once(sessions: StaffSessions, other: Database) -> None:
    await sessions.add(session(stage="second_factor"), NOW)
    renewing = (
        each.renew("token of s1", f"new {number}", "done", "both", NOW + 1, NOW + 7200)
        for number, each in enumerate((sessions, StaffSessions(other)))
    )
    assert sorted(await asyncio.gather(*renewing)) == [False, True]
    assert await sessions.find("token of s1", NOW) is None
    found = await sessions.find("new 0", NOW + 2) or await sessions.find("new 1", NOW + 2)
    assert found is not None
    assert (found.session.stage, found.session.ways, found.session.expires_at) == ("done", "both", NOW + 7200)


async def test_all_sessions_of_one_end_but_one(sessions: StaffSessions) -> None:
    for id, whose in (("s1", "a1"), ("s2", "a1"), ("s3", "a1"), ("s4", "a2")):
        await sessions.add(session(id, whose), NOW)
    await sessions.add(session("s5", stage="second_factor"), NOW)
    assert {each.id for each in await sessions.of_account("a1", NOW)} == {"s1", "s2", "s3"}
    assert await sessions.end_all("a1", but="s2") == 3
    assert [each.id for each in await sessions.of_account("a1", NOW)] == ["s2"]
    assert len(await sessions.of_account("a2", NOW)) == 1


async def test_emergency_access_is_part_of_what_is_found(sessions: StaffSessions, database: Database) -> None:
    await sessions.add(session(), NOW)
    emergencies = Emergencies(database)
    await emergencies.take(emergency())
    found = await sessions.find("token of s1", NOW)
    assert found is not None
    assert found.emergency == "e1"
    later = await sessions.find("token of s1", NOW + 1800)
    assert later is not None
    assert later.emergency is None
    assert await emergencies.end("a1", NOW + 10) == "e1"
    found = await sessions.find("token of s1", NOW + 11)
    assert found is not None
    assert found.emergency is None


async def test_emergencies_are_looked_at_by_somebody_else(sessions: StaffSessions, database: Database) -> None:
    emergencies = Emergencies(database)
    await emergencies.take(emergency())
    with pytest.raises(Conflict):
        await emergencies.take(emergency("e2"))
    assert await emergencies.count_open() == 1
    with pytest.raises(Conflict):
        await emergencies.acknowledge("e1", "a1", NOW)
    with pytest.raises(Unknown):
        await emergencies.acknowledge("e9", "a2", NOW)
    looked = await emergencies.acknowledge("e1", "a2", NOW + 5)
    assert (looked.acknowledged_by, looked.acknowledged_at) == ("a2", NOW + 5)
    with pytest.raises(Conflict):
        await emergencies.acknowledge("e1", "a2", NOW)
    assert await emergencies.all(only_open=True) == []
    assert await emergencies.all(only_open=False) == [looked]


async def test_a_key_is_revoked_for_good(database: Database) -> None:
    keys = ApiKeys(database)
    key = ApiKey("k1", "hash", b"sealed", ("tokens", "usage"), NOW, "a1")
    await keys.add(key)
    assert await keys.find("k1") == key
    await keys.used("k1", NOW + 1)
    revoked = await keys.revoke("k1", NOW + 2)
    assert (revoked.used_at, revoked.revoked_at) == (NOW + 1, NOW + 2)
    assert await keys.revoke("k1", NOW + 9) == revoked
    assert await keys.all() == [revoked]
    with pytest.raises(Unknown):
        await keys.revoke("k2", NOW)
    assert "hash" not in repr(key)
