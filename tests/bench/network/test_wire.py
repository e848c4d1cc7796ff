"""The wire's links: held until the course begins, then as it says."""

from __future__ import annotations

from bench.network.places import link
from bench.network.rate import Rate
from bench.network.wire import continued, make_path

SHAPE = link(Rate.of_seconds([(0, 1000), (1, 500)]), delay_ms=10, outages=[(2, 3)])


def test_before_it_begins_a_course_stands_still() -> None:
    path = make_path(SHAPE, 0, held=True)
    assert path.send(5_000_000, 1250) == 5_020_000
    assert not path.line.is_down(2_500_000)


def test_from_its_beginning_on_it_runs() -> None:
    path = continued(make_path(SHAPE, 0, held=True), SHAPE, 7_000_000)
    assert path.send(7_100_000, 1250) == 7_120_000
    assert path.send(8_100_000, 1250) == 8_130_000
    assert path.send(9_500_000, 1250) is None


def test_what_waited_before_it_begins_still_does() -> None:
    path = make_path(SHAPE, 0, held=True)
    for _ in range(10):
        path.send(6_990_000, 1250)
    path = continued(path, SHAPE, 7_000_000)
    assert path.send(7_000_000, 1250) == 7_110_000


def test_a_shape_that_says_nothing_is_no_obstacle() -> None:
    assert make_path({}, 0, held=False).send(3, 1000) == 3
