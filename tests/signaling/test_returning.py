"""Coming back to a server that has forgotten: after its restart, after a fault, after a long sleep. Nobody waits again,
and nobody comes in this way who was not in a moment ago."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from signaling import messages as m
from signaling import requests
from signaling.returning import RETURN
from signaling.room import Room
from tests.signaling.server import Client, Server, a_server, offer


async def token(client: Client, where: Callable[[m.Renewed], bool] = lambda renewed: True) -> str:
    """The newest resume token: it comes within a second or so after something has changed."""
    return (await client.hears(m.Renewed, where=where)).resume


async def tokens_of_a_call(server: Server) -> tuple[str, str]:
    """Of a therapist and an admitted patient, as they are when nothing changes any more."""
    therapist, patient = await server.call()
    server.clock.ahead += 61
    return await token(therapist), await token(patient)


async def back(server: Server, resume: str, with_offer: bool = True) -> Client:
    client = await server.client()
    await client.says(
        m.Resume(encrypts=True, token=resume, offer=offer() if with_offer else None, microphone=True, camera=True)
    )
    await client.hears(m.Joined)
    return client


async def refused(server: Server, resume: str) -> str:
    client = await server.client()
    return await client.refused(m.Resume(encrypts=True, token=resume, offer=offer()))


async def test_after_a_restart_everybody_is_back_in_the_session_and_nobody_is_admitted_again(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        tokens = await tokens_of_a_call(server)
    async with a_server(tmp_path) as server:
        patient = await back(server, tokens[1])  # whoever is first
        alone = await patient.state()
        assert (alone.phase, alone.people) == ("present", [])
        therapist = await back(server, tokens[0])
        state = await therapist.state()
        assert (state.phase, state.waiting) == ("present", [])
        assert [(person.name, person.reconnecting) for person in state.people] == [("Alex", False)]
        assert {slot.source for slot in state.slots} == {"microphone", "camera"}
        assert (await patient.state(lambda state: state.people)).people[0].name == "Dr. Blue"


async def test_the_session_goes_on_as_it_was_and_ends_when_it_would_have(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        therapist, _ = await server.call()
        await therapist.says(m.Lock(locked=True))
        before = await therapist.state(lambda state: state.locked)
        assert therapist.joined is not None
        seat = therapist.joined.you
        resume = await token(therapist)
    async with a_server(tmp_path) as server:
        state = await (await back(server, resume)).state()
        assert state.you.id == seat
        assert state.locked
        assert state.started_at == pytest.approx(before.started_at, abs=0.1)
        assert state.ends_at == pytest.approx(before.ends_at, abs=0.1)


async def test_numbers_and_pages_and_the_policy_are_as_they_were(tmp_path: Path) -> None:
    async with a_server(tmp_path, encryption="preferred") as server:
        await server.joined("therapist", "Dr. Blue", encryption="required")
        patient = await server.joined("patient", "Alex")
        resume = await token(patient)
    async with a_server(tmp_path, encryption="preferred") as server:
        state = await (await back(server, resume)).state()
        assert (state.you.number, state.you.page, state.encryption) == (2, 2, "required")
        therapist = await server.joined("therapist", "Dr. Blue")
        assert next(message.you.number for message in therapist.told if isinstance(message, m.State)) == 3


async def test_a_number_that_somebody_else_has_by_now_is_not_given_twice(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        therapist = await server.joined("therapist", "Dr. Blue")
        resume = await token(therapist)
    async with a_server(tmp_path) as server:
        patient = await server.joined("patient", "Alex")
        state = await (await back(server, resume)).state()
        assert state.waiting[0].number == 1
        assert state.you.number == 2
        assert patient.joined is not None


async def test_nobody_comes_back_in_the_clear_where_it_is_required(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        therapist = await server.joined("therapist", "Dr. Blue")
        assert therapist.joined is not None
        away = await server.client()
        assert await away.refused(m.Resume(token=therapist.joined.resume)) == "cannot_encrypt"
        resume = await token(therapist)
    async with a_server(tmp_path) as server:
        client = await server.client()
        assert await client.refused(m.Resume(token=resume, offer=offer())) == "cannot_encrypt"


async def test_whoever_waited_waits(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        await server.joined("therapist", "Dr. Blue")
        patient = await server.joined("patient", "Alex")
        resume = await token(patient)
    async with a_server(tmp_path) as server:
        assert (await (await back(server, resume)).state()).phase == "waiting"


async def test_whoever_comes_back_without_an_offer_is_told_that_their_media_is_gone(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        _, resume = await tokens_of_a_call(server)
    async with a_server(tmp_path) as server:
        patient = await back(server, resume, with_offer=False)
        assert (await patient.state()).you.reconnecting
        await patient.says(m.OfferAgain(offer=offer()))
        await patient.hears(m.Answered)
        assert not (await patient.state()).you.reconnecting


async def test_a_seat_can_be_had_back_only_once_and_only_in_time(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        tokens = await tokens_of_a_call(server)
        ahead = server.clock.ahead
    async with a_server(tmp_path) as server:
        server.clock.ahead = ahead
        await back(server, tokens[1])
        for _ in range(2):
            client = await back(server, tokens[1])  # its answer may have been lost: once more, from the same page
            assert client.joined is not None
            newer = client.joined.resume
        assert await refused(server, tokens[1] + "x") == "token_invalid"
        again = await back(server, newer)
        assert again.joined is not None
        await back(server, again.joined.resume)
        assert await refused(server, tokens[1]) == "resume_expired"
        server.clock.ahead += RETURN
        assert await refused(server, tokens[0]) == "resume_expired"


async def test_a_laptop_that_was_closed_for_two_minutes_leads_back_into_the_session(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        therapist = await server.joined("therapist", "Dr. Blue")
        patient = await server.client()
        await patient.joins(server.token("patient"), "Alex", offer=None)
        state = await therapist.state(lambda state: state.waiting)
        await therapist.says(m.Admit(person=state.waiting[0].id))
        await patient.state(lambda state: state.phase == "present")
        await token(patient)
        server.clock.ahead += 59
        resume = await token(patient)
        await patient.socket.close()
        await therapist.state(lambda state: state.people and state.people[0].reconnecting)
        server.clock.ahead += 16
        await therapist.state(lambda state: state.people == [])
        server.clock.ahead += 105
        state = await (await back(server, resume)).state()
        assert (state.phase, [person.name for person in state.people]) == ("present", ["Dr. Blue"])
        assert not (await therapist.state(lambda state: state.people)).waiting


@pytest.mark.parametrize("how", ["leaves", "removed", "ended"])
async def test_a_seat_that_was_left_or_taken_away_is_not_given_back(tmp_path: Path, how: str) -> None:
    async with a_server(tmp_path) as server:
        therapist, patient = await server.call()
        resume = await token(patient)
        assert patient.joined is not None
        if how == "leaves":
            await patient.says(m.Leave())
        elif how == "removed":
            await therapist.says(m.Remove(person=patient.joined.you))
        else:
            await therapist.says(m.End())
        await patient.hears(m.Over)
        assert await refused(server, resume) == "resume_expired"


async def test_a_removed_person_does_not_come_back_by_a_restart(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        therapist, patient = await server.call()
        resume = await token(patient)
        assert patient.joined is not None
        await therapist.says(m.Remove(person=patient.joined.you))
        await patient.hears(m.Over)
    async with a_server(tmp_path) as server:
        assert await refused(server, resume) == "token_revoked"


async def test_nobody_has_two_seats_by_coming_back_and_by_the_door(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        _, resume = await tokens_of_a_call(server)
    async with a_server(tmp_path) as server:
        await server.joined("therapist", "Dr. Blue")
        await server.joined("patient", "Alex")
        assert await refused(server, resume) == "resume_expired"


async def test_a_session_that_is_full_by_now_takes_nobody_back(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        _, resume = await tokens_of_a_call(server)
    async with a_server(tmp_path) as server:
        therapist = await server.joined("therapist", "Dr. Blue")
        await server.joined("patient", "Sam", user="sam")
        state = await therapist.state(lambda state: state.waiting)
        await therapist.says(m.Admit(person=state.waiting[0].id))
        await therapist.state(lambda state: state.people)
        assert await refused(server, resume) == "session_full"


async def test_a_fault_of_ours_is_over_in_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_server(tmp_path) as server:
        therapist, patient = await server.call()
        tokens = await token(therapist), await token(patient)

        def broken(room: Room, seat: object, message: object, now: float) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(requests, "HANDLERS", requests.HANDLERS | {m.Chat: broken})
        await patient.says(m.Chat(text="hello", sealed=True))
        assert await therapist.closed() == 1011
        for resume in tokens:
            assert (await (await back(server, resume)).state()).phase == "present"
