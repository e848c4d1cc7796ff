"""A call on a simulated line, around the real engine: the same each time, and it gets through where it should."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.network import score
from bench.network.cases import Case, Downloads, Flow
from bench.network.rate import Rate
from bench.network.simulation import Simulation

WIDE = Case("wide", "wide", 8, Rate.constant(6_000_000), settles_s=4)


def figures(case: Case, seed: int = 1) -> dict[str, object]:
    return score.figures(Simulation(case, seed).run())


def test_on_a_wide_line_everything_is_seen_and_heard() -> None:
    told = figures(WIDE)
    assert told["frozen_s"] == 0
    assert told["concealed"] == 0
    assert float(str(told["pictures_per_s"])) > 27


def test_the_same_seed_gives_the_same_figures_and_another_gives_others() -> None:
    assert figures(WIDE, 5) == figures(WIDE, 5)
    assert figures(WIDE, 5) != figures(WIDE, 6)


def test_an_outage_is_seen_as_a_freeze_and_heard_as_a_gap() -> None:
    out = ((4.0, 6.0),)
    told = figures(replace(WIDE, outages_down=out, outages_up=out))
    assert 2.0 <= float(str(told["frozen_s"])) < 3.5
    assert 1900 <= int(str(told["sound_gap_ms"])) <= 2200


def test_one_percent_of_loss_is_repaired() -> None:
    told = figures(replace(WIDE, loss=0.01))
    assert float(str(told["frozen_s"])) < 0.5
    assert float(str(told["concealed"])) < 0.01


def test_a_trial_that_sends_less_takes_no_picture_away() -> None:
    told = figures(replace(WIDE, down=Rate.constant(2_000_000), delay_ms=1, loss=0.2))
    assert float(str(told["longest_freeze_s"])) < 1.0


@pytest.mark.parametrize("both_ways", [False, True])
def test_a_narrow_line_is_not_overfilled(both_ways: bool) -> None:
    narrow = replace(
        WIDE, seconds=20, down=Rate.constant(800_000), up=Rate.constant(800_000), settles_s=10, both_ways=both_ways
    )
    told = figures(narrow)
    assert 0.5 < float(str(told["used_steady"])) < 1.0
    assert float(str(told["queue_standing_ms"])) < 150


def test_who_pauses_is_not_missed() -> None:
    told = figures(replace(WIDE, flows=(Flow(pauses=((3, 5),)),)))
    assert told["frozen_s"] == 0
    assert told["concealed"] == 0


def test_downloads_beside_a_call_are_counted_apart() -> None:
    told = figures(replace(WIDE, down=Rate.constant(3_000_000), downloads=Downloads(1, 0.0)))
    assert float(str(told["downloaded_kbit_per_s"])) > 500
