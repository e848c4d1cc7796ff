"""What the service tells its log when it starts and stops, and how it is without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from clinic import open_database
from clinic.audit.events import Event
from clinic.audit.log import MIGRATIONS, AuditLog
from signaling.static import read_tree
from tests.signaling.server import a_server
from tests.signaling.test_witnessing import served
from therabook import VERSION, audit_served
from therabook.audit_witness import application, make
from therabook.server import WEB
from therabook.settings import BadSettings, load

Answer = TypeVar("Answer")


async def asked(folder: Path, ask: Callable[[AuditLog], Awaitable[Answer]], **settings: Any) -> Answer:
    log = audit_served.audit_log(load({"data_dir": folder / "data"} | settings, {}))
    try:
        return await ask(log)
    finally:
        await log.close()


async def events(folder: Path) -> list[Event]:
    return [each.event for each in await asked(folder, lambda log: log.entries(0, 1000))]


def told(events: list[Event], kind: str) -> list[dict[str, Any]]:
    return [dict(each.details) for each in events if each.kind == kind]


async def test_a_start_and_a_stop_are_told(tmp_path: Path) -> None:
    async with a_server(tmp_path):
        pass
    found = await events(tmp_path)
    assert [each.kind for each in found if each.kind.startswith("server.")] == ["server.start", "server.stop"]
    assert found[-1].kind == "server.stop"
    (start,) = told(found, "server.start")
    assert start["version"] == VERSION
    assert len(start["settings"]) == 64
    assert told(found, "code.served") == [{"digest": read_tree(WEB).digest}]
    made = {each.subject for each in found if each.kind == "key.change"}
    assert {"signing-key", "receipt-key", "audit-key"} <= made
    assert told(found, "config.change") == []


async def test_changed_settings_are_told_by_name(tmp_path: Path) -> None:
    for minutes, limit in ((90, 2), (90, 2), (60, 3)):
        async with a_server(tmp_path, session_minutes=minutes, session_limit=limit):
            pass
    found = await events(tmp_path)
    assert told(found, "config.change") == [{"names": "session_limit,session_minutes", "count": 2}]
    starts = [each["settings"] for each in told(found, "server.start")]
    assert starts[0] == starts[1] != starts[2]
    assert len([each for each in found if each.kind == "key.change" and each.subject == "audit-key"]) == 1


async def test_secrets_are_remembered_as_nothing_that_could_be_guessed(tmp_path: Path) -> None:
    secret = "a-turn-secret-of-the-clinic"
    settings = {"turn_urls": "turn:turn.example.org:3478", "turn_secret": secret}
    async with a_server(tmp_path, **settings):
        pass
    kept = (tmp_path / "data/audit-settings").read_text()
    assert "turn_secret" in json.loads(kept)
    assert secret not in kept
    assert (tmp_path / "data/audit-settings").stat().st_mode & 0o777 == 0o600


async def test_calls_are_held_though_the_log_contradicts_what_was_signed(tmp_path: Path) -> None:
    async with a_server(tmp_path):
        pass
    (tmp_path / "data/audit.db").unlink()  # and the head beside it says that there were events
    async with a_server(tmp_path) as server:
        therapist, patient = await server.call()
        assert therapist.joined
        assert patient.joined

    async def size(log: AuditLog) -> int:
        await log.database.upgrade()
        return (await log.head()).size

    assert await asked(tmp_path, size) == 0


async def test_the_log_may_have_a_database_of_its_own_anywhere(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    async with a_server(tmp_path, audit_url=url):
        pass
    assert not (tmp_path / "data/audit.db").exists()
    signer = audit_served.signer(load({"data_dir": tmp_path / "data"}, {}))
    log = AuditLog(open_database(url, MIGRATIONS), signer, tmp_path / "data/audit-head")
    assert (await log.open()).size > 0
    await log.close()


def test_a_log_is_called_by_its_key_unless_it_has_a_name(tmp_path: Path) -> None:
    first = audit_served.signer(load({"data_dir": tmp_path}, {})).name
    assert first.startswith("therabook/")
    assert audit_served.signer(load({"data_dir": tmp_path}, {})).name == first
    assert audit_served.signer(load({"data_dir": tmp_path / "other"}, {})).name != first
    named = load({"data_dir": tmp_path, "audit_origin": "clinic.example.org/audit"}, {})
    assert audit_served.signer(named).name == "clinic.example.org/audit"
    for wrong in ("two words", "a+b", ""):
        with pytest.raises(BadSettings):
            load({"audit_origin": wrong}, {})


async def test_a_witness_needs_a_key_that_is_one(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="audit_witness_key"):
        load({"audit_witness_url": "https://witness.example"}, {})
    with pytest.raises(BadSettings, match="audit_witness_key: this is no public key"):
        async with a_server(tmp_path, audit_witness_url="https://witness.example", audit_witness_key="x"):
            pass


async def test_heads_are_witnessed_while_the_service_runs_and_another_log_is_told_of(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    key = audit_served.signer(load({"data_dir": tmp_path / "data"}, {})).public
    witness, witness_key = make("witness.example", [str(key)], tmp_path / "state")
    async with served(application(witness)) as url:
        settings = {"audit_witness_url": url, "audit_witness_key": str(witness_key), "audit_witness_seconds": 1}
        async with a_server(tmp_path, **settings), asyncio.timeout(30):
            while not (kept := await asked(tmp_path, lambda log: log.witnessed())):
                pass  # each look at the log lets the service go on
        assert [each.witness for each in kept] == ["witness.example"]

        for name in ("audit.db", "audit-head"):
            (tmp_path / "data" / name).unlink()
        async with a_server(tmp_path, **settings), asyncio.timeout(30):
            while {"rule": "audit_witness_contradicts"} not in told(await events(tmp_path), "alert.raise"):
                pass
