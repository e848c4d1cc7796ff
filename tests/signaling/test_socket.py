"""The socket of a whole server: joining, hostile input, resuming, going away. Real HTTP, real media server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from signaling import messages as m
from signaling import requests, websocket
from signaling.room import Room
from signaling.seat import AWAY_UNHEARD
from tests.signaling.server import Client, Server, a_server, offer


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path) as server:
        yield server


# Joining ----------------------------------------------------------------------------------------------------------


async def test_a_therapist_admits_a_patient_and_they_chat(server: Server) -> None:
    therapist, patient = await server.call()
    assert therapist.joined is not None
    assert therapist.joined.answer is not None
    assert [slot.kind for slot in therapist.joined.answer.slots] == ["audio"] * 3 + ["video"] * 4
    await patient.says(m.Chat(text="hello", sealed=True))
    assert (await therapist.hears(m.ChatFrom)).text == "hello"
    assert (await patient.hears(m.ChatFrom)).text == "hello"


async def test_joined_comes_first_and_the_state_at_once_after_it(server: Server) -> None:
    client = await server.client()
    await client.says(m.Join(encrypts=True, token=server.token("therapist"), name="Dr. Blue", offer=offer()))
    await client.state()
    assert [type(message) for message in client.told] == [m.Joined, m.State]


async def test_a_removed_person_cannot_return_with_the_same_token(server: Server) -> None:
    therapist, patient = await server.call()
    assert patient.joined is not None
    await therapist.says(m.Remove(person=patient.joined.you))
    assert (await patient.hears(m.Over)).reason == "removed"
    assert await patient.closed() == 1000
    again = await server.client()
    assert await again.refused(m.Join(encrypts=True, token=server.token("patient"), name="Alex")) == "token_revoked"
    resume = await server.client()
    assert await resume.refused(m.Resume(encrypts=True, token=patient.joined.resume)) == "resume_expired"


async def test_a_removal_survives_a_restart(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        therapist, patient = await server.call()
        token = server.token("patient")
        assert patient.joined is not None
        await therapist.says(m.Remove(person=patient.joined.you))
        await patient.hears(m.Over)
    async with a_server(tmp_path) as server:
        again = await server.client()
        assert await again.refused(m.Join(encrypts=True, token=token, name="Alex")) == "token_revoked"


async def test_a_bad_offer_is_refused_and_takes_no_seat(server: Server) -> None:
    client = await server.client()
    join = m.Join(
        encrypts=True,
        token=server.token("patient"),
        name="Alex",
        offer=m.Offer(sdp="v=0\r\nrubbish", sources=m.Sources()),
    )
    assert await client.refused(join) == "bad_offer"
    again = await server.client()
    assert (await again.joins(server.token("patient"))).phase == "waiting"


async def test_a_name_that_only_hides_is_refused(server: Server) -> None:
    client = await server.client()
    join = m.Join(encrypts=True, token=server.token("patient"), name="\u202e\u2066")
    assert await client.refused(join) == "bad_name"


async def test_the_call_moves_to_another_device_when_the_first_agrees(server: Server) -> None:
    _, patient = await server.call()
    phone = await server.client()
    join = m.Join(encrypts=True, token=server.token("patient"), name="Alex", offer=offer())
    assert await phone.refused(join) == "already_joined"
    await phone.says(join.model_copy(update={"move": True}))  # the same socket: it stayed open
    await phone.hears(m.Moving)
    await patient.hears(m.MoveRequested)
    await patient.says(m.MoveAnswer(allowed=True))
    assert (await patient.hears(m.Over)).reason == "moved"
    joined = await phone.hears(m.Joined)
    assert patient.joined is not None
    assert joined.you == patient.joined.you
    assert joined.answer is not None
    assert (await phone.state()).phase == "present"


# Messages that are no good ------------------------------------------------------------------------------------------

GARBAGE = [
    "",
    "{",
    "null",
    "[]",
    "7",
    '"join"',
    "{}",
    '{"type":"unknown"}',
    '{"type":"chat"}',
    '{"type":"chat","text":7}',
    '{"type":"chat","text":""}',
    '{"type":"chat","text":"   "}',
    '{"type":"chat","text":"\\ud800"}',
    '{"type":"chat","text":"hello","person":"person-1"}',
    '{"type":"hand","raised":"yes"}',
    '{"type":"hand","raised":1}',
    '{"type":"devices","microphone":true}',
    '{"type":"admit","person":"a b"}',
    '{"type":"admit","person":"' + "x" * 65 + '"}',
    '{"type":"chat","text":"' + "x" * 4001 + '"}',
    '{"type":"chat","sealed":true,"text":"' + "x" * 24_001 + '"}',
    '{"type":"chat","sealed":true,"text":"not base64url"}',
    '{"type":"sealed","to":"person-1","page":1,"body":""}',
    '{"type":"sealed","to":"person-1","page":1,"body":"a+/="}',
    '{"type":"sealed","to":"person-1","page":1,"body":"' + "x" * 8193 + '"}',
    '{"type":"sealed","to":"person-1","page":1,"body":["x"]}',
    '{"type":"sealed","to":"person-1","page":0,"body":"x"}',
    '{"type":"sealed","to":"person-1","page":1e400,"body":"x"}',
    '{"type":"sealed","to":"person-1","page":' + "9" * 400 + ',"body":"x"}',
    '{"type":"sealed","to":["person-1","person-2"],"page":1,"body":"x"}',
    '{"type":"sealed","person":"person-1","page":1,"body":"x"}',
    '{"type":"sealed","to":"person-1","page":1,"body":"x","person":"person-2"}',
    '{"type":"state","revision":1}',
    "[" * 10_000,
    '{"type":"offer","offer":{"sdp":"","sources":{}}}',
]


@pytest.mark.parametrize("text", GARBAGE, ids=lambda text: text[:40])
async def test_garbage_is_refused_and_the_session_goes_on(server: Server, text: str) -> None:
    therapist, patient = await server.call()
    await patient.says_raw(text)
    assert (await patient.hears(m.Error)).code == "bad_message"
    await patient.says(m.Chat(text="still-here", sealed=True))
    assert (await therapist.hears(m.ChatFrom)).text == "still-here"


async def test_garbage_again_and_again_closes_the_socket_but_not_the_seat(server: Server) -> None:
    therapist, patient = await server.call()
    for _ in range(11):
        await patient.says_raw("{")
    assert await patient.closed() == 1008
    server.clock.ahead += AWAY_UNHEARD
    state = await therapist.state(lambda state: state.people[0].reconnecting)
    assert len(state.people) == 1


SEALED = m.Sealed(to="person-1", page=1, body="x")


@pytest.mark.parametrize("text", [*GARBAGE[:8], SEALED.model_dump_json(), m.End().model_dump_json()])
async def test_whoever_does_not_begin_by_joining_is_closed(server: Server, text: str) -> None:
    client = await server.client()
    await client.says_raw(text)
    assert (await client.hears(m.Error)).code in ("bad_message", "not_joined")
    assert await client.closed() == 1008


async def test_binary_messages_are_refused(server: Server) -> None:
    client = await server.client()
    await client.socket.send_bytes(b"\x00\x01")
    assert (await client.hears(m.Error)).code == "bad_message"
    assert await client.closed() == 1008


async def test_a_message_that_is_too_large_closes_the_socket(server: Server) -> None:
    therapist, patient = await server.call()
    await patient.says_raw('{"type":"chat","text":"' + "x" * 300_000 + '"}')
    assert await patient.closed() == 1009
    server.clock.ahead += AWAY_UNHEARD
    await therapist.state(lambda state: state.people[0].reconnecting)


async def test_a_browser_that_cannot_encrypt_is_refused_at_the_door(server: Server) -> None:
    client = await server.client()
    assert await client.refused(m.Join(token=server.token("patient"), name="Alex", offer=offer())) == "cannot_encrypt"
    assert await client.closed() == 1008


async def test_sealed_messages_go_through_as_they_are(server: Server) -> None:
    therapist, patient = await server.call()
    assert therapist.joined is not None
    assert patient.joined is not None
    for body in ("x", "A-_z" * 1024):
        await patient.says(m.Sealed(to=therapist.joined.you, page=1, body=body))
        told = await therapist.hears(m.SealedFrom)
        assert told == m.SealedFrom(person=patient.joined.you, page=1, body=body)


async def test_a_flood_of_sealed_messages_closes_the_socket_it_came_from_and_no_other(server: Server) -> None:
    therapist, patient = await server.call()
    assert therapist.joined is not None
    flood = m.Sealed(to=therapist.joined.you, page=1, body="x" * 4096)
    for _ in range(700):
        await patient.says(flood)
    assert await patient.closed() == 1008
    await therapist.says(m.Chat(text="hello", sealed=True))
    await therapist.hears(m.ChatFrom)
    assert len([each for each in therapist.told if isinstance(each, m.SealedFrom)]) <= 60


async def test_flooding_closes_the_socket_and_disturbs_nobody(server: Server) -> None:
    therapist, patient = await server.call()
    for _ in range(200):
        await patient.says(m.Hand(raised=True))
    assert await patient.closed() == 1008
    assert any(isinstance(message, m.Error) and message.code == "too_many_messages" for message in patient.told)
    await therapist.says(m.Chat(text="hello", sealed=True))
    assert (await therapist.hears(m.ChatFrom)).text == "hello"


async def test_joining_again_and_again_from_one_address_is_refused(tmp_path: Path) -> None:
    async with a_server(tmp_path, joins_per_minute=3) as server:
        for _ in range(3):
            client = await server.client()
            assert await client.refused(m.Join(encrypts=True, token="x", name="x")) == "token_invalid"
        client = await server.client()
        assert (
            await client.refused(m.Join(encrypts=True, token=server.token("therapist"), name="x"))
            == "too_many_requests"
        )
        server.clock.ahead += 21
        assert (await server.joined("therapist")).joined


async def test_a_page_of_another_site_cannot_open_the_socket(server: Server) -> None:
    for origin in ("https://evil.example", "null", "", f"{server.url}.evil.example", "http://127.0.0.1:1"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await server.client(Origin=origin)
        assert refused.value.status == 403


async def test_a_plain_request_to_the_socket_is_refused(server: Server) -> None:
    async with server.http.get(f"{server.url}/socket", headers={"Origin": server.url}) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "bad_request")


async def test_the_socket_offers_no_compression(server: Server) -> None:
    socket = await server.http.ws_connect(f"{server.url}/socket", headers={"Origin": server.url}, compress=15)
    assert not socket.compress
    await socket.close()


# Coming back --------------------------------------------------------------------------------------------------------


async def lost(client: Client) -> str:
    """Breaks the connection off; returns the resume token."""
    assert client.joined is not None
    connection = client.socket._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()
    return client.joined.resume


async def test_a_lost_socket_is_resumed_and_the_same_media_goes_on(server: Server) -> None:
    therapist, patient = await server.call()
    resume = await lost(patient)
    server.clock.ahead += AWAY_UNHEARD
    await therapist.state(lambda state: state.people[0].reconnecting)
    back = await server.client()
    await back.says(m.Resume(encrypts=True, token=resume, microphone=True, camera=True))
    joined = await back.hears(m.Joined)
    assert joined.answer is None
    assert (await back.state()).phase == "present"
    assert not (await therapist.state(lambda state: not state.people[0].reconnecting)).people[0].reconnecting
    assert b"peers" in await metrics(server)


async def test_a_reloaded_page_resumes_with_a_new_offer(server: Server) -> None:
    _, patient = await server.call()
    resume = await lost(patient)
    back = await server.client()
    await back.says(m.Resume(encrypts=True, token=resume, offer=offer(), microphone=True, camera=True))
    joined = await back.hears(m.Joined)
    assert joined.answer is not None
    state = await back.state()
    assert {slot.source for slot in state.slots} == {"microphone", "camera"}
    assert 'therabook_media_total{what="peers"} 2.0' in (await metrics(server)).decode()


async def test_an_offer_in_the_session_is_answered(server: Server) -> None:
    therapist, _ = await server.call()
    await therapist.says(m.OfferAgain(offer=offer()))
    answered = await therapist.hears(m.Answered)
    assert len(answered.answer.slots) == 7
    bad = m.OfferAgain(offer=m.Offer(sdp="rubbish", sources=m.Sources()))
    assert await therapist.refused(bad) == "bad_offer"


async def metrics(server: Server) -> bytes:
    async with server.http.get(f"{server.url}/metrics") as answer:
        return await answer.read()


# Going away ---------------------------------------------------------------------------------------------------------


async def test_a_server_that_stops_asks_everybody_to_come_back_and_ends_no_session(tmp_path: Path) -> None:
    async with a_server(tmp_path) as server:
        therapist, patient = await server.call()
        idle = await server.client()
        closed = [asyncio.create_task(client.closed()) for client in (therapist, patient, idle)]
        server.sockets.clear()  # stays open: the server is the one that closes
    assert await asyncio.gather(*closed) == [1012, 1012, 1012]
    assert not [message for message in therapist.told + patient.told if isinstance(message, m.Over)]


async def test_a_session_ends_when_its_time_is_over(tmp_path: Path) -> None:
    async with a_server(tmp_path, session_minutes=1) as server:
        therapist, patient = await server.call()
        server.clock.ahead += 61
        assert (await therapist.hears(m.Over)).reason == "expired"
        assert (await patient.hears(m.Over)).reason == "expired"
        text = (await metrics(server)).decode()
        assert "therabook_sessions 0.0" in text
        assert 'therabook_media_total{what="peers"} 0.0' in text


async def test_one_address_cannot_hold_all_sockets(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "MOST_WAITING", 3)
    await server.joined("therapist")
    for _ in range(3):
        await server.client()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await server.client()
    assert refused.value.status == 429


async def test_offers_again_and_again_are_refused(server: Server) -> None:
    therapist, _ = await server.call()
    for _ in range(10):
        await therapist.says(m.OfferAgain(offer=offer()))
        await therapist.hears(m.Answered)
    assert await therapist.refused(m.OfferAgain(offer=offer())) == "too_many_messages"
    server.clock.ahead += 2
    await therapist.says(m.OfferAgain(offer=offer()))
    await therapist.hears(m.Answered)


async def test_a_fault_of_ours_ends_one_session_and_no_other(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    therapist, patient = await server.call()
    other = await server.joined("therapist", "Dr. Green", session="session-2", user="green", jti="token-of-green")

    def broken(room: Room, seat: object, message: object, now: float) -> None:
        raise ZeroDivisionError("Alex Green")

    monkeypatch.setattr(requests, "HANDLERS", requests.HANDLERS | {m.Chat: broken})
    await patient.says(m.Chat(text="hello", sealed=True))
    assert (await patient.hears(m.Error)).code == "internal"
    assert await patient.closed() == 1011
    assert await therapist.closed() == 1011
    await other.says(m.Hand(raised=True))
    assert (await other.state(lambda state: state.you.hand)).session == "session-2"
    text = (await metrics(server)).decode()
    assert "therabook_session_faults_total 1.0" in text
    assert 'therabook_media_total{what="peers"} 1.0' in text
    await server.joined("therapist", "Dr. Blue")  # and a new one can begin


async def test_a_device_that_asks_for_a_seat_that_is_given_up_waits_like_anyone(server: Server) -> None:
    therapist = await server.joined("therapist", "Dr. Blue")
    patient = await server.client()
    await patient.joins(server.token("patient"), "Alex", offer=None)
    state = await therapist.state(lambda state: state.waiting)
    await therapist.says(m.Admit(person=state.waiting[0].id))
    await patient.state(lambda state: state.phase == "present")
    await lost(patient)
    await therapist.state(lambda state: state.people and state.people[0].reconnecting)
    phone = await server.client()
    await phone.says(m.Join(encrypts=True, token=server.token("patient"), name="Alex", move=True))
    await phone.hears(m.Moving)
    server.clock.ahead += 15.1
    assert (await phone.state()).phase == "waiting"
    await therapist.state(lambda state: state.waiting)
    await therapist.says(m.Hand(raised=True))
    await therapist.state(lambda state: state.you.hand)  # all that was on its way has come
    revisions = [message.revision for message in therapist.told if isinstance(message, m.State)]
    assert revisions == sorted(revisions)
