"""How long what somebody sends waits in the others' browsers, and how they are told."""

from __future__ import annotations

import pytest

from sfu import PeerReport
from signaling.hold_back import LASTS, MOST_MS, HoldBack, hold_back
from tests.signaling.stage import Actor, Stage


def looked(*looks: tuple[float, float | None]) -> int:
    """What is held back after these, two seconds apart."""
    found = HoldBack()
    for number, (loss, rtt_ms) in enumerate(looks):
        found.look(loss, rtt_ms, 2.0 * number)
    return found.ms


def report(loss_up: float, rtt_ms: float) -> PeerReport:
    return PeerReport(loss_up, 0.0, rtt_ms, 900_000.0, 1_200_000.0, "udp")


@pytest.mark.parametrize(("rtt_ms", "expected"), [(39.0, 0), (40.0, 100), (100.0, 150), (101.0, 200), (900.0, MOST_MS)])
def test_what_is_lost_is_waited_for_as_long_as_it_takes_to_come_again(rtt_ms: float, expected: int) -> None:
    assert looked((0.05, rtt_ms), (0.05, rtt_ms)) == expected


def test_one_look_at_it_is_chance() -> None:
    assert looked((0.5, 100.0)) == 0
    assert looked((0.5, 100.0), (0.0, 100.0), (0.5, 100.0)) == 0


def test_without_loss_or_before_the_round_trip_is_known_nothing_waits() -> None:
    assert looked((0.005, 100.0), (0.005, 100.0)) == 0
    assert looked((0.05, None), (0.05, None)) == 0


def test_it_grows_at_once_and_shrinks_when_there_was_no_need_for_long() -> None:
    found = HoldBack()
    for now in (0.0, 2.0):
        found.look(0.05, 100.0, now)
    found.look(0.05, 200.0, 4.0)
    assert found.ms == 250
    found.look(0.05, 60.0, 4.0 + LASTS - 0.1)
    assert found.ms == 250
    found.look(0.05, 60.0, 4.0 + LASTS)
    assert found.ms == 150, "as much as is needed now"
    found.look(0.0, 60.0, 4.0 + 2 * LASTS)
    assert found.ms == 0


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def therapist(stage: Stage) -> Actor:
    return stage.therapist()


@pytest.fixture
def patient(stage: Stage, therapist: Actor) -> Actor:
    return stage.admitted(therapist, "patient", "Alex")


def measures(stage: Stage, patient: Actor, loss_up: float) -> None:
    for _ in range(2):
        stage.passes(2.0)
        assert patient.peer is not None
        hold_back(stage.room.present(), {patient.peer: report(loss_up, 100.0)}, stage.now)
        stage.carry_out(stage.room.judge({}))


def test_the_others_are_told_and_the_sound_waits_with_the_picture(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    measures(stage, patient, 0.05)
    assert {(each.source, each.delay) for each in therapist.state.slots} == {("microphone", 150), ("camera", 150)}
    assert {each.delay for each in patient.state.slots} == {0}


def test_a_new_media_connection_begins_without(stage: Stage, therapist: Actor, patient: Actor) -> None:
    measures(stage, patient, 0.05)
    stage.offer(patient, same=False)
    assert {each.delay for each in therapist.state.slots} == {0}
