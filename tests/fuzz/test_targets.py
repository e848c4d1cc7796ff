"""Every target with every input that was ever kept, and with a few thousand new ones, the same each time."""

from __future__ import annotations

import random

import pytest

from tests.fuzz import store
from tests.fuzz.mutate import Mutator
from tests.fuzz.registry import TARGETS
from tests.fuzz.target import Target

LARGEST_CORPUS = 500_000
"""Bytes in all."""

SEED = 20_260_101


@pytest.fixture(params=list(TARGETS))
def target(request: pytest.FixtureRequest) -> Target:
    return TARGETS[request.param]


def attempt(target: Target, progress: store.Progress, data: bytes) -> None:
    # if the process dies of it, this is where the input is found
    progress.note(store.Counted(), data)
    try:
        target.run(data)
    except Exception as error:
        error.add_note(f"To see it again: {store.save_failure(target, data, repr(error))}")
        raise


def test_inputs_that_once_led_somewhere_still_hold(target: Target) -> None:
    progress = store.Progress(f"{target.name}.test")
    for data in store.corpus(target):
        attempt(target, progress, data)


def test_inputs_made_from_those_hold(target: Target) -> None:
    progress = store.Progress(f"{target.name}.test")
    chance = random.Random(SEED)
    mutator = Mutator(target, chance)
    inputs = store.corpus(target)
    for _ in range(target.brief):
        attempt(target, progress, mutator.mutate(chance.choice(inputs), inputs))


def test_the_corpus_is_small_and_belongs_to_targets() -> None:
    files = [file for file in store.CORPUS.rglob("*") if file.is_file()]
    assert {file.parent.name for file in files} <= set(TARGETS)
    assert sum(file.stat().st_size for file in files) < LARGEST_CORPUS
