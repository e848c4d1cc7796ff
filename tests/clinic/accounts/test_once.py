"""What is good once is good once, also for two who come at the same moment: codes, challenges, recovery codes,
counters."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from clinic import Conflict, Database, Unknown
from clinic.accounts import Accounts, Attempts, Challenges, Factors
from clinic.accounts.factors import MOST_PASSKEYS
from clinic.accounts.records import Attempt
from tests.clinic.accounts.made_up import NOW, account, challenge, passkey


@pytest.fixture
async def factors(database: Database) -> Factors:
    await Accounts(database).add(account("a1"))
    await Accounts(database).add(account("a2"))
    return Factors(database)


async def test_a_code_is_good_once(factors: Factors, other: Database) -> None:
    done = await asyncio.gather(*(each.use_step("a1", 100, 98) for each in (factors, Factors(other))))
    assert sorted(done) == [False, True]
    assert await factors.use_step("a2", 100, 98), "somebody else's"
    assert await factors.use_step("a1", 101, 99)
    assert not await factors.use_step("a1", 100, 98)


async def test_a_recovery_code_is_good_once(factors: Factors, other: Database) -> None:
    await factors.new_recovery_codes("a1", ["one", "two"])
    done = await asyncio.gather(*(each.use_recovery_code("a1", "one", NOW) for each in (factors, Factors(other))))
    assert sorted(done) == [False, True]
    assert not await factors.use_recovery_code("a2", "two", NOW), "somebody else's"
    assert await factors.recovery_codes_left("a1") == 1
    await factors.new_recovery_codes("a1", ["three"])
    assert not await factors.use_recovery_code("a1", "two", NOW), "replaced"


async def test_the_counter_of_a_passkey_only_goes_forward(factors: Factors) -> None:
    await factors.add_passkey(passkey())
    assert await factors.passkey_used(passkey(), 0, NOW), "one that does not count"
    assert await factors.passkey_used(passkey(), 5, NOW)
    assert not await factors.passkey_used(passkey(), 5, NOW)
    assert not await factors.passkey_used(passkey(), 4, NOW)
    assert not await factors.passkey_used(passkey(), 0, NOW), "one that counted before"
    kept = await factors.passkey("credential of p1")
    assert kept is not None
    assert (kept.sign_count, kept.used_at) == (5, NOW)


async def test_passkeys_belong_to_one_account(factors: Factors) -> None:
    await factors.add_passkey(passkey())
    with pytest.raises(Conflict):
        await factors.add_passkey(passkey("p2", "a2", credential_hash="credential of p1"))
    for change in (factors.rename_passkey("a2", "p1", b"mine"), factors.remove_passkey("a2", "p1")):
        with pytest.raises(Unknown):
            await change
    await factors.rename_passkey("a1", "p1", b"new")
    assert [each.name_sealed for each in await factors.passkeys("a1")] == [b"new"]
    await factors.remove_passkey("a1", "p1")
    assert await factors.passkeys("a1") == []


async def test_nobody_has_very_many_passkeys(factors: Factors) -> None:
    for number in range(MOST_PASSKEYS):
        await factors.add_passkey(passkey(f"p{number}"))
    with pytest.raises(Conflict):
        await factors.add_passkey(passkey("one too many"))


async def test_whoever_is_reset_has_nothing_left(factors: Factors, database: Database) -> None:
    await factors.add_passkey(passkey())
    await factors.new_recovery_codes("a1", ["one"])
    await Accounts(database).change("a1", totp_sealed=b"secret", totp_since=NOW)
    await factors.reset("a1")
    assert await factors.passkeys("a1") == []
    assert await factors.recovery_codes_left("a1") == 0
    assert (await Accounts(database).get("a1")).totp_sealed is None


async def test_a_challenge_is_taken_once(database: Database, other: Database) -> None:
    challenges = Challenges(database)
    await challenges.add(challenge(), NOW)
    done = await asyncio.gather(*(each.take("c1", "test", NOW) for each in (challenges, Challenges(other))))
    assert sorted(each is None for each in done) == [False, True]
    await challenges.add(challenge(), NOW)
    assert await challenges.take("c1", "another purpose", NOW) is None
    assert await challenges.take("c1", "test", NOW) is None, "it was used up all the same"
    await challenges.add(challenge(), NOW)
    assert await challenges.take("c1", "test", NOW + 300) is None, "expired"


# Tries ----------------------------------------------------------------------------------------------------------------


def lock(count: int) -> float:
    return 0.0 if count < 3 else 60.0


async def take(attempts: Attempts, now: float, key: str = "k") -> Any:
    return await attempts.take(key, now, lock, 3600.0)


async def test_tries_lock_and_are_forgotten(database: Database, other: Database) -> None:
    attempts = Attempts(database)
    for count in (1, 2, 3):
        taken = await take(attempts, NOW)
        assert isinstance(taken, Attempt)
        assert taken.count == count
    assert await take(attempts, NOW + 10) == pytest.approx(50.0)
    assert await take(Attempts(other), NOW + 10) == pytest.approx(50.0), "another process, or a restart"
    assert isinstance(await take(attempts, NOW + 10, "other"), Attempt)
    assert await attempts.locked(["k", "other"], NOW + 10) == {"k": NOW + 60}
    assert (await take(attempts, NOW + 60)).count == 4
    assert (await take(attempts, NOW + 60 + 3601)).count == 1, "long ago"


async def test_what_was_right_is_taken_back(database: Database) -> None:
    attempts = Attempts(database)
    for _ in range(3):
        await take(attempts, NOW)
    await attempts.give_back("k")
    assert (await take(attempts, NOW)).count == 3
    assert await attempts.clear(["k", "nobody"]) == 1
    assert (await take(attempts, NOW)).count == 1


async def test_a_hundred_tries_at_once_are_a_hundred(database: Database, other: Database) -> None:
    both = (Attempts(database), Attempts(other))
    done = await asyncio.gather(*(take(both[number % 2], NOW) for number in range(20)))
    assert sum(isinstance(each, Attempt) for each in done) == 3
