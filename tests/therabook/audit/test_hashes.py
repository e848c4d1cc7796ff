"""The verifier's own reading of RFC 6962 agrees with the log's, though neither knows the other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.audit import tree
from therabook.audit_verify.hashes import Growing, Wrong, check_consistency, heights, leaf, root_of_path

SIZES = st.integers(1, 600)
LEAVES = [leaf(b"%d" % number) for number in range(700)]


def root(first: int, last: int) -> bytes:
    return tree.root_of(LEAVES[first:last])


def proven(ranges: list[tree.Range]) -> list[bytes]:
    return [root(*each) for each in ranges]


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_complete_subtrees(one: int, other: int) -> None:
    first, last = sorted((one, other))
    assert heights(first, last) == [level for level, _ in tree.pieces((first, last))]


@given(st.data())
def test_a_tree_of_leaves_and_subtrees(data: st.DataObject) -> None:
    size = data.draw(SIZES)
    first = data.draw(st.integers(0, size))
    last = data.draw(st.integers(first, size))
    growing = Growing()
    for level, number in tree.pieces((0, first)):
        growing.add(level, root(number << level, (number + 1) << level))
    for number in range(first, last):
        growing.add(0, LEAVES[number])
    for level, number in tree.pieces((last, size)):
        growing.add(level, root(number << level, (number + 1) << level))
    assert (growing.size, growing.root()) == (size, root(0, size))


@given(st.data())
def test_proofs(data: st.DataObject) -> None:
    new = data.draw(SIZES)
    old = data.draw(st.integers(1, new))
    proof = proven(tree.consistency(old, new))
    check_consistency(old, root(0, old), new, root(0, new), proof)
    for wrong in ([*proof, LEAVES[0]], proof[:-1] if proof else [LEAVES[0]], [LEAVES[-1], *proof[1:]]):
        with pytest.raises(Wrong):
            check_consistency(old, root(0, old), new, root(0, new), wrong)
    number = data.draw(st.integers(0, new - 1))
    path = proven(tree.inclusion(number, new))
    assert root_of_path(number, new, LEAVES[number], path) == root(0, new)
    for wrong in ([*path, LEAVES[0]], path[:-1]):
        if wrong != path:
            with pytest.raises(Wrong):
                root_of_path(number, new, LEAVES[number], wrong)


def test_what_cannot_be() -> None:
    growing = Growing()
    growing.add(0, LEAVES[0])
    with pytest.raises(Wrong):
        growing.add(1, LEAVES[1])
    for old, new in ((0, 5), (6, 5)):
        with pytest.raises(Wrong):
            check_consistency(old, LEAVES[0], new, LEAVES[0], [])
    for number in (-1, 5):
        with pytest.raises(Wrong):
            root_of_path(number, 5, LEAVES[0], [])
