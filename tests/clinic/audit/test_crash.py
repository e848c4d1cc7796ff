"""Killed while it appends: what was acknowledged is in the log, once, and the log goes on and verifies."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from pathlib import Path

import pytest

from clinic.audit.exports import lines
from tests.clinic.audit.made_up import a_log, event, signer
from tests.sources import ROOT
from therabook.audit_verify.verify import Verifier


async def killed_after(url: str, folder: Path, prefix: str, said: int) -> list[str]:
    """What was acknowledged when the writer was killed, after so many at least."""
    writer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.clinic.audit.writer", url, str(folder), prefix),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert writer.stdout is not None
    found = [await writer.stdout.readline() for _ in range(said)]
    writer.kill()
    found += (await writer.stdout.read()).splitlines(keepends=True)
    assert await writer.wait() == -9
    return [each.decode().strip() for each in found if each.endswith(b"\n")]


@pytest.mark.parametrize("said", [1, 40, 333])
async def test_nothing_that_was_acknowledged_is_lost(empty_url: str, tmp_path: Path, said: int) -> None:
    acknowledged: list[str] = []
    for turn in range(3):
        acknowledged += await killed_after(empty_url, tmp_path, f"turn-{turn}", said)
    assert len(acknowledged) >= 3 * said
    log = a_log(empty_url, tmp_path)
    size = (await log.open()).size
    there = Counter(each.event.subject for each in await log.entries(0, size))
    assert max(there.values()) == 1
    assert set(acknowledged) <= set(there)
    assert len(there) - len(acknowledged) <= 3 * 8, "at most what each writer was at"
    await log.append([event()])
    written = [f"{line}\n".encode() async for line in lines(log)]
    assert Verifier(str(signer().public)).read(written).problems == []
    await log.close()
