"""`therabook backup` and `therabook restore`: there and back on both databases, and everything that can be wrong."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clinic import Database, Qualities, Quality, Recordings, open_database, sqlite_url
from clinic.keeping.runs import Runs
from recording.age import Identity
from tests.clinic.postgres import Postgres, a_postgres
from tests.signaling.kept import START, Kept
from tests.sources import ROOT
from therabook import backup as backups
from therabook.cli import main

IDENTITY = Identity.generate(os.urandom)


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("THERABOOK_"):
            monkeypatch.delenv(name)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "backup-identity"
    file.write_text(f"# secret\n{IDENTITY.text().get_secret_value()}\n")
    return file


def run(*arguments: str | Path, data: Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments), "--data-dir", str(data)], input="y\n")


def backup(file: Path, data: Path, *more: str | Path) -> Result:
    return run("backup", file, "--recipient", str(IDENTITY.recipient), *more, data=data)


def filled(folder: Path) -> Path:
    """A data folder as a server leaves it, with a recording and two hundred records of connections."""
    data = folder / "data"
    data.mkdir(mode=0o700)
    assert run("records", "keep", "messages", "50", data=data).exit_code == 0, "which makes keys and databases"

    async def fill() -> None:
        kept = Kept(folder)
        await kept.add()
        await Qualities(kept.database).keep(
            [Quality("s1", f"p{number}", START + number, "patient", START, True, {"x": "ü"}) for number in range(200)]
        )
        await kept.database.close()

    asyncio.run(fill())
    return data


def ask(data: Path, question: str) -> object:
    async def asked() -> object:
        database = open_database(sqlite_url(data / "clinic.db"))
        try:
            if question == "state":
                return (await Recordings(database).get("rec-1")).recording.state.value
            if question == "drill":
                return await Runs(database).last("drill")
            return len(await Qualities(database).of_session("s1"))
        finally:
            await database.close()

    return asyncio.run(asked())


def test_what_is_restored_is_what_was_backed_up_and_a_recording_of_it_opens(tmp_path: Path, key: Path) -> None:
    data, to, copies = filled(tmp_path), tmp_path / "restored", tmp_path / "copies"
    made = backup(tmp_path / "b.age", data, "--recordings-to", copies)
    assert made.exit_code == 0, made.output
    assert "3 files of recordings copied, 0 were there" in made.output
    assert (tmp_path / "b.age").stat().st_mode & 0o777 == 0o600
    restored = run("restore", tmp_path / "b.age", "--identity", key, "--to", to, "--recordings-from", copies, data=data)
    assert restored.exit_code == 0, restored.output
    assert "All 2 tracks of one can be read to their end" in restored.output
    assert "events are those that were signed" in restored.output
    assert "of 72 hours" in restored.output
    for name in ("recordings-key", "receipt-key", "records-key", "audit-key"):
        assert (to / name).read_bytes() == (data / name).read_bytes()
        assert (to / name).stat().st_mode & 0o777 == 0o600
    assert ask(to, "quality") == 200
    assert run("recordings", "verify", "rec-1", data=to).exit_code == 0
    assert run("audit", "verify", data=to).exit_code == 0
    again = backup(tmp_path / "b2.age", data, "--recordings-to", copies)
    assert "0 files of recordings copied, 3 were there" in again.output


def test_without_keys_it_opens_no_recording_and_says_so(tmp_path: Path, key: Path) -> None:
    data = filled(tmp_path)
    assert backup(tmp_path / "b.age", data, "--no-keys").exit_code == 0
    restored = run("restore", tmp_path / "b.age", "--identity", key, "--to", tmp_path / "r", data=data)
    assert restored.exit_code == 0, restored.output
    assert "The clinic's key is not in this backup" in restored.output
    assert not (tmp_path / "r" / "recordings-key").exists()


def test_what_was_deleted_since_is_deleted_again(tmp_path: Path, key: Path) -> None:
    """A backup brings deleted keys and records back; the proofs of what was deleted take them away again."""
    data = filled(tmp_path)
    assert backup(tmp_path / "b.age", data).exit_code == 0
    gone = run("records", "delete", "--patient", "pat-1", "--session", "s1", "--reason", "asked for", data=data)
    assert gone.exit_code == 0, gone.output
    assert run("recordings", "shred", "rec-1", "--reason", "asked for", data=data).exit_code == 0
    proofs = tmp_path / "proofs.json"
    proofs.write_text(run("records", "proofs", "--json", data=data).stdout)
    back = run("restore", tmp_path / "b.age", "--identity", key, "--to", tmp_path / "with", data=data)
    assert back.exit_code == 0, back.output
    assert (ask(tmp_path / "with", "quality"), ask(tmp_path / "with", "state")) == (200, "ready")
    done = run("restore", tmp_path / "b.age", "--identity", key, "--to", tmp_path / "r", "--proofs", proofs, data=data)
    assert done.exit_code == 0, done.output
    assert "Deleted again: 3 keys, 200 records." in done.output
    assert (ask(tmp_path / "r", "quality"), ask(tmp_path / "r", "state")) == (0, "shredded")
    assert len(json.loads(run("records", "proofs", "--json", data=tmp_path / "r").stdout)["deletions"]) == 1
    told = json.loads(proofs.read_text())
    told["deletions"][0]["by"] = "somebody else"
    proofs.write_text(json.dumps(told))
    forged = run(
        "restore", tmp_path / "b.age", "--identity", key, "--to", tmp_path / "f", "--proofs", proofs, data=data
    )
    assert (forged.exit_code, "not signed" in forged.output) == (1, True)


def test_a_drill_leaves_nothing_and_is_remembered(tmp_path: Path, key: Path) -> None:
    data = filled(tmp_path)
    assert backup(tmp_path / "b.age", data).exit_code == 0
    before = sorted(each.name for each in data.iterdir())
    drilled = run("restore", tmp_path / "b.age", "--identity", key, "--drill", data=data)
    assert drilled.exit_code == 0, drilled.output
    assert sorted(each.name for each in data.iterdir()) == before
    last = ask(data, "drill")
    assert last is not None
    assert last.well  # type: ignore[attr-defined]
    assert "backup.restore" in run("audit", "export", data=data).output


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A data folder, and a backup of it."""
    folder = tmp_path_factory.mktemp("one")
    data = filled(folder)
    assert backup(folder / "b.age", data).exit_code == 0
    return data, folder / "b.age"


