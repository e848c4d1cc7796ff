"""The driver finds what is there to be found: in targets that were made to fail."""

from __future__ import annotations

import random
from collections.abc import Hashable

import pytest

from tests.fuzz.coverage import Coverage, smallest_cover
from tests.fuzz.driver import Fuzzer
from tests.fuzz.mutate import Mutator
from tests.fuzz.target import LINES, STEPS, TOKENS, Target, join_steps, split_steps


class Planted(Exception):
    pass


def fuzzer_of(target: Target, failed: list[bytes], seed: int = 1) -> Fuzzer:
    made = Fuzzer(target, Coverage(target, None), seed, fail=lambda data, report: failed.append(data))
    made.load(target.seeds())
    return made


def test_a_failure_behind_three_conditions_is_found() -> None:
    """By chance alone it would take some 2^24 inputs: what leads a step further has to be kept."""

    def run(data: bytes) -> Hashable:
        depth = 0
        for want, got in zip(b"SFU", data, strict=False):
            if want != got:
                return depth
            depth += 1
        if depth == 3:
            raise Planted
        return depth

    failed: list[bytes] = []
    fuzzer = fuzzer_of(Target("planted", run, lambda: [b"...."]), failed)
    fuzzer.run(lambda: not failed and fuzzer.executions < 100_000)
    assert failed
    assert failed[0].startswith(b"SFU")


def test_lines_of_python_are_coverage() -> None:
    target = Target("planted", _classify, lambda: [b"0"], watched=("tests/fuzz/test_driver.py",))
    failed: list[bytes] = []
    fuzzer = fuzzer_of(target, failed)
    fuzzer.run(lambda: not failed and fuzzer.executions < 100_000)
    assert failed


def _classify(data: bytes) -> None:
    if data[:1] == b"v":
        count = len(data)
        if count > 20:
            last = data[-1]
            if last == 7:
                raise Planted


def test_the_same_failure_is_told_once() -> None:
    def run(data: bytes) -> Hashable:
        raise Planted

    failed: list[bytes] = []
    fuzzer = fuzzer_of(Target("planted", run, lambda: [b"seed"]), failed)
    fuzzer.run(lambda: fuzzer.executions < 200)
    assert len(failed) == 1
    assert sum(fuzzer.failures.values()) == fuzzer.executions


def test_the_same_seed_makes_the_same_inputs() -> None:
    target = Target("planted", lambda data: len(data), lambda: [b"one", b"another"], words=(b"word",))

    def tried(seed: int) -> list[bytes]:
        inputs: list[bytes] = []
        fuzzer = Fuzzer(target, Coverage(target, None), seed, before=lambda counted, data: inputs.append(data))
        fuzzer.load(target.seeds())
        fuzzer.run(lambda: fuzzer.executions < 500)
        return inputs

    assert tried(1) == tried(1)
    assert tried(1) != tried(2)


@pytest.mark.parametrize("shape", [STEPS, LINES, TOKENS])
def test_whatever_shape_it_has_an_input_comes_apart_and_stays_within_its_length(shape: object) -> None:
    chance = random.Random(1)
    target = Target("planted", len, list, words=(b"word",), shape=shape, longest=300)  # type: ignore[arg-type]
    mutator = Mutator(target, chance)
    inputs = [b"", b"\x00\x00", b"\x01\x00\x03abc\x02\xff\xff", b'{"a": "b\\"", "c": 1}\r\nx']
    for _ in range(3000):
        inputs.append(mutator.mutate(chance.choice(inputs), inputs))
        assert len(inputs[-1]) <= 300


def test_steps_go_together_as_they_came_apart() -> None:
    steps = [b"\x00", b"\x07data", b"\xff" + bytes(500)]
    assert split_steps(join_steps(steps)) == steps
    assert split_steps(b"\x01\x00\x09abc") == [b"\x01abc"]
    assert split_steps(b"\x01\x00") == [b"\x01"]


def test_what_the_code_compared_with_is_put_in_place() -> None:
    def run(data: bytes) -> Hashable:
        return None

    mutator = Mutator(Target("planted", run, list), random.Random(1))
    mutator.hints = [(b"\x12\x34", b"\xbe\xde")]
    assert any(b"\xbe\xde" in mutator.mutate(b"..\x12\x34..", []) for _ in range(100))


def test_a_cover_leaves_out_what_others_do_already() -> None:
    inputs = {b"long one": frozenset((1, 2, 3)), b"a": frozenset((2,)), b"b": frozenset((4, 5)), b"c": frozenset((0,))}
    assert smallest_cover(inputs, frozenset((0,)), 9) == {b"long one": {1, 2, 3}, b"b": {4, 5}}
    assert list(smallest_cover(inputs, frozenset(), 1)) == [b"long one"]
