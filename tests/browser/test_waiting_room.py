"""Nobody is in the session before being admitted, and what the therapist decides at the door holds."""

from __future__ import annotations

import pytest

from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, INTERPRETER, PATIENT
from tests.browser.service import Service


async def test_a_waiting_person_is_neither_seen_nor_heard_and_sees_nobody(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    await patient.join(await service.link("patient", session))
    await doctor.join(await service.link("therapist", session))
    await doctor.is_offered("Admit Sam Reed", "Decline Sam Reed")
    await patient.reads("Dr. Blue")

    await doctor.does_not_see(patient)
    await patient.does_not_see(doctor)
    assert await doctor.listens() == []
    assert await patient.listens() == []


async def test_waiting_people_never_learn_of_each_other(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    other = await person("Ines Ito", INTERPRETER)
    links = [await service.link(role, session, max_participants=3) for role in ("therapist", "patient", "interpreter")]
    received: list[str] = []
    patient.page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(str(data))))
    await doctor.join(links[0])
    await patient.join(links[1])
    await doctor.is_offered("Admit Sam Reed")
    await other.join(links[2])
    await doctor.is_offered("Admit Ines Ito")

    assert "Ines" not in await patient.page.content()
    assert "Sam" not in await other.page.content()
    assert received, "nothing was received at all"
    assert not [text for text in received if "Ines" in text]


async def test_a_declined_person_does_not_come_in(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.press("Decline Sam Reed")

    await patient.reads("You were not let in this time")
    await patient.is_not_offered("Leave call", "Mute microphone")
    await doctor.is_not_offered("Admit Sam Reed")
    await doctor.does_not_see(patient)
    await patient.does_not_see(doctor)


async def test_a_removed_person_cannot_return_with_the_same_link(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    link = await service.link("patient", session)
    await doctor.join(await service.link("therapist", session))
    await patient.join(link)
    await doctor.admit(patient)
    await doctor.sees(patient)

    await doctor.remove(patient)
    await doctor.does_not_see(patient)
    await patient.does_not_see(doctor)
    await patient.reads("You are no longer in the session")
    await patient.released_devices()

    again = await person("Sam Reed", PATIENT)
    await again.join(link)
    await again.is_refused("This link cannot be used again")
    await doctor.is_not_offered("Admit Sam Reed")


async def test_a_locked_session_takes_nobody_new(service: Service, session: str, person: MakePerson) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    link = await service.link("patient", session)
    await doctor.join(await service.link("therapist", session))
    await doctor.press("Lock session")
    await doctor.is_offered("Unlock session")
    await patient.join(link)
    await patient.is_refused("This session is locked")
    await doctor.is_not_offered("Admit Sam Reed")

    await doctor.press("Unlock session")
    await doctor.is_offered("Lock session")
    await patient.press("Join session")
    await doctor.admit(patient)
    await doctor.sees_and_hears(patient)


async def test_a_third_person_is_refused_where_two_are_the_limit(
    service: Service, session: str, person: MakePerson
) -> None:
    doctor, patient = await person("Dr. Blue", DOCTOR), await person("Sam Reed", PATIENT)
    third = await person("Ines Ito", INTERPRETER)
    await doctor.join(await service.link("therapist", session))
    await patient.join(await service.link("patient", session))
    await doctor.admit(patient)
    await doctor.sees(patient)
    await third.join(await service.link("interpreter", session))
    await third.is_refused("This session is full")
    await doctor.does_not_see(third)


@pytest.mark.parametrize("broken", ["not-a-token", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_broken_link_is_told_in_a_sentence(service: Service, person: MakePerson, broken: str) -> None:
    patient = await person("Sam Reed", PATIENT)
    await patient.join(f"{service.url}/video-call/therapy#token={broken}")
    await patient.is_refused("This link does not work")


async def test_an_expired_link_is_told_as_such(service: Service, person: MakePerson) -> None:
    patient = await person("Sam Reed", PATIENT)
    await patient.join(f"{service.url}/video-call/secure-therapy#token={service.expired_token()}")
    await patient.is_refused("This link has expired")
