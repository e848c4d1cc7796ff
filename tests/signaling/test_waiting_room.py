"""Nobody is in the session before being admitted."""

from __future__ import annotations

import pytest

from signaling import messages as m
from signaling import orders as o
from signaling.refusals import Refused
from tests.signaling.stage import Stage, code_of


def test_the_therapist_enters_and_the_patient_waits() -> None:
    stage = Stage()
    therapist, patient = stage.therapist(), stage.patient()
    assert therapist.state.phase == "present"
    assert patient.state.phase == "waiting"
    assert [w.name for w in therapist.state.waiting] == ["Alex"]
    assert therapist.state.people == []


def test_a_waiting_person_may_learn_nothing_but_for_whom_they_wait() -> None:
    stage = Stage(limit=3)
    therapist = stage.therapist()
    stage.admitted(therapist, "interpreter", "Interpreter")
    therapist.says(m.Lock(locked=True))
    therapist.says(m.Lock(locked=False))
    patient = stage.patient()
    state = patient.state
    assert state.waiting_for == "Dr. Blue"
    assert (state.people, state.waiting, state.slots, state.may) == ([], [], [], [])
    assert (state.started_at, state.ends_at, state.locked) == (None, None, False)


def test_waiting_people_never_learn_of_each_other() -> None:
    stage = Stage()
    stage.therapist()
    first, second = stage.patient("First"), stage.patient("Second")
    told = "".join(message.model_dump_json() for message in first.inbox)
    assert "Second" not in told
    assert second.seat_id not in told
    assert "First" not in "".join(message.model_dump_json() for message in second.inbox)


def test_a_waiting_person_is_told_nothing_when_another_comes_and_goes() -> None:
    stage = Stage()
    stage.therapist()
    first = stage.patient("First")
    before = len(first.inbox)
    second = stage.patient("Second")
    second.says(m.Leave())
    assert len(first.inbox) == before


def test_no_media_of_a_waiting_person_reaches_anyone_and_none_reaches_them() -> None:
    stage = Stage(limit=3)
    therapist = stage.therapist()
    patient, other = stage.patient(), stage.patient("Other")
    assert therapist.hears_and_sees() == set()
    assert patient.hears_and_sees() == set()
    assert other.hears_and_sees() == set()
    assert {key for key, paused in stage.paused.items() if not paused and key[0] in (patient.peer, other.peer)} == set()
    connected = [order for order in stage.orders if isinstance(order, o.Connect)]
    assert connected == []


def test_being_admitted_connects_both_ways_at_once() -> None:
    stage = Stage()
    therapist, patient = stage.therapist(), stage.patient()
    therapist.says(m.Admit(person=patient.seat_id))
    assert patient.state.phase == "present"
    assert patient.state.waiting_for is None
    assert [p.name for p in patient.state.people] == ["Dr. Blue"]
    assert [p.name for p in therapist.state.people] == ["Alex"]
    assert therapist.state.waiting == []
    assert therapist.hears_and_sees() == {("Alex", "microphone"), ("Alex", "camera")}
    assert patient.hears_and_sees() == {("Dr. Blue", "microphone"), ("Dr. Blue", "camera")}


def test_a_declined_person_is_told_and_may_come_back_to_the_door() -> None:
    stage = Stage()
    therapist, patient = stage.therapist(), stage.patient()
    therapist.says(m.Decline(person=patient.seat_id))
    assert patient.last(m.Over).reason == "declined"
    assert patient.hung_up
    assert therapist.state.waiting == []
    assert stage.revoked == []
    assert patient.peer in stage.closed
    assert stage.patient(identity="Alex").state.phase == "waiting"


def test_somebody_who_waits_learns_when_the_therapist_comes_and_goes() -> None:
    stage = Stage()
    patient = stage.patient()
    assert patient.state.waiting_for is None
    therapist = stage.therapist()
    assert patient.state.waiting_for == "Dr. Blue"
    therapist.says(m.Leave())
    assert patient.state.waiting_for is None
    assert patient.state.phase == "waiting"


