"""From what long runs have found to the corpus in the tree: few inputs, made small, that together lead everywhere."""

from __future__ import annotations

from collections.abc import Iterable

from tests import engine_build
from tests.fuzz import store
from tests.fuzz.coverage import Coverage, Mark, smallest_cover
from tests.fuzz.target import Target

MOST_FILES = 24
"""Of one target. All of them run with every `make test`."""

MOST_TRIES = 600
"""Of making one input smaller: an offer takes ten milliseconds and has ten thousand characters."""

SMALLER = (64, 16, 4, 1)
"""Bytes that are left out at once, to see whether an input does the same without them."""


def keep(targets: Iterable[Target]) -> None:
    for target in targets:
        coverage = Coverage(target, engine_build.file_of("fuzz"))
        folder = store.CORPUS / target.name
        inputs = {
            data: _marks(coverage, data) for data in [*store.load(folder), *store.load(store.FOUND / target.name)]
        }
        base = frozenset[Mark]().union(*(_marks(coverage, data) for data in target.seeds()))
        chosen = smallest_cover(inputs, base, MOST_FILES)
        made = [_made_small(target, coverage, data, added) for data, added in chosen.items()]
        store.replace(folder, made)
        print(f"{target.name}: {len(made)} of {len(inputs)} inputs, {sum(map(len, made))} bytes")


def _marks(coverage: Coverage, data: bytes) -> frozenset[Mark]:
    coverage.run(data)
    return coverage.marks()


def _made_small(target: Target, coverage: Coverage, data: bytes, wanted: set[Mark]) -> bytes:
    """Without all that `wanted` can do without, as far as MOST_TRIES go."""
    tries = 0

    def does_as_much(less: bytes) -> bool:
        nonlocal tries
        tries += 1
        return tries <= MOST_TRIES and wanted <= _marks(coverage, less)

    if target.shape is not None:
        parts = target.shape.split(data)
        at = 0
        while at < len(parts):
            fewer = target.shape.join(parts[:at] + parts[at + 1 :])
            if does_as_much(fewer):
                data = fewer
                del parts[at]
            else:
                at += 1
    for size in SMALLER:
        at = 0
        while at < len(data):
            less = data[:at] + data[at + size :]
            if does_as_much(less):
                data = less
            else:
                at += size
    return data
