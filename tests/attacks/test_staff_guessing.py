"""Attacks by guessing: passwords, codes, tokens, and who has an account."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clinic.accounts import Accounts, Attempts, StaffSessions
from signaling.accounts import lockout
from signaling.accounts.passwords import Passwords
from signaling.audit_port import Audit
from tests.signaling.accounts.staff import LOGIN, Browser, a_member, a_practice, sets_up
from tests.signaling.server import Server, a_server

NOBODY = "nobody@clinic.example"


async def wrong(browser: Browser, login: str, times: int = 1) -> list[str]:
    return [(await browser.signs_in(login, "a wrong password")).code for _ in range(times)]


async def test_passwords_are_guessed_slowly(server: Server, admin: Browser) -> None:
    guesser = admin.other()
    assert await wrong(guesser, LOGIN, lockout.FREE) == ["sign_in_failed"] * lockout.FREE
    answer = await guesser.signs_in(LOGIN)
    assert answer.code == "sign_in_locked", "the right one, too"
    assert 25 <= int(answer.headers["Retry-After"]) <= 30
    waited = []
    for _ in range(7):
        server.clock.ahead += 15 * 60
        assert await wrong(guesser, LOGIN) == ["sign_in_failed"]
        waited.append(int((await guesser.signs_in(LOGIN)).headers["Retry-After"]))
    assert waited == sorted(waited)
    assert 14 * 60 < waited[-1] <= 15 * 60, "it grows to a quarter of an hour, and not beyond"
    server.clock.ahead += 15 * 60
    assert (await guesser.signs_in(LOGIN)).status == 200
    assert await wrong(guesser, LOGIN) == ["sign_in_failed"], "it begins anew"


async def test_a_lock_survives_a_restart(tmp_path: Path) -> None:
    async with a_practice(tmp_path) as (server, admin):
        await wrong(admin.other(), LOGIN, lockout.FREE)
        ahead = server.clock.ahead
    async with a_server(tmp_path) as server:
        server.clock.ahead = ahead
        assert (await Browser(server).signs_in(LOGIN)).code == "sign_in_locked"


async def test_whoever_has_a_passkey_is_not_locked_out_by_strangers(admin: Browser) -> None:
    await admin.adds_passkey()
    await wrong(admin.other(), LOGIN, lockout.FREE)
    assert (await admin.other().shows_passkey()).json["stage"] == "done"


async def test_an_administrator_unlocks(admin: Browser) -> None:
    member = await a_member(admin, "therapist")
    await wrong(member.other(), "therapist@clinic.example", lockout.FREE)
    assert (await admin.get(f"/accounts/{member.id}")).json["locked_until"] is not None
    unlocked = await admin.post(f"/accounts/{member.id}/unlock")
    assert unlocked.json["locked_until"] is None
    assert (await member.other().signs_in("therapist@clinic.example")).status == 200


@pytest.mark.parametrize("path", ["code", "recovery"])
async def test_second_factors_are_guessed_slowly(server: Server, admin: Browser, path: str) -> None:
    """Also by whoever signs in by password again for each guess."""
    codes = []
    for number in range(lockout.FREE + 1):
        browser = admin.other()
        assert (await browser.signs_in(LOGIN)).status == 200
        codes.append((await browser.post(f"/sign-in/{path}", {"code": f"00000{number}"})).code)
    assert codes == ["code_wrong"] * lockout.FREE + ["sign_in_locked"]
    assert browser.totp is not None
    right = browser.totp.at(server.clock.clock.wall())
    assert (await browser.post("/sign-in/code", {"code": right})).code == "sign_in_locked", "the right one, too"


async def test_confirming_is_guessed_as_slowly(admin: Browser) -> None:
    codes = [(await admin.post("/confirm", {"password": "a wrong one"})).code for _ in range(lockout.FREE + 1)]
    assert codes == ["code_wrong"] * lockout.FREE + ["sign_in_locked"]


async def test_many_names_from_one_address_are_slowed_down(admin: Browser) -> None:
    guesser = admin.other()
    names = [f"person-{number}@clinic.example" for number in range(40)]
    codes = Counter([(await wrong(guesser, name))[0] for name in names])
    assert codes == {"sign_in_failed": lockout.FREE_ADDRESS, "sign_in_locked": 40 - lockout.FREE_ADDRESS}


async def test_the_set_up_token_is_guessed_slowly(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        browser = Browser(server)
        body = {"token": "x" * 43, "login": LOGIN, "name": "Eve", "password": "seven green ladders"}
        codes = [(await browser.post("/setup", body)).code for _ in range(lockout.FREE + 1)]
        assert codes == ["setup_token_wrong"] * lockout.FREE + ["sign_in_locked"]
        assert (await browser.get("/state")).json["needs_setup"] is True
        server.clock.ahead += 60
        await sets_up(browser)


# Who has an account --------------------------------------------------------------------------------------------------


class Work:
    """What the server does for somebody who signs in: hashes, questions to the database, entries in the audit log."""

    PARTS: tuple[tuple[type, str], ...] = (
        (Passwords, "_check"),
        (Accounts, "_one"),
        (Accounts, "change"),
        (Attempts, "take"),
        (Attempts, "give_back"),
        (Attempts, "clear"),
        (Audit, "record"),
        (StaffSessions, "add"),
    )

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.done: Counter[str] = Counter()
        for kind, name in self.PARTS:
            monkeypatch.setattr(kind, name, self._counted(name, getattr(kind, name)))

    def _counted(self, name: str, real: Any) -> Any:
        def counted(*args: Any, **more: Any) -> Any:
            self.done[name] += 1
            return real(*args, **more)

        return counted

    async def of(self, browser: Browser, login: str) -> Counter[str]:
        self.done.clear()
        await wrong(browser, login)
        return Counter(self.done)


async def test_answers_and_work_are_the_same_for_names_that_nobody_has(
    server: Server, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    disabled = await a_member(admin, "therapist")
    invited = "invited@clinic.example"
    await admin.invites(invited, "therapist")
    await admin.post(f"/accounts/{disabled.id}/disable")
    answers = {}
    for login in (LOGIN, NOBODY, "therapist@clinic.example", invited):
        answer = await admin.other().signs_in(login, "a wrong password")
        headers = {name: value for name, value in answer.headers.items() if name not in ("Date", "Content-Length")}
        answers[login] = (answer.status, answer.text, headers)
    assert answers[LOGIN] == answers[NOBODY] == answers["therapist@clinic.example"] == answers[invited]
    work = Work(monkeypatch)
    done = {login: await work.of(admin.other(), login) for login in answers}
    assert done[LOGIN] == done[NOBODY] == done["therapist@clinic.example"] == done[invited]
    assert done[NOBODY] == {"take": 2, "_one": 1, "_check": 1, "record": 1}


async def test_a_lock_tells_nothing(server: Server, admin: Browser) -> None:
    told = []
    for login in (LOGIN, NOBODY):
        codes = await wrong(admin.other(), login, lockout.FREE + 1)
        answer = await admin.other().signs_in(login)
        told.append((codes, answer.code, answer.headers["Retry-After"]))
    assert told[0] == told[1]


async def test_passkeys_tell_nothing(admin: Browser) -> None:
    """Without a name there is nothing to tell: no list of credentials."""
    await admin.adds_passkey()
    options = (await admin.other().post("/sign-in/passkey/options")).json["options"]
    assert options.get("allowCredentials", []) == []
    assert options["userVerification"] == "required"
