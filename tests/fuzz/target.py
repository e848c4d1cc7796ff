"""What a fuzz target is, and the three shapes of input that the mutator knows how to take apart."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

LONGEST_PART = 65535


@dataclass(frozen=True)
class Shape:
    """How an input comes apart into parts that can be moved, doubled and left out, and goes together again."""

    split: Callable[[bytes], list[bytes]]
    join: Callable[[Iterable[bytes]], bytes]


@dataclass(frozen=True)
class Target:
    """One parser and what must hold whatever it is given."""

    name: str
    run: Callable[[bytes], Hashable]
    """Raises if anything happens that must not. What it returns tells inputs apart where coverage can't: a value that
    was never returned before is worth keeping, and of a frozenset each of its values is."""
    seeds: Callable[[], Iterable[bytes]]
    """Well-formed inputs, to begin with."""
    words: tuple[bytes, ...] = ()
    """What inputs are made of: put in here and there."""
    shape: Shape | None = None
    longest: int = 4096
    brief: int = 1500
    """Mutated inputs in a run of the tests. All targets together should stay below 20 seconds."""
    watched: tuple[str, ...] = ()
    """Python files, from the root of the project, whose lines are coverage too."""


def split_steps(data: bytes) -> list[bytes]:
    """A script: each step is an operation (one byte) and its data, with a length (two bytes) between them. A length
    that goes past the end means the rest."""
    steps = []
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("!H", data, at + 1) if at + 3 <= len(data) else (0,)
        steps.append(data[at : at + 1] + data[at + 3 : at + 3 + length])
        at += 3 + length
    return steps


def join_steps(steps: Iterable[bytes]) -> bytes:
    return b"".join(
        step[:1] + struct.pack("!H", min(len(step) - 1, LONGEST_PART)) + step[1 : 1 + LONGEST_PART]
        for step in steps
        if step
    )


def _split_lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[A-Za-z0-9_.+-]+|\s+|.', re.DOTALL)


def _split_tokens(data: bytes) -> list[bytes]:
    return _TOKEN.findall(data)


STEPS = Shape(split_steps, join_steps)
LINES = Shape(_split_lines, b"".join)
TOKENS = Shape(_split_tokens, b"".join)
