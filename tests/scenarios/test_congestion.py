"""The estimate at work in the engine: numbers on everything that is sent, feedback taken, probes sent, over narrow
links on a simulated clock. How well it estimates: `test_estimate.py`."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from sfu.core import Engine
from tests.scenarios.test_packets import PICTURE, SEEDS, SOUND
from tests.sfu.client import check
from tests.sim.arrivals import Arrivals, feedback
from tests.sim.browser import TRANSPORT_CC_ID
from tests.sim.call import PASSWORD, Call, Guest
from tests.sim.link import Bottleneck, Capacity

SENT_BPS = 1_000_000
"""What the publisher sends, roughly: four packets of a picture and 50 of sound."""


def a_call(seed: int, path: Bottleneck | None = None, feedback: bool = True) -> tuple[Call, Guest, Guest]:
    call = Call(seed)
    publisher, viewer = call.join(1), call.join(2, feedback=feedback)
    viewer.publishing = False
    viewer.down.path = path
    call.engine.connect(viewer.video_slot(PICTURE), publisher.camera)
    call.engine.connect(viewer.audio_slot(SOUND), publisher.microphone)
    return call, publisher, viewer


def stats(call: Call, guest: Guest) -> dict[str, Any]:
    return call.engine.peer_stats(guest.peer)


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_that_is_sent_carries_the_next_number_and_is_seen_as_before(seed: int) -> None:
    call, publisher, viewer = a_call(seed)
    numbers: list[int] = []

    class Remembering(Arrivals):
        def note(self, seq: int, now: int) -> None:
            numbers.append(seq)
            super().note(seq, now)

    viewer.browser.arrivals = Remembering()
    call.run(5)
    publisher.publishing = False
    call.run(0.5)
    assert numbers == [number & 0xFFFF for number in range(len(numbers))]
    # the browser fails on a packet without one
    assert len(numbers) > publisher.browser.voice.frame + 4 * publisher.browser.camera.frame
    shown = [number for _, number, _, _ in viewer.sees(PICTURE).shown]
    assert shown == list(range(publisher.browser.camera.frame))
    assert [n for _, n, _ in viewer.browser.heard[SOUND]] == list(range(publisher.browser.voice.frame))


def test_who_did_not_ask_for_numbers_gets_none_and_has_no_estimate() -> None:
    call, _, viewer = a_call(1, feedback=False)
    call.run(2)
    assert viewer.browser.heard[SOUND]
    assert stats(call, viewer)["estimate_bps"] == 0
    # nor is feedback taken that was not asked for
    viewer.browser._send_rtcp(feedback(0, [1_000_000] * 20, 0))
    call.run(0.1)
    assert call.engine.counters()["feedback_in"] == 0
    assert call.engine.counters()["dropped_rtcp"] == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_on_a_good_network_probes_show_at_once_that_everything_fits(seed: int) -> None:
    call, publisher, viewer = a_call(seed)
    call.run(2.5)
    assert stats(call, viewer)["estimate_bps"] > SENT_BPS
    assert 1 <= call.engine.counters()["probes_out"] <= 8
    assert viewer.browser.repeats > 0
    probes = call.engine.counters()["probes_out"]
    filling = call.engine.counters()["probe_packets_out"]
    call.run(20)
    assert call.engine.counters()["probes_out"] == probes, "more than is wanted is not looked for"
    assert filling < 100
    assert viewer.sees(PICTURE).unrecovered == 0
    assert [n for _, n, _ in viewer.browser.heard[SOUND]][-1] >= publisher.browser.voice.frame - 3


@pytest.mark.parametrize("seed", SEEDS)
def test_a_link_that_is_too_narrow_is_seen_and_so_is_that_it_widens(seed: int) -> None:
    narrow = Capacity([(0, 5e6), (8_000_000, 500_000), (28_000_000, 5e6)])
    call, _, viewer = a_call(seed, Bottleneck(narrow, queue_us=200_000, delay_us=0))
    call.run(6)
    assert stats(call, viewer)["estimate_bps"] > SENT_BPS
    call.run(15)
    # the publisher sends on as before: what is lost of it is no reason to take the way for a wide one
    assert stats(call, viewer)["estimate_bps"] < 600_000
    call.run(16)
    assert stats(call, viewer)["estimate_bps"] > SENT_BPS


def test_feedback_that_stays_away_makes_the_estimate_fall_and_its_return_brings_it_back() -> None:
    call, _, viewer = a_call(1)
    call.run(4)
    before = stats(call, viewer)["estimate_bps"]
    viewer.down.down = viewer.up.down = True
    call.run(10)
    assert stats(call, viewer)["estimate_bps"] < before / 4
    viewer.down.down = viewer.up.down = False
    call.run(5)
    assert stats(call, viewer)["estimate_bps"] > SENT_BPS


def test_another_address_begins_with_half_of_what_was_possible_before() -> None:
    call, _, viewer = a_call(1)
    call.run(4)
    before = stats(call, viewer)["estimate_bps"]
    assert before > SENT_BPS
    elsewhere = Engine.udp_address("127.0.0.9", 30_000)
    call.engine.process([(check("guest2:page", PASSWORD), elsewhere)], call.network.now)
    viewer.address = elsewhere
    call.guests.remove(viewer)  # what it is sent goes nowhere for now
    sent = stats(call, viewer)["packets_out"]
    call.run(0.05)
    assert stats(call, viewer)["packets_out"] > sent
    call.guests.append(viewer)
    call.run(0.15)
    assert stats(call, viewer)["estimate_bps"] <= max(before / 2, 500_000) * 1.05
    call.run(3)
    assert stats(call, viewer)["estimate_bps"] > SENT_BPS


def test_bad_feedback_is_counted_and_too_much_of_it_not_even_read() -> None:
    call, _, viewer = a_call(1)
    call.run(2)
    estimate = stats(call, viewer)["estimate_bps"]
    viewer.browser._send_rtcp(struct.pack("!BBHIIHHIHH", 0x8F, 205, 5, 1, 2, 0, 9000, 1 << 8, 0, 0))
    call.network.advance(call.network.now + 20_000)
    assert call.engine.counters()["dropped_feedback"] == 1
    assert stats(call, viewer)["feedback_bad"] == 1
    assert stats(call, viewer)["estimate_bps"] == estimate
    for _ in range(300):
        viewer.browser._send_rtcp(feedback(40_000, [1_000_000], 0))
    call.network.advance(call.network.now + 20_000)
    assert call.engine.counters()["dropped_feedback_rate"] >= 190


def test_an_id_that_one_byte_can_not_carry_is_refused() -> None:
    engine = Engine()
    peer = engine.add_peer()
    with pytest.raises(ValueError, match="one-byte"):
        engine.add_slot(peer, 1, 2, [(96, "VP8", 97)], 15)
    engine.add_slot(peer, 1, 2, [(96, "VP8", 97)], TRANSPORT_CC_ID)
