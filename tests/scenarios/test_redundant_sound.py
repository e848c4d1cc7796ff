"""Who loses sound gets each packet once more in the next one; nobody else does (RFC 2198)."""

from __future__ import annotations

import pytest

from tests.scenarios.test_congestion import stats
from tests.scenarios.test_packets import SEEDS, SOUND
from tests.sim.call import Call, Guest
from tests.sim.link import Bottleneck

OTHER = 85_000


def a_voice(seed: int, listeners: int = 2) -> tuple[Call, Guest, list[Guest]]:
    """1 speaks, without a camera; the others listen."""
    call = Call(seed)
    publisher = call.join(1)
    publisher.browser.camera.on = False
    listening = [call.join(name) for name in range(2, 2 + listeners)]
    for each in listening:
        each.publishing = False
        call.engine.connect(each.audio_slot(SOUND), publisher.microphone)
    return call, publisher, listening


def report(call: Call, guest: Guest, share: float, seconds: int = 1) -> None:
    """Each second."""
    for _ in range(seconds):
        guest.browser.report_loss(SOUND, share)
        call.run(1)


def numbers(guest: Guest) -> list[int]:
    return [number for _, number, _ in guest.browser.heard[SOUND]]


def again(guest: Guest) -> list[int]:
    return [number for _, number, _ in guest.browser.again[SOUND]]


def test_nothing_is_sent_twice_until_somebody_loses_something() -> None:
    call, _, [one, other] = a_voice(1)
    report(call, one, 0.01, 3)
    assert again(one) == []
    report(call, one, 0.05, 4)
    assert len(again(one)) > 80
    assert again(other) == []
    assert call.engine.counters()["redundant_out"] == len(again(one))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_lost_comes_in_the_next_packet(seed: int) -> None:
    call, _, [one, _] = a_voice(seed)
    report(call, one, 0.1, 2)
    one.down.loss = 0.1
    before = len(numbers(one))
    report(call, one, 0.1, 30)
    heard = numbers(one)[before:]
    expected = set(range(heard[0], heard[-1] + 1))
    alone = 1 - len(expected & set(heard)) / len(expected)
    together = 1 - len(expected & {*heard, *again(one)}) / len(expected)
    assert alone > 0.07
    assert together < 0.02


def test_a_copy_is_the_packet_before_with_its_own_time() -> None:
    call, publisher, [one, _] = a_voice(1)
    report(call, one, 0.1, 4)
    copies = one.browser.again[SOUND]
    assert len(copies) > 100
    assert {sender for sender, _, _ in copies} == {publisher.browser.name}
    assert {(timestamp - number * 960) & 0xFFFFFFFF for _, number, timestamp in copies} == {
        (copies[0][2] - copies[0][1] * 960) & 0xFFFFFFFF
    }


def test_it_ends_when_the_loss_does() -> None:
    call, _, [one, _] = a_voice(1)
    report(call, one, 0.1, 2)
    report(call, one, 0.0, 16)
    count = len(again(one))
    report(call, one, 0.0, 2)
    assert len(again(one)) == count
    report(call, one, 0.1, 2)
    assert len(again(one)) > count


def test_a_little_loss_goes_on_what_it_would_not_begin() -> None:
    call, _, [one, other] = a_voice(1)
    report(call, one, 0.1, 2)
    for _ in range(20):
        one.browser.report_loss(SOUND, 0.02)
        other.browser.report_loss(SOUND, 0.02)
        call.run(1)
    assert max(again(one)) > 20 * 50
    assert again(other) == []


def test_nobody_gets_it_whose_browser_does_not_know_it() -> None:
    call, publisher, _ = a_voice(1)
    late = call.join(9)
    late.publishing = False
    call.engine.connect(late.audio_slot(SOUND, redundant=False), publisher.microphone)
    report(call, late, 0.2, 3)
    assert again(late) == []
    assert len(numbers(late)) > 100


def test_nothing_from_before_somebody_listened_comes_along() -> None:
    call, publisher, [one, late] = a_voice(1)
    report(call, one, 0.2, 2)  # so the sound is kept
    engine = call.engine
    engine.disconnect(late.slots[SOUND])
    call.run(0.2)
    late.browser.heard[SOUND].clear()
    engine.connect(late.slots[SOUND], publisher.microphone)
    late.browser.report_loss(SOUND, 0.2)
    report(call, one, 0.2, 2)
    assert min(again(late)) >= min(numbers(late))


def test_silence_between_two_words_is_not_bridged() -> None:
    call, publisher, [one, _] = a_voice(1)
    report(call, one, 0.2, 2)
    last = publisher.browser.voice.frame - 1
    publisher.browser.voice.on = False
    call.run(0.5)
    publisher.browser.voice.timestamp += 960 * 25
    publisher.browser.voice.on = True
    report(call, one, 0.2)
    assert last in numbers(one)
    assert last not in again(one)


def test_a_line_that_carries_little_carries_each_sound_once() -> None:
    call = Call(1)
    publisher, viewer = call.join(1), call.join(2, feedback=True)
    publisher.browser.camera.on = viewer.publishing = False
    call.engine.connect(viewer.audio_slot(SOUND), publisher.microphone)
    viewer.down.path = Bottleneck(60_000)
    report(call, viewer, 0.1, 20)
    count = len(again(viewer))
    report(call, viewer, 0.1, 5)
    assert 0 < stats(call, viewer)["estimate_bps"] < 120_000
    assert len(again(viewer)) == count
