"""Handshakes of two sides that begin, begin again, lose messages and get them twice, in every order.

In all of them no nonce is revealed twice or too early (`sides.py` looks), and left alone the two come to an end.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from recording.e2ee import Agreed
from tests.e2ee.made_up import seeded
from tests.e2ee.sides import Pair

Action = Callable[[Pair], None]

ACTIONS: dict[str, Action] = {
    "ada's comes": lambda pair: pair.deliver("ada"),
    "bob's comes": lambda pair: pair.deliver("bob"),
    "ada's comes twice": lambda pair: pair.deliver("ada", twice=True),
    "bob's comes twice": lambda pair: pair.deliver("bob", twice=True),
    "ada has a new page": lambda pair: pair.new_page("ada", lost=True),
    "bob has a new page": lambda pair: pair.new_page("bob", lost=True),
    "ada has a new page, the old one's come late": lambda pair: pair.new_page("ada", lost=False),
    "ada begins again": lambda pair: pair.sides["ada"].restart(),
    "bob's are lost": lambda pair: pair.sides["bob"].say_again(lost=True),
    "ada says it again": lambda pair: pair.sides["ada"].say_again(),
}

MOVES = list(ACTIONS)[:2]
TROUBLE = list(ACTIONS)[2:]


def play(names: tuple[str, ...]) -> None:
    pair = Pair()
    try:
        for name in names:
            ACTIONS[name](pair)
        pair.finish()
    except AssertionError as error:
        error.add_note(f"after {names}")
        raise


@pytest.mark.parametrize("first", ACTIONS)
def test_every_beginning_leads_to_an_agreement(first: str) -> None:
    for more in itertools.product(ACTIONS, repeat=2):
        play((first, *more))


@pytest.mark.parametrize("trouble", TROUBLE)
def test_trouble_at_any_moment_is_overcome(trouble: str) -> None:
    """Every order in which the first messages can come, with one trouble in it."""
    for moves in itertools.product(MOVES, repeat=5):
        for at in range(len(moves) + 1):
            if at < 5 and moves[at:] != tuple(sorted(moves[at:])):
                continue  # what comes later is tried with the next trouble
            play((*moves[:at], trouble, *moves[at:]))


@pytest.mark.parametrize("seed", range(8))
def test_long_trouble_is_overcome(seed: int) -> None:
    with seeded(seed) as random:
        for _ in range(40):
            names = random.choices(list(ACTIONS), [6, 6, 2, 2, 1, 1, 1, 1, 1, 1], k=random.randrange(4, 25))
            play(tuple(names))


def test_after_an_agreement_trouble_is_overcome_too() -> None:
    for names in itertools.product(TROUBLE, repeat=2):
        pair = Pair()
        pair.finish()
        for name in names:
            ACTIONS[name](pair)
        pair.finish()


def test_an_agreement_costs_three_messages_each() -> None:
    pair = Pair()
    counts = {"ada": 0, "bob": 0}
    while any(side.out for side in pair.sides.values()):
        for me in counts:
            counts[me] += bool(pair.sides[me].out)
            pair.deliver(me)
    assert max(counts.values()) <= 3
    for side in pair.sides.values():
        assert [type(event) for event in side.events] == [Agreed]
        assert side.refused == 0
