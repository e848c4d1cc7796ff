"""Lost sockets, lost media, reloaded pages, and the call that moves to another device."""

from __future__ import annotations

import pytest

from signaling import door
from signaling import messages as m
from signaling import orders as o
from signaling.refusals import Refused
from signaling.seat import Media, notice_silence
from tests.signaling.stage import Actor, Stage, code_of


@pytest.fixture
def stage() -> Stage:
    return Stage(limit=3)


@pytest.fixture
def therapist(stage: Stage) -> Actor:
    return stage.therapist()


@pytest.fixture
def patient(stage: Stage, therapist: Actor) -> Actor:
    return stage.admitted(therapist, "patient", "Alex")


def is_reconnecting(viewer: Actor, name: str) -> bool:
    return next(person for person in viewer.state.people if person.name == name).reconnecting


# A lost socket --------------------------------------------------------------------------------------------------


def test_media_goes_on_while_the_socket_is_away(stage: Stage, therapist: Actor, patient: Actor) -> None:
    before = therapist.hears_and_sees()
    patient.loses_socket()
    stage.passes(5)
    assert not is_reconnecting(therapist, "Alex"), "they are seen and heard: there is nothing to tell"
    stage.passes(6)
    assert is_reconnecting(therapist, "Alex")
    stage.passes(600)
    assert therapist.hears_and_sees() == before
    back = patient.resumes()
    assert not is_reconnecting(therapist, "Alex")
    assert therapist.hears_and_sees() == before
    assert stage.closed == []
    assert back.seat_id == patient.seat_id
    assert back.state.phase == "present"
    assert [person.name for person in back.state.people] == ["Dr. Blue"]
    assert [slot.source for slot in back.state.slots] == ["microphone", "camera"]


