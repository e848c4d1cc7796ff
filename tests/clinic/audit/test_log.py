"""What is appended is there, in its order, under a signed head, and provable; on both databases."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text

from clinic import BadValue, Unknown
from clinic.audit.canonical import draft, numbered
from clinic.audit.events import Event
from clinic.audit.log import AuditLog
from clinic.audit.notes import Note
from clinic.audit.records import Witnessed
from clinic.audit.tables import TileRow
from clinic.audit.tree import is_consistent, is_included, leaf_hash, root_of
from tests.clinic.audit.made_up import START, a_log, event, events, signer


def leaves(events: list[Event]) -> list[bytes]:
    return [leaf_hash(numbered(draft(each), number).encode()) for number, each in enumerate(events)]


async def test_events_come_back_in_their_order_under_a_signed_head(log: AuditLog) -> None:
    assert (await log.open()).size == 0
    told = events(5)
    await log.append(told[:2])
    await log.append(told[2:])
    entries = await log.entries(0, 10)
    assert [each.event for each in entries] == told
    assert [each.seq for each in entries] == [0, 1, 2, 3, 4]
    assert [each.seq for each in await log.entries(1, 3)] == [1, 2]
    head = await log.head()
    assert (head.size, head.root) == (5, root_of(leaves(told)))
    note = Note.read(head.note)
    assert signer().public.check(note) is None
    assert (note.checkpoint.size, note.checkpoint.root) == (5, head.root)


async def test_nothing_is_appended_by_nothing(log: AuditLog) -> None:
    await log.append([])
    await log.append([event()])
    assert (await log.head()).size == 1


async def test_one_that_cannot_be_kept_keeps_the_others_of_its_call_out(log: AuditLog) -> None:
    with pytest.raises(BadValue):
        await log.append([event(0), event(1, kind="call.unheard_of")])
    await log.append([event(2)])
    assert [each.event for each in await log.entries(0, 9)] == [event(2)]


async def test_many_who_append_at_once_share_transactions(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = []
    commit = log._commit

    async def counted(batch: list[tuple[Event, str]]) -> None:
        commits.append(len(batch))
        await commit(batch)

    monkeypatch.setattr(log, "_commit", counted)
    await asyncio.gather(*(log.append([event(number), event(number)]) for number in range(300)))
    assert sum(commits) == 600
    assert len(commits) < 20
    entries = await log.entries(0, 1000)
    assert [each.event for each in entries] == [event(number) for number in range(300) for _ in range(2)]
    assert (await log.head()).size == 600


async def test_whoever_gives_up_waiting_disturbs_nobody(log: AuditLog) -> None:
    await log.open()
    impatient = asyncio.create_task(log.append([event(0)]))
    patient = asyncio.create_task(log.append([event(1)]))
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    assert impatient.cancelled()
    assert [each.event for each in await log.entries(0, 9)] == [event(0), event(1)]


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600])
async def test_each_event_is_provable(log: AuditLog, size: int) -> None:
    told = events(size)
    await log.append(told)
    for seq in {0, size // 2, size - 1}:
        proof = await log.inclusion(seq)
        assert proof.entry.event == told[seq]
        leaf = leaf_hash(proof.entry.body.encode())
        assert is_included(leaf, seq, proof.head.size, proof.path, proof.head.root)
        assert proof.head == await log.head()
    for wrong in (-1, size):
        with pytest.raises(Unknown):
            await log.inclusion(wrong)


async def test_each_head_goes_on_from_those_before(log: AuditLog) -> None:
    heads = [await log.open()]
    for count in (1, 3, 252, 1, 100, 300):
        await log.append(events(count, heads[-1].size))
        heads.append(await log.head())
    for number, new in enumerate(heads):
        for old in heads[: number + 1]:
            proof = await log.consistency(old.size, new.size)
            assert is_consistent(old.size, new.size, old.root, new.root, proof)
    for first, last in ((5, 4), (-1, 4), (1, heads[-1].size + 1)):
        with pytest.raises(Unknown):
            await log.consistency(first, last)


async def test_subtrees_make_up_the_root(log: AuditLog) -> None:
    told = events(300)
    await log.append(told)
    assert await log.subtrees((0, 0), 300) == []
    assert (await log.subtrees((0, 256), 300))[0] == root_of(leaves(told)[:256])
    assert await log.subtrees((299, 300), 300) == leaves(told)[299:]
    with pytest.raises(Unknown):
        await log.subtrees((0, 1), 301)


async def test_full_tiles_are_kept(log: AuditLog) -> None:
    await log.append(events(513))
    async with log.database.reading() as session:
        rows = list(await session.scalars(select(TileRow).order_by(TileRow.number)))
    assert [(row.level, row.number, len(row.hashes)) for row in rows] == [(0, 0, 8192), (0, 1, 8192)]


@pytest.mark.parametrize("first", [1, 255, 256, 400])
async def test_another_process_goes_on_where_the_first_one_ended(empty_url: str, tmp_path: Path, first: int) -> None:
    log = a_log(empty_url, tmp_path)
    await log.append(events(first))
    await log.close()
    again = a_log(empty_url, tmp_path)
    assert (await again.open()).size == first
    await again.append(events(300, first))
    assert (await again.head()).root == root_of(leaves(events(first + 300)))
    await again.close()


async def test_two_writers_at_once_write_one_log(empty_url: str, tmp_path: Path) -> None:
    """Two servers of a cluster, or the command line beside the service."""
    logs = [a_log(empty_url, tmp_path), a_log(empty_url, tmp_path, "other-head")]
    for each in logs:
        await each.open()

    async def write(log: AuditLog, actor: str) -> None:
        for number in range(60):
            await log.append([event(number, actor=actor)])

    await asyncio.gather(*(write(log, f"writer-{number}") for number, log in enumerate(logs)))
    entries = await logs[0].entries(0, 1000)
    assert [each.seq for each in entries] == list(range(120))
    for number in (0, 1):
        mine = [each.event for each in entries if each.event.actor == f"writer-{number}"]
        assert mine == [event(each, actor=f"writer-{number}") for each in range(60)]
    head = await logs[1].head()
    assert head.root == root_of([leaf_hash(each.body.encode()) for each in entries])
    for each in logs:
        await each.append([event(1)])
        await each.close()


async def test_a_time_is_a_range_of_events(log: AuditLog) -> None:
    await log.append([replace(event(number), at=START + at) for number, at in enumerate((0, 10, 20, 15, 30))])
    assert await log.between(None, None) == (0, 5)
    assert await log.between(START + 10, START + 20) == (1, 4), "the clock was set back, and one of 20 stands between"
    assert await log.between(START + 31, None) == (0, 0)
    assert await log.between(None, START + 1) == (0, 1)


async def test_columns_that_do_not_say_what_the_event_says_are_found(empty_url: str, tmp_path: Path) -> None:
    log = a_log(empty_url, tmp_path)
    await log.append(events(5))
    assert await log.misfiled(0, 5) == []
    await unguarded(log, "UPDATE audit_event SET actor = 'nobody' WHERE seq = 3")
    assert await log.misfiled(0, 5) == [3]
    await log.close()


async def test_the_newest_head_of_each_witness_is_kept(log: AuditLog) -> None:
    await log.open()
    for size, witness in ((5, "one"), (9, "one"), (7, "two")):
        await log.keep_witnessed(Witnessed(size, witness, START, f"note of {size}"))
    assert [(each.size, each.witness, each.note) for each in await log.witnessed()] == [
        (9, "one", "note of 9"),
        (7, "two", "note of 7"),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET actor = 'nobody'",
        "DELETE FROM audit_event",
        "UPDATE audit_tile SET number = 7",
        "DELETE FROM audit_tile",
        "UPDATE audit_head SET size = 1",
        "UPDATE audit_head SET id = 2, size = 1000",
        "DELETE FROM audit_head",
        "UPDATE audit_witnessed SET size = 1",
        "DELETE FROM audit_witnessed",
    ],
)
async def test_the_database_itself_refuses_to_change_what_is_there(log: AuditLog, statement: str) -> None:
    await log.append(events(300))
    await log.keep_witnessed(Witnessed(300, "one", START, "note"))
    with pytest.raises(Exception, match=r"contradicts|append only"):
        async with log.database.writing() as session:
            await session.execute(text(statement))
    assert (await log.head()).size == 300


async def unguarded(log: AuditLog, *statements: str) -> None:
    """What somebody does who may do everything with the database."""
    async with log.database.writing() as session:
        if str((await session.connection()).dialect.name) == "sqlite":
            names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for name in list(await session.scalars(text(names))):
                await session.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("audit_event", "audit_tile", "audit_head"):
                await session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for each in statements:
            await session.execute(text(each))
