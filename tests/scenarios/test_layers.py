"""Layers on a simulated network: each viewer gets what its connection carries and its tile needs, and sees no seam."""

from __future__ import annotations

import itertools

import pytest

from tests.scenarios.test_packets import PICTURE, SEEDS, SOUND
from tests.sim.call import Call, Guest, frozen_us

Q, H, F = 0, 1, 2


def a_call(seed: int, viewers: int = 1) -> tuple[Call, Guest, list[Guest]]:
    """1 publishes in layers; the others see and hear it."""
    call = Call(seed)
    publisher = call.join(1, layers=True)
    others = []
    for name in range(2, 2 + viewers):
        viewer = call.join(name)
        viewer.publishing = False
        call.engine.connect(viewer.video_slot(PICTURE), publisher.camera)
        call.engine.connect(viewer.audio_slot(SOUND), publisher.microphone)
        others.append(viewer)
    return call, publisher, others


def state(call: Call, viewer: Guest) -> dict[str, int]:
    return call.engine.slot_state(viewer.slots[PICTURE])


def layers_seen(viewer: Guest, since: int = 0) -> list[int]:
    """The layers that were shown since then, without repetitions."""
    return [
        layer for layer, _ in itertools.groupby(s % 10 for s, _, _, at in viewer.sees(PICTURE).shown if at >= since)
    ]


def rate(viewer: Guest, call: Call, seconds: float = 2) -> float:
    before = viewer.sees(PICTURE).bits
    call.run(seconds)
    return (viewer.sees(PICTURE).bits - before) / seconds


def no_seam(viewer: Guest) -> None:
    """Sequence numbers, timestamps and picture ids go on, and nothing is shown whose reference is missing."""
    receiver = viewer.sees(PICTURE)
    assert receiver.undecodable == 0
    assert {(b - a) % (1 << 15) for a, b in itertools.pairwise(receiver.pictures)} == {1}
    assert {(b - a) % 256 for a, b in itertools.pairwise(receiver.tl0)} <= {0, 1}
    assert all(0 < (b - a) % (1 << 32) < 900_000 for a, b in itertools.pairwise(receiver.timestamps))
    assert not receiver.missing, "a number was skipped"


@pytest.mark.parametrize("seed", SEEDS)
def test_in_a_call_of_two_only_the_full_picture_is_sent_and_shown(seed: int) -> None:
    call, publisher, [viewer] = a_call(seed)
    call.run(3)
    assert layers_seen(viewer) == [F]
    assert [layer.frame > 0 for layer in publisher.layers.layers] == [False, False, True]
    assert not [fact for fact in call.facts if fact[1] == "held"]
    no_seam(viewer)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_small_tile_gets_a_small_picture_and_grows_with_the_tile(seed: int) -> None:
    call, _, viewers = a_call(seed, 2)
    call.run(2)
    small, large = viewers
    call.engine.set_view(small.slots[PICTURE], 160)
    call.run(2)
    assert layers_seen(small) == [F, Q]
    assert rate(small, call) < 200_000
    assert layers_seen(large) == [F]
    grown_at = call.network.now
    call.engine.set_view(small.slots[PICTURE], 320)
    call.run(1)
    assert layers_seen(small)[-1] == H
    first = next(at for s, _, _, at in small.sees(PICTURE).shown if s % 10 == H)
    assert first - grown_at < 500_000
    for viewer in viewers:
        no_seam(viewer)
        assert frozen_us(viewer.sees(PICTURE).shown, call.network.now) == 0


def test_what_is_not_shown_costs_nothing_and_comes_back_with_a_key_frame() -> None:
    call, _, [viewer] = a_call(1)
    call.run(2)
    call.engine.set_view(viewer.slots[PICTURE], 0)
    call.run(0.1)
    assert rate(viewer, call) == 0
    assert len(viewer.browser.heard[SOUND]) > 150, "sound goes on"
    shown = len(viewer.sees(PICTURE).shown)
    call.engine.set_view(viewer.slots[PICTURE], 720)
    call.run(0.5)
    assert viewer.sees(PICTURE).shown[shown][2], "a key frame first"
    no_seam(viewer)