def test_a_seat_is_given_up_fifteen_seconds_after_both_socket_and_media_are_gone(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    patient.loses_socket()
    stage.passes(30)
    patient.loses_media()
    stage.passes(14.9)
    assert is_reconnecting(therapist, "Alex")
    stage.passes(0.2)
    assert therapist.state.people == []
    with pytest.raises(Refused) as refused:
        patient.resumes(reloaded=True)
    assert code_of(refused) == "resume_expired"


def test_somebody_who_vanishes_without_a_word_is_gone_when_the_silence_is_noticed(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    patient.loses_socket()
    stage.passes(15)
    patient.loses_media(silent=True)
    stage.passes(0.1)
    assert therapist.state.people == []


def test_a_seat_without_media_is_given_up_when_its_socket_is_gone_too_long(stage: Stage, therapist: Actor) -> None:
    patient = stage.admitted(therapist, "patient", "Alex", sources=None)
    patient.loses_socket()
    stage.passes(15.1)
    assert therapist.state.people == []


def test_an_empty_room_vanishes(stage: Stage) -> None:
    patient = stage.patient()
    patient.says(m.Leave())
    assert stage.room.empty


def test_a_waiting_person_may_resume_and_still_waits(stage: Stage, therapist: Actor) -> None:
    patient = stage.patient()
    patient.loses_socket()
    back = patient.resumes()
    assert back.state.phase == "waiting"
    assert therapist.hears_and_sees() == set()


def test_being_admitted_while_the_socket_is_away_is_seen_after_the_resume(stage: Stage, therapist: Actor) -> None:
    patient = stage.patient()
    patient.loses_socket()
    therapist.says(m.Admit(person=patient.seat_id))
    assert patient.resumes().state.phase == "present"


def test_a_reload_is_over_before_the_others_are_told_of_it(stage: Stage, therapist: Actor, patient: Actor) -> None:
    told = len(therapist.all(m.State))
    patient.loses_media()
    patient.loses_socket()
    stage.passes(0.9)
    patient.resumes(reloaded=True)
    stage.passes(5)
    assert not any(person.reconnecting for state in therapist.all(m.State)[told:] for person in state.people)


def test_whose_microphone_is_on_and_of_whom_nothing_comes_is_shown_as_away(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    assert patient.peer is not None
    silent = {patient.peer}
    notice_silence(stage.room.present(), silent)
    stage.passes(1.9)
    assert not is_reconnecting(therapist, "Alex"), "a connection that has just begun is not told to be lost"
    notice_silence(stage.room.present(), silent)
    stage.passes(0.1)
    assert is_reconnecting(therapist, "Alex")
    notice_silence(stage.room.present(), set())
    stage.passes(0.1)
    assert not is_reconnecting(therapist, "Alex")
    patient.says(m.Devices(microphone=False, camera=False, screen=False))
    for _ in range(5):
        notice_silence(stage.room.present(), silent)
        stage.passes(2)
    assert not is_reconnecting(therapist, "Alex"), "who sends nothing is not missed"


# Written --------------------------------------------------------------------------------------------------------


def test_what_was_written_twice_under_one_name_is_relayed_once(stage: Stage, therapist: Actor, patient: Actor) -> None:
    patient.says(m.Chat(text="hello", sealed=True, ref="one"))
    patient.loses_socket()
    back = patient.resumes()
    back.says(m.Chat(text="hello", sealed=True, ref="one"))
    assert [(said.text, said.ref) for said in therapist.all(m.ChatFrom)] == [("hello", None)]
    assert [(said.text, said.ref) for said in back.all(m.ChatFrom)] == [("hello", "one")]
    back.says(m.Chat(text="hello", sealed=True, ref="two"))
    back.says(m.Chat(text="hello", sealed=True))
    back.says(m.Chat(text="hello", sealed=True))
    assert len(therapist.all(m.ChatFrom)) == 4


# An ICE restart in the greeting ---------------------------------------------------------------------------------


def test_an_offer_in_the_greeting_may_continue_the_connection(stage: Stage, therapist: Actor, patient: Actor) -> None:
    therapist.says(m.Devices(microphone=True, camera=True, screen=True))
    assert therapist.peer is not None
    old = therapist.seat
    back = Actor(stage, 1000, therapist.entry, therapist.name, therapist.seat_id, peer=therapist.peer)
    stage.actors.append(back)
    media = Media(therapist.peer, old.sources, ("a0", "a1", "a2"), ("v0", "v1", "v2", "v3"))
    stage.carry_out(stage.room.resume(old, therapist.resume_id, stage.arrival(back, media, True), stage.now))
    assert therapist.all(m.Over) == [], "the page is the same"
    assert therapist.hung_up
    assert stage.closed == []
    assert ("Dr. Blue", "screen") in patient.hears_and_sees()


# Resume tokens --------------------------------------------------------------------------------------------------


def test_a_resume_token_is_replaced_but_the_one_before_still_works_once_more(stage: Stage, patient: Actor) -> None:
    first = patient.resume_id
    patient.loses_socket()
    second = patient.resumes()
    second.loses_socket()
    third = second.resumes(resume_id=first)  # the answer with the second one never arrived
    third.loses_socket()
    third.resumes()
    with pytest.raises(Refused):
        door.seat_to_resume(stage.room, patient.seat_id, first)


def test_a_resume_token_dies_with_the_seat(stage: Stage, therapist: Actor, patient: Actor) -> None:
    therapist.says(m.Remove(person=patient.seat_id))
    with pytest.raises(Refused) as refused:
        door.seat_to_resume(stage.room, patient.seat_id, patient.resume_id)
    assert code_of(refused) == "resume_expired"


def test_a_resume_token_of_one_person_does_not_open_the_seat_of_another(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    with pytest.raises(Refused):
        door.seat_to_resume(stage.room, therapist.seat_id, patient.resume_id)


# A reloaded page ------------------------------------------------------------------------------------------------


def test_a_reloaded_page_gets_its_seat_with_new_media_without_waiting(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    old_peer = patient.peer
    patient.loses_socket()
    back = patient.resumes(reloaded=True)
    assert back.state.phase == "present"
    assert back.seat_id == patient.seat_id
    assert stage.closed == [old_peer]
    assert therapist.hears_and_sees() == {("Alex", "microphone"), ("Alex", "camera")}
    assert back.hears_and_sees() == {("Dr. Blue", "microphone"), ("Dr. Blue", "camera")}


def test_a_page_that_comes_back_before_its_old_socket_is_known_to_be_dead_replaces_it(
    stage: Stage, patient: Actor
) -> None:
    back = patient.resumes(reloaded=True)
    assert patient.hung_up
    assert patient.last(m.Over).reason == "moved"
    stage.carry_out(stage.room.socket_lost(patient.connection, stage.now))
    assert back.seat.connection == back.connection


def test_a_new_socket_of_the_same_page_quietly_replaces_the_old_one(stage: Stage, patient: Actor) -> None:
    patient.resumes()
    assert patient.hung_up
    assert patient.all(m.Over) == []


def test_a_shared_screen_ends_with_the_page_that_shared_it(stage: Stage, therapist: Actor, patient: Actor) -> None:
    therapist.says(m.Devices(microphone=True, camera=True, screen=True))
    assert ("Dr. Blue", "screen") in patient.hears_and_sees()
    therapist.loses_socket()
    therapist.resumes(reloaded=True)
    assert ("Dr. Blue", "screen") not in patient.hears_and_sees()


# Lost media -----------------------------------------------------------------------------------------------------


def test_lost_media_is_shown_and_a_new_offer_brings_it_back(stage: Stage, therapist: Actor, patient: Actor) -> None:
    patient.loses_media()
    assert patient.state.you.reconnecting
    assert not is_reconnecting(therapist, "Alex"), "what is over in a moment is not told"
    stage.passes(1)
    assert is_reconnecting(therapist, "Alex")
    assert therapist.hears_and_sees() == set()
    stage.passes(600)  # the socket is there: nobody is thrown out
    assert is_reconnecting(therapist, "Alex")
    stage.offer(patient)
    assert not is_reconnecting(therapist, "Alex")
    assert therapist.hears_and_sees() == {("Alex", "microphone"), ("Alex", "camera")}
    assert patient.hears_and_sees() == {("Dr. Blue", "microphone"), ("Dr. Blue", "camera")}


def test_an_offer_for_the_same_connection_leaves_what_plays_alone(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    before = len([order for order in stage.orders if isinstance(order, o.Connect | o.Disconnect)])
    stage.offer(patient)
    assert len([order for order in stage.orders if isinstance(order, o.Connect | o.Disconnect)]) == before


def test_an_offer_that_begins_a_new_connection_replaces_the_old_one(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    old = patient.peer
    stage.offer(patient, same=False)
    assert stage.closed == [old]
    assert therapist.hears_and_sees() == {("Alex", "microphone"), ("Alex", "camera")}


def test_news_of_an_old_peer_change_nothing(stage: Stage, therapist: Actor, patient: Actor) -> None:
    old = patient.peer
    assert old is not None
    stage.offer(patient, same=False)
    stage.carry_out(stage.room.peer_lost(old, silent=True, now=stage.now))
    assert not is_reconnecting(therapist, "Alex")


# Another device -------------------------------------------------------------------------------------------------


def test_a_second_device_is_refused_and_the_first_is_not_disturbed(stage: Stage, patient: Actor) -> None:
    before = len(patient.inbox)
    with pytest.raises(Refused) as refused:
        stage.patient("Alex")
    assert code_of(refused) == "already_joined"
    assert len(patient.inbox) == before


def test_the_call_moves_when_the_device_in_it_agrees(stage: Stage, therapist: Actor, patient: Actor) -> None:
    phone = stage.patient("Alex", move=True)
    assert [type(message) for message in phone.inbox] == [m.Moving]
    assert patient.all(m.MoveRequested)
    patient.says(m.MoveAnswer(allowed=True))
    assert patient.last(m.Over).reason == "moved"
    assert patient.hung_up
    assert phone.state.phase == "present"
    assert phone.seat_id == patient.seat_id
    assert therapist.state.waiting == []
    assert therapist.hears_and_sees() == {("Alex", "microphone"), ("Alex", "camera")}
    assert stage.closed == [patient.peer]
    with pytest.raises(Refused):
        door.seat_to_resume(stage.room, patient.seat_id, patient.resume_id)


def test_the_call_stays_when_the_device_in_it_says_no(stage: Stage, patient: Actor) -> None:
    phone = stage.patient("Alex", move=True)
    patient.says(m.MoveAnswer(allowed=False))
    assert phone.refused == "move_refused"
    assert phone.hung_up
    assert patient.state.phase == "present"
    assert patient.all(m.Over) == []


def test_silence_means_no(stage: Stage, patient: Actor) -> None:
    phone = stage.patient("Alex", move=True)
    stage.passes(29)
    assert not phone.hung_up
    stage.passes(2)
    assert phone.refused == "move_refused"
    patient.says(m.MoveAnswer(allowed=True))  # too late
    assert patient.state.phase == "present"
    assert not patient.hung_up


def test_another_token_of_the_same_person_cannot_even_ask(stage: Stage, patient: Actor) -> None:
    with pytest.raises(Refused) as refused:
        stage.patient("Alex", move=True, token="another")
    assert code_of(refused) == "not_yours"
    assert patient.all(m.MoveRequested) == []


def test_only_one_device_asks_at_a_time(stage: Stage, patient: Actor) -> None:
    phone = stage.patient("Alex", move=True)
    with pytest.raises(Refused) as refused:
        stage.patient("Alex", move=True)
    assert code_of(refused) == "move_pending"
    stage.carry_out(stage.room.socket_lost(phone.connection, stage.now))
    stage.patient("Alex", move=True)


def test_a_device_that_asks_is_let_in_afresh_when_the_seat_is_given_up_and_waits_like_anyone(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    patient.loses_socket()
    patient.loses_media()
    phone = stage.patient("Alex", move=True)
    assert phone.all(m.Moving)
    stage.passes(15.1)
    assert phone.state.phase == "waiting"
    assert therapist.hears_and_sees() == set()


def test_a_device_that_comes_back_is_asked_again(stage: Stage, patient: Actor) -> None:
    patient.loses_socket()
    stage.patient("Alex", move=True)
    assert patient.resumes().all(m.MoveRequested)


def test_removing_a_person_also_turns_away_the_device_that_asks_for_their_seat(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    phone = stage.patient("Alex", move=True)
    therapist.says(m.Remove(person=patient.seat_id))
    assert phone.last(m.Over).reason == "removed"
    assert phone.hung_up


def test_a_device_that_only_asked_can_do_nothing_in_the_session(stage: Stage, therapist: Actor, patient: Actor) -> None:
    phone = stage.patient("Alex", move=True)
    phone.says(m.Chat(text="hello", sealed=True))
    assert phone.refused == "not_joined"
    assert therapist.all(m.ChatFrom) == []
    phone.says(m.MoveAnswer(allowed=True))
    assert phone.refused == "not_joined"
    assert patient.state.phase == "present"


def test_once_the_seat_is_given_up_a_plain_join_works(stage: Stage, therapist: Actor, patient: Actor) -> None:
    patient.loses_socket()
    patient.loses_media()
    with pytest.raises(Refused):
        stage.patient("Alex")
    stage.passes(15.1)
    assert stage.patient("Alex").state.phase == "waiting"
