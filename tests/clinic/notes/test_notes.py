"""Notes have versions, and are gone when they are deleted."""

from __future__ import annotations

import pytest

from clinic import Conflict, Database, Unknown
from clinic.appointments.appointments import Appointments
from clinic.notes.notes import Notes
from clinic.notes.records import Note, NoteVersion
from tests.clinic.appointments.booked import START, appointment

NOTE = Note("n1", "a1", "t1", START, START)


@pytest.fixture
async def notes(database: Database) -> Notes:
    await Appointments(database).book([appointment()], [], [])
    notes = Notes(database)
    await notes.write(NOTE, NoteVersion("n1", 1, START, b"one"))
    return notes


async def test_each_version_is_kept(notes: Notes) -> None:
    changed = await notes.rewrite(NoteVersion("n1", 2, START + 5, b"two"))
    assert (changed.version, changed.changed_at, changed.made_at) == (2, START + 5, START)
    assert (await notes.get("n1"))[1].content_sealed == b"two"
    assert [each.content_sealed for each in await notes.versions("n1")] == [b"one", b"two"]
    with pytest.raises(Conflict):
        await notes.rewrite(NoteVersion("n1", 2, START + 6, b"another two"))


async def test_those_of_an_author_are_found_and_counted(notes: Notes) -> None:
    await notes.write(Note("n2", "a1", "t2", START, START), NoteVersion("n2", 1, START, b"other"))
    assert [note.id for note, _ in await notes.of_appointment("a1", "t1")] == ["n1"]
    assert [note.id for note, _ in await notes.of_appointment("a1", None)] == ["n1", "n2"]
    assert await notes.count(["a1", "a2"], "t1") == {"a1": 1}


async def test_what_is_deleted_is_gone(notes: Notes) -> None:
    await notes.delete("n1", START + 9)
    for question in (notes.get("n1"), notes.delete("n1", START), notes.rewrite(NoteVersion("n1", 2, START, b"x"))):
        with pytest.raises(Unknown):
            await question
    assert await notes.versions("n1") == []
    assert await notes.of_appointment("a1", None) == []