@pytest.mark.parametrize("harm", ["wrong key", "cut", "cut by a chunk", "one bit", "nothing", "not there", "not empty"])
def test_what_cannot_be_trusted_is_refused_and_nothing_is_left(
    tmp_path: Path, key: Path, one: tuple[Path, Path], harm: str
) -> None:
    data, good = one
    file, to = tmp_path / "b.age", tmp_path / "r"
    whole = bytearray(good.read_bytes())
    if harm == "wrong key":
        key.write_text(Identity.generate(os.urandom).text().get_secret_value())
    elif harm == "cut":
        whole = whole[:-1]
    elif harm == "cut by a chunk":
        whole = whole[: -len(whole) % 65552 or -65552]
    elif harm == "one bit":
        whole[len(whole) // 2] ^= 1
    elif harm == "nothing":
        whole = bytearray()
    if harm != "not there":
        file.write_bytes(whole)
    if harm == "not empty":
        to.mkdir()
        (to / "mine").write_text("mine")
    refused = run("restore", file, "--identity", key, "--to", to, data=data)
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: ")
    assert not to.exists() or [each.name for each in to.iterdir()] == (["mine"] if harm == "not empty" else [])


def test_every_table_belongs_to_it(one: tuple[Path, Path]) -> None:
    """In a process of its own, which has imported no more than the command does."""
    names = (
        "from therabook.backup import CHAINS; print(*sorted(CHAINS['clinic'].tables), *sorted(CHAINS['audit'].tables))"
    )
    said = subprocess.run([sys.executable, "-c", names], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    there = set()
    for file in ("clinic.db", "audit.db"):
        with sqlite3.connect(one[0] / file) as opened:
            there |= {name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        opened.close()
    assert set(said.split()) == there - {"alembic_version", "audit_version", "removal_permit"}


def test_a_full_disk_leaves_no_half_backup(tmp_path: Path, one: tuple[Path, Path]) -> None:
    data, good = one
    copied = tmp_path / "data"
    shutil.copytree(data, copied)
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (good.stat().st_size - 1000, old[1]))
    try:
        failed = backup(tmp_path / "b.age", copied)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    assert failed.exit_code == 1, failed.output
    assert [each.name for each in tmp_path.iterdir()] == ["data"]


def test_a_disk_that_does_not_give_back_what_was_written_is_found(
    tmp_path: Path, one: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "_hash_of", lambda path: "0" * 64)
    failed = backup(tmp_path / "b.age", one[0])
    assert "does not give back" in failed.output
    assert not (tmp_path / "b.age").exists()


def test_it_is_not_written_for_nobody_or_over_another_file(tmp_path: Path, one: tuple[Path, Path]) -> None:
    assert "say for whom" in run("backup", tmp_path / "b.age", data=one[0]).output
    (tmp_path / "b.age").write_text("mine")
    assert "is there already" in backup(tmp_path / "b.age", one[0]).output
    assert (tmp_path / "b.age").read_text() == "mine"
    secret = IDENTITY.text().get_secret_value()
    refused = run("backup", tmp_path / "c.age", "--recipient", secret, data=one[0])
    assert refused.exit_code == 1
    assert secret not in refused.output


# On a server ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with a_postgres() as server:
        yield server


def test_a_server_is_backed_up_and_restored_into_files_and_into_a_server(
    tmp_path: Path, key: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.fresh()
    monkeypatch.setenv("THERABOOK_DATABASE_URL", url)
    monkeypatch.setenv("THERABOOK_AUDIT_URL", url)  # both chains of tables in one database
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    assert run("records", "keep", "quality", "50", data=data).exit_code == 0

    async def fill(database: Database) -> None:
        await Qualities(database).keep(
            [Quality("s1", f"p{number}", START + number, "patient", START, True, {"n": number}) for number in range(20)]
        )
        await database.close()

    asyncio.run(fill(open_database(url)))
    made = backup(tmp_path / "b.age", data)
    assert made.exit_code == 0, made.output
    files = run("restore", tmp_path / "b.age", "--identity", key, "--to", tmp_path / "r", data=data)
    assert files.exit_code == 0, files.output
    assert ask(tmp_path / "r", "quality") == 20
    other = postgres.fresh()
    monkeypatch.setenv("THERABOOK_DATABASE_URL", other)
    monkeypatch.setenv("THERABOOK_AUDIT_URL", other)
    back = run("restore", tmp_path / "b.age", "--identity", key, "--to", tmp_path / "s", "--into-databases", data=data)
    assert back.exit_code == 0, back.output
    assert postgres.query(other, "SELECT count(*) FROM quality") == "20"
    assert postgres.query(other, "SELECT count(*) FROM audit_event") != "0"
    twice = run("restore", tmp_path / "b.age", "--identity", key, "--to", tmp_path / "t", "--into-databases", data=data)
    assert "is not empty" in twice.output
