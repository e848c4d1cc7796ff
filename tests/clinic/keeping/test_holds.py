"""Holds: whatever they cover stays, and nothing else does; each condition is tried with each way to delete."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from clinic import Conflict, Consents, Database, Held, Qualities, Quality, Recordings, Retention, Unknown
from clinic.keeping.here import kept_rows
from clinic.keeping.holds import LegalHolds, standing
from clinic.keeping.records import Hold, Subject
from tests.clinic.made_up import START, TEXT, captured, consent

LATER = START + 1e9


def hold(id: str = "h1", **about: Any) -> Hold:
    return Hold(id, START, "admin-1", b"sealed", **about)


def quality(session: str = "s1", person: str = "p1", at: float = START) -> Quality:
    return Quality(session, person, at, "patient", at + 60, True, {})


@pytest.fixture
def holds(database: Database) -> LegalHolds:
    return LegalHolds(database)


async def test_a_hold_comes_back_as_it_was_placed_and_ends_once(holds: LegalHolds) -> None:
    first, second = hold("h1", patient="pat-1"), hold("h2", session="s1", since=START, until=START + 5)
    await holds.place(first)
    await holds.place(second)
    with pytest.raises(Conflict):
        await holds.place(first)
    assert await holds.find() == [second, first]
    assert await holds.find(limit=1) == [second]
    assert await holds.find(after=(START, "h2")) == [first]
    released = await holds.release("h1", by="admin-2", now=LATER)
    assert (released.released_by, released.released_at) == ("admin-2", LATER)
    assert await holds.find() == [second]
    assert await holds.find(released=True) == [second, released]
    assert await holds.count() == 1
    with pytest.raises(Conflict):
        await holds.release("h1", by="admin-2", now=LATER)
    for ask in (holds.release("h9", by="admin-2", now=LATER), holds.get("h9")):
        with pytest.raises(Unknown):
            await ask


@pytest.mark.parametrize(
    ("about", "stays"),
    [
        ({}, {"s1", "s2", "s3"}),
        ({"session": "s1"}, {"s1"}),
        ({"session": "s9"}, set()),
        ({"since": START + 100}, {"s2", "s3"}),
        ({"until": START + 160}, {"s1"}),
        ({"since": START + 100, "until": START + 200}, {"s2"}),
        ({"session": "s1", "since": START + 100}, set()),
        ({"patient": "nobody"}, set()),
        ({"therapist": "nobody"}, set()),
    ],
)
async def test_rows_that_a_hold_covers_stay(database: Database, about: dict[str, Any], stays: set[str]) -> None:
    qualities, kept = Qualities(database), kept_rows(database)["quality"]
    await qualities.keep([quality("s1"), quality("s2", at=START + 100), quality("s3", at=START + 200)])
    await LegalHolds(database).place(hold(**about))
    due = await kept.due(LATER, LATER)
    assert (due.free, due.held) == (3 - len(stays), len(stays))
    gone = await kept.forget(LATER, 10, LATER)
    assert (len(gone.ids), gone.held) == (3 - len(stays), len(stays))
    assert {each for each in ("s1", "s2", "s3") if await qualities.of_session(each)} == stays


async def test_what_is_held_does_not_keep_the_rest_from_going(database: Database) -> None:
    """However many are held, and however old they are: a batch is filled with others."""
    qualities, kept = Qualities(database), kept_rows(database)["quality"]
    await qualities.keep([quality("held", f"p{number}", START + number) for number in range(20)])
    await qualities.keep([quality("free", f"p{number}", START + 100 + number) for number in range(3)])
    await LegalHolds(database).place(hold(session="held"))
    assert len((await kept.forget(LATER, 5, LATER)).ids) == 3
    assert len(await qualities.of_session("held")) == 20


@pytest.mark.parametrize("about", [{}, {"session": "session-r1"}, {"since": START - 1, "until": START + 1}])
async def test_recordings_that_a_hold_covers_are_not_shredded_by_anybody(
    database: Database, recordings: Recordings, retention: Retention, about: dict[str, Any]
) -> None:
    await captured(recordings, delete_after=START + 1)
    await LegalHolds(database).place(hold(**about))
    assert await retention.due(LATER) == []
    assert await retention.over(LATER) == (0, 1)
    with pytest.raises(Held):
        await retention.shred_recording("r1", by="admin-1", reason="asked for", now=LATER)
    with pytest.raises(Held):
        await retention.shred_person("r1", "p1", by="admin-1", reason="asked for", now=LATER)
    await LegalHolds(database).release("h1", by="admin-1", now=LATER)
    assert [each.id for each in await retention.due(LATER)] == ["r1"]
    await retention.shred_recording("r1", by="admin-1", reason="asked for", now=LATER)


async def test_a_recordings_own_hold_is_listed_and_counts(
    database: Database, recordings: Recordings, retention: Retention
) -> None:
    for number in (1, 2):
        await captured(recordings, f"r{number}", delete_after=START + 1)
        await retention.hold(f"r{number}", by="dr-2", because=f"case {number}", now=START + number)
    assert [each.id for each in await retention.held()] == ["r2", "r1"]
    assert [each.id for each in await retention.held(after=(START + 2, "r2"))] == ["r1"]
    assert await retention.over(LATER) == (0, 2)


async def test_no_hold_is_placed_while_something_is_being_removed(database: Database, other: Database) -> None:
    """Or it would look as if it had been in time."""
    await Qualities(database).keep([quality()])
    async with database.writing() as session:
        assert not (await standing(session, removing=True)).standing
        placing = asyncio.create_task(LegalHolds(other).place(hold()))
        done, _ = await asyncio.wait([placing], timeout=0.3)
        assert not done
    await placing


async def test_a_hold_stops_the_deletion_of_a_patients_records(database: Database) -> None:
    qualities, kept = Qualities(database), kept_rows(database)["quality"]
    await qualities.keep([quality("s1"), quality("s2"), quality("other")])
    await LegalHolds(database).place(hold(session="s1"))
    who = Subject("pat-1", frozenset({"s1", "s2"}))
    gone = await kept.delete_of_patient(who, 10, by="admin-1", reason="asked for", now=LATER)
    assert (len(gone.ids), gone.held) == (1, 1)
    assert [len(await qualities.of_session(each)) for each in ("s1", "s2", "other")] == [1, 0, 1]


async def test_documentation_of_a_patient_stays(database: Database, consents: Consents) -> None:
    await consents.keep_text(TEXT)
    await consents.keep(consent())
    kept = kept_rows(database)["consents"]
    who = Subject("pat-1", frozenset({"session-1"}))
    gone = await kept.delete_of_patient(who, 10, by="admin-1", reason="asked for", now=LATER)
    assert (gone.ids, gone.left) == ((), 1)
    assert len(await consents.of_session("session-1")) == 1
    with pytest.raises(Held):
        await kept.delete_one("1", by="admin-1", reason="asked for", now=LATER)
