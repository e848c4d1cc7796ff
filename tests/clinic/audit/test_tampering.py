"""Whoever changes the database behind the log's back is found out before the next event is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from clinic import Tampered, Unavailable, open_database
from clinic.audit.log import MIGRATIONS, AuditLog
from clinic.audit.notes import Checkpoint, Signer
from tests.clinic.audit.made_up import KEY, ORIGIN, a_log, event, events, signer
from tests.clinic.audit.test_log import unguarded
from tests.clinic.postgres import a_postgres

NEWEST = "DELETE FROM audit_event WHERE seq >= 290"

CHANGES = {
    "the newest events are gone": (NEWEST,),
    "all events are gone": ("DELETE FROM audit_event", "DELETE FROM audit_tile"),
    "another event is the newest": ("UPDATE audit_event SET body = replace(body, 'therapist', 'x') WHERE seq = 299",),
    "a tile is gone": ("DELETE FROM audit_tile",),
    "the head is gone": ("DELETE FROM audit_head",),
    "the head is older": ("UPDATE audit_head SET size = 290", NEWEST),
    "the head has another root": ("UPDATE audit_head SET root = (SELECT root FROM audit_tile)",),
    "the head has no signature": ("UPDATE audit_head SET note = replace(note, 'clinic', 'elsewhere')",),
    "an event is added": (
        "INSERT INTO audit_event (seq, at, kind, actor_kind, actor, body) VALUES (300, 1, 'a', 'b', 'c', '{}')",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_a_changed_database_is_found_at_the_start(empty_url: str, tmp_path: Path, change: str) -> None:
    log = a_log(empty_url, tmp_path)
    await log.append(events(300))
    await unguarded(log, *CHANGES[change])
    await log.close()
    again = a_log(empty_url, tmp_path)
    with pytest.raises(Tampered):
        await again.open()
    with pytest.raises(Tampered):
        await again.append([event()])
    await again.close()


@pytest.mark.parametrize(
    "change", ["the head is gone", "the head is older", "the head has another root", "an event is added"]
)
async def test_a_changed_database_is_found_while_the_log_is_open(empty_url: str, tmp_path: Path, change: str) -> None:
    log = a_log(empty_url, tmp_path)
    await log.append(events(300))
    await unguarded(log, *CHANGES[change])
    with pytest.raises(Tampered):
        await log.append([event()])
    await log.close()


async def test_an_older_database_that_was_put_back_is_found(tmp_path: Path) -> None:
    """It contradicts nothing in itself."""
    url = f"sqlite:///{tmp_path / 'audit.db'}"
    log = a_log(url, tmp_path)
    await log.append(events(300))
    await log.close()
    shutil.copy(tmp_path / "audit.db", tmp_path / "older.db")
    log = a_log(url, tmp_path)
    await log.append(events(7, 300))
    await log.close()
    shutil.copy(tmp_path / "older.db", tmp_path / "audit.db")
    log = a_log(url, tmp_path)
    with pytest.raises(Tampered, match="holds 300 events, and 307 were signed"):
        await log.append([event()])

    aside = await log.go_on_after_loss()
    assert aside is not None
    assert aside.name == "audit-head.lost-307"
    await log.append([event()])
    assert (await log.head()).size == 301
    await log.close()
    again = a_log(url, tmp_path)
    assert (await again.open()).size == 301
    await again.close()


async def test_another_history_of_the_same_length_is_found(tmp_path: Path) -> None:
    """Signed with the right key, as somebody can who has the key and the database, and has forgotten the file."""
    for name in ("true", "forged"):
        log = a_log(f"sqlite:///{tmp_path / name}.db", tmp_path, f"{name}-head")
        await log.append([event(number, actor=name) for number in range(300)])
        await log.close()
    log = a_log(f"sqlite:///{tmp_path / 'forged'}.db", tmp_path, "true-head")
    with pytest.raises(Tampered, match="does not go on"):
        await log.open()
    await log.close()


@pytest.mark.parametrize("other", [Signer(ORIGIN, bytes(32)), Signer("another/log", KEY)])
async def test_a_log_of_another_key_or_name_is_not_gone_on_with(empty_url: str, tmp_path: Path, other: Signer) -> None:
    log = a_log(empty_url, tmp_path)
    await log.append(events(3))
    await log.close()
    log = AuditLog(open_database(empty_url, MIGRATIONS), other, tmp_path / "none")
    with pytest.raises(Tampered, match="audit-key"):
        await log.append([event()])
    await log.close()


@pytest.mark.parametrize("text", ["", "not a head", signer().note(Checkpoint(ORIGIN, 3, bytes(32)))])
async def test_a_damaged_head_file_stops_the_log(empty_url: str, tmp_path: Path, text: str) -> None:
    log = a_log(empty_url, tmp_path)
    await log.append(events(3))
    await log.close()
    (tmp_path / "audit-head").write_text(text)
    log = a_log(empty_url, tmp_path)
    with pytest.raises(Tampered):
        await log.append([event()])
    await log.close()


async def test_a_changed_event_is_not_handed_out_as_proven(log: AuditLog) -> None:
    await log.append(events(300))
    await unguarded(log, "UPDATE audit_event SET body = replace(body, 'therapist', 'x') WHERE seq = 5")
    with pytest.raises(Tampered):
        await log.inclusion(5)
    assert (await log.inclusion(6)).entry.seq == 6


async def test_a_head_that_cannot_be_written_beside_stops_the_next_events(tmp_path: Path) -> None:
    folder = tmp_path / "heads"
    folder.mkdir()
    log = AuditLog(open_database(f"sqlite:///{tmp_path / 'audit.db'}", MIGRATIONS), signer(), folder / "audit-head")
    await log.append([event(0)])
    shutil.move(folder, tmp_path / "away")
    await log.append([event(1)])  # is durable: whoever told it is not told otherwise
    with pytest.raises(Unavailable, match="cannot be written"):
        await log.append([event(2)])
    shutil.move(tmp_path / "away", folder)
    await log.append([event(3)])
    assert [each.event for each in await log.entries(0, 9)] == [event(0), event(1), event(3)]
    assert (folder / "audit-head").read_text() == (await log.head()).note
    await log.close()


async def test_a_database_that_is_away_is_told_so_and_used_again_when_it_is_back(tmp_path: Path) -> None:
    with a_postgres() as server:
        url = server.fresh()
        log = a_log(url, tmp_path)
        await log.append([event(0)])
        server.stop()
        with pytest.raises(Unavailable):
            await log.append([event(1)])
        closed = a_log(url, tmp_path)
        with pytest.raises(Unavailable):
            await closed.append([event(1)])
        server.start()
        await log.append([event(2)])
        await closed.append([event(3)])  # though it could not be opened before
        assert [each.event for each in await log.entries(0, 9)] == [event(0), event(2), event(3)]
        await log.close()
        await closed.close()
