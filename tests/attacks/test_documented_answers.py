"""Made-up requests over the whole API, from its own document: no fault of ours, no answer that is not documented."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.signaling.accounts.staff import KEY, Browser, a_practice

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = 12
"""For each operation, besides those at the edges of what the document allows."""

NOT_OVER_HTTP = "/socket"
ENDS_IT = r"/api/staff/(sign-out|setup|security/(password|sessions/end-others|totp/remove)|accounts/.*)"
"""What would leave nobody signed in who asks: tried without a cookie only."""


async def made_up_requests(url: str, folder: Path, seed: int, *options: str) -> tuple[int, str]:
    program = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")),
        *("run", f"{url}/api/openapi.json", "--checks", CHECKS, "--phases", "coverage,fuzzing"),
        *("--max-examples", str(EXAMPLES), "--seed", str(seed), "--generation-database", "none", "--no-color"),
        *("--suppress-health-check", "all", "--warnings", "off", "--exclude-path", NOT_OVER_HTTP),
        *("--report", "junit", "--report-dir", str(folder), "--continue-on-failure"),
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=folder,
    )
    said, _ = await program.communicate()
    return program.returncode or 0, said.decode()


def as_nobody(browser: Browser) -> list[str]:
    return []


def as_the_clinics_software(browser: Browser) -> list[str]:
    return ["--header", f"Authorization: {KEY['Authorization']}"]


def as_an_administrator(browser: Browser) -> list[str]:
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    same = ["--header", f"Origin: {browser.server.url}", "--header", "Sec-Fetch-Site: same-origin"]
    return ["--header", f"Cookie: {cookies}", *same, "--exclude-path-regex", ENDS_IT]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("caller", [as_nobody, as_the_clinics_software, as_an_administrator])
async def test_whatever_is_asked_is_answered_as_documented(tmp_path: Path, caller: object) -> None:
    assert callable(caller)
    limits = dict.fromkeys(("tokens_per_minute", "joins_per_minute"), 100_000)
    async with a_practice(tmp_path / "practice", **limits) as (server, admin):
        await admin.confirms()
        status, said = await made_up_requests(server.url, tmp_path, 20261126, *caller(admin))
    assert status == 0, said[-20_000:]
