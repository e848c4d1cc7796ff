"""What is lost on the way from a publisher is asked for: when, how often, and how it is counted."""

from __future__ import annotations

import itertools
import struct

from tests.scenarios.test_packets import PICTURE, SOUND, a_call
from tests.sim.call import Call, Guest

NTP_EPOCH_S = 2_208_988_800
HEARD = 90_000


def figure(call: Call, guest: Guest, name: str) -> float:
    return float(call.engine.peer_stats(guest.peer)[name])


def far_away(call: Call, publisher: Guest, round_trip_us: int) -> None:
    """The publisher's way, which its reports on a slot of its own tell of."""
    publisher.up.delay = publisher.down.delay = round_trip_us // 2
    publisher.audio_slot(HEARD)
    for _ in range(3):
        sent = call.network.now - round_trip_us // 2 + NTP_EPOCH_S * 1_000_000
        middle = ((sent << 16) // 1_000_000) & 0xFFFFFFFF
        block = struct.pack("!IIIIII", HEARD, 0, 0, 0, middle, 0)
        publisher.browser._send_rtcp(struct.pack("!BBHI", 0x81, 201, 7, 1) + block)
        call.run(0.2)
    assert abs(figure(call, publisher, "round_trip_us") - round_trip_us) < 10_000


def asked_for(call: Call, publisher: Guest, seconds: float) -> list[int]:
    """One picture gets lost, and nothing is sent again. When its first packet is asked for, in milliseconds after the
    first time."""
    asked: list[tuple[int, int]] = []

    def note(seq: int, ssrc: int | None = None) -> None:
        asked.append((seq, call.network.now))

    publisher.browser._repeat = note  # type: ignore[method-assign]
    publisher.up.down = True
    call.run(0.03)
    publisher.up.down = False
    call.run(seconds)
    times = [now for seq, now in asked if seq == asked[0][0]]
    return [round((now - times[0]) / 1000) for now in times]


def test_who_is_far_away_is_asked_twice_each_round_trip() -> None:
    call, publisher, _ = a_call(1)
    call.run(1)
    far_away(call, publisher, 100_000)
    times = asked_for(call, publisher, 0.4)
    assert times[1] <= 20
    assert 100 <= times[2] <= 135
    assert times[3] - times[2] <= 20
    assert len(times) <= 8


def test_who_is_near_is_asked_once() -> None:
    call, publisher, _ = a_call(1)
    call.run(1)
    far_away(call, publisher, 30_000)
    times = asked_for(call, publisher, 0.4)
    assert all(later - earlier >= 20 for earlier, later in itertools.pairwise(times))


def test_what_its_listener_reports_is_known_of_a_connection() -> None:
    call, _, viewer = a_call(1)
    call.run(1)
    viewer.browser.report_loss(SOUND, 0.25)
    viewer.browser.report_loss(PICTURE, 0.0)
    call.run(0.1)
    # a call's sound has a sixth to a third of its packets
    assert 0.02 < figure(call, viewer, "loss_out") < 0.15
    call.run(4)
    assert figure(call, viewer, "loss_out") == 0, "what was lost long ago is over"


def test_what_came_only_when_it_was_sent_again_counts_as_lost() -> None:
    call, publisher, viewer = a_call(1)
    publisher.browser.voice.on = False
    call.run(1)
    publisher.up.loss = 0.1
    shown = len(viewer.sees(PICTURE).shown)
    found = []
    for _ in range(10):
        call.run(1)
        found.append(figure(call, publisher, "loss_in"))
    assert 0.05 < sum(found) / len(found) < 0.2
    assert len(viewer.sees(PICTURE).shown) - shown > 240, "nearly all of it was mended"
