"""What the estimate makes of links: how near it comes to what they carry, how long queues get, how fast it follows. The
compiled state machine over simulated links (`tests/sim/flow.py`), without an engine."""

from __future__ import annotations

import pytest

from tests.sim.flow import Flow, run
from tests.sim.link import SECOND, Bottleneck, Capacity, Path, Policer

STEADY = 0.85
"""Of the capacity, that is to be used at least."""

QUEUE_MS = 100
"""That may stand at most, beside the way's own delay."""


def flow_over(down: Path, seconds: float = 60, **how: object) -> Flow:
    flow = Flow(down, **how)  # type: ignore[arg-type]
    run([flow], seconds)
    return flow


def test_a_good_network_is_found_within_two_seconds() -> None:
    flow = flow_over(Bottleneck(20e6), 10)
    assert flow.until(2_500_000, 0) < 2
    assert flow.slowest_ms(0, 10, 1) < 20 + QUEUE_MS
    assert flow.estimator.counts["probes"] <= 6


@pytest.mark.parametrize("queue_ms", [50, 100, 300, 1000])
@pytest.mark.parametrize("mbps", [0.3, 1, 2])
def test_a_link_is_filled_without_a_standing_queue(mbps: float, queue_ms: int) -> None:
    flow = flow_over(Bottleneck(mbps * 1e6, queue_us=queue_ms * 1000))
    assert flow.mean(10, 60, "delivered") >= STEADY * mbps * 1e6
    assert flow.mean(10, 60, "slowest_us") / 1000 < 20 + QUEUE_MS
    assert flow.heard_share(10, 60) > 0.98


@pytest.mark.parametrize("mbps", [1, 2])
def test_a_queue_that_does_not_even_hold_one_picture_is_not_overrun(mbps: float) -> None:
    link = Bottleneck(mbps * 1e6, queue_us=20_000)
    flow = flow_over(link)
    assert flow.mean(10, 60) < 1.05 * mbps * 1e6
    assert flow.mean(10, 60, "delivered") >= 0.6 * mbps * 1e6
    assert link.overflowed < 0.1 * (link.overflowed + link.delivered)
    assert flow.heard_share(10, 60) > 0.9


@pytest.mark.parametrize("delay_ms", [10, 50, 150])
def test_a_long_way_is_filled_too(delay_ms: int) -> None:
    flow = flow_over(Bottleneck(2e6, delay_us=delay_ms * 1000), up_delay_us=delay_ms * 1000)
    assert flow.mean(10, 60, "delivered") >= STEADY * 2e6
    assert flow.mean(10, 60, "slowest_us") / 1000 < delay_ms + QUEUE_MS


@pytest.mark.parametrize("queue_ms", [50, 300])
@pytest.mark.parametrize("loss", [0.01, 0.05, 0.1, 0.3])
def test_loss_by_chance_does_not_make_a_link_look_narrow(loss: float, queue_ms: int) -> None:
    links = [Bottleneck(2e6, loss=loss, queue_us=queue_ms * 1000, seed=seed) for seed in range(4)]
    flows = [flow_over(link) for link in links]
    assert min(flow.mean(10, 60) for flow in flows) >= 0.8 * 2e6
    assert sum(flow.mean(10, 60) for flow in flows) / 4 >= STEADY * 2e6
    # neither is it overrun: what chance leaves arrives
    assert sum(flow.mean(10, 60, "delivered") for flow in flows) / 4 >= STEADY * 2e6 * (1 - loss)
    assert all(link.overflowed < 0.04 * (link.overflowed + link.delivered + link.lost) for link in links)


def test_loss_that_begins_and_ends_is_learnt_and_forgotten() -> None:
    class Changing(Bottleneck):
        def send(self, size: int, now: int) -> int | None:
            self.loss = 0.2 if 20 * SECOND <= now < 40 * SECOND else 0.0
            return super().send(size, now)

    flow = Flow(Changing(2e6))
    run([flow], 35)
    assert flow.estimator.inherent_loss == pytest.approx(0.2, abs=0.06)
    assert flow.mean(25, 35) >= 0.8 * 2e6
    flow = flow_over(Changing(2e6))
    assert flow.estimator.inherent_loss < 0.02
    assert flow.mean(45, 60) >= STEADY * 2e6


@pytest.mark.parametrize("link", [Policer(1e6), Bottleneck(1e6, queue_us=40_000), Policer(1e6, 10_000)])
def test_loss_by_too_much_is_no_chance(link: Policer | Bottleneck) -> None:
    flow = flow_over(link)
    assert flow.mean(10, 60) < 1.1e6
    assert flow.mean(10, 60, "delivered") >= 0.8 * 1e6
    assert link.overflowed < 0.06 * (link.overflowed + link.delivered)
    assert flow.estimator.inherent_loss < 0.05


def test_a_drop_is_followed_within_two_seconds_and_what_returns_within_ten() -> None:
    flow = flow_over(Bottleneck(Capacity([(0, 4e6), (20 * SECOND, 1e6), (40 * SECOND, 4e6)])), wanted=4e6)
    assert flow.mean(10, 20) >= STEADY * 4e6
    assert flow.mean(22, 40) < 1.1e6
    assert flow.mean(24, 40, "delivered") >= STEADY * 1e6
    assert flow.mean(24, 40, "slowest_us") / 1000 < 20 + QUEUE_MS
    assert flow.until(0.9 * 4e6, 40) < 10
    assert flow.mean(50, 60) >= STEADY * 4e6


