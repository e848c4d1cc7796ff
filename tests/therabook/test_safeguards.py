"""Safeguards: each line of the doctor can stand, and each can fail."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from click.testing import CliRunner

from clinic import Database, open_database, sqlite_url
from clinic.keeping.holds import LegalHolds
from clinic.keeping.records import Hold, RetentionRule, Run
from clinic.keeping.rules import RetentionRules
from clinic.keeping.runs import Runs
from therabook.cli import main
from therabook.doctor import safeguards
from therabook.doctor.findings import Finding, as_json, as_text
from therabook.settings import Settings, load

NOW = 1_790_000_000.0
DAY = 86_400.0


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("THERABOOK_"):
            monkeypatch.delenv(name)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder as a first start leaves it."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    made = CliRunner().invoke(main, ["records", "keep", "messages", "50", "--data-dir", str(folder)])
    assert made.exit_code == 0, made.output
    return folder


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = open_database(sqlite_url(tmp_path / "clinic.db"))
    await database.upgrade()
    yield database
    await database.close()


def settings(folder: Path, **more: Any) -> Settings:
    return load({"data_dir": folder} | more, environment={})


@pytest.mark.parametrize(
    ("id", "more", "mark"),
    [
        ("tls", {}, "good"),
        ("tls", {"tls": "files", "tls_cert": "c.pem", "tls_key": "k.pem"}, "good"),
        ("tls", {"tls": "self-signed"}, "warn"),
        ("tls", {"host": "0.0.0.0", "trusted_proxies": "10.0.0.0/8"}, "warn"),
        ("tls", {"host": "0.0.0.0"}, "bad"),
        ("end_to_end", {}, "good"),
        ("end_to_end", {"encryption": "preferred"}, "warn"),
        ("database_way", {}, "good"),
        ("database_way", {"database_url": "postgresql://u@127.0.0.1/n"}, "good"),
        ("database_way", {"database_url": "postgresql://u@db.example.org/n?ssl=verify-full"}, "good"),
        ("database_way", {"database_url": "postgresql://u:secret@db.example.org/n"}, "bad"),
        ("database_way", {"audit_url": "postgresql://u:secret@db.example.org/n"}, "bad"),
        ("second_factor", {}, "good"),
        ("second_factor", {"staff_second_factor": "optional"}, "bad"),
        ("idle_logoff", {}, "good"),
        ("idle_logoff", {"staff_idle_minutes": 16}, "warn"),
        ("witness", {}, "warn"),
        ("witness", {"audit_witness_url": "https://w.example.org", "audit_witness_key": "w+1+a"}, "good"),
        ("at_rest", {}, "none"),
        ("mail", {}, "none"),
        ("mail", {"smtp_host": "mail.example.org", "smtp_from": "a@example.org"}, "good"),
        ("mail", {"smtp_host": "127.0.0.1", "smtp_from": "a@example.org", "smtp_security": "off"}, "good"),
        ("mail", {"smtp_host": "mail.example.org", "smtp_from": "a@example.org", "smtp_security": "off"}, "bad"),
    ],
)
def test_what_settings_decide(tmp_path: Path, id: str, more: dict[str, Any], mark: str) -> None:
    (found,) = [each for each in safeguards.of_settings(settings(tmp_path, **more)) if each.id == id]
    assert found.mark == mark
    assert "secret@" not in found.said + found.advice
    assert found.advice or mark in ("good", "none")


def test_keys_that_are_lost_or_that_others_can_read(data: Path) -> None:
    assert safeguards.at_rest(settings(data)).mark == "good"
    assert safeguards.key_files(settings(data)).mark == "good"
    (data / "receipt-key").chmod(0o640)
    found = safeguards.key_files(settings(data))
    assert (found.mark, "receipt-key" in found.said) == ("bad", True)
    (data / "receipt-key").chmod(0o600)
    data.chmod(0o755)
    assert safeguards.key_files(settings(data)).mark == "bad"
    data.chmod(0o700)
    (data / "recordings-key").unlink()
    found = safeguards.at_rest(settings(data))
    assert (found.mark, "recordings-key" in found.said) == ("bad", True)
    assert safeguards.key_files(settings(data / "nothing")).mark == "none"


def test_core_dumps_that_cannot_be_forbidden() -> None:
    def refused() -> None:
        raise OSError(1, "not permitted")

    assert safeguards.core_dump(lambda: None).mark == "good"
    assert safeguards.core_dump(refused).mark == "bad"


async def test_an_audit_log_that_was_changed_or_has_no_key(data: Path) -> None:
    assert (await safeguards.audit_log(settings(data))).mark == "good"
    assert (await safeguards.audit_log(settings(data / "nothing"))).mark == "none"
    with sqlite3.connect(data / "audit.db") as changed:
        for (name,) in changed.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            changed.execute(f"DROP TRIGGER {name}")
        changed.execute("UPDATE audit_event SET body = replace(body, 'operator', 'server')")
    changed.close()
    found = await safeguards.audit_log(settings(data))
    assert found.mark == "bad"
    (data / "audit-key").unlink()
    assert "key is not there" in (await safeguards.audit_log(settings(data))).said


async def test_backups_that_are_old_or_were_never_made(database: Database) -> None:
    runs = Runs(database)
    assert (await safeguards.backup(runs, 7, NOW)).mark == "bad"
    await runs.keep(Run("backup", NOW - 6 * DAY, 1.0, 10, True))
    assert (await safeguards.backup(runs, 7, NOW)).mark == "good"
    await runs.keep(Run("backup", NOW, 1.0, 10, False))
    assert (await safeguards.backup(runs, 5, NOW)).mark == "bad", "one that failed is none"


async def test_drills_that_failed_took_too_long_or_are_long_ago(database: Database) -> None:
    runs = Runs(database)
    marks = [(await safeguards.drill(runs, NOW)).mark]
    for days, seconds, well in ((200, 9.0, True), (100, 9.0, True), (90, 73 * 3600.0, True), (80, 9.0, False)):
        await runs.keep(Run("drill", NOW - days * DAY, seconds, 10, well))
        marks.append((await safeguards.drill(runs, NOW)).mark)
    assert marks == ["warn", "warn", "good", "bad", "bad"]


async def test_retention_that_nobody_has_decided_and_holds_over_everything(database: Database) -> None:
    rules = RetentionRules(database)
    assert (await safeguards.retention(rules)).mark == "warn"
    await rules.change(RetentionRule("recordings", 365, NOW, "admin"))
    assert (await safeguards.retention(rules)).mark == "good"
    legal = LegalHolds(database)
    assert "none" in (await safeguards.holds(legal)).said
    await legal.place(Hold("h1", NOW, "admin", b"", patient="pat-1"))
    assert (await safeguards.holds(legal)).mark == "good"
    await legal.place(Hold("h2", NOW, "admin", b""))
    assert (await safeguards.holds(legal)).mark == "warn"


async def test_accounts_that_nobody_uses_and_emergencies_that_nobody_has_looked_at(
    database: Database, tmp_path: Path
) -> None:
    assert [each.mark for each in await safeguards.accounts(database, NOW)] == ["none", "good"]
    with sqlite3.connect(tmp_path / "clinic.db") as filled:
        for number, made in enumerate((NOW, NOW - 91 * DAY)):
            filled.execute(
                "INSERT INTO account (id, login_hmac, login_sealed, name_sealed, roles, active, made_at) "
                "VALUES (?, ?, x'00', x'00', '[]', 1, ?)",
                (f"a{number}", f"{number}", int(made * 1000)),
            )
        filled.execute(
            "INSERT INTO emergency (id, account_id, reason_sealed, since, until) VALUES ('e', 'a0', x'00', 1, 2)"
        )
    filled.close()
    users, emergencies = await safeguards.accounts(database, NOW)
    assert (users.mark, "1 of 2" in users.said) == ("warn", True)
    assert emergencies.mark == "warn"


async def test_records_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "clinic.db").write_bytes(b"nothing of the kind" * 100)
    (tmp_path / "clinic.db").chmod(0o600)
    found = await safeguards.examine(settings(tmp_path), lambda: NOW)
    assert [each.mark for each in found if each.id == "records"] == ["bad"]


async def test_each_line_names_a_paragraph_and_says_what_to_do(data: Path) -> None:
    found = await safeguards.examine(settings(data))
    assert len({each.id for each in found}) == len(found) >= 16
    for each in found:
        assert re.fullmatch(r"164\.3\d\d(\([a-z0-9A-Zivx]+\))+", each.paragraph), each.id
        assert each.mark in ("good", "none") or each.advice, each.id
    told = json.loads(as_json("here", found))["findings"]
    assert {each["paragraph"] for each in told} >= {"164.312(b)", "164.312(d)", "164.308(a)(7)(ii)(A)"}
    assert "[45 CFR 164.312(d)]" in as_text("here", found)


def test_a_finding_without_a_paragraph_names_none() -> None:
    assert "CFR" not in as_text("here", [Finding("x", "X", "good", "Well.")])