def test_what_nobody_watches_is_not_sent_from_a_second_later_on() -> None:
    call, publisher, [viewer] = a_call(1)
    call.run(2)
    call.engine.set_view(viewer.slots[PICTURE], 0)
    off_at = call.network.now
    call.run(2)
    [(told_at, _, _, wanted)] = [fact for fact in call.facts if fact[2] == publisher.camera]
    assert wanted == 0
    assert 900_000 <= told_at - off_at <= 1_300_000
    sent = [layer.frame for layer in publisher.layers.layers]
    call.run(1)
    assert [layer.frame for layer in publisher.layers.layers] == sent
    on_at = call.network.now
    call.engine.set_view(viewer.slots[PICTURE], 720)
    call.run(0.3)
    assert viewer.sees(PICTURE).shown[-1][3] > on_at, "and on at once"
    assert [fact[3] for fact in call.facts if fact[2] == publisher.camera] == [0, 1 << F]


def test_a_layer_goes_off_when_the_last_who_watched_it_takes_another() -> None:
    call, publisher, [small, large] = a_call(1, 2)
    call.engine.set_view(small.slots[PICTURE], 160)
    call.run(2)
    assert [layer.active for layer in publisher.layers.layers] == [True, False, True]
    call.engine.set_view(large.slots[PICTURE], 160)
    call.run(2)
    assert [layer.active for layer in publisher.layers.layers] == [True, False, False]


@pytest.mark.parametrize("seed", SEEDS)
def test_of_two_viewers_the_weaker_gets_a_smaller_picture_and_the_other_keeps_its_own(seed: int) -> None:
    call, _, [weak, strong] = a_call(seed, 2)
    call.engine.set_estimate(strong.peer, 4_000_000)
    call.run(2)
    call.engine.set_estimate(weak.peer, 700_000)
    call.run(2)
    assert layers_seen(weak)[-1] == H
    assert layers_seen(strong) == [F]
    call.engine.set_estimate(weak.peer, 250_000)
    call.run(2)
    assert layers_seen(weak)[-1] == Q
    assert rate(weak, call) < 250_000
    no_seam(weak)
    no_seam(strong)


def test_up_only_after_a_while_and_with_room_to_spare() -> None:
    call, _, [weak, _] = a_call(1, 2)
    call.engine.set_estimate(weak.peer, 250_000)
    call.run(3)
    assert state(call, weak)["layer"] == Q
    call.engine.set_estimate(weak.peer, 410_000)  # 40 for the sound; the next layer begins with 350 and a margin
    call.run(5)
    assert state(call, weak)["layer"] == Q
    call.engine.set_estimate(weak.peer, 700_000)
    call.run(1.5)
    assert state(call, weak)["layer"] == Q
    call.run(1.5)
    assert state(call, weak)["layer"] == H


def test_a_layer_that_did_not_last_is_not_tried_again_so_soon() -> None:
    call, _, [weak, _] = a_call(1, 2)
    for _ in range(2):
        call.engine.set_estimate(weak.peer, 250_000)
        call.run(2)
        call.engine.set_estimate(weak.peer, 700_000)
        call.run(2.6)
    assert state(call, weak)["layer"] == Q, "it has failed once, so twice the time is waited"
    call.run(2)
    assert state(call, weak)["layer"] == H


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("loss", [0.0, 0.05])
def test_frames_are_left_out_and_come_back_without_a_seam(seed: int, loss: float) -> None:
    """One viewer with one layer: the frame rate gives way until the publisher follows, which this one never does."""
    call, publisher, [viewer] = a_call(seed)
    publisher.layers.obey = lambda bps: None  # type: ignore[method-assign]
    publisher.up.loss = viewer.down.loss = loss
    publisher.up.jitter = viewer.down.jitter = 25_000 if loss else 0
    call.run(2)
    for estimate in (1_300_000, 1_900_000, 900_000, 4_000_000):
        call.engine.set_estimate(viewer.peer, estimate)
        call.run(4)
    assert state(call, viewer)["temporal"] > 1
    call.run(1)
    receiver = viewer.sees(PICTURE)
    assert call.engine.counters()["left_out"] > 500
    steps = {(b - a) % (1 << 15) for a, b in itertools.pairwise(receiver.pictures)}
    if loss:
        assert receiver.undecodable == 0
        assert receiver.unrecovered < 20
        assert frozen_us(receiver.shown, call.network.now, 400_000) < 1_500_000
    else:
        assert steps == {1}
        no_seam(viewer)
    assert call.engine.counters()["key_requests_out"] < 12, "no key frame is needed for it"


