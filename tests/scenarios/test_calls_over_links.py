"""Whole calls over narrow and bad links: the real engine estimates, chooses, and tells the publisher what to send."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.test_packets import PICTURE, SOUND
from tests.sim.call import Call, frozen_us
from tests.sim.link import SECOND, Bottleneck, Capacity

LATEST_SOUND_US = 150_000


class Watched:
    """A call of two over one link, and what its viewer got of it in each second."""

    def __init__(self, link: Bottleneck, seed: int = 1, viewers: int = 1) -> None:
        self.link = link
        self.call = Call(seed)
        self.publisher = self.call.join(1, layers=True)
        self.viewer = self.call.join(2, feedback=True)
        self.viewer.publishing = False
        self.viewer.down.path = link
        self.call.engine.connect(self.viewer.video_slot(PICTURE), self.publisher.camera)
        self.call.engine.connect(self.viewer.audio_slot(SOUND), self.publisher.microphone)
        self.bits: list[float] = []
        self.delivered: list[float] = []

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            before = self.link.delivered_bytes
            self.call.run(1)
            self.delivered.append(8 * (self.link.delivered_bytes - before))

    def mean(self, since: int, until: int) -> float:
        """What got through the link, bits a second."""
        return sum(self.delivered[since:until]) / (until - since)

    def until(self, rate: float, since: int) -> int:
        """Seconds until a second in which so much got through."""
        return next((at - since for at in range(since, len(self.delivered)) if self.delivered[at] >= rate), 1000)

    def frozen(self, since: float) -> float:
        """Seconds."""
        shown = [each for each in self.viewer.sees(PICTURE).shown if each[3] >= since * SECOND]
        return frozen_us(shown, self.call.network.now) / SECOND

    def heard(self, since: float, until: float) -> float:
        """Share of the sound of a time that came."""
        came = {number for _, number, at in self.viewer.browser.heard[SOUND] if since * SECOND <= at < until * SECOND}
        return len(came) / (50 * (until - since))

    @property
    def stats(self) -> dict[str, Any]:
        return self.call.engine.peer_stats(self.viewer.peer)


def test_on_a_good_link_the_full_picture_comes_at_once_and_stays() -> None:
    watched = Watched(Bottleneck(20e6, delay_us=0))
    watched.run(12)
    assert watched.mean(3, 12) > 2.2e6
    assert watched.frozen(1.5) == 0
    assert watched.stats["estimate_bps"] > 2.5e6


@pytest.mark.parametrize("mbps", [0.4, 1, 2])
def test_a_narrow_link_is_filled_and_the_sound_comes_whole(mbps: float) -> None:
    watched = Watched(Bottleneck(mbps * 1e6, delay_us=0))
    watched.run(40)
    assert watched.mean(10, 40) >= 0.8 * mbps * 1e6
    assert watched.heard(10, 40) > 0.98
    assert watched.frozen(11) < 1
    assert watched.link.overflowed < 0.03 * watched.link.delivered


def test_what_returns_is_used_within_ten_seconds() -> None:
    steps = Capacity([(0, 4e6), (20 * SECOND, 1e6), (40 * SECOND, 4e6)])
    watched = Watched(Bottleneck(steps, delay_us=0))
    watched.run(60)
    assert watched.mean(10, 19) > 2.2e6
    assert 0.75e6 < watched.mean(25, 39) < 1.05e6
    assert watched.until(0.9 * 2.3e6, 39) <= 10
    assert watched.heard(25, 60) > 0.98


@pytest.mark.parametrize("loss", [0.05, 0.1, 0.3])
def test_loss_by_chance_costs_little(loss: float) -> None:
    watched = Watched(Bottleneck(2e6, delay_us=0, loss=loss))
    watched.run(40)
    assert watched.mean(10, 40) >= 0.7 * 2e6 * (1 - loss)
    if loss < 0.1:
        assert watched.frozen(11) < 1


def test_sound_alone_is_left_on_the_narrowest_link_and_the_picture_comes_back() -> None:
    steps = Capacity([(0, 2e6), (10 * SECOND, 64_000), (30 * SECOND, 2e6)])
    watched = Watched(Bottleneck(steps, delay_us=0))
    watched.run(45)
    assert [what for _, kind, _, what in watched.call.facts if kind == "held"][:2] == [1, 0]
    assert watched.heard(15, 30) > 0.97
    assert watched.frozen(42) == 0


def test_an_outage_is_over_when_it_is_over() -> None:
    watched = Watched(Bottleneck(2e6, delay_us=0, down=[(15 * SECOND, 25 * SECOND)]))
    watched.run(45)
    assert watched.until(0.8 * 2e6, 25) <= 10
    assert watched.heard(27, 45) > 0.98
