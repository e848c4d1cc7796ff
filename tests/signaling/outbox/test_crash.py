"""Killed in the middle of sending: every message arrives, none more than once more, and a second time as the same."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

import pytest

from clinic import Database
from signaling.outbox.sender import LEASE
from signaling.sealed_columns import SealedColumns
from tests.signaling.outbox.letters import appointment, invited
from tests.signaling.outbox.mail_server import MailServerForTests
from tests.signaling.outbox.sending import Office
from tests.sources import ROOT


@pytest.mark.parametrize("taken", [0, 3])
async def test_whatever_moment_it_is_killed_at_nothing_is_lost(
    database: Database, url: str, seals: SealedColumns, mail_server: MailServerForTests, taken: int
) -> None:
    """Killed while the mail server has a mail and has not said so: the first one, or one after some others."""
    office = Office(database, seals, mail_server)
    names = [f"a{number}" for number in range(6)]
    for name in names:
        await office.notices.changed("made", appointment(name), [invited(appointment=name)])
    if taken == 0:
        mail_server.hold = asyncio.Event()
    arguments = (url, str(mail_server.port), str(mail_server.folder / "tls-cert.pem"))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.signaling.outbox.sending_process", *arguments), cwd=ROOT
    )
    try:
        async with asyncio.timeout(60):
            if taken:
                while len(mail_server.received) < taken:
                    await mail_server.come.wait()
                    mail_server.come.clear()
            else:
                await mail_server.come.wait()
    finally:
        process.kill()
        assert await process.wait() == -9
    if mail_server.hold is not None:
        mail_server.hold.set()
        mail_server.hold = None
    await office.look(LEASE - 1)
    await office.look(1)
    got = Counter(str(each.mail["Message-ID"]) for each in mail_server.received)
    assert len(got) == len(names), "none is lost"
    assert max(got.values()) <= 2
    assert sum(got.values()) <= len(names) + office.sender.at_once, "only what was on its way is sent again"
    assert len({each.raw for each in mail_server.received}) == len(names), "and then as the very same mail"
    states = [state for name in names for kind, _, state in await office.messages(name) if kind == "invitation"]
    assert states == ["sent"] * len(names)
