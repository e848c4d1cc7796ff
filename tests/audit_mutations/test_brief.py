"""A part of what `make test-audit` does."""

from __future__ import annotations

import pytest

from tests.audit_mutations.judging import judge
from tests.audit_mutations.mutations import MUTATIONS, UNSEEN_ALONE, mutated, true_log

COUNT = 624


@pytest.fixture(scope="module")
def seeds() -> range:
    return range(COUNT)


def test_mutations_are_found(seeds: range) -> None:
    found = judge(seeds)
    assert found.wrong == []
    assert set(found.tried) == set(MUTATIONS)
    assert sum(found.witnessed.values()) == COUNT
    unseen = {kind for kind in MUTATIONS if not found.alone[kind]}
    assert unseen == set(UNSEEN_ALONE)


def test_a_seed_makes_the_same_mutation_again() -> None:
    true = true_log(3)
    for seed in range(len(MUTATIONS)):
        assert mutated(true, seed) == mutated(true_log(3), seed)
