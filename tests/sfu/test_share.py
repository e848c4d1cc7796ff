"""How a budget is divided, as a table: by size of budget and claims."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.core import share

LAYERS = [(60, 60), (150, 150), (500, 500), (1000, 2500)]
"""A camera in three sizes, the smallest also at its lowest frame rate; kbit/s. The largest takes more if it can."""
ALONE = [(80, 2500)]
"""Of somebody whose only viewer one is."""

Claims = list[tuple[int, bool, list[tuple[int, int]]]]


def others(count: int) -> Claims:
    return [(0, False, LAYERS) for _ in range(count)]


@pytest.mark.parametrize(
    ("budget", "claims", "expected"),
    [
        pytest.param(5000, [(0, False, ALONE)], [(0, 2500)], id="one takes what it can"),
        pytest.param(700, [(0, False, ALONE)], [(0, 700)], id="and all there is"),
        pytest.param(79, [(0, False, ALONE)], [(-1, 0)], id="or nothing"),
        pytest.param(80, [(0, False, ALONE)], [(0, 80)], id="just enough"),
        pytest.param(1600, others(3), [(2, 500), (2, 500), (2, 500)], id="equals get equal pictures"),
        pytest.param(200, others(3), [(0, 60), (0, 60), (0, 60)], id="all a little before one gets more"),
        pytest.param(150, others(3), [(0, 60), (0, 60), (-1, 0)], id="where it is not enough for all, the first"),
        pytest.param(
            1200, [(2, False, LAYERS), *others(2)], [(3, 1080), (0, 60), (0, 60)], id="the chosen one grows first"
        ),
        pytest.param(
            130,
            [(2, False, LAYERS), (0, True, LAYERS), (0, False, LAYERS)],
            [(0, 60), (0, 60), (-1, 0)],
            id="who is sure is shown",
        ),
        pytest.param(60, [(2, False, LAYERS), (0, True, LAYERS)], [(-1, 0), (0, 60)], id="even before the chosen one"),
        pytest.param(
            3000, [(2, False, ALONE), (0, False, ALONE)], [(0, 2500), (0, 500)], id="what is left goes to the next"
        ),
        pytest.param(1000, [(0, False, ALONE), (0, False, ALONE)], [(0, 500), (0, 500)], id="or is halved"),
        pytest.param(0, others(2), [(-1, 0), (-1, 0)], id="nothing"),
    ],
)
def test_a_budget_is_divided(budget: int, claims: Claims, expected: list[tuple[int, int]]) -> None:
    assert share(budget, claims) == expected


OPTIONS = st.lists(st.tuples(st.integers(1, 500), st.integers(0, 2000)), min_size=1, max_size=4).map(
    lambda steps: [
        (sum(step for step, _ in steps[: at + 1]), sum(step for step, _ in steps[: at + 1]) + more)
        for at, (_, more) in enumerate(steps)
    ]
)
CLAIMS = st.lists(st.tuples(st.integers(-1, 3), st.booleans(), OPTIONS), max_size=12)


@given(st.integers(0, 20_000), CLAIMS)
@settings(max_examples=400, deadline=None)
def test_nobody_gets_more_than_there_is_less_than_they_chose_or_more_than_they_take(
    budget: int, claims: Claims
) -> None:
    given = share(budget, claims)
    assert sum(part for _, part in given) <= budget
    for (_, _, options), (chosen, part) in zip(claims, given, strict=True):
        if chosen < 0:
            assert part == 0
        else:
            floor, top = options[chosen]
            assert floor <= part <= top
    left = budget - sum(part for _, part in given)
    takers = sum(
        chosen >= 0 and part < options[chosen][1] for (_, _, options), (chosen, part) in zip(claims, given, strict=True)
    )
    assert left < max(takers, 1) or takers == 0, "what is left is given to whoever takes it"
    for (_, _, options), (chosen, _) in zip(claims, given, strict=True):
        if chosen < 0:
            assert options[0][0] > left, "nobody is left out for whom there is enough"


@given(CLAIMS, st.integers(0, 5_000), st.integers(0, 5_000))
@settings(max_examples=200, deadline=None)
def test_who_is_sure_is_never_left_out_for_somebody_who_is_not(claims: Claims, budget: int, more: int) -> None:
    """With more budget nobody who was sure loses the picture to others."""
    before = share(budget, [claim for claim in claims if claim[1]])
    after = iter(share(budget, claims))
    for (_, sure, _), (chosen, _) in zip(claims, after, strict=True):
        if sure:
            assert (chosen >= 0) == (before.pop(0)[0] >= 0)


def test_too_much_is_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        share(1, others(65))
    with pytest.raises(ValueError, match="too many"):
        share(1, [(0, False, [(1, 1)] * 5)])
