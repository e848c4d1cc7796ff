"""What people answered is kept with the words that they were asked with, and never changed."""

from __future__ import annotations

import dataclasses
import hashlib

import pytest
from sqlalchemy import text

from clinic import (
    BadValue,
    Conflict,
    Consents,
    Database,
    Recordings,
    Retention,
    Unknown,
    Viewing,
    Viewings,
)
from tests.clinic.made_up import START, TEXT, captured, consent


async def test_answers_come_back_as_they_were_given_and_in_order(consents: Consents) -> None:
    await consents.keep_text(TEXT)
    given = [
        consent("p1", role="therapist"),
        consent("p2", place="Oregon", signed_as_sealed=b"sealed", rule="written", at=START + 5),
        consent("p3", kind="refuse", recording_id="never-began"),
        consent("p1", kind="withdraw", at=START + 1),
    ]
    for each in given:
        await consents.keep(each)
    assert await consents.of_recording("r1") == [given[0], given[1], given[3]]
    assert await consents.of_session("session-1") == given
    assert [each.agreed for each in given] == [True, True, False, False]


async def test_the_words_that_were_shown_are_found_again(consents: Consents) -> None:
    newer = dataclasses.replace(TEXT, version="2026-2", body="Other words.", since=START + 1)
    await consents.keep_text(TEXT)
    await consents.keep_text(newer)
    assert await consents.text(TEXT.version) == TEXT
    assert await consents.text(newer.version) == newer
    assert TEXT.sha256 == hashlib.sha256(b"May we record?\n\nYou can say no.\nThe visit goes on.").hexdigest()
    with pytest.raises(Unknown):
        await consents.text("2026-3")


async def test_a_version_has_the_same_words_for_ever(consents: Consents) -> None:
    await consents.keep_text(TEXT)
    await consents.keep_text(dataclasses.replace(TEXT, since=START + 9))
    for other in (dataclasses.replace(TEXT, body="Other words."), dataclasses.replace(TEXT, title="Another")):
        with pytest.raises(Conflict, match="other words"):
            await consents.keep_text(other)
    assert await consents.text(TEXT.version) == TEXT


async def test_an_answer_to_words_that_nobody_can_find_is_refused(consents: Consents) -> None:
    with pytest.raises(Unknown):
        await consents.keep(consent())
    await consents.keep_text(TEXT)
    with pytest.raises(Conflict, match="other words"):
        await consents.keep(consent(text_sha256="00" * 32))
    with pytest.raises(BadValue):
        await consents.keep(consent(place="x" * 101))
    assert await consents.of_recording("r1") == []


async def test_answers_outlive_the_recording(recordings: Recordings, retention: Retention, consents: Consents) -> None:
    await consents.keep_text(TEXT)
    await consents.keep(consent())
    await captured(recordings)
    await retention.shred_recording("r1", by="dr-1", reason="asked", now=START + 99)
    assert await consents.of_recording("r1") == [consent()]


async def test_who_watched_when_is_known(recordings: Recordings, viewings: Viewings) -> None:
    await captured(recordings)
    seen = [
        Viewing("r1", "dr-1", "therapist", "played", START + 100),
        Viewing("r1", "dr-2", "therapist", "downloaded_clear", START + 90),
    ]
    for each in seen:
        await viewings.keep(each)
    assert await viewings.of_recording("r1") == seen
    assert await viewings.of_recording("r2") == []
    with pytest.raises(Conflict):
        await viewings.keep(Viewing("r2", "dr-1", "therapist", "played", START))


def offered(store: type) -> set[str]:
    return {name for name in vars(store) if not name.startswith("_")}


def test_the_store_offers_no_way_to_change_what_was_said() -> None:
    assert offered(Consents) == {"keep_text", "text", "keep", "of_recording", "of_session"}
    assert offered(Viewings) == {"keep", "of_recording"}
    assert {name for name in offered(Retention) if "proof" in name} == {"proofs"}


@pytest.mark.parametrize("change", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}"])
@pytest.mark.parametrize(
    ("table", "column"), [("consent", "place"), ("consent_text", "body"), ("viewing", "who"), ("shred_proof", "keys")]
)
async def test_the_database_itself_refuses_to_change_what_was_said(
    database: Database, recordings: Recordings, change: str, table: str, column: str
) -> None:
    consents, viewings, retention = Consents(database), Viewings(database), Retention(database)
    await captured(recordings)
    await consents.keep_text(TEXT)
    await consents.keep(consent())
    await viewings.keep(Viewing("r1", "dr-1", "therapist", "played", START))
    await retention.shred_recording("r1", by="dr-1", reason="asked", now=START + 99)
    with pytest.raises(Conflict):
        async with database.writing() as session:
            await session.execute(text(change.format(table=table, column=column)))
    async with database.reading() as session:
        assert await session.scalar(text(f"SELECT count(*) FROM {table}")) == 1
