"""When somebody's sound is to be made small, how long it stays so, and how their page is told."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sfu import PeerReport
from signaling import messages as m
from signaling.sparing import (
    LEAST_BPS,
    LONGEST_REST,
    LOSES,
    NARROW_BPS,
    OLD,
    PICTURE_BPS,
    RESTS,
    SETTLES,
    SOON,
    STILL_LEAST_BPS,
    STILL_NARROW_BPS,
    Sparing,
    spare,
)
from tests.signaling.stage import Actor, Stage

WIDE = 1_000_000.0


def report(carries: float | None) -> PeerReport:
    return PeerReport(0.0, 0.0, 40.0, 60_000.0, 60_000.0, "udp", carries)


def after(*looks: tuple[float, float | None]) -> Sparing:
    """Times, and what the narrowest way to a listener carries."""
    found = Sparing()
    for now, down in looks:
        found.look(down, now)
    return found


def test_where_sound_alone_fills_the_way_it_is_made_small_at_once() -> None:
    assert after((0.0, None)).sound == "usual"
    assert after((0.0, NARROW_BPS)).sound == "usual"
    assert after((0.0, NARROW_BPS - 1)).sound == "small"


def sound(found: Sparing) -> str:
    return found.sound


def test_what_a_browser_believes_once_is_chance() -> None:
    found = Sparing()
    for now, bps in ((0.0, WIDE), (5.0, 60_000.0), (10.0, WIDE), (15.0, 60_000.0)):
        found.told(bps, now)
        for later in (now, now + 2):
            found.look(WIDE, later)
    assert found.sound == "usual"


def test_it_stays_small_while_that_is_all_that_is_carried_and_for_a_while_after() -> None:
    found = after((0.0, 60_000.0), (10.0, STILL_NARROW_BPS - 1), (10.0 + RESTS - 1, WIDE))
    assert sound(found) == "small"
    found.look(WIDE, 10.0 + RESTS)
    assert sound(found) == "usual"


def test_what_small_sound_leaves_free_is_no_reason_to_stay_small() -> None:
    """More is found out only by sending more."""
    found = after((0.0, 60_000.0), (RESTS, STILL_NARROW_BPS))
    assert found.sound == "usual"


def test_what_is_needed_again_soon_stays_longer_each_time() -> None:
    found, now = Sparing(), 0.0
    rests = []
    for _ in range(8):
        found.look(60_000.0, now)
        began = now
        while found.sound != "usual":
            now += 1.0
            found.look(60_000.0, now)
        rests.append(now - began)
        now += SOON - 1
    assert rests[:3] == [RESTS, 2 * RESTS, 4 * RESTS]
    assert max(rests) == rests[-1] == LONGEST_REST
    found.look(60_000.0, now + SOON)
    found.look(60_000.0, now + SOON + RESTS)
    assert found.sound == "usual"


def test_the_way_up_counts_as_their_browser_tells_and_is_forgotten_if_it_does_not() -> None:
    found = Sparing()
    for now in (0.0, 5.0):
        found.told(60_000.0, now)
    found.look(WIDE, 5.0 + OLD)
    assert sound(found) == "usual"
    for now in (20.0, 25.0):
        found.told(60_000.0, now)
    found.look(WIDE, 26.0)
    assert sound(found) == "small"


def up(*looks: tuple[float, float]) -> Sparing:
    """Times, and what the way to us carries; the listeners' ways are wide."""
    found = Sparing()
    found.told(looks[0][1], looks[0][0] - 5)
    for now, bps in looks:
        found.told(bps, now)
        found.look(WIDE, now)
    return found


def test_where_small_sound_leaves_no_room_for_a_picture_none_is_sent() -> None:
    assert not up((0.0, 60_000.0), (SETTLES - 1, 60_000.0)).no_pictures
    assert up((0.0, 60_000.0), (SETTLES, 60_000.0)).no_pictures
    assert not up((0.0, 60_000.0), (SETTLES, PICTURE_BPS)).no_pictures


def lossy(loss_up: float, bits_in: float) -> PeerReport:
    return PeerReport(loss_up, 0.0, 40.0, bits_in, 60_000.0, "udp", WIDE)


def test_where_much_is_lost_what_comes_through_is_what_the_way_carries() -> None:
    """Whatever the browser believes: what it fills the way with keeps even that from us."""
    found = Sparing()
    for now in (0.0, 2.0, 8.0):
        found.told(NARROW_BPS + 1, now)
        found.look(WIDE, now, lossy(LOSES, 60_000.0))
    assert (found.sound, found.no_pictures) == ("small", True)


