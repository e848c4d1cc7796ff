"""Rows of a kind: what goes when its time is over, what belongs to a patient, page by page."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from clinic import Conflict, Consents, Database, Qualities, Quality, Recordings, Unknown, Viewing, Viewings
from clinic.keeping.here import kept_rows
from clinic.keeping.kept_rows import record_hash
from clinic.keeping.records import Subject
from tests.clinic.made_up import START, TEXT, captured, consent

LATER = START + 1e9
WHO = Subject("pat-1", frozenset({"s1", "s2"}))


def quality(session: str, number: int) -> Quality:
    return Quality(session, f"p{number}", START + number, "patient", START + number, True, {"n": number})


async def test_what_is_older_goes_oldest_first_and_the_rest_stays(database: Database) -> None:
    qualities, kept = Qualities(database), kept_rows(database)["quality"]
    await qualities.keep([quality("s1", number) for number in range(7)])
    assert (await kept.due(START + 5, LATER)).free == 5
    gone = await kept.forget(START + 5, 3, LATER)
    assert [each.split("/")[1] for each in gone.ids] == ["p0", "p1", "p2"]
    assert len((await kept.forget(START + 5, 3, LATER)).ids) == 2
    assert (await kept.forget(START + 5, 3, LATER)).ids == ()
    assert [each.person_id for each in await qualities.of_session("s1")] == ["p5", "p6"]


async def test_documentation_goes_when_its_time_is_over_and_in_no_other_way(
    database: Database, consents: Consents, recordings: Recordings, viewings: Viewings
) -> None:
    await captured(recordings)
    await consents.keep_text(TEXT)
    for number in range(3):
        await consents.keep(consent(f"p{number}", at=START + number))
        await viewings.keep(Viewing("r1", "dr-1", "therapist", "played", START + number))
    for table in ("consent", "viewing"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET role = 'x'"):
            with pytest.raises(Conflict):
                async with database.writing() as session:
                    await session.execute(text(statement))
    kept = kept_rows(database)
    for kind in ("consents", "viewings"):
        assert len((await kept[kind].forget(START + 2, 10, LATER)).ids) == 2
    assert [each.person_id for each in await consents.of_session("session-1")] == ["p2"]
    assert len(await viewings.of_recording("r1")) == 1
    async with database.reading() as session:
        assert await session.scalar(text("SELECT count(*) FROM removal_permit")) == 0
    with pytest.raises(Conflict):
        async with database.writing() as session:
            await session.execute(text("DELETE FROM consent"))


async def test_the_words_of_consents_and_proofs_never_go(database: Database, consents: Consents) -> None:
    await consents.keep_text(TEXT)

    async def remove() -> None:
        async with database.writing() as session:
            await session.execute(text("INSERT INTO removal_permit (id) VALUES (1)"))
            await session.execute(text("DELETE FROM consent_text"))

    with pytest.raises(Conflict):
        await remove()
    assert await consents.text(TEXT.version) == TEXT


async def test_a_patients_records_come_page_by_page_and_none_is_left_out(database: Database) -> None:
    await Qualities(database).keep(
        [quality("s1", number) for number in range(5)] + [quality("s2", 2), quality("other", 3)]
    )
    kept = kept_rows(database)["quality"]
    found: list[tuple[str, str]] = []
    after: str | None = None
    pages = 0
    while True:
        sheet = await kept.of_patient(WHO, after, 2)
        found += [(each["session"], each["person_id"]) for each in sheet.records]
        pages += 1
        if sheet.next is None:
            break
        after = sheet.next
    assert pages == 3
    assert sorted(found) == [("s1", f"p{number}") for number in range(5)] + [("s2", "p2")]
    assert (await kept.of_patient(Subject("pat-2"), None, 10)).records == ()


async def test_what_no_patient_is_shown_is_not_shown(database: Database, consents: Consents) -> None:
    await consents.keep_text(TEXT)
    await consents.keep(consent(session="s1", signed_as_sealed=b"sealed"))
    (shown,) = (await kept_rows(database)["consents"].of_patient(WHO, None, 10)).records
    assert not {"signature", "signed_as_sealed"} & set(shown)
    assert (shown["kind"], shown["text_version"]) == ("agree", TEXT.version)


async def test_viewings_are_found_by_the_session_of_their_recording(
    database: Database, recordings: Recordings, viewings: Viewings
) -> None:
    await captured(recordings, "r1", session="s1")
    await captured(recordings, "r2", session="other")
    for each in ("r1", "r2"):
        await viewings.keep(Viewing(each, "dr-1", "therapist", "played", START))
    (shown,) = (await kept_rows(database)["viewings"].of_patient(WHO, None, 10)).records
    assert (shown["recording_id"], shown["who"]) == ("r1", "dr-1")


async def test_what_an_older_copy_brought_back_goes_by_its_hash(database: Database) -> None:
    qualities, kept = Qualities(database), kept_rows(database)["quality"]
    records = [quality("s1", number) for number in range(3)]
    await qualities.keep(records)
    gone = await kept.forget(START + 2, 10, LATER)
    await qualities.keep(records)
    hashes = {record_hash("quality", each) for each in gone.ids}
    assert await kept.remove_hashed(hashes) == 2
    assert [each.person_id for each in await qualities.of_session("s1")] == ["p2"]


async def test_there_is_nothing_to_delete_where_nothing_is(database: Database) -> None:
    kept = kept_rows(database)["quality"]
    with pytest.raises(Unknown):
        await kept.delete_one("s1/p1/0.0", by="admin-1", reason="", now=LATER)
