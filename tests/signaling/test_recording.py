"""The recording of a session: asked for, agreed to, begun, paused by newcomers; what each person is told of it."""

from __future__ import annotations

from typing import Any

import pytest

from signaling import messages as m
from signaling import orders as o
from signaling.recording_rules import WORDS, ConsentPolicy
from signaling.roles import Role
from tests.signaling.recorded import EVERYTHING_OF_TWO, kinds, phase
from tests.signaling.stage import EPOCH, NO_SOURCES, Actor, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage(ConsentPolicy(), limit=4)


@pytest.fixture
def therapist(stage: Stage) -> Actor:
    return stage.therapist()


@pytest.fixture
def patient(stage: Stage, therapist: Actor) -> Actor:
    return stage.admitted(therapist, "patient", "Alex")


@pytest.fixture
def running(stage: Stage, therapist: Actor, patient: Actor) -> Stage:
    """A session of two that is being recorded."""
    therapist.records("start")
    patient.agrees()
    stage.capture_begins()
    return stage


# Asking -----------------------------------------------------------------------------------------------------------


def test_nothing_is_captured_before_everyone_has_agreed(stage: Stage, therapist: Actor, patient: Actor) -> None:
    third = stage.admitted(therapist, "observer", "Noa")
    therapist.records("start")
    assert (therapist.shown.phase, therapist.shown.you) == ("asking", "agreed")
    assert therapist.shown.waiting_on == [patient.seat_id, third.seat_id]
    patient.agrees()
    assert therapist.shown.waiting_on == [third.seat_id]
    assert kinds(stage) == []
    third.agrees()
    assert kinds(stage) == ["Begin"]
    assert phase(therapist) == "asking"
    assert stage.recorded() == set()
    stage.capture_begins()
    assert {actor.shown.phase for actor in (therapist, patient, third)} == {"running"}
    assert stage.recorded() == EVERYTHING_OF_TWO


def test_people_are_asked_in_the_words_of_the_clinic(therapist: Actor, patient: Actor) -> None:
    therapist.records("start")
    text = patient.shown.text
    assert text is not None
    assert (text.title, text.body, text.version) == (WORDS.title, WORDS.body, WORDS.version)
    assert (text.signed, text.places) == (False, [])
    patient.agrees()
    assert patient.shown.text is None
    assert therapist.shown.text is None


