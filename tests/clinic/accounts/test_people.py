"""Accounts in the database: one set-up, logins that are unique, always an administrator, invitations that are good
once."""

from __future__ import annotations

import asyncio

import pytest

from clinic import Conflict, Database, Unknown
from clinic.accounts import Accounts
from clinic.errors import LastOne
from tests.clinic.accounts.made_up import NOW, account


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database)


async def test_what_was_added_is_found(accounts: Accounts) -> None:
    added = account(external_id="17", sign_on_hmac="s", email_sealed=b"sealed address")
    await accounts.add(added)
    assert await accounts.get("a1") == added
    assert await accounts.by_login(added.login_hmac) == added
    assert await accounts.by_external_id("17") == added
    assert await accounts.by_sign_on("s") == added
    assert await accounts.by_login("nobody's") is None
    with pytest.raises(Unknown):
        await accounts.get("a2")


async def test_only_one_can_set_up(accounts: Accounts, other: Database) -> None:
    assert not await accounts.is_set_up()
    both = [accounts.set_up(account("a1"), NOW), Accounts(other).set_up(account("a2"), NOW)]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Conflict", "NoneType"]
    assert await accounts.is_set_up()
    assert len(await accounts.all()) == 1


@pytest.mark.parametrize("same", [{"login_hmac": "login of a1"}, {"external_id": "17"}])
async def test_a_login_and_an_external_id_belong_to_one(accounts: Accounts, same: dict[str, str]) -> None:
    await accounts.add(account("a1", external_id="17"))
    with pytest.raises(Conflict):
        await accounts.add(account("a2", **same))
    await accounts.add(account("a3"))
    with pytest.raises(Conflict):
        await accounts.change("a3", **same)


@pytest.mark.parametrize("taken", [{"roles": ("therapist",)}, {"active": False}])
async def test_the_last_administrator_stays(accounts: Accounts, taken: dict[str, object]) -> None:
    await accounts.add(account("a1", "administrator", "therapist"))
    await accounts.add(account("a2", "administrator", active=False))
    with pytest.raises(LastOne):
        await accounts.change("a1", **taken)
    assert (await accounts.get("a1")).roles == ("administrator", "therapist")
    await accounts.change("a2", active=True)
    await accounts.change("a1", **taken)


async def test_two_administrators_cannot_take_each_other_away_at_once(accounts: Accounts, other: Database) -> None:
    for round in range(5):
        one, two = f"a{round}", f"b{round}"
        await accounts.add(account(one, "administrator"))
        await accounts.add(account(two, "administrator"))
        for each in await accounts.all():
            if each.id not in (one, two):
                await accounts.change(each.id, active=False)
        both = [accounts.change(one, active=False), Accounts(other).change(two, active=False)]
        done = await asyncio.gather(*both, return_exceptions=True)
        assert sum(isinstance(each, LastOne) for each in done) == 1
        assert sum(each.active for each in await accounts.all()) == 1


async def test_what_cannot_be_changed_is_no_field(accounts: Accounts) -> None:
    await accounts.add(account())
    with pytest.raises(ValueError, match="cannot be changed"):
        await accounts.change("a1", id="a2")


async def test_pages_follow_each_other(accounts: Accounts) -> None:
    for number in range(5):
        await accounts.add(account(f"a{number}"))
    assert [each.account.id for each in await accounts.listed(None, 2)] == ["a0", "a1"]
    assert [each.account.id for each in await accounts.listed("a1", 9)] == ["a2", "a3", "a4"]


async def test_an_invitation_is_taken_once(accounts: Accounts, other: Database) -> None:
    await accounts.add(account())
    await accounts.invite("a1", "first", NOW + 60)
    await accounts.invite("a1", "second", NOW + 60)
    assert await accounts.invited("first", NOW) is None, "a newer one replaced it"
    found = await accounts.invited("second", NOW)
    assert found is not None
    assert (found[0].id, found[1]) == ("a1", NOW + 60)
    assert await accounts.invited("second", NOW + 61) is None
    assert await accounts.accept("second", "hash", NOW + 61) is None
    both = [accounts.accept("second", "one", NOW), Accounts(other).accept("second", "two", NOW)]
    done = await asyncio.gather(*both)
    assert sum(each is not None for each in done) == 1
    assert (await accounts.get("a1")).password in ("one", "two")


async def test_whoever_is_disabled_takes_no_invitation(accounts: Accounts) -> None:
    await accounts.add(account())
    await accounts.invite("a1", "token", NOW + 60)
    await accounts.change("a1", active=False)
    assert await accounts.invited("token", NOW) is None
    assert await accounts.accept("token", "hash", NOW) is None


async def test_a_password_is_changed_by_whoever_knows_the_one_of_now(accounts: Accounts) -> None:
    await accounts.add(account(password="old"))
    assert not await accounts.change_password("a1", "older", "new", NOW)
    assert await accounts.change_password("a1", "old", "new", NOW)
    changed = await accounts.get("a1")
    assert (changed.password, changed.password_changed_at) == ("new", NOW)
    assert "new" not in repr(changed)