def test_only_those_who_may_admit_see_who_waits() -> None:
    stage = Stage(limit=3)
    therapist = stage.therapist()
    patient = stage.admitted(therapist, "patient", "Alex")
    stage.join("interpreter", "Interpreter")
    assert [w.name for w in therapist.state.waiting] == ["Interpreter"]
    assert patient.state.waiting == []


@pytest.mark.parametrize(
    "message",
    [
        m.Chat(text="hello", sealed=True),
        m.Hand(raised=True),
        m.Admit(person="person-2"),
        m.Decline(person="person-2"),
        m.Remove(person="person-1"),
        m.AskToMute(person="person-1"),
        m.AllowScreen(person="person-2", allowed=True),
        m.Lock(locked=True),
        m.End(),
        m.Record(action="start"),
        m.Consent(agreed=True),
    ],
    ids=lambda message: message.type,
)
def test_a_waiting_person_can_do_nothing_in_the_session(message: m.Message) -> None:
    stage = Stage()
    therapist, patient = stage.therapist(), stage.patient()
    before = therapist.state, len(therapist.inbox)
    patient.says(message)
    assert patient.refused in ("not_allowed", "waiting")
    assert patient.state.phase == "waiting"
    assert (therapist.state, len(therapist.inbox)) == before


def test_a_waiting_therapists_screen_cannot_be_shared_before_there_is_a_session() -> None:
    stage = Stage()
    stage.therapist()
    patient = stage.patient()
    patient.says(m.Devices(microphone=True, camera=True, screen=True))
    assert patient.refused == "waiting"


def test_a_locked_session_takes_nobody_new_not_even_to_wait() -> None:
    stage = Stage()
    therapist = stage.therapist()
    waiting = stage.patient("Early")
    therapist.says(m.Lock(locked=True))
    with pytest.raises(Refused) as refused:
        stage.patient("Late")
    assert code_of(refused) == "locked"
    therapist.says(m.Admit(person=waiting.seat_id))
    assert waiting.state.phase == "present"
    assert waiting.state.locked


def test_a_therapist_who_lost_their_seat_gets_back_into_the_session_they_locked() -> None:
    stage = Stage()
    therapist = stage.therapist()
    stage.admitted(therapist, "patient", "Alex")
    therapist.says(m.Lock(locked=True))
    therapist.says(m.Leave())
    assert stage.therapist(identity="Dr. Blue").state.phase == "present"


def test_a_full_session_refuses_newcomers_and_admitting() -> None:
    stage = Stage(limit=2)
    therapist = stage.therapist()
    first, second = stage.patient("First"), stage.patient("Second")
    therapist.says(m.Admit(person=first.seat_id))
    therapist.says(m.Admit(person=second.seat_id))
    assert therapist.refused == "session_full"
    assert second.state.phase == "waiting"
    with pytest.raises(Refused) as refused:
        stage.patient("Third")
    assert code_of(refused) == "session_full"


def test_a_token_can_make_the_session_larger() -> None:
    stage = Stage(limit=2)
    therapist = stage.therapist(limit=4)
    for name in ("First", "Second", "Third"):
        stage.admitted(therapist, "patient", name)
    assert therapist.state.limit == 4
    with pytest.raises(Refused):
        stage.patient("Fourth")


def test_the_waiting_room_has_an_end() -> None:
    stage = Stage(waiting_room=3)
    for number in range(3):
        stage.patient(f"Patient {number}")
    with pytest.raises(Refused) as refused:
        stage.patient("One more")
    assert code_of(refused) == "waiting_room_full"
    assert stage.therapist().state.phase == "present"


def test_nobody_waits_for_ever() -> None:
    stage = Stage(waiting=600.0)
    patient = stage.patient()
    stage.passes(599)
    assert not patient.hung_up
    stage.passes(2)
    assert patient.last(m.Over).reason == "expired"
    assert stage.room.empty
