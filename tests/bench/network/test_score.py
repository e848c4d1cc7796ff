"""Figures are what they are said to be, and what is not as wanted is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.network import cases, score
from bench.network.cases import Case, Downloads, Flow, Wanted
from bench.network.rate import SECOND, Rate
from bench.network.score import BINS, Course

STEPS = Case(
    "steps", "steps", 30, Rate.of_seconds([(0, 2000), (10, 500), (20, 2000)]), returns=((10, 20),), settles_s=4
)


def course(useful: list[float], case: Case = STEPS) -> Course:
    """`useful`: of each second."""
    bins = [each for each in useful for _ in range(BINS)]
    could = [score.could_carry(case, place) for place in range(len(bins))]
    return Course(could, bins, [bins], [0.0] * len(bins), [0.0] * len(bins), [])


def test_a_case_is_steady_when_nothing_has_changed_for_long_enough() -> None:
    assert STEPS.steady == [(4.0, 10.0), (14.0, 20.0), (24.0, 30.0)]
    out = replace(STEPS, outages_down=((10.0, 20.0),))
    assert out.steady == [(4.0, 10.0), (24.0, 30.0)]


def test_what_could_be_carried_is_the_link_or_what_the_cameras_take() -> None:
    assert score.could_carry(STEPS, 150) == 500_000
    lossy = replace(STEPS, loss=0.1)
    assert score.could_carry(lossy, 150) == pytest.approx(450_000)
    small = replace(STEPS, most_kbit=100)
    assert 100_000 < score.could_carry(small, 0) < 200_000
    paused = replace(STEPS, flows=(Flow(pauses=((0, 5),)),))
    assert score.could_carry(paused, 0) == 0


def test_beside_an_endless_download_half_is_fair() -> None:
    beside = replace(STEPS, downloads=Downloads(1, 0.0))
    assert score.could_carry(beside, 150) == 250_000


def test_recovery_is_timed_from_the_return_to_the_end_of_a_good_second() -> None:
    slow = course([1_900_000.0] * 10 + [450_000.0] * 10 + [450_000, 900_000, 1_400_000] + [1_900_000.0] * 7)
    assert score.recovery(STEPS, slow, (10, 20)) == pytest.approx(3.7)


def test_what_never_recovers_is_not_said_to_have() -> None:
    assert score.recovery(STEPS, course([1_900_000.0] * 10 + [450_000.0] * 20), (10, 20)) is None


def test_recovery_wants_no_more_than_can_be_carried_now() -> None:
    case = replace(STEPS, down=Rate.of_seconds([(0, 2000), (10, 500), (20, 1000)]))
    found = course([1_900_000.0] * 10 + [450_000.0] * 10 + [950_000.0] * 10, case)
    assert score.recovery(case, found, (10, 20)) == pytest.approx(1.0)


def told(**changed: object) -> dict[str, object]:
    good: dict[str, object] = {
        "used_steady": 0.9,
        "queue_standing_ms": 20.0,
        "recovers_s": 4.0,
        "back_again": True,
        "frozen_s_per_minute": 0.2,
        "concealed": 0.001,
        "sound_gap_ms": 20,
    }
    return good | changed


WANTED = Wanted(recovered_s=10, frozen_s_per_minute=1.0, concealed=0.01, gap_ms=100)


def test_what_is_as_wanted_misses_nothing() -> None:
    assert score.missed(replace(STEPS, wanted=WANTED), told()) == []


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("used_steady", 0.84, "used"),
        ("queue_standing_ms", 101.0, "stands"),
        ("recovers_s", 10.1, "came back"),
        ("back_again", False, "never"),
        ("frozen_s_per_minute", 1.0, "frozen"),
        ("concealed", 0.02, "made up"),
        ("sound_gap_ms", 120, "gone"),
    ],
)
def test_each_thing_that_is_not_as_wanted_is_named(name: str, value: object, word: str) -> None:
    [reason] = score.missed(replace(STEPS, wanted=WANTED), told(**{name: value}))
    assert word in reason


def test_every_case_has_a_name_of_its_own_and_lasts_longer_than_what_happens_in_it() -> None:
    every = cases.every()
    assert len({case.key for case in every}) == len(every)
    for case in every:
        assert all(at < case.seconds * SECOND for at in case.down.changes() if not case.key.startswith("mobile"))
        assert all(back < case.seconds for _, back in case.returns)


def test_all_that_was_promised_is_tried() -> None:
    keys = {case.key for case in cases.every()}
    assert {f"rfc8867-5.{number}" for number in range(1, 9)} <= keys
    assert {f"mobile-{number}" for number in range(1, 11)} <= keys
    assert {"loss-1", "loss-5", "loss-10", "loss-30", "rtt-20", "rtt-100", "rtt-300"} <= keys
    assert {"steps", "outage", "outage-down", "outage-up", "64k"} <= keys