def test_the_frame_rate_is_what_fits() -> None:
    call, publisher, [viewer] = a_call(1)
    publisher.layers.obey = lambda bps: None  # type: ignore[method-assign]
    call.run(3)
    rates = {}
    for estimate in (4_000_000, 1_500_000, 900_000):
        call.engine.set_estimate(viewer.peer, estimate)
        call.run(3)
        shown = len(viewer.sees(PICTURE).shown)
        call.run(2)
        rates[estimate] = (len(viewer.sees(PICTURE).shown) - shown) / 2
    assert rates[4_000_000] == pytest.approx(30, abs=1)
    assert rates[1_500_000] == pytest.approx(15, abs=1)
    assert rates[900_000] == pytest.approx(7.5, abs=1)


@pytest.mark.parametrize("follows", [True, False])
def test_no_frame_is_left_out_while_the_publisher_is_given_time_to_send_less(follows: bool) -> None:
    call, publisher, [viewer] = a_call(1)
    if not follows:
        publisher.layers.obey = lambda bps: None  # type: ignore[method-assign]
    call.engine.set_estimate(viewer.peer, 5_000_000)
    call.run(3)
    call.engine.set_estimate(viewer.peer, 1_500_000)
    call.run(0.9)
    assert call.engine.counters()["left_out"] == 0
    call.run(1.5)
    assert (call.engine.counters()["left_out"] == 0) == follows
    assert rate(viewer, call) < 1_600_000


def test_when_not_even_the_least_fits_the_picture_is_held_and_comes_back_by_itself() -> None:
    call, _, [viewer] = a_call(1)
    call.run(2)
    call.engine.set_estimate(viewer.peer, 64_000)
    call.run(0.2)
    assert state(call, viewer)["held"]
    held = [(what, value) for _, what, number, value in call.facts if number == viewer.slots[PICTURE]]
    assert held == [("held", 1)]
    assert rate(viewer, call, 3) == 0
    heard = len(viewer.browser.heard[SOUND])
    call.run(1)
    assert len(viewer.browser.heard[SOUND]) - heard == 50, "sound goes on"
    call.engine.set_estimate(viewer.peer, 400_000)
    call.run(2)
    assert state(call, viewer)["held"], "on and off is worse than off"
    call.run(2.5)
    assert not state(call, viewer)["held"]
    assert viewer.sees(PICTURE).shown[-1][3] > call.network.now - 300_000
    no_seam(viewer)


def test_a_picture_that_was_held_for_a_moments_mistake_comes_back_at_once_but_not_twice() -> None:
    call, _, [viewer] = a_call(1)
    call.run(2)
    for within in (True, False):
        call.engine.set_estimate(viewer.peer, 64_000)
        call.run(1)
        assert state(call, viewer)["held"]
        call.engine.set_estimate(viewer.peer, 1_500_000)
        call.run(1)
        assert state(call, viewer)["held"] != within
    call.run(3)
    assert not state(call, viewer)["held"]
    no_seam(viewer)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ceiling_of_a_publisher_follows_its_only_viewer_within_a_moment(seed: int) -> None:
    call, publisher, [viewer] = a_call(seed)
    call.engine.set_estimate(viewer.peer, 5_000_000)
    call.run(2)
    assert publisher.layers.told == [], "nothing has to be said while all of it fits"
    call.engine.set_estimate(viewer.peer, 1_000_000)
    call.run(publisher.down.delay / 1e6 + 0.03)
    assert publisher.layers.ceiling == pytest.approx(1_000_000, rel=0.02), "sound and picture together"
    call.run(2)
    assert rate(viewer, call) == pytest.approx(960_000, rel=0.1)
    assert layers_seen(viewer) == [F], "no smaller layer is needed for that"
    call.engine.set_estimate(viewer.peer, 5_000_000)
    call.run(1)
    assert publisher.layers.ceiling > 4_000_000
    no_seam(viewer)


def test_what_has_to_be_sent_again_lowers_the_ceiling_only_where_there_is_no_room_beside() -> None:
    call, publisher, [viewer] = a_call(1)

    def lose_a_tenth() -> int:
        for _ in range(12):
            viewer.browser.report_loss(PICTURE, 0.1)
            call.run(0.5)
        return publisher.layers.ceiling

    call.engine.set_estimate(viewer.peer, 1_000_000)
    assert lose_a_tenth() == pytest.approx(904_000, rel=0.01), "of the picture's part"
    call.engine.set_estimate(viewer.peer, 5_000_000)
    assert lose_a_tenth() > 4_000_000, "as if there were none"


