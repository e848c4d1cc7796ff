"""`therabook accounts`: for whoever cannot get in any more."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from click.testing import CliRunner, Result

from signaling.accounts import lockout
from tests.signaling.accounts.staff import LOGIN, PASSWORD, Browser, a_practice
from tests.signaling.server import a_server
from therabook.cli import main


def run(folder: Path, *arguments: str, answer: str = "y\n") -> Result:
    environment = {"THERABOOK_DATA_DIR": str(folder / "data"), "THERABOOK_PUBLIC_URL": "https://video.example.org"}
    return CliRunner().invoke(main, ["accounts", *arguments], input=answer, env=environment)


async def command(folder: Path, *arguments: str, answer: str = "y\n") -> Result:
    """Beside a server that runs."""
    return await asyncio.to_thread(run, folder, *arguments, answer=answer)


async def test_the_set_up_link_is_printed_until_somebody_is_administrator(tmp_path: Path) -> None:
    first = await command(tmp_path, "setup-token")
    assert first.exit_code == 0, first.output
    token = re.fullmatch(r"https://video\.example\.org/staff#setup=([\w-]{43})\n", first.output)
    assert token is not None
    async with a_practice(tmp_path) as (server, _):
        assert server.running.setup_token is not None
        assert server.running.setup_token.get_secret_value() == token[1]
        again = await command(tmp_path, "setup-token")
    assert (again.exit_code, again.output) == (1, "Error: There is an administrator already.\n")


async def test_an_administrator_who_is_locked_out_gets_in_again(tmp_path: Path) -> None:
    async with a_practice(tmp_path) as (_, admin):
        listed = await command(tmp_path, "list")
        assert re.fullmatch(rf"{admin.id}  active +second factor +administrator  {LOGIN}\n", listed.output)
        for _ in range(lockout.FREE):
            await admin.other().signs_in(LOGIN, "a wrong password")
        assert (await admin.other().signs_in(LOGIN)).code == "sign_in_locked"
        unlocked = await command(tmp_path, "unlock", LOGIN.upper())
        assert (unlocked.exit_code, unlocked.output) == (0, "Unlocked.\n")
        assert (await admin.other().signs_in(LOGIN)).status == 200
        reset = await command(tmp_path, "reset-second-factor", LOGIN)
        assert reset.exit_code == 0, reset.output
        assert (await admin.get("/me")).code == "sign_in_needed"
        assert (await admin.other().signs_in(LOGIN)).json["stage"] == "enrol"


async def test_a_new_password_is_chosen_by_a_link(tmp_path: Path) -> None:
    async with a_practice(tmp_path, staff_second_factor="optional"):
        pass
    link = (await command(tmp_path, "invite", LOGIN)).output.strip()
    address, _, token = link.partition("#invitation=")
    assert address == "https://video.example.org/staff"
    async with a_server(tmp_path) as server:
        body = {"token": token, "password": "three slow rivers"}
        assert (await Browser(server).post("/invitation/accept", body)).json["stage"] == "second_factor"
        assert (await Browser(server).signs_in(LOGIN, PASSWORD)).code == "sign_in_failed"


async def test_nobody_is_not_found(tmp_path: Path) -> None:
    for name in ("unlock", "reset-second-factor", "invite"):
        answer = await command(tmp_path, name, "nobody")
        assert answer.exit_code == 1
        assert "There is nobody who signs in as nobody." in answer.output


async def test_who_does_not_confirm_changes_nothing(tmp_path: Path) -> None:
    async with a_practice(tmp_path) as (_, admin):
        answer = await command(tmp_path, "reset-second-factor", LOGIN, answer="n\n")
        assert answer.exit_code == 1
        assert (await admin.get("/me")).status == 200
