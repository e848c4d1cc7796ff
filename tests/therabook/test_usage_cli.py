"""`therabook usage`: what an operator gets of minutes, and the check of a statement where there is nothing else."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clinic import open_database, sqlite_url
from clinic.usage.store import Usages
from tests.clinic.usage.made_up import START, whole
from tests.sources import ROOT
from therabook.cli import main


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)

    async def fill() -> None:
        database = open_database(sqlite_url(folder / "clinic.db"))
        await database.upgrade()
        await Usages(database).keep([whole("one"), whole("two", START + 9_000, therapist="t2", patients=("=p",))])
        await database.close()

    asyncio.run(fill())
    return folder


def run(*arguments: str, data: Path | None = None) -> Result:
    flags = ["--data-dir", str(data)] if data is not None else []
    return CliRunner().invoke(main, ["usage", *arguments, *flags])


def test_a_report_for_people_programs_spreadsheets_and_print(data: Path, tmp_path: Path) -> None:
    said = run("report", "--month", "2027-01", data=data).output
    assert "50 min" in said
    assert "90834-95" in said
    assert "2 sessions, 100 minutes." in said
    assert [
        each["id"] for each in json.loads(run("report", "--month", "2027-01", "--json", data=data).output)["sessions"]
    ]
    rows = list(csv.DictReader(io.StringIO(run("report", "--month", "2027-01", "--csv", data=data).output)))
    assert [row["patients"] for row in rows] == ["p1", "'=p"]
    file = tmp_path / "report.pdf"
    assert run("report", "--month", "2027-01", "--pdf", "--to", str(file), data=data).exit_code == 0
    assert file.read_bytes().startswith(b"%PDF-")
    assert "1 sessions" in run("report", "--month", "2027-01", "--therapist", "t2", data=data).output
    assert "0 sessions" in run("report", "--month", "2026-12", data=data).output
    assert run("report", "--month", "2026-13", data=data).exit_code == 2
    assert run("report", "--month", "2027-01", "--pdf", data=data).exit_code == 2


def test_a_statement_is_verified_where_there_is_nothing_but_the_file(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "statement.json"
    assert run("statement", "--month", "2027-01", "--to", str(file), data=data).exit_code == 0
    key = run("key", data=data).output.strip()
    assert len(bytes.fromhex(key)) == 32
    command = (sys.executable, "-m", "therabook", "usage", "verify", str(file), "--key", key)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        command, cwd=elsewhere, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Good: 2 sessions, 100 minutes, 2027-01" in done.stdout
    assert list(elsewhere.iterdir()) == [], "it makes no database and no key"
    assert f"Signed by the key {key}." in run("verify", str(file)).output

    file.write_bytes(file.read_bytes().replace(b'"minutes":100', b'"minutes":101'))
    changed = run("verify", str(file), "--key", key)
    assert (changed.exit_code, changed.output[:9]) == (1, "NOT GOOD:")
    assert run("verify", str(file), "--key", "00" * 32).exit_code == 1
