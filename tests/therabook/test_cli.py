"""The command line, in this process and as processes of its own."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner

from signaling import messages as m
from signaling.keys import signing_key
from signaling.tokens import Tokens
from tests.signaling.server import Client, offer
from therabook.cli import main

LINK = re.compile(r"(http://[^/\s]+)(/(?:video-call/\S+?|recordings))#token=(\S+)")


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("THERABOOK_"):
            monkeypatch.delenv(name)


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_token_prints_a_link_that_the_server_takes(tmp_path: Path) -> None:
    said = run(
        "token", "--role", "therapist", "--session", "s-1", "--limit", "3", "--minutes", "50", "--data-dir", tmp_path
    )
    found = LINK.fullmatch(said.strip())
    assert found
    assert found[1] == "http://localhost:8080"
    assert found[2] == "/video-call/therapy"
    claims = Tokens(signing_key(tmp_path)).read_join(found[3], 0.0)
    assert (claims.role, claims.room, claims.limit, claims.minutes, claims.name) == ("therapist", "s-1", 3, 50, None)


def test_token_names_a_new_session_where_none_is_given(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["token", "--role", "patient", "--data-dir", str(tmp_path)])
    assert LINK.fullmatch(result.stdout.strip())
    assert result.stderr.startswith("Session: ")


def test_a_link_to_recordings_says_who_it_is_and_what_they_may(tmp_path: Path) -> None:
    asked = ("recordings", "link", "--role", "auditor", "--user", "u-1", "--data-dir", tmp_path)
    for more, room, hours in (((), None, 12), (("--session", "s-1", "--hours", "1"), "s-1", 1)):
        found = LINK.fullmatch(run(*asked, *more).strip())
        assert found
        assert found[2] == "/recordings"
        claims = Tokens(signing_key(tmp_path)).read_recordings(found[3], 0.0)
        assert (claims.role, claims.sub, claims.room) == ("auditor", "u-1", room)
        assert 0 <= time.time() + 3600 * hours - claims.exp < 60


def test_links_are_where_people_reach_the_server(tmp_path: Path) -> None:
    arguments = ("token", "--role", "patient", "--session", "s", "--data-dir", tmp_path)
    assert run(*arguments, "--public-url", "https://v.example/").startswith(
        "https://v.example/video-call/secure-therapy#"
    )
    assert run(*arguments, "--tls", "self-signed", "--port", "443").startswith("https://localhost/video")
    assert run(*arguments, "--host", "192.0.2.1", "--port", "80").startswith("http://192.0.2.1/video")
    assert run(*arguments, "--host", "2001:db8::1").startswith("http://[2001:db8::1]:8080/")
    assert run(*arguments, "--host", "0.0.0.0").startswith("http://localhost:8080/")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["token"], "--role"),
        (["token", "--role", "administrator"], "therapist"),
        (["token", "--role", "patient", "--session", "../x"], "letters"),
        (["recordings", "link", "--role", "patient", "--user", "u"], "auditor"),
        (["recordings", "link", "--role", "auditor"], "--user"),
        (["recordings", "link", "--role", "auditor", "--user", "u", "--session", "../x"], "letters"),
        (["recordings", "hold", "nothing", "--because", "case 7", "--data-dir", "{tmp}"], "no such recording"),
        (["recordings", "release", "nothing", "--data-dir", "{tmp}"], "no such recording"),
        (["serve", "--port", "many"], "port"),
        (["serve", "--demo", "--host", "0.0.0.0"], "demo"),
        (["serve", "--config", "/nonexistent.toml"], "No such file"),
        (["serve", "--brand-logo", "/nonexistent.svg", "--data-dir", "{tmp}"], "brand_logo"),
        (["serve", "--media-host", "nowhere", "--data-dir", "{tmp}"], "media host"),
        (["serve", "--host", "192.0.2.200", "--media-port", "0", "--data-dir", "{tmp}"], "port"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_work_is_said_in_a_line_not_in_a_trace(tmp_path: Path, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, [argument.replace("{tmp}", str(tmp_path)) for argument in arguments])
    assert result.exit_code in (1, 2)
    assert said in result.output
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


class Process:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def says(self, pattern: str) -> re.Match[str]:
        """Reads until the pattern was printed."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while not (found := re.search(pattern, self.said)):
                chunk = await self.process.stdout.read(4096)
                assert chunk, f"it ended:\n{self.said}"
                self.said += chunk.decode()
        return found

    async def ends(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        rest, _ = await asyncio.wait_for(self.process.communicate(), 15)
        self.said += (rest or b"").decode()
        assert self.process.returncode is not None
        return self.process.returncode


@asynccontextmanager
async def serving(folder: Path, *arguments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "therabook", "serve", "--port", "0", "--media-port", "0", "--media-host", "127.0.0.1"),
        *("--data-dir", str(folder), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"THERABOOK_DEBUG": "1", "PYTHONUNBUFFERED": "1"},
    )
    try:
        yield Process(process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_demo_prints_links_that_work_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    async with serving(tmp_path, "--demo") as process, aiohttp.ClientSession() as http:
        await process.says("Or join by hand")
        assert "DEMONSTRATION" in process.said
        therapist_link, patient_link, recordings_link = LINK.findall(process.said)
        assert await may(http, recordings_link) == "administrator"
        assert therapist_link[1] == "/video-call/therapy"
        therapist, patient = (
            await joined(http, therapist_link, "Dr. Blue"),
            await joined(http, patient_link, "Alex Green"),
        )
        state = await therapist.state(lambda state: state.waiting)
        await therapist.says(m.Admit(person=state.waiting[0].id))
        await patient.state(lambda state: state.phase == "present")
        await patient.says(m.Chat(text="a-confidence", sealed=True))
        await therapist.hears(m.ChatFrom)
        closed = [asyncio.create_task(client.closed()) for client in (therapist, patient)]
        assert await process.ends(number) == 0
        assert await asyncio.gather(*closed) == [1012, 1012]
        log = "\n".join(line for line in process.said.splitlines() if line.startswith("{"))
        assert '"admitted"' in log
        for word in ("Blue", "Alex", "Green", "confidence", "127.0.0.1", state.session, patient_link[2][-20:]):
            assert word not in log
        assert not re.search(r"\d+\.\d+\.\d+\.\d+", process.said)


ONCE_AROUND = """
import asyncio, gc, os, signal, sys
from pathlib import Path
from therabook import server
from therabook.settings import Settings

def started(running):
    asyncio.get_running_loop().call_later(0.5, os.kill, os.getpid(), signal.SIGTERM)

settings = Settings(port=0, media_port=0, media_host="127.0.0.1", data_dir=Path(sys.argv[1]))
asyncio.run(server.serve(settings, started))
print("looked through:", len(gc.get_objects()), "of", len(gc.get_objects()) + gc.get_freeze_count())
"""


async def test_garbage_is_not_looked_for_in_the_code_while_calls_run(tmp_path: Path) -> None:
    """It would stop all of them for a tenth of a second."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ONCE_AROUND, str(tmp_path)), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    looked_through, everything = map(int, re.findall(rb"looked through: (\d+) of (\d+)", said)[0])
    assert everything > 100_000
    assert looked_through < everything / 5


async def test_a_port_that_is_taken_is_said_in_a_line(tmp_path: Path) -> None:
    async with serving(tmp_path / "a") as first:
        port = (await first.says(r"serves at http://localhost:(\d+)"))[1]
        async with serving(tmp_path / "b", "--port", port) as second:
            await second.says(f"Error: port {port}: .*in use")
            assert await second.process.wait() == 1
            assert "Traceback" not in second.said


async def may(http: aiohttp.ClientSession, link: tuple[str, str, str]) -> str:
    """The role with which it opens the recordings."""
    base, page, token = link
    assert page == "/recordings"
    async with http.get(f"{base}/api/recordings/me", headers={"Authorization": f"Bearer {token}"}) as answer:
        return str((await answer.json())["role"])


async def joined(http: aiohttp.ClientSession, link: tuple[str, str, str], name: str) -> Client:
    base, _, token = link
    client = Client(await http.ws_connect(f"{base}/socket", headers={"Origin": base}))
    await client.joins(token, name, offer=offer())
    return client