@pytest.mark.parametrize("course", [[LOSES, 0.0, LOSES, 0.0], [LOSES - 0.01] * 4])
def test_a_little_loss_or_once_says_nothing(course: list[float]) -> None:
    found = Sparing()
    for number, loss in enumerate(course):
        found.look(WIDE, 2.0 * number, lossy(loss, 60_000.0))
    assert found.sound == "usual"


def test_a_narrow_way_to_who_listens_is_no_reason_to_send_no_picture() -> None:
    assert not after((0.0, 60_000.0), (SETTLES, 60_000.0), (2 * SETTLES, 60_000.0)).no_pictures


def test_pictures_come_back_first_and_then_the_sound_as_it_was() -> None:
    looks = [(float(now), 60_000.0 if now <= SETTLES else PICTURE_BPS + 20_000) for now in range(200)]
    found = [up(*looks[: end + 1]) for end in range(len(looks))]
    course = [(each.no_pictures, each.sound == "small") for each in found]
    changes = [(now, state) for now, state in enumerate(course) if now == 0 or course[now - 1] != state]
    assert [state for _, state in changes] == [(False, True), (True, True), (False, True), (False, False)]
    assert [later - earlier for (earlier, _), (later, _) in pairwise(changes)] == [
        SETTLES,
        RESTS,
        RESTS,
    ]


def test_where_not_even_small_sound_is_carried_it_is_made_smaller_still() -> None:
    assert up((0.0, 30_000.0), (SETTLES - 1, 30_000.0)).sound == "small"
    assert up((0.0, 30_000.0), (SETTLES, 30_000.0)).sound == "least"
    assert up((0.0, LEAST_BPS), (SETTLES, LEAST_BPS)).sound == "small"


def test_the_least_sound_is_given_up_first_and_pictures_last_of_all() -> None:
    looks = [(float(now), 30_000.0 if now <= SETTLES else STILL_LEAST_BPS) for now in range(45)]
    course = [(found.sound, found.no_pictures) for end in range(len(looks)) for found in [up(*looks[: end + 1])]]
    changes = [(now, state) for now, state in enumerate(course) if now == 0 or course[now - 1] != state]
    assert changes[:3] == [(0, ("small", False)), (SETTLES, ("least", True)), (SETTLES + RESTS, ("small", True))]
    assert up(*looks, *((45.0 + now, 30_000.0) for now in range(20))).sound == "least", "it was tried in vain"


@pytest.fixture
def stage() -> Stage:
    return Stage()


def small(actor: Actor) -> list[bool]:
    return [each.sound == "small" for each in actor.all(m.Wanted)]


def looks(stage: Stage, **carries: float) -> None:
    """By people's names, what their ways carry."""
    peers = {actor.name: actor.peer for actor in stage.actors}
    reports = {peer: report(carries[name]) for name, peer in peers.items() if name in carries and peer is not None}
    stage.passes(2.0)
    spare(stage.room.present(), reports, stage.now)
    stage.carry_out(stage.room.judge({}))


def test_whoever_is_heard_over_a_narrow_way_is_told_and_nobody_else(stage: Stage) -> None:
    therapist = stage.therapist()
    patient = stage.admitted(therapist, "patient", "Alex")
    looks(stage, **{therapist.name: WIDE, "Alex": 60_000.0})
    looks(stage, **{therapist.name: WIDE, "Alex": 60_000.0})
    assert small(therapist) == [True]
    assert small(patient) == []


def test_a_new_media_connection_begins_with_sound_as_it_is(stage: Stage) -> None:
    therapist = stage.therapist()
    stage.admitted(therapist, "patient", "Alex")
    looks(stage, **{therapist.name: WIDE, "Alex": 60_000.0})
    stage.offer(therapist, same=False)
    assert therapist.seat.sparing.sound == "usual"


def test_of_whom_no_picture_is_sent_the_others_are_told_and_their_page_sends_none(stage: Stage) -> None:
    therapist = stage.therapist()
    patient = stage.admitted(therapist, "patient", "Alex")
    for _ in range(5):
        patient.seat.sparing.told(60_000.0, stage.now)
        looks(stage, **{therapist.name: WIDE, "Alex": WIDE})
    assert patient.last(m.Wanted) == m.Wanted(layers={"camera": [], "screen": []}, sound="small")
    assert {(each.source, each.held) for each in therapist.state.slots} == {("microphone", False), ("camera", True)}
    assert {each.held for each in patient.state.slots} == {False}
