"""Order, gaps, and how long is waited."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.reorder import MOST_HELD, Gap, Reorder
from recording.rtp import Packet

PATIENCE = 500_000


def packet(number: int, arrived_us: int = 0) -> Packet:
    return Packet(arrived_us, 96, False, number & 0xFFFF, 0, 7, number.to_bytes(4, "big"))


def numbers(items: list[Packet | Gap]) -> list[int | str]:
    """Packets by their numbers, gaps by their lengths."""
    return [
        f"{item.missing} missing" if isinstance(item, Gap) else int.from_bytes(item.payload, "big") for item in items
    ]


def run(order: Reorder, *arrivals: tuple[int, int]) -> list[int | str]:
    return numbers([item for number, at in arrivals for item in order.push(packet(number, at))])


@given(st.integers(0, 65_535), st.integers(0, 2**32), st.integers(1, 20))
def test_whatever_the_network_does_within_patience_the_order_is_kept(first: int, seed: int, reach: int) -> None:
    chance = random.Random(seed)
    sent = list(range(first, first + 60))
    arrived = sent[:1] + sorted(sent[1:], key=lambda number: number + chance.uniform(0, reach))
    doubled = [number for number in arrived for _ in range(chance.choice((1, 1, 2)))]
    order = Reorder(PATIENCE)
    assert run(order, *((number, at * 1000) for at, number in enumerate(doubled))) == sent
    assert order.lost == 0
    assert order.useless == len(doubled) - len(sent)


def test_what_is_due_passes_and_nothing_else_does() -> None:
    order = Reorder(PATIENCE)
    assert not order.passes(65_534)
    assert run(order, (65_534, 0)) == [65_534]
    assert [order.passes(number) for number in (65_534, 0, 65_535, 0, 2)] == [False, False, True, True, False]
    assert run(order, (65_538, 10), (65_537, 20)) == [65_537, 65_538]


def test_nothing_passes_what_is_held_back() -> None:
    order = Reorder(PATIENCE)
    assert run(order, (1, 0), (3, 10)) == [1]
    assert not order.passes(2)
    assert run(order, (2, 20)) == [2, 3]
    assert order.passes(4)


def test_a_missing_packet_is_waited_for_as_long_as_patience_lasts() -> None:
    order = Reorder(PATIENCE)
    assert run(order, (1, 0), (3, 10), (4, PATIENCE)) == [1]
    assert run(order, (5, PATIENCE + 9)) == []
    assert run(order, (6, PATIENCE + 10)) == ["1 missing", 3, 4, 5, 6]
    assert order.lost == 1


def test_each_gap_is_waited_for_by_itself() -> None:
    order = Reorder(PATIENCE)
    assert run(order, (1, 0), (3, 10), (5, 20_000)) == [1]
    assert numbers(order.expire(PATIENCE + 10)) == ["1 missing", 3]
    assert numbers(order.expire(PATIENCE + 19_999)) == []
    assert numbers(order.expire(PATIENCE + 20_000)) == ["1 missing", 5]


def test_a_packet_that_comes_after_it_was_given_up_is_useless() -> None:
    order = Reorder(PATIENCE)
    run(order, (1, 0), (3, 0), (4, PATIENCE))
    assert run(order, (2, PATIENCE + 1), (5, PATIENCE + 2)) == [5]
    assert order.useless == 1


def test_what_is_held_has_a_limit() -> None:
    order = Reorder(10**12)
    order.push(packet(0))
    released = [item for number in range(2, MOST_HELD + 3) for item in order.push(packet(number))]
    assert numbers(released[:2]) == ["1 missing", 2]
    assert len(released) == MOST_HELD + 2


def test_what_is_still_held_at_the_end_comes_with_its_gaps() -> None:
    order = Reorder(PATIENCE)
    run(order, (1, 0), (3, 0), (6, 0))
    assert numbers(order.flush()) == ["1 missing", 3, "2 missing", 6]
    assert order.flush() == []


@pytest.mark.parametrize("jump", [4000, 20_000, -4000, -20_000])
def test_numbers_that_start_anew_are_followed_from_the_second_on(jump: int) -> None:
    order = Reorder(PATIENCE)
    far = 30_000 + jump
    assert run(order, (30_000, 0), (30_002, 1), (far, 2)) == [30_000]
    assert run(order, (far + 1, 3), (far + 2, 4)) == ["1 missing", 30_002, "0 missing", far, far + 1, far + 2]


def test_one_stray_number_changes_nothing() -> None:
    order = Reorder(PATIENCE)
    assert run(order, (1, 0), (40_000, 1), (2, 2), (20_000, 3), (3, 4)) == [1, 2, 3]
    assert order.useless == 2
    assert order.lost == 0


@given(st.lists(st.tuples(st.integers(0, 65_535), st.integers(0, 10**6)), max_size=200))
def test_no_numbers_do_harm(arrivals: list[tuple[int, int]]) -> None:
    order = Reorder(PATIENCE)
    out = run(order, *arrivals) + numbers(order.flush())
    assert len([each for each in out if isinstance(each, int)]) + order.useless == len(arrivals)
