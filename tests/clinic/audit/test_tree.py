"""The tree is that of RFC 6962: known values, and a tree made in the plainest way."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.audit import tree

LEAVES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""What the first implementations of Certificate Transparency test each other with, and their roots."""
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
GOES_ON = {
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}

SIZES = st.integers(1, 700)


def leaf(number: int) -> bytes:
    return tree.leaf_hash(b"%d" % number)


def naive(first: int, last: int) -> bytes:
    """As the RFC writes it."""
    if last - first == 1:
        return leaf(first)
    middle = 1
    while middle * 2 < last - first:
        middle *= 2
    left, right = naive(first, first + middle), naive(first + middle, last)
    return hashlib.sha256(b"\x01" + left + right).digest()


def roots(ranges: list[tree.Range]) -> list[bytes]:
    return [naive(*each) for each in ranges]


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_known_roots(size: int) -> None:
    hashes = [tree.leaf_hash(each) for each in LEAVES[:size]]
    edge = tree.Edge(0, [])
    for each in hashes:
        edge.add(each)
    assert tree.root_of(hashes).hex() == edge.root().hex() == ROOTS[size]


def known(ranges: list[tree.Range]) -> list[str]:
    return [tree.root_of([tree.leaf_hash(each) for each in LEAVES[first:last]]).hex() for first, last in ranges]


@pytest.mark.parametrize(("leaf", "size"), PATHS)
def test_known_paths(leaf: int, size: int) -> None:
    assert known(tree.inclusion(leaf, size)) == PATHS[leaf, size]


@pytest.mark.parametrize(("old", "new"), GOES_ON)
def test_known_proofs_that_a_tree_goes_on(old: int, new: int) -> None:
    assert known(tree.consistency(old, new)) == GOES_ON[old, new]


@given(SIZES)
def test_the_edge_has_the_root_of_all_leaves(size: int) -> None:
    edge = tree.Edge(0, [])
    for number in range(size):
        edge.add(leaf(number))
    assert edge.root() == naive(0, size) == tree.root_of([leaf(number) for number in range(size)])


def test_tiles_are_full_when_they_are_handed_over() -> None:
    edge = tree.Edge(0, [])
    found = [each for number in range(tree.TILE * tree.TILE) for each in edge.add(leaf(number))]
    assert [(each.level, each.number) for each in found[-2:]] == [(0, 255), (1, 0)]
    assert len(found) == 257
    assert found[-1].hashes == b"".join(each.root for each in found[:-1])
    assert found[0].root == naive(0, 256)
    assert edge.root() == found[-1].root


def test_a_copy_of_the_edge_is_its_own() -> None:
    edge = tree.Edge(0, [])
    edge.add(leaf(0))
    edge.copy().add(leaf(1))
    assert (edge.size, edge.root()) == (1, leaf(0))


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_pieces_are_complete_subtrees_side_by_side(one: int, other: int) -> None:
    first, last = sorted((one, other))
    place = first
    for level, number in tree.pieces((first, last)):
        assert number << level == place
        place += 1 << level
    assert place == last
    assert len(list(tree.pieces((first, last)))) <= 2 * last.bit_length()


@given(st.data())
def test_paths_lead_to_the_root_and_no_other_does(data: st.DataObject) -> None:
    size = data.draw(SIZES)
    number = data.draw(st.integers(0, size - 1))
    path, root = roots(tree.inclusion(number, size)), naive(0, size)
    assert tree.is_included(leaf(number), number, size, path, root)
    assert not tree.is_included(leaf(number + 1), number, size, path, root)
    assert not tree.is_included(leaf(number), number, size, [*path, leaf(0)], root)
    assert not tree.is_included(leaf(number), size, size, path, root)
    if path:
        assert not tree.is_included(leaf(number), number, size, path[:-1], root)
        broken = data.draw(st.integers(0, len(path) - 1))
        path[broken] = leaf(broken + 1_000_000)
        assert not tree.is_included(leaf(number), number, size, path, root)


@given(st.data())
def test_a_tree_shows_that_it_goes_on_and_no_other_does(data: st.DataObject) -> None:
    new = data.draw(SIZES)
    old = data.draw(st.integers(1, new))
    proof = roots(tree.consistency(old, new))
    old_root, new_root = naive(0, old), naive(0, new)
    assert tree.is_consistent(old, new, old_root, new_root, proof)
    assert not tree.is_consistent(old, new, leaf(1_000_000), new_root, proof)
    assert not tree.is_consistent(old, new, old_root, leaf(1_000_000), proof)
    assert not tree.is_consistent(old, new, old_root, new_root, [*proof, leaf(0)])
    if proof:
        assert not tree.is_consistent(old, new, old_root, new_root, proof[:-1])
        broken = data.draw(st.integers(0, len(proof) - 1))
        proof[broken] = leaf(broken + 1_000_000)
        assert not tree.is_consistent(old, new, old_root, new_root, proof)


def test_what_there_is_not_is_not_proven() -> None:
    for wrong in ((-1, 5), (5, 5)):
        with pytest.raises(ValueError, match="no such"):
            tree.inclusion(*wrong)
    for wrong in ((-1, 5), (6, 5)):
        with pytest.raises(ValueError, match="no such"):
            tree.consistency(*wrong)
    assert tree.consistency(0, 5) == tree.consistency(5, 5) == []
    assert tree.is_consistent(0, 5, tree.NOTHING, naive(0, 5), [])
    assert not tree.is_consistent(6, 5, tree.NOTHING, tree.NOTHING, [])
    assert not tree.is_consistent(4, 8, naive(0, 4), naive(0, 8), [])