def test_who_has_answered_what_is_told_only_to_those_who_may_record(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    third = stage.admitted(therapist, "interpreter", "Noa")
    therapist.records("start")
    third.refuses()
    assert (therapist.shown.phase, therapist.shown.declined) == ("declined", "refused")
    assert therapist.shown.refused == [third.seat_id]
    for other in (patient, third):
        assert all(told.recording is None or told.recording.refused == [] for told in other.all(m.State))
        assert all(told.recording is None or told.recording.waiting_on == [] for told in other.all(m.State))
        assert other.state.recording is None


def test_a_no_ends_nothing_but_the_question(stage: Stage, therapist: Actor, patient: Actor) -> None:
    before = therapist.hears_and_sees(), patient.hears_and_sees()
    therapist.records("start")
    patient.refuses()
    assert (therapist.hears_and_sees(), patient.hears_and_sees()) == before
    assert patient.state.phase == "present"
    assert kinds(stage) == []
    therapist.records("stop")
    assert therapist.state.recording is None


def test_after_a_no_nothing_begins_until_it_is_asked_for_again(stage: Stage, therapist: Actor, patient: Actor) -> None:
    third = stage.admitted(therapist, "interpreter", "Noa")
    therapist.records("start")
    third.refuses()
    patient.says(m.Consent(agreed=True, text=WORDS.version))
    assert patient.refused == "not_asked"
    third.says(m.Leave())
    assert kinds(stage) == []
    assert therapist.shown.refused == []
    therapist.records("start")
    patient.agrees()
    assert kinds(stage) == ["Begin"]


def test_the_question_is_withdrawn_when_nobody_is_left_who_may_record(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    therapist.records("start")
    assert patient.shown.you == "asked"
    therapist.says(m.Leave())
    assert patient.state.recording is None
    patient.refuses()
    assert patient.all(m.Error) == []


def test_somebody_who_waits_is_not_asked_and_learns_nothing(running: Stage) -> None:
    waiting = running.join("interpreter", "Noa")
    assert waiting.state.recording is None
    waiting.says(m.Consent(agreed=True, text=WORDS.version))
    assert waiting.refused == "waiting"
    assert running.recorded() == EVERYTHING_OF_TWO


@pytest.mark.parametrize("role", ["patient", "interpreter", "observer"])
@pytest.mark.parametrize("action", ["start", "pause", "resume", "stop"])
def test_only_the_therapist_records(running: Stage, therapist: Actor, role: Role, action: Any) -> None:
    other = running.join(role, "Other")
    therapist.says(m.Admit(person=other.seat_id))
    other.agrees()
    before = running.recorded()
    other.records(action)
    assert other.refused == "not_allowed"
    assert "record" not in other.state.may
    assert running.recorded() == before


def test_without_recordings_there_is_nothing_to_press() -> None:
    stage = Stage()
    therapist = stage.therapist()
    assert "record" not in therapist.state.may
    therapist.records("start")
    assert therapist.refused == "recording_off"
    therapist.says(m.Consent(agreed=True))
    assert therapist.refused == "recording_off"


def test_a_recording_is_asked_for_once_at_a_time(running: Stage, therapist: Actor) -> None:
    therapist.records("start")
    assert therapist.refused == "recording_already"
    assert kinds(running) == ["Begin"]


@pytest.mark.parametrize("action", ["pause", "resume", "stop"])
def test_what_does_not_run_cannot_be_paused_or_stopped(therapist: Actor, action: Any) -> None:
    therapist.records(action)
    assert therapist.refused == "not_recording"


def test_a_question_cannot_be_paused(therapist: Actor, patient: Actor) -> None:
    therapist.records("start")
    therapist.records("pause")
    assert therapist.refused == "not_recording"


# Running ----------------------------------------------------------------------------------------------------------


def test_only_what_is_sent_is_captured(running: Stage, therapist: Actor, patient: Actor) -> None:
    patient.says(m.Devices(microphone=True, camera=False, screen=False))
    assert running.recorded() == EVERYTHING_OF_TWO - {("Alex", "camera")}
    therapist.says(m.Devices(microphone=True, camera=True, screen=True))
    assert ("Dr. Blue", "screen") in running.recorded()
    patient.loses_media()
    assert {name for name, _ in running.recorded()} == {"Dr. Blue"}


def test_somebody_who_sends_nothing_is_asked_all_the_same(stage: Stage, therapist: Actor) -> None:
    silent = stage.admitted(therapist, "patient", "Alex", sources=NO_SOURCES)
    therapist.records("start")
    assert silent.shown.you == "asked"
    assert kinds(stage) == []


def test_times_are_told(running: Stage, therapist: Actor, patient: Actor) -> None:
    began = EPOCH + running.now
    assert (patient.shown.started_at, patient.shown.since, patient.shown.recorded_s) == (began, began, 0.0)
    running.passes(60)
    therapist.records("pause")
    assert (patient.shown.since, patient.shown.recorded_s) == (began + 60, 60.0)
    running.passes(30)
    therapist.records("resume")
    running.passes(10)
    therapist.records("pause")
    assert (patient.shown.started_at, patient.shown.recorded_s) == (began, 70.0)


def test_pause_and_resume_and_stop(running: Stage, therapist: Actor, patient: Actor) -> None:
    therapist.records("pause")
    assert (patient.shown.phase, patient.shown.paused_by) == ("paused", "person")
    assert running.recorded() == set()
    therapist.records("resume")
    assert phase(patient) == "running"
    assert running.recorded() == EVERYTHING_OF_TWO
    therapist.records("stop")
    assert patient.state.recording is None
    assert running.recorded() == set()
    assert kinds(running) == ["Begin", "Hold", "GoOn", "End"]
    assert running.captures == {running.recording: "stopped"}


def test_after_a_stop_everyone_is_asked_anew_for_another_recording(
    running: Stage, therapist: Actor, patient: Actor
) -> None:
    therapist.records("stop")
    therapist.records("start")
    assert patient.shown.you == "asked"
    patient.agrees()
    running.capture_begins()
    assert len(running.captures) == 2


# Newcomers --------------------------------------------------------------------------------------------------------


def test_a_newcomer_pauses_the_recording_before_anybody_hears_them(running: Stage, therapist: Actor) -> None:
    newcomer = running.join("interpreter", "Noa")
    before = len(running.orders)
    therapist.says(m.Admit(person=newcomer.seat_id))
    new = [type(order) for order in running.orders[before:]]
    last_of_recording = max(index for index, kind in enumerate(new) if kind in (o.Release, o.HoldCapture))
    first_of_call = min(index for index, kind in enumerate(new) if kind in (o.Connect, o.Pause, o.Tell))
    assert last_of_recording < first_of_call
    assert running.recorded() == set()
    assert therapist.shown.waiting_on == [newcomer.seat_id]
    assert (newcomer.shown.phase, newcomer.shown.paused_by, newcomer.shown.you) == ("paused", "newcomer", "asked")
    assert therapist.hears_and_sees() >= {("Noa", "microphone")}


def test_when_the_newcomer_agrees_the_recording_goes_on_with_them(running: Stage, therapist: Actor) -> None:
    newcomer = running.admitted(therapist, "interpreter", "Noa")
    newcomer.agrees()
    assert phase(therapist) == "running"
    assert running.recorded() == EVERYTHING_OF_TWO | {("Noa", "microphone"), ("Noa", "camera")}


def test_when_the_newcomer_leaves_without_an_answer_it_goes_on(running: Stage, therapist: Actor) -> None:
    newcomer = running.admitted(therapist, "interpreter", "Noa")
    newcomer.says(m.Leave())
    assert phase(therapist) == "running"
    assert running.recorded() == EVERYTHING_OF_TWO


def test_after_a_newcomers_no_it_stays_paused_until_somebody_presses_resume(
    running: Stage, therapist: Actor, patient: Actor
) -> None:
    newcomer = running.admitted(therapist, "interpreter", "Noa")
    newcomer.refuses()
    assert newcomer.state.phase == "present"
    assert (therapist.shown.phase, therapist.shown.refused) == ("paused", [newcomer.seat_id])
    assert patient.shown.refused == []
    newcomer.says(m.Leave())
    assert phase(therapist) == "paused"
    therapist.records("resume")
    assert phase(therapist) == "running"


def test_resume_asks_those_again_who_said_no(running: Stage, therapist: Actor) -> None:
    newcomer = running.admitted(therapist, "interpreter", "Noa")
    newcomer.refuses()
    therapist.records("resume")
    assert newcomer.shown.you == "asked"
    assert running.recorded() == set()
    newcomer.agrees()
    assert phase(therapist) == "running"


def test_somebody_who_comes_between_the_last_yes_and_the_beginning_is_asked_too(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    therapist.records("start")
    patient.agrees()
    newcomer = stage.admitted(therapist, "interpreter", "Noa")
    stage.capture_begins()
    assert stage.recorded() == set()
    assert phase(therapist) == "paused"
    newcomer.agrees()
    assert phase(therapist) == "running"


def test_a_no_between_the_last_yes_and_the_beginning_keeps_it_from_beginning(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    therapist.records("start")
    patient.agrees()
    stage.admitted(therapist, "interpreter", "Noa").refuses()
    assert stage.captures == {stage.recording: "refused"}
    assert (therapist.shown.phase, therapist.shown.declined) == ("declined", "refused")
    stage.capture_begins()
    assert stage.recorded() == set()


def test_a_second_therapist_is_a_newcomer_like_anyone(running: Stage, therapist: Actor) -> None:
    second = running.therapist("Dr. Second")
    assert running.recorded() == set()
    assert second.shown.you == "asked"


def test_whoever_comes_back_by_the_door_is_asked_again(running: Stage, therapist: Actor, patient: Actor) -> None:
    patient.says(m.Leave())
    again = running.admitted(therapist, "patient", "Alex")
    assert again.shown.you == "asked"
    assert running.recorded() == set()


# Coming back ------------------------------------------------------------------------------------------------------


def test_a_reload_keeps_what_was_agreed_and_is_captured_from_its_new_connection(
    running: Stage, therapist: Actor, patient: Actor
) -> None:
    patient.loses_socket()
    back = patient.resumes(reloaded=True)
    assert (back.shown.phase, back.shown.you) == ("running", "agreed")
    assert back.shown.started_at == therapist.shown.started_at
    assert running.recorded() == EVERYTHING_OF_TWO
    assert back.peer in running.taps.values()


def test_a_call_that_moves_to_another_device_keeps_what_was_agreed(running: Stage, patient: Actor) -> None:
    phone = running.patient("Alex", move=True)
    patient.says(m.MoveAnswer(allowed=True))
    assert phone.shown.you == "agreed"
    assert running.recorded() == EVERYTHING_OF_TWO


def test_a_question_that_was_not_answered_is_there_after_a_reload(therapist: Actor, patient: Actor) -> None:
    therapist.records("start")
    patient.loses_socket()
    back = patient.resumes(reloaded=True)
    assert back.shown.text is not None
    back.agrees()
    assert therapist.shown.waiting_on == []
