"""Who is told of the film of a recording that is over."""

from __future__ import annotations

from signaling.messages import Film
from signaling.recording_rules import ConsentPolicy
from tests.signaling.recorded import a_call

HALF = Film(state="running", progress=0.5)
DONE = Film(state="done", progress=1.0)


def test_those_who_may_record_see_how_far_it_is_and_nobody_else_does() -> None:
    stage, therapist, patient = a_call(ConsentPolicy())
    before = len(patient.inbox)
    stage.carry_out(stage.room.filmed(HALF, stage.now))
    assert therapist.state.film == HALF
    assert patient.state.film is None
    assert len(patient.inbox) == before, "for the others nothing has changed"


def test_who_comes_back_sees_what_it_has_come_to_meanwhile() -> None:
    stage, therapist, _ = a_call(ConsentPolicy())
    stage.carry_out(stage.room.filmed(HALF, stage.now))
    therapist.loses_socket()
    stage.carry_out(stage.room.filmed(DONE, stage.now))
    assert therapist.resumes().state.film == DONE


def test_somebody_who_waits_sees_nothing_of_it_whoever_they_are() -> None:
    stage, _, _ = a_call(ConsentPolicy())
    stage.carry_out(stage.room.filmed(DONE, stage.now))
    assert stage.patient("Noa").state.film is None
    assert stage.join("observer", "Olga").state.film is None


def test_a_film_that_there_will_be_none_of_is_not_shown_any_more() -> None:
    stage, therapist, _ = a_call(ConsentPolicy())
    stage.carry_out(stage.room.filmed(HALF, stage.now))
    stage.carry_out(stage.room.filmed(None, stage.now))
    assert therapist.state.film is None
