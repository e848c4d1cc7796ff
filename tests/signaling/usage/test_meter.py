"""What counts as a minute: sessions on a clock that is told, with all that comes in between."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.usage.records import EVERYBODY
from signaling.usage.meter import GOES_ON, KEEP_EVERY, LONGEST_LOOK, LOOK, Seen, judge
from tests.signaling.usage.made import ALEX, DOCTOR, KIM, WALL, Metered, sends


@pytest.fixture
def metered() -> Metered:
    return Metered()


def test_a_session_counts_from_when_both_are_there_until_one_goes(metered: Metered) -> None:
    metered.runs(60, DOCTOR)
    metered.runs(600, DOCTOR, ALEX)
    metered.runs(30, DOCTOR)
    sitting = metered.only.sitting
    assert metered.states() == [("alone", 60.0), ("video", 598.0), ("alone", 30.0)], "who came between looks has less"
    assert (sitting.two_way_ms, sitting.video_ms) == (598_000, 598_000)
    assert (sitting.therapist, sitting.patients, sitting.ended_at) == ("t1", 1, None)
    assert metered.share("t1").present_ms == 688_000
    assert metered.share("p1").present_ms == metered.share("p1").two_way_ms == 598_000


def test_it_ends_when_nobody_has_been_there_for_a_while_and_no_sooner(metered: Metered) -> None:
    metered.runs(60, DOCTOR, ALEX)
    metered.runs(GOES_ON)
    assert metered.only.sitting.ended_at is None
    metered.runs(10)
    sitting = metered.only.sitting
    assert sitting.ended_at == sitting.known_until == WALL + 60, "not when it was noticed"
    assert sitting.two_way_ms == 58_000


def test_media_that_go_one_way_only_do_not_count(metered: Metered) -> None:
    metered.runs(20, DOCTOR, ALEX)
    metered.runs(10, DOCTOR, sends("p1", receives=False))
    metered.runs(10, DOCTOR, sends("p1", "lost"))
    metered.runs(10, sends("t1", receives=False), ALEX)
    metered.runs(20, DOCTOR, ALEX)
    assert metered.states() == [("video", 18.0), ("connection", 30.0), ("video", 20.0)]
    assert metered.states("p1") == [("video", 28.0), ("lost", 10.0), ("video", 30.0)]


def test_an_outage_of_ten_seconds_is_a_gap_of_ten_seconds(metered: Metered) -> None:
    metered.runs(60, DOCTOR, ALEX)
    metered.runs(10, DOCTOR, sends("p1", "lost", receives=False))
    metered.runs(60, DOCTOR, ALEX)
    assert metered.states() == [("video", 58.0), ("connection", 10.0), ("video", 60.0)]
    [gap] = metered.only.gaps
    assert (gap.began_at, gap.ended_at) == (WALL + 60, WALL + 70)


def test_somebody_who_has_switched_everything_off_is_a_gap_and_somebody_with_a_camera_is_not(
    metered: Metered,
) -> None:
    metered.runs(20, DOCTOR, ALEX)
    metered.runs(20, sends("t1", receives=False), sends("p1", "muted"))
    metered.runs(20, sends("t1", "muted", receives=False), sends("p1", "muted", receives=False))
    metered.runs(20, DOCTOR, sends("p1", "audio"))
    assert metered.states() == [("video", 18.0), ("muted", 40.0), ("audio", 20.0)]


def test_pictures_both_ways_are_video_and_one_way_is_audio(metered: Metered) -> None:
    metered.runs(20, DOCTOR, ALEX)
    metered.runs(20, DOCTOR, sends("p1", "audio"))
    metered.runs(20, sends("t1", "audio"), sends("p1", "audio"))
    metered.runs(20, DOCTOR, ALEX)
    assert metered.states() == [("video", 18.0), ("audio", 40.0), ("video", 20.0)]
    assert metered.states("p1") == [("video", 18.0), ("audio", 40.0), ("video", 20.0)]
    assert metered.states("t1") == [("video", 38.0), ("audio", 20.0), ("video", 20.0)]
    assert metered.only.sitting.video_ms == metered.share("t1").video_ms == 38_000


def test_everybody_in_a_group_has_a_share_of_their_own(metered: Metered) -> None:
    interpreter = sends("i1", "audio")
    metered.runs(20, DOCTOR, ALEX)
    metered.runs(20, DOCTOR, ALEX, KIM)
    metered.runs(20, DOCTOR, sends("p1", "lost"), KIM, interpreter)
    metered.runs(20, DOCTOR, sends("p1", "lost"), interpreter)
    two_way = {share.person: share.two_way_ms // 1000 for share in metered.only.shares}
    assert two_way == {"t1": 58, "p1": 38, "p2": 38, "i1": 18}
    assert metered.only.sitting.two_way_ms == 58_000
    assert metered.only.sitting.patients == 2


def test_an_interpreter_and_a_therapist_are_no_session(metered: Metered) -> None:
    metered.runs(60, DOCTOR, sends("i1"))
    assert metered.only.sitting.two_way_ms == 0
    assert metered.states() == [("alone", 58.0)]


def test_a_move_to_another_device_costs_what_it_takes(metered: Metered) -> None:
    metered.runs(60, DOCTOR, ALEX)
    metered.runs(4, DOCTOR, sends("p1", "lost", receives=False))
    metered.runs(60, DOCTOR, sends("p1", "audio"))
    assert metered.states() == [("video", 58.0), ("connection", 4.0), ("audio", 60.0)]
    assert metered.share("p1").two_way_ms == 118_000


def test_whoever_comes_back_soon_goes_on_in_the_same_sitting(metered: Metered) -> None:
    metered.runs(60, DOCTOR, ALEX)
    metered.runs(120)
    metered.runs(60, DOCTOR, ALEX)
    assert metered.states() == [("video", 58.0), ("alone", 122.0), ("video", 60.0 - LOOK)]
    metered.runs(GOES_ON + 10)
    metered.runs(60, DOCTOR, ALEX)
    metered.keeps(everybody=True)
    assert [each.sitting.ended_at is None for each in metered.kept.values()] == [False, True]


def test_a_crash_costs_what_was_not_kept_and_a_gap(metered: Metered) -> None:
    for _ in range(50):
        metered.runs(LOOK, DOCTOR, ALEX)
        metered.keeps()
    kept = metered.only.sitting.known_until
    metered.runs(6, DOCTOR, ALEX)
    metered.restarts(after=20)
    metered.runs(60, DOCTOR, ALEX)
    sitting = metered.only.sitting
    assert metered.states() == [("video", 98.0), ("server", 28.0), ("video", 58.0)]
    assert sitting.two_way_ms == 156_000
    assert sitting.started_at == WALL + LOOK
    assert kept == WALL + 100


def test_keeping_is_never_more_than_so_far_behind(metered: Metered) -> None:
    for _ in range(200):
        metered.runs(LOOK, DOCTOR, ALEX)
        metered.keeps()
        if metered.kept:
            assert metered.wall - next(iter(metered.kept.values())).sitting.known_until < KEEP_EVERY


def test_nobody_who_comes_back_after_a_crash_ends_it_where_it_was_known_last(metered: Metered) -> None:
    metered.runs(60, DOCTOR, ALEX)
    metered.keeps(everybody=True)
    metered.restarts(after=GOES_ON + 100)
    metered.runs(LOOK)
    sitting = metered.only.sitting
    assert sitting.ended_at == WALL + 60
    assert metered.states() == [("video", 58.0)]


def test_a_clock_that_is_set_changes_no_length(metered: Metered) -> None:
    metered.runs(600, DOCTOR, ALEX)
    metered.wall += 3600
    metered.runs(600, DOCTOR, ALEX)
    metered.wall -= 7200
    metered.runs(600, DOCTOR, ALEX)
    sitting = metered.only.sitting
    assert metered.states() == [("video", 1798.0)]
    assert sitting.known_until - sitting.started_at == 1798.0


@pytest.mark.parametrize("jump", [-7200.0, 200.0])
def test_a_clock_that_is_set_while_the_server_is_down_bills_nothing(metered: Metered, jump: float) -> None:
    metered.runs(600, DOCTOR, ALEX)
    metered.keeps(everybody=True)
    metered.wall += jump
    metered.restarts(after=10)
    metered.runs(60, DOCTOR, ALEX)
    sitting = metered.only.sitting
    assert sitting.two_way_ms == 656_000
    assert all(span.ended_at >= span.began_at for span in metered.only.spans)


def test_a_machine_that_was_suspended_bills_nothing_for_it(metered: Metered) -> None:
    metered.runs(60, DOCTOR, ALEX)
    metered.passes(3600)
    metered.looks({"s1": [DOCTOR, ALEX]})
    metered.runs(60, DOCTOR, ALEX)
    assert metered.states() == [("video", 58.0), ("server", 3600.0), ("video", 60.0)]


def test_a_session_over_midnight_belongs_to_the_day_on_which_it_began(metered: Metered) -> None:
    metered.passes(15.5 * 3600)
    metered.runs(3600, DOCTOR, ALEX)
    whole = metered.only
    assert whole.sitting.day == "2027-01-15"
    assert whole.sitting.two_way_ms == 3_598_000
    metered.runs(GOES_ON + 10)
    metered.runs(60, DOCTOR, ALEX)
    metered.keeps(everybody=True)
    assert sorted(each.sitting.day for each in metered.kept.values()) == ["2027-01-15", "2027-01-16"]


def test_whoever_only_looked_in_leaves_nothing(metered: Metered) -> None:
    metered.runs(LOOK, DOCTOR)
    metered.runs(GOES_ON + 10)
    metered.keeps(everybody=True)
    assert metered.kept == {}


def test_sessions_do_not_mix(metered: Metered) -> None:
    for _ in range(30):
        metered.passes(LOOK)
        metered.looks({"s1": [DOCTOR, ALEX], "s2": [sends("t2"), sends("p2", "audio")], "s3": [sends("t3")]})
    metered.keeps(everybody=True)
    found = {each.sitting.session: (each.sitting.two_way_ms, each.sitting.video_ms) for each in metered.kept.values()}
    assert found == {"s1": (58_000, 58_000), "s2": (58_000, 0), "s3": (0, 0)}


WHAT = st.sampled_from(["video", "audio", "muted", "lost"])
SOMEBODY = st.builds(Seen, st.sampled_from(["t1", "t2", "p1", "p2", "i1"]), st.just(""), WHAT, st.booleans())


@st.composite
def looks(draw: st.DrawFn) -> list[tuple[float, list[Seen]]]:
    """Steps of time with who is there."""
    steps = []
    for _ in range(draw(st.integers(1, 40))):
        seconds = draw(st.sampled_from([2.0, 2.001, 2.5, 9.9, 11.0, 40.0]))
        people = {
            each.person: sends(each.person, each.sends, receives=each.receives) for each in draw(st.lists(SOMEBODY))
        }
        steps.append((seconds, list(people.values())))
    return steps


@given(looks())
def test_what_is_counted_is_what_anybody_would_count(steps: list[tuple[float, list[Seen]]]) -> None:
    """Moment by moment, without spans, shares or anything that is carried on."""
    metered = Metered()
    expected: dict[str, int] = {}
    whole = shown = 0
    before: set[str] = set()
    first = True
    chance = random.Random(len(steps))
    for seconds, people in [(2.0, [DOCTOR]), *steps]:
        earlier = round(metered.wall, 3)
        metered.passes(seconds)
        metered.looks({"s1": people} if people else {})
        ms = round((round(metered.wall, 3) - earlier) * 1000)
        here = [each for each in people if each.person in before]
        state, _, two_way, _ = judge(here)
        if seconds <= LONGEST_LOOK and not first and people:
            for person in two_way:
                expected[person] = expected.get(person, 0) + ms
            whole += ms if state != "gap" else 0
            shown += ms if state == "video" else 0
        before, first = {each.person for each in people}, False
        if chance.random() < 0.3:
            metered.keeps()
    metered.keeps(everybody=True)
    wholes = list(metered.kept.values())
    assert sum(kept.sitting.two_way_ms for kept in wholes) == whole
    assert sum(kept.sitting.video_ms for kept in wholes) == shown
    shares = [share for kept in wholes for share in kept.shares]
    assert {
        person: total
        for person in {share.person for share in shares}
        if (total := sum(share.two_way_ms for share in shares if share.person == person))
    } == expected
    for kept in wholes:
        own = [span for span in kept.spans if span.person == EVERYBODY]
        lengths = [(span.state, round((span.ended_at - span.began_at) * 1000)) for span in own]
        length = round((kept.sitting.known_until - kept.sitting.started_at) * 1000)
        assert sum(ms for _, ms in lengths) == length
        assert sum(ms for state, ms in lengths if state != "gap") == kept.sitting.two_way_ms
        assert all(one.ended_at == other.began_at for one, other in pairwise(own)), "no hole"
        for share in kept.shares:
            assert share.video_ms <= share.two_way_ms <= min(share.present_ms, kept.sitting.two_way_ms)
