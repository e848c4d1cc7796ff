"""What ends or holds a recording that runs: somebody withdraws, whoever leads is away, the disk is full."""

from __future__ import annotations

import pytest

from signaling import messages as m
from signaling.recording_rules import ConsentPolicy
from tests.signaling.recorded import EVERYTHING_OF_TWO, a_call
from tests.signaling.stage import Actor, Stage


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


# Withdrawing ------------------------------------------------------------------------------------------------------


def test_withdrawing_ends_the_recording_and_not_the_visit(running: Stage, therapist: Actor, patient: Actor) -> None:
    patient.refuses()
    assert running.recorded() == set()
    assert running.captures == {running.recording: "withdrawn"}
    assert (therapist.shown.phase, therapist.shown.declined) == ("declined", "withdrawn")
    assert patient.state.recording is None
    assert patient.state.phase == "present"


def test_withdrawing_before_it_has_begun_keeps_it_from_beginning(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    therapist.records("start")
    patient.agrees()
    patient.refuses()
    stage.carry_out(stage.room.capture_began(stage.recording, stage.now))
    assert stage.captures == {stage.recording: "withdrawn"}
    assert stage.recorded() == set()
    assert patient.state.recording is None


def test_the_therapist_can_withdraw_too(running: Stage, therapist: Actor) -> None:
    therapist.refuses()
    assert running.captures == {running.recording: "withdrawn"}


# Whoever leads, leaves --------------------------------------------------------------------------------------------


def test_it_pauses_while_nobody_is_there_who_may_record(running: Stage, therapist: Actor, patient: Actor) -> None:
    therapist.says(m.Leave())
    assert (patient.shown.phase, patient.shown.paused_by) == ("paused", "alone")
    assert running.recorded() == set()
    back = running.therapist()
    assert (back.shown.phase, back.shown.you) == ("paused", "asked")
    back.agrees()
    assert running.recorded() == EVERYTHING_OF_TWO


def test_it_ends_when_everybody_who_agreed_has_gone(running: Stage, therapist: Actor, patient: Actor) -> None:
    newcomer = running.admitted(therapist, "interpreter", "Noa")
    patient.says(m.Leave())
    therapist.says(m.Leave())
    assert running.captures == {running.recording: "left"}
    assert newcomer.state.recording is None


def test_it_ends_with_the_session(running: Stage, therapist: Actor) -> None:
    therapist.says(m.End())
    assert running.captures == {running.recording: "left"}
    assert running.taps == {}
    assert running.room.empty


def test_it_ends_with_the_time_of_the_session() -> None:
    stage, therapist, patient = a_call(ConsentPolicy(), length=600.0)
    therapist.records("start")
    patient.agrees()
    stage.capture_begins()
    stage.passes(600)
    assert stage.captures == {stage.recording: "left"}


def test_a_removed_person_is_no_longer_recorded(running: Stage, therapist: Actor, patient: Actor) -> None:
    therapist.says(m.Remove(person=patient.seat_id))
    assert {name for name, _ in running.recorded()} == {"Dr. Blue"}


# Faults -----------------------------------------------------------------------------------------------------------


def test_a_failed_capture_is_told_to_everyone_and_the_call_goes_on(
    running: Stage, therapist: Actor, patient: Actor
) -> None:
    before = therapist.hears_and_sees()
    running.passes(12)
    running.capture_fails("The disk is full.")
    for actor in (therapist, patient):
        assert (actor.shown.phase, actor.shown.problem) == ("failed", "The disk is full.")
        assert actor.shown.recorded_s == 12.0
    assert running.recorded() == set()
    assert running.captures == {running.recording: "failed"}
    assert therapist.hears_and_sees() == before
    therapist.records("start")
    patient.agrees()
    running.capture_begins()
    assert (patient.shown.phase, patient.shown.problem) == ("running", None)


def test_a_capture_that_cannot_begin_is_told_too(stage: Stage, therapist: Actor, patient: Actor) -> None:
    therapist.records("start")
    patient.agrees()
    stage.capture_fails("The disk is full.")
    assert (patient.shown.phase, patient.shown.started_at) == ("failed", None)
    therapist.records("stop")
    assert patient.state.recording is None


def test_a_stalled_capture_pauses_and_goes_on(running: Stage, therapist: Actor, patient: Actor) -> None:
    running.capture_stalls("The disk does not answer.")
    stalled = patient.shown
    assert (stalled.phase, stalled.paused_by) == ("paused", "fault")
    assert stalled.problem == "The disk does not answer."
    assert running.recorded() == set()
    running.capture_begins()
    assert (patient.shown.phase, patient.shown.problem) == ("running", None)
    assert running.recorded() == EVERYTHING_OF_TWO


def test_trouble_that_has_cost_nothing_is_told_while_the_recording_goes_on(
    running: Stage, therapist: Actor, patient: Actor
) -> None:
    running.carry_out(running.room.capture_warned(running.recording, "The disk does not answer.", running.now))
    for actor in (therapist, patient):
        assert (actor.shown.phase, actor.shown.problem) == ("running", "The disk does not answer.")
    assert running.recorded() == EVERYTHING_OF_TWO
    running.carry_out(running.room.capture_warned(running.recording, None, running.now))
    assert patient.shown.problem is None


def test_news_of_an_old_capture_change_nothing(running: Stage, therapist: Actor, patient: Actor) -> None:
    old = running.recording
    therapist.records("stop")
    therapist.records("start")
    patient.agrees()
    for orders in (
        running.room.capture_began(old, running.now),
        running.room.capture_stalled(old, "Late.", running.now),
        running.room.capture_warned(old, "Late.", running.now),
        running.room.capture_failed(old, "Late.", running.now),
    ):
        running.carry_out(orders)
    assert (patient.shown.phase, patient.shown.problem) == ("asking", None)
