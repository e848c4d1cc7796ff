"""Rates, queues and lines: what is put in comes out when it should, or not at all."""

from __future__ import annotations

import pytest

from bench.network import traces
from bench.network.link import Line, Path, Queue
from bench.network.rate import SECOND, Rate


def test_a_packet_takes_as_long_as_its_bits() -> None:
    assert Rate.constant(1_000_000).finish(0, 12_000) == 12_000


def test_a_packet_that_meets_another_rate_takes_its_time_of_both() -> None:
    rate = Rate(((0, 1_000_000.0), (10_000, 500_000.0)))
    assert rate.finish(0, 12_000) == 14_000


def test_what_is_under_way_waits_while_nothing_is_carried() -> None:
    rate = Rate(((0, 1_000_000.0), (10_000, 0.0), (50_000, 1_000_000.0)))
    assert rate.finish(5_000, 12_000) == 57_000


def test_a_link_that_ends_without_carrying_says_so() -> None:
    with pytest.raises(ValueError, match="ends without"):
        Rate(((0, 1.0), (10, 0.0))).finish(20, 8)


def test_the_mean_of_a_rate_counts_each_step_for_its_time() -> None:
    rate = Rate.of_seconds([(0, 1000), (1, 3000)])
    assert rate.mean(0, 2 * SECOND) == pytest.approx(2_000_000)
    assert rate.mean(SECOND // 2, SECOND) == pytest.approx(1_000_000)


@pytest.mark.parametrize("steps", [(), ((1, 5.0),), ((0, 1.0), (0, 2.0))])
def test_a_rate_has_a_beginning_and_an_order(steps: tuple[tuple[int, float], ...]) -> None:
    with pytest.raises(ValueError, match="rate"):
        Rate(steps)


def test_packets_leave_a_queue_one_after_the_other() -> None:
    queue = Queue(Rate.constant(1_000_000))
    assert [queue.put(0, 1250) for _ in range(3)] == [10_000, 20_000, 30_000]
    assert [wait for _, wait in queue.waited] == [0, 10_000, 20_000]
    assert queue.put(100_000, 1250) == 110_000


def test_a_full_queue_drops_and_has_room_again_later() -> None:
    queue = Queue(Rate.constant(1_000_000), limit_us=100_000)
    taken = [queue.put(0, 1250) for _ in range(12)]
    assert taken[9] is not None
    assert taken[10:] == [None, None]
    assert queue.dropped == 2
    assert queue.put(15_000, 1250) == 110_000


def test_two_flows_through_one_queue_wait_for_each_other() -> None:
    queue = Queue(Rate.constant(1_000_000))
    one, other = Path(queue, Line(10_000), 1), Path(queue, Line(50_000), 2)
    assert one.send(0, 1250) == 20_000
    assert other.send(0, 1250) == 70_000


def test_jitter_is_bounded_and_nothing_overtakes() -> None:
    path = Path(None, Line(10_000, jitter_us=30_000), 3)
    arrivals = [path.send(at * 1000, 100) for at in range(2000)]
    found = [each for each in arrivals if each is not None]
    assert found == sorted(found)
    late = [each - at * 1000 - 10_000 for at, each in enumerate(found)]
    assert min(late) >= 0
    assert 15_000 < max(late) <= 30_000


def test_so_many_are_lost_as_should_be_and_the_same_with_the_same_seed() -> None:
    def lost(seed: int) -> list[bool]:
        path = Path(None, Line(0, loss=0.05), seed)
        return [path.send(at, 100) is None for at in range(20_000)]

    assert sum(lost(7)) == pytest.approx(1000, rel=0.1)
    assert lost(7) == lost(7)
    assert lost(7) != lost(8)


def test_nothing_arrives_in_an_outage() -> None:
    path = Path(None, Line(0, outages=((100, 200),)), 1)
    assert [path.send(at, 10) is not None for at in (99, 100, 199, 200)] == [True, False, False, True]


def test_the_ten_phones_are_the_same_each_time_and_differ_from_each_other() -> None:
    made = [traces.make(kind, number, 90) for number, kind in enumerate(traces.TEN, 1)]
    assert made == [traces.make(kind, number, 90) for number, kind in enumerate(traces.TEN, 1)]
    assert len(set(made)) == 10


@pytest.mark.parametrize("number", range(10))
def test_a_phone_carries_what_its_kind_does(number: int) -> None:
    kind = traces.TEN[number]
    rate = traces.make(kind, number + 1, 600)
    mean = rate.mean(0, 600 * SECOND) / 1000
    assert min(each for each, _ in kind.conditions) < mean < max(each for each, _ in kind.conditions)
    assert max(each for _, each in rate.steps) <= kind.most_kbit * 1000
    assert rate.steps[-1][1] > 0