def test_an_outage_is_over_when_it_is_over() -> None:
    flow = flow_over(Bottleneck(2e6, down=[(20 * SECOND, 30 * SECOND)]))
    assert flow.mean(29, 30) < 0.2 * 2e6
    assert flow.until(0.9 * 2e6, 30) < 10
    assert flow.mean(40, 60) >= STEADY * 2e6


def test_a_way_that_stands_still_for_a_moment_loses_little() -> None:
    still = Capacity([(0, 2e6), (20 * SECOND, 0), (20_700_000, 2e6)])
    flow = flow_over(Bottleneck(still, queue_bytes=500_000))
    assert flow.until(0.85 * 2e6, 21) < 5


def test_sound_at_64_kbit_is_never_interrupted() -> None:
    flow = flow_over(Bottleneck(64_000, queue_us=200_000))
    assert flow.mean(10, 60) < 75_000
    assert flow.heard_share(5, 60) > 0.99
    assert flow.mean(10, 60, "slowest_us") / 1000 < 20 + QUEUE_MS


def test_two_flows_share_one_link() -> None:
    link = Bottleneck(3e6)
    first, second = Flow(link), Flow(link, begins_at=20 * SECOND)
    run([first, second], 140)
    each = [flow.mean(80, 140, "delivered") for flow in (first, second)]
    assert min(each) >= 0.3 * 3e6
    assert sum(each) >= STEADY * 3e6
    assert first.mean(80, 140, "slowest_us") / 1000 < 20 + QUEUE_MS


def test_who_sends_little_is_not_taken_to_be_on_a_narrow_way_and_wants_no_probes() -> None:
    flow = flow_over(Bottleneck(5e6), wanted=lambda now: 2_000_000 if now < 20 * SECOND else 300_000)
    assert flow.mean(15, 20) > 1_900_000
    assert flow.mean(50, 60) > 1_500_000
    probes = flow.estimator.counts["probes"]
    assert probes < 10


def test_who_sends_little_is_not_taken_to_be_on_a_wide_way_either() -> None:
    flow = flow_over(Bottleneck(5e6), wanted=300_000, probes=False)
    assert flow.mean(30, 60) < 700_000


def test_jitter_is_no_queue() -> None:
    for reorders in (False, True):
        flow = flow_over(Bottleneck(2e6, jitter_us=30_000, reorders=reorders))
        assert flow.mean(10, 60) >= STEADY * 2e6


@pytest.mark.parametrize("lost", [0.1, 0.3])
def test_lost_feedback_is_no_sign_of_anything(lost: float) -> None:
    flow = flow_over(Bottleneck(2e6), feedback_lost=lambda number: number * 7919 % 100 < 100 * lost)
    assert flow.mean(10, 60, "delivered") >= 0.75 * 2e6
    assert flow.estimator.inherent_loss == 0


@pytest.mark.parametrize("feedback_ms", [50, 200])
def test_feedback_may_come_often_or_seldom(feedback_ms: int) -> None:
    flow = flow_over(Bottleneck(2e6), feedback_us=feedback_ms * 1000)
    assert flow.mean(10, 60, "delivered") >= STEADY * 2e6
    assert flow.mean(10, 60, "slowest_us") / 1000 < 20 + QUEUE_MS


def test_a_clock_that_is_set_is_no_queue() -> None:
    flow = Flow(Bottleneck(2e6))
    run([flow], 20)
    before = flow.estimator.bitrate
    flow._arrivals.clock_us += 800_000
    run([flow], 25, 20 * SECOND)
    assert flow.mean(21, 45) >= STEADY * 2e6 * 0.95
    flow._arrivals.clock_us -= 5_000_000
    run([flow], 25, 45 * SECOND)
    assert flow.mean(46, 70) >= STEADY * 2e6 * 0.95
    assert before >= STEADY * 2e6


def test_somebody_elses_queue_does_not_end_the_picture() -> None:
    class Busy(Bottleneck):
        """With others in it who fill every queue: a packet of theirs whenever there is room."""

        def send(self, size: int, now: int) -> int | None:
            while self.queueing_us(now) < 150_000:
                super().send(1_200, now)
            return super().send(size, now)

    flow = flow_over(Busy(4e6, queue_us=200_000))
    assert flow.mean(20, 60) > 250_000


def test_a_tcp_connection_is_filled_as_well() -> None:
    flow = flow_over(Bottleneck(1e6, queue_us=4_000_000), tcp=True)
    assert flow.mean(10, 60, "delivered") >= 0.8 * 1e6
    assert flow.mean(10, 60, "slowest_us") / 1000 < 20 + 2 * QUEUE_MS


def test_after_a_long_silence_of_the_sender_nothing_has_changed() -> None:
    flow = Flow(Bottleneck(2e6))
    run([flow], 20)
    before = flow.estimator.bitrate
    for second in range(60):
        assert not flow.estimator.pass_time((20 + second) * SECOND + 500_000)
    assert flow.estimator.bitrate == before
