"""Layers and the estimate together, over a narrow link on a simulated clock: a call goes on whatever the link does."""

from __future__ import annotations

import pytest

from tests.scenarios.test_layers import F, no_seam, state
from tests.scenarios.test_packets import PICTURE, SEEDS, SOUND
from tests.sim.call import Call, Guest, frozen_us
from tests.sim.link import Bottleneck, Capacity

SECOND = 1_000_000


def over(seed: int, link: Bottleneck, viewers: int = 1) -> tuple[Call, Guest, list[Guest]]:
    """1 publishes in layers; the first of the others is behind the link."""
    call = Call(seed)
    publisher = call.join(1, layers=True)
    others = []
    for name in range(2, 2 + viewers):
        viewer = call.join(name, feedback=True)
        viewer.publishing = False
        call.engine.connect(viewer.video_slot(PICTURE), publisher.camera)
        call.engine.connect(viewer.audio_slot(SOUND), publisher.microphone)
        others.append(viewer)
    others[0].down.path = link
    return call, publisher, others


def picture_bps(call: Call, viewer: Guest, seconds: float) -> float:
    before = viewer.sees(PICTURE).bits
    call.run(seconds)
    return (viewer.sees(PICTURE).bits - before) / seconds


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mbps", [0.4, 0.8, 1.5])
def test_a_call_of_two_fills_its_link_with_one_picture(seed: int, mbps: float) -> None:
    link = Bottleneck(mbps * 1e6)
    call, publisher, [viewer] = over(seed, link)
    call.run(15)
    assert picture_bps(call, viewer, 15) > 0.8 * (mbps * 1e6 - 40_000)
    assert {s % 10 for s, _, _, at in viewer.sees(PICTURE).shown} == {F}
    heard = [at for _, _, at in viewer.browser.heard[SOUND] if at > 11 * SECOND]
    assert len(heard) > 0.99 * 20 * 50
    assert [layer.active for layer in publisher.layers.layers] == [False, False, True]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_link_that_gets_narrow_and_wide_again_shows_a_moving_picture_all_the_time(seed: int) -> None:
    steps = Capacity([(0, 4e6), (16 * SECOND, 0.8e6), (41 * SECOND, 4e6)])
    call, _, [viewer] = over(seed, Bottleneck(steps))
    call.run(40)
    receiver = viewer.sees(PICTURE)
    narrow = [each for each in receiver.shown if each[3] > 18 * SECOND]
    assert frozen_us(narrow, call.network.now, 500_000) < 1_500_000
    call.run(12)
    assert picture_bps(call, viewer, 5) > 1_500_000
    assert receiver.undecodable == 0


def test_as_much_is_kept_for_a_voice_as_it_takes() -> None:
    """Encrypted end to end it takes half as much again, and with pauses as much as in its last words."""
    call, publisher, [viewer] = over(1, Bottleneck(4e6))

    def wanted() -> float:
        return float(call.engine.peer_stats(viewer.peer)["wanted_bps"])

    call.run(5)
    before = wanted()
    publisher.browser.voice_bytes = 160
    call.run(5)
    during = wanted()
    assert 70_000 < during - before + 40_000 < 90_000
    publisher.browser.voice_bytes = 8
    call.run(3)
    assert wanted() > during - 20_000
    call.run(30)
    assert wanted() == before


def test_sound_alone_at_64_kbit_and_the_picture_comes_back_by_itself() -> None:
    steps = Capacity([(0, 2e6), (16 * SECOND, 64_000), (46 * SECOND, 2e6)])
    call, publisher, [viewer] = over(1, Bottleneck(steps))
    call.run(25)
    assert state(call, viewer)["held"]
    heard, sent = len(viewer.browser.heard[SOUND]), publisher.browser.voice.frame
    call.run(19)
    lost = (publisher.browser.voice.frame - sent) - (len(viewer.browser.heard[SOUND]) - heard)
    assert lost < 25, "sound goes on"
    call.run(25)
    assert not state(call, viewer)["held"]
    assert viewer.sees(PICTURE).shown[-1][3] > call.network.now - SECOND


def test_a_weak_viewer_gets_less_and_the_others_lose_nothing_by_it() -> None:
    call, _, [weak, strong] = over(1, Bottleneck(0.5e6), viewers=2)
    call.run(20)
    assert picture_bps(call, weak, 5) < 500_000
    assert state(call, weak)["layer"] < F
    assert state(call, strong)["layer"] == F
    assert picture_bps(call, strong, 5) > 2_000_000
    no_seam(strong)
