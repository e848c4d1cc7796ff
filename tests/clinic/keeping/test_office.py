"""Records of the practice: whose a session was, what goes with an appointment, and what a hold over a person covers."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, text

from clinic import Conflict, Consents, Database, Held, Recordings, Retention
from clinic.accounts.tables import AccountRow, StaffSessionRow
from clinic.alerts.tables import AlertRow
from clinic.appointments.records import AppointmentState
from clinic.appointments.tables import (
    AppointmentRow,
    CheckInRow,
    DeviceRow,
    GuestRow,
    LinkRow,
    PatientRow,
    TelehealthConsentRow,
)
from clinic.keeping import office, whose
from clinic.keeping.holds import LegalHolds
from clinic.keeping.records import Gone, Hold
from clinic.notes.tables import NoteRow, NoteVersionRow
from clinic.tables import Table
from clinic.usage.tables import ShareRow, SittingRow, SpanRow
from tests.clinic.made_up import START, TEXT, captured

LATER = START + 1e9
SPENT: dict[str, Any] = dict.fromkeys(("present_ms", "two_way_ms", "video_ms"), 1)
ORDER = (
    *("usage", "messages", "webhooks", "telehealth", "alerts", "sign_ins"),
    *("notes", "checkins", "appointments", "patients"),
)


async def fill(database: Database) -> None:
    """Three appointments: of one patient, of another, and of both; each with all that belongs to it."""
    await Consents(database).keep_text(TEXT)
    async with database.writing() as session:
        for patient in ("pat-1", "pat-2"):
            names: dict[str, Any] = {f"{each}_sealed": b"sealed" for each in ("name", "email", "phone")}
            session.add(PatientRow(id=patient, made_at=START, changed_at=START, **names))
        await session.flush()
        for number, (id, people) in enumerate((("a1", ("pat-1",)), ("a2", ("pat-2",)), ("a3", ("pat-1", "pat-2")))):
            at = START + number
            session.add(
                AppointmentRow(
                    id=id,
                    session=f"session-{id}",
                    therapist="dr-1" if id != "a2" else "dr-2",
                    kind="individual",
                    starts_at=at,
                    ends_at=at + 1,
                    minutes=1,
                    zone="UTC",
                    made_at=at,
                    changed_at=at,
                    state=AppointmentState.SEEN,
                    revision=0,
                )
            )
            await session.flush()
            for place, patient in enumerate(people):
                guest = f"{id}-{patient}"
                session.add(
                    GuestRow(
                        id=guest,
                        appointment_id=id,
                        starts_at=at,
                        place=place,
                        relation="patient",
                        role="patient",
                        patient_id=patient,
                    )
                )
                await session.flush()
                link = f"link-{guest}"
                session.add(
                    LinkRow(id=link, appointment_id=id, guest_id=guest, secret_sha256=link, devices=1, made_at=at)
                )
                session.add(CheckInRow(id=f"c-{guest}", appointment_id=id, guest_id=guest, at=at, answers_sealed=b"x"))
                session.add(
                    TelehealthConsentRow(
                        appointment_id=id,
                        guest_id=guest,
                        relation="patient",
                        patient_id=patient,
                        text_version=TEXT.version,
                        text_sha256=TEXT.sha256,
                        at=at,
                    )
                )
                await session.flush()
                session.add(DeviceRow(link_id=link, device_sha256="d", first_at=at))
            session.add(NoteRow(id=f"n-{id}", appointment_id=id, author="dr-1", made_at=at, changed_at=at, version=1))
            session.add(
                SittingRow(
                    id=f"u-{id}",
                    session=f"session-{id}",
                    therapist="dr-1",
                    day="2026-05-28",
                    started_at=at,
                    known_until=at,
                    ended_at=at + 1,
                    two_way_ms=1,
                    video_ms=1,
                    patients=1,
                )
            )
            await session.flush()
            session.add(NoteVersionRow(note_id=f"n-{id}", version=1, at=at, content_sealed=b"x"))
            times: dict[str, Any] = {"started_at": at, "came_at": at, "known_until": at}
            session.add(
                ShareRow(
                    sitting_id=f"u-{id}", person="p", role="patient", present_ms=1, two_way_ms=1, video_ms=1, **times
                )
            )
            session.add(
                SpanRow(
                    sitting_id=f"u-{id}", person="p", number=0, began_at=at, ended_at=at, state="video", reason=None
                )
            )


async def count(database: Database, row: type[Table]) -> int:
    async with database.reading() as session:
        return int((await session.execute(select(func.count()).select_from(row))).scalar_one())


async def delete_patient(database: Database, patient: str) -> dict[str, Gone]:
    who = await whose.subject(database, patient)
    kept = office.kept_rows(database)
    assert tuple(kept) == ORDER
    return {
        kind: await each.delete_of_patient(who, 100, by="admin", reason="asked for", now=LATER)
        for kind, each in kept.items()
    }


async def test_whose_a_session_was_is_known(database: Database) -> None:
    await fill(database)
    who = await whose.subject(database, "pat-1")
    assert who.sessions == frozenset({"session-a1"})
    assert who.shared == frozenset({"session-a3"})
    async with database.reading() as session:
        assert await whose.sessions_of(session, therapist="dr-1") == {"session-a1", "session-a3"}
        assert await whose.sessions_of(session, therapist="dr-9") == frozenset()


async def test_everything_of_a_patient_goes_and_nothing_of_others(database: Database) -> None:
    await fill(database)
    gone = await delete_patient(database, "pat-1")
    assert {kind: each.ids for kind, each in gone.items() if each.ids} == {
        "notes": ("n-a1",),
        "checkins": ("c-a1-pat-1", "c-a3-pat-1"),
        "usage": ("u-a1",),
        "appointments": ("a1",),
        "patients": ("pat-1",),
    }
    assert gone["telehealth"].left == 2
    counts = {row: await count(database, row) for row in (AppointmentRow, GuestRow, LinkRow, DeviceRow, NoteVersionRow)}
    assert counts == {AppointmentRow: 2, GuestRow: 3, LinkRow: 3, DeviceRow: 3, NoteVersionRow: 2}
    assert (await count(database, SpanRow), await count(database, ShareRow)) == (2, 2)
    async with database.reading() as session:
        assert set(await session.scalars(select(GuestRow.patient_id))) == {"pat-2", None}, "a couple's guest, unnamed"
        (other,) = await session.scalars(select(PatientRow).where(PatientRow.id == "pat-2"))
        assert other.name_sealed == b"sealed"


async def test_a_hold_over_a_patient_covers_all_that_is_known_by_their_sessions(
    database: Database, recordings: Recordings, retention: Retention
) -> None:
    await fill(database)
    await captured(recordings, "r1", session="session-a1", delete_after=START)
    await captured(recordings, "r2", session="session-a2", delete_after=START)
    await LegalHolds(database).place(Hold("h1", START, "admin", b"", patient="pat-1"))
    assert [each.id for each in await retention.due(LATER)] == ["r2"]
    with pytest.raises(Held):
        await retention.shred_recording("r1", by="admin", reason="", now=LATER)
    gone = await delete_patient(database, "pat-1")
    assert not [kind for kind, each in gone.items() if each.ids]
    assert gone["checkins"].held == 2
    assert gone["patients"].held == 1
    kept = office.kept_rows(database)
    for kind in ORDER:
        await kept[kind].forget(LATER, 100, LATER)
    async with database.reading() as session:
        assert set(await session.scalars(select(AppointmentRow.id))) == {"a1", "a3"}
        assert set(await session.scalars(select(NoteRow.id))) == {"n-a1", "n-a3"}
        # a session that is held is held whole, with what others said at its check-in
        assert set(await session.scalars(select(CheckInRow.id))) == {"c-a1-pat-1", "c-a3-pat-1", "c-a3-pat-2"}


async def test_a_hold_over_a_therapist_covers_their_sessions_and_no_others(
    database: Database, recordings: Recordings, retention: Retention
) -> None:
    await fill(database)
    for number in (1, 2, 3):
        await captured(recordings, f"r{number}", session=f"session-a{number}", delete_after=START)
    await LegalHolds(database).place(Hold("h1", START, "admin", b"", therapist="dr-1"))
    assert [each.id for each in await retention.due(LATER)] == ["r2"]
    assert (await office.kept_rows(database)["appointments"].due(LATER, LATER)).free == 0, "check-ins are still there"


async def test_an_appointment_stays_while_a_note_of_it_does(database: Database) -> None:
    await fill(database)
    kept = office.kept_rows(database)
    assert (await kept["appointments"].forget(LATER, 100, LATER)).ids == ()
    await kept["checkins"].forget(LATER, 100, LATER)
    await kept["notes"].forget(START + 1, 100, LATER)
    assert (await kept["appointments"].forget(LATER, 100, LATER)).ids == ("a1",)


async def test_consents_to_telehealth_are_documentation(database: Database) -> None:
    await fill(database)
    with pytest.raises(Conflict):
        async with database.writing() as session:
            await session.execute(text("DELETE FROM telehealth_consent"))
    assert len((await office.kept_rows(database)["telehealth"].forget(LATER, 100, LATER)).ids) == 4


async def test_what_is_still_open_does_not_go(database: Database) -> None:
    async with database.writing() as session:
        for id, closed in (("open", None), ("closed", START)):
            session.add(AlertRow(id=id, rule="mass_viewing", at=START, count=1, seconds=1, closed_at=closed))
        session.add(
            AccountRow(
                id="acc", login_hmac="l", login_sealed=b"", name_sealed=b"", roles=[], active=True, made_at=START
            )
        )
        await session.flush()
        for id, until in (("old", START), ("new", LATER + 5)):
            session.add(
                StaffSessionRow(
                    id=id,
                    account_id="acc",
                    token_hash=id,
                    stage="done",
                    signed_in_at=START,
                    seen_at=START,
                    confirmed_at=START,
                    expires_at=until,
                    browser="",
                    ways="",
                )
            )
    kept = office.kept_rows(database)
    assert (await kept["alerts"].forget(LATER, 10, LATER)).ids == ("closed",)
    assert (await kept["sign_ins"].forget(LATER, 10, LATER)).ids == ("old",)
