"""The audit log at the command line."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import shutil
import signal
import sys
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner, Result

from clinic.audit.events import Event
from clinic.audit.notes import Note, PublicKey
from signaling.witnessing import Witnessing
from tests.clinic.audit.made_up import START, event
from tests.sources import ROOT
from therabook import audit_served
from therabook.cli import main
from therabook.settings import Settings, load

DAY = 86_400


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("THERABOOK_"):
            monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a log of 300 events is, one an hour."""
    append(tmp_path, [event(number, at=START + 3600 * number) for number in range(300)])
    return tmp_path


def settings(folder: Path) -> Settings:
    return load({"data_dir": folder}, {})


def append(folder: Path, events: list[Event]) -> None:
    async def run() -> None:
        log = audit_served.audit_log(settings(folder))
        await log.append(events)
        await log.close()

    asyncio.run(run())


def events_of(folder: Path) -> list[Event]:
    async def run() -> list[Event]:
        log = audit_served.audit_log(settings(folder))
        entries = await log.entries(0, 10_000)
        await log.close()
        return [each.event for each in entries]

    return asyncio.run(run())


def run(folder: Path, *arguments: str, answer: str | None = None) -> Result:
    where = ["--data-dir", str(folder)] if arguments[0] != "witness" else []
    return CliRunner().invoke(main, ["audit", *arguments, *where], input=answer)


def said(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_head_and_the_key_are_what_a_stranger_needs(folder: Path) -> None:
    key = PublicKey.read(said(run(folder, "key")))
    head = Note.read(said(run(folder, "head")))
    assert key.check(head) is None
    assert (head.checkpoint.origin, head.checkpoint.size) == (key.name, 300)


def test_there_is_no_head_of_nothing(tmp_path: Path) -> None:
    result = run(tmp_path, "head")
    assert result.exit_code == 1
    assert "Nothing has been logged yet" in result.output


def test_what_is_exported_verifies_and_its_export_is_logged(folder: Path) -> None:
    key, out = said(run(folder, "key")).strip(), folder / "export.jsonl"
    said(run(folder, "export", "--out", str(out)))
    assert out.stat().st_mode & 0o777 == 0o600
    assert "those that were signed" in said(run(folder, "verify", str(out), "--key", key))
    last = events_of(folder)[-1]
    assert (last.kind, last.actor_kind, last.details) == (
        "audit.export",
        "operator",
        {"format": "jsonl", "part": False},
    )
    out.write_text(out.read_text().replace("therapist-1", "therapist-2", 1))
    result = run(folder, "verify", str(out), "--key", key)
    assert result.exit_code == 1
    assert "WRONG" in result.output


def test_a_time_is_exported_and_verifies_as_a_part(folder: Path) -> None:
    out = folder / "export.jsonl"
    said(run(folder, "export", "--out", str(out), "--since", "2026-05-30", "--until", "2026-05-31T12:00:00"))
    report = json.loads(said(run(folder, "verify", str(out), "--json")))
    assert (report["sound"], report["last"] - report["first"], report["size"]) == (True, 36, 301)
    assert report["since"] >= 1_780_099_200_000
    result = run(folder, "export", "--since", "2031-01-01")
    assert result.exit_code == 1
    assert "no events of that time" in result.output


def test_a_spreadsheet_carries_out_nothing_that_was_logged(folder: Path) -> None:
    append(folder, [event(0, actor='=cmd|"/c calc"!A1', subject="+1", patient="@x", details={"why": "a,b\n-1"})])
    rows = list(csv.DictReader(io.StringIO(said(run(folder, "export", "--format", "csv")))))
    assert len(rows) == 302
    assert rows[0] == {
        "seq": "0",
        "at": "2026-05-28T20:26:40.125+00:00",
        "kind": "call.join",
        "actor_kind": "staff",
        "actor": "therapist-0",
        "session": "session-0",
        "patient": "",
        "subject": "",
        "details": '{"number": 0}',
    }
    bad = rows[300]
    assert (bad["actor"], bad["subject"], bad["patient"]) == ('\'=cmd|"/c calc"!A1', "'+1", "'@x")
    assert json.loads(bad["details"]) == {"why": "a,b\n-1"}
    for row in rows:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row.values())