def test_a_camera_that_is_off_has_no_ceiling_whatever_is_lost() -> None:
    call, publisher, [viewer] = a_call(1)
    call.engine.set_estimate(viewer.peer, 1_000_000)
    call.run(2)
    viewer.browser.report_loss(PICTURE, 0.1)
    call.engine.pause_track(publisher.camera, True)
    publisher.browser.voice.on = False
    call.run(4)
    viewer.browser.report_loss(PICTURE, 0.1)
    call.run(1)
    call.engine.pause_track(publisher.camera, False)
    call.run(2)
    assert publisher.layers.ceiling < 1_000_000


def test_a_ceiling_is_told_again_as_one_may_be_lost() -> None:
    call, publisher, [viewer] = a_call(1)
    call.run(1)
    call.engine.set_estimate(viewer.peer, 1_000_000)
    call.run(5)
    assert 4 <= len(publisher.layers.told) <= 8


def test_viewers_that_are_about_as_strong_share_the_full_picture() -> None:
    call, publisher, viewers = a_call(1, 2)
    for viewer, estimate in zip(viewers, (1_900_000, 1_500_000), strict=True):
        call.engine.set_estimate(viewer.peer, estimate)
    call.run(4)
    assert [state(call, viewer)["layer"] for viewer in viewers] == [F, F]
    assert publisher.layers.ceiling == pytest.approx(1_500_000, rel=0.05)


def test_a_listener_gets_the_best_that_is_sent() -> None:
    call, publisher, [viewer] = a_call(1)
    call.engine.set_view(viewer.slots[PICTURE], 160)
    listener = call.engine.add_listener()
    slot = call.engine.add_slot(listener, 7, 0, [(96, "VP8", -1)])
    call.engine.connect(slot, publisher.camera)
    call.run(3)
    assert call.engine.slot_state(slot)["layer"] == F
    assert state(call, viewer)["layer"] == Q


def test_a_layer_that_stops_coming_is_replaced_by_the_next_smaller_one() -> None:
    call, publisher, [small, viewer] = a_call(1, 2)
    call.engine.set_view(small.slots[PICTURE], 320)
    call.run(2)
    stopped_at = call.network.now
    publisher.layers.layers[F].active = False
    call.run(1.5)
    assert layers_seen(viewer, stopped_at)[-1] == H
    publisher.layers.layers[F].active = publisher.layers.layers[F].key_wanted = True
    call.run(1)
    assert layers_seen(viewer)[-1] == F
    no_seam(viewer)


def test_who_is_pinned_grows_first_and_an_interpreter_is_seen_before_anybody_is_seen_well() -> None:
    call = Call(1)
    publishers = [call.join(name, layers=True) for name in (1, 2, 3)]
    viewer, other = call.join(4), call.join(5)
    for guest in (viewer, other):
        guest.publishing = False
    slots = []
    for place, publisher in enumerate(publishers):
        slots.append(viewer.video_slot(PICTURE + 10 * place))
        call.engine.connect(slots[-1], publisher.camera)
        call.engine.connect(other.video_slot(PICTURE + 10 * place), publisher.camera)
    pinned, interpreter, _ = slots
    call.engine.set_rank(pinned, 2)
    call.engine.set_rank(interpreter, 0, True)
    call.engine.set_estimate(viewer.peer, 1_000_000)
    call.run(4)
    assert [call.engine.slot_state(slot)["layer"] for slot in slots] == [H, Q, Q]
    call.engine.set_estimate(viewer.peer, 75_000)
    call.run(2)
    assert [call.engine.slot_state(slot)["held"] for slot in slots] == [True, False, True]


def test_who_is_alone_with_a_picture_gets_it_a_size_larger_than_needed_and_no_more() -> None:
    call, _, [viewer] = a_call(1)
    call.run(1)
    for height, layer in ((350, F), (180, H), (90, Q)):
        call.engine.set_view(viewer.slots[PICTURE], height)
        call.run(2)
        assert state(call, viewer)["layer"] == layer
