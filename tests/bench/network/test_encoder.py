"""A camera's pictures weigh what they should."""

from __future__ import annotations

import pytest

from bench.network.encoder import FRAME_US, Encoder, Frame
from bench.network.rate import SECOND


def frames(encoder: Encoder, seconds: float, begins: int = 0) -> list[Frame]:
    made = [encoder.picture(begins + at * FRAME_US) for at in range(round(seconds * SECOND / FRAME_US))]
    return [each for each in made if each is not None]


@pytest.mark.parametrize("target", [60_000.0, 300_000.0, 2_000_000.0])
def test_in_the_mean_it_is_the_target(target: float) -> None:
    encoder = Encoder(1, 3_000_000)
    encoder.target = target
    made = frames(encoder, 60)
    assert sum(each.size for each in made) * 8 / 60 == pytest.approx(target, rel=0.05)


def test_a_key_frame_is_large_and_paid_back() -> None:
    encoder = Encoder(1, 3_000_000)
    encoder.target = 1_000_000
    frames(encoder, 5)
    encoder.want_key()
    key, *after = frames(encoder, 4, 5 * SECOND)
    usual = 1_000_000 / 8 / 30
    assert key.key
    assert 5 * usual < key.size < 12 * usual
    assert key.size + sum(each.size for each in after[:40]) < 1.08 * 41 * usual


def test_few_bits_make_fewer_pictures_and_none_make_none() -> None:
    encoder = Encoder(1, 3_000_000)
    encoder.target = 60_000
    assert len(frames(encoder, 4)) == pytest.approx(60, abs=2)
    encoder.target = 0
    assert frames(encoder, 4) == []


def test_it_never_takes_more_than_its_most() -> None:
    encoder = Encoder(1, 500_000)
    encoder.target = 5_000_000
    assert sum(each.size for each in frames(encoder, 30)) * 8 / 30 == pytest.approx(500_000, rel=0.07)