def test_one_event_is_proven_in_one_line(folder: Path) -> None:
    out = folder / "proof"
    out.write_text(said(run(folder, "proof", "123")))
    assert len(out.read_bytes().splitlines()) == 1
    report = json.loads(said(run(folder, "verify", str(out), "--key", said(run(folder, "key")).strip(), "--json")))
    assert (report["sound"], report["first"], report["last"]) == (True, 123, 124)
    assert run(folder, "proof", "300").exit_code == 1


def test_the_log_of_this_machine_is_verified_where_it_is(folder: Path) -> None:
    assert "those that were signed" in said(run(folder, "verify"))


def test_a_log_that_was_put_back_is_gone_on_with_when_somebody_says_so(folder: Path) -> None:
    shutil.copy(folder / "audit.db", folder / "backup.db")
    append(folder, [event(number) for number in range(7)])
    shutil.copy(folder / "backup.db", folder / "audit.db")
    exported = run(folder, "export", "--out", str(folder / "export.jsonl"))
    assert exported.exit_code == 0, "it is just then that somebody wants to see it"
    assert "Not logged: the audit log holds 300 events, and 307 were signed" in exported.output
    assert run(folder, "go-on", "--because", "restored", answer="n\n").exit_code == 1
    assert "7 events are missing" in said(run(folder, "go-on", "--because", "restored", answer="y\n"))
    last = events_of(folder)[-1]
    assert (last.kind, last.details) == ("audit.gap", {"count": 7, "because": "restored"})
    assert "those that were signed" in said(run(folder, "verify"))


async def test_a_witness_on_another_machine_sees_what_the_verifier_alone_does_not(folder: Path, tmp_path: Path) -> None:
    key, state = str(audit_served.signer(settings(folder)).public), tmp_path / "witness-state"
    witness = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "therabook", "audit", "witness", "--listen", "127.0.0.1:0"),
        *("--state", str(state), "--log", key),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert witness.stdout is not None
    told = [(await witness.stdout.readline()).decode().split(" = ")[-1].strip() for _ in range(3)]
    url, witness_key = told[1:]
    shutil.copy(folder / "audit.db", folder / "backup.db")
    log = audit_served.audit_log(settings(folder))
    await log.append([event(1)])
    async with aiohttp.ClientSession() as http:
        witnessing = Witnessing(log, url, PublicKey.read(witness_key), http, 1.0, lambda: None)
        await witnessing.ask()
        assert witnessing.state == "signed"
    await log.close()
    witness.send_signal(signal.SIGTERM)
    assert await witness.wait() == 0

    def check(*arguments: str) -> Result:
        out = folder / "export.jsonl"
        assert (
            CliRunner().invoke(main, ["audit", "export", "--data-dir", str(folder), "--out", str(out)]).exit_code == 0
        )
        return CliRunner().invoke(main, ["audit", "verify", str(out), "--key", key, *arguments])

    witnessed = ("--witness", str(state), "--witness-key", witness_key)
    sound = await asyncio.to_thread(check, *witnessed)
    assert (sound.exit_code, "Witnessed: up to 301 events" in sound.output) == (0, True)

    shutil.copy(folder / "backup.db", folder / "audit.db")
    (folder / "audit-head").unlink()
    assert (await asyncio.to_thread(check)).exit_code == 0, "what was cut off at the end is not seen from what is left"
    found = await asyncio.to_thread(check, *witnessed)
    assert found.exit_code == 1


@pytest.mark.parametrize("listen", ["nowhere", "127.0.0.1:", ":80", "127.0.0.1:99999"])
def test_a_witness_listens_somewhere(folder: Path, listen: str) -> None:
    key = said(run(folder, "key")).strip()
    result = run(folder, "witness", "--listen", listen, "--state", str(folder / "state"), "--log", key)
    assert result.exit_code == 2
