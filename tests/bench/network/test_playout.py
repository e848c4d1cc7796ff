"""What is seen and heard, and what is missing."""

from __future__ import annotations

import random

import pytest

from bench.network.playout import SOUND_US, Freezes, Pictures, Sound
from bench.network.rate import SECOND

FRAME = 33_333


def test_a_steady_picture_is_not_frozen() -> None:
    freezes = Freezes()
    for at in range(300):
        freezes.shown(at * FRAME)
    freezes.finish(300 * FRAME)
    assert (freezes.count, freezes.frozen_us) == (0, 0)


def test_a_pause_counts_as_long_as_it_was() -> None:
    freezes = Freezes()
    for at in [*range(60), *range(90, 120)]:
        freezes.shown(at * FRAME)
    assert freezes.count == 1
    assert freezes.frozen_us == 31 * FRAME


def test_a_slow_camera_is_not_a_frozen_one() -> None:
    freezes = Freezes()
    for at in range(100):
        freezes.shown(at * 133_000)
    assert freezes.count == 0


def test_a_picture_that_never_comes_back_is_frozen_to_the_end() -> None:
    freezes = Freezes()
    for at in range(30):
        freezes.shown(at * FRAME)
    freezes.finish(10 * SECOND)
    assert freezes.frozen_us == 10 * SECOND - 29 * FRAME


def test_a_camera_that_was_off_is_not_frozen() -> None:
    freezes = Freezes()
    freezes.shown(0)
    freezes.resume()
    freezes.shown(20 * SECOND)
    assert freezes.count == 0


def test_pictures_that_come_unevenly_are_shown_evenly_once_that_is_known() -> None:
    chance = random.Random(1)
    pictures = Pictures()
    now = 0
    for at in range(600):
        now = max(now, at * FRAME + 50_000 + chance.randrange(40_000))
        pictures.complete(at * FRAME, now)
    delays = [shown - captured for captured, shown in pictures.shown[200:]]
    assert max(delays) - min(delays) < 10_000
    assert pictures.freezes.count == 0


def play(sound: Sound, arrivals: dict[int, int], until: int, copies: bool = True) -> None:
    """`arrivals`: number -> when it comes."""
    ordered = sorted((now, number) for number, now in arrivals.items())
    for now in range(0, until, SOUND_US):
        while ordered and ordered[0][0] <= now:
            then, number = ordered.pop(0)
            sound.arrive(number, number * SOUND_US, then, copies)
        sound.play(now)


def steady(count: int, delay: int = 30_000) -> dict[int, int]:
    return {number: number * SOUND_US + delay for number in range(count)}


def test_all_of_a_steady_sound_is_played() -> None:
    sound = Sound()
    play(sound, steady(500), 500 * SOUND_US)
    assert sound.concealed == 0
    assert sound.played > 490


def test_a_lost_packet_is_repaired_from_the_one_behind_it_if_that_has_come_too() -> None:
    chance = random.Random(2)
    arrivals = {number: now + chance.randrange(45_000) for number, now in steady(1000).items() if number % 50 != 49}
    sound, without = Sound(), Sound()
    play(sound, arrivals, 1000 * SOUND_US)
    play(without, arrivals, 1000 * SOUND_US, copies=False)
    assert sound.repaired >= 10
    assert sound.concealed_share < 0.01
    assert without.repaired == 0
    assert without.concealed_share == pytest.approx(0.02, abs=0.006)


def test_a_gap_is_heard_as_long_as_it_was_and_no_longer() -> None:
    arrivals = {number: now for number, now in steady(1000).items() if not 300 <= number < 350}
    sound = Sound()
    play(sound, arrivals, 1000 * SOUND_US)
    assert sound.concealed == pytest.approx(50, abs=3)
    assert sound.longest_gap == pytest.approx(50, abs=3)


def test_what_comes_late_is_played_late_and_caught_up_with() -> None:
    """A second in a queue: nothing is lost, so nothing but the wait is made up."""
    arrivals = {number: max(now, 7 * SECOND) if number >= 300 else now for number, now in steady(1500).items()}
    sound = Sound()
    play(sound, arrivals, 1500 * SOUND_US)
    assert sound.concealed == pytest.approx(50, abs=4)
    assert sound.left_out > 30


def test_a_microphone_that_is_off_is_not_made_up() -> None:
    sound = Sound()
    play(sound, steady(100), 100 * SOUND_US)
    sound.switch(False)
    for now in range(100 * SOUND_US, 300 * SOUND_US, SOUND_US):
        sound.play(now)
    assert sound.concealed == 0
