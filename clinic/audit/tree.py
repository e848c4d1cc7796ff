"""The Merkle tree of RFC 6962: hashes, which subtrees a proof is made of, proofs checked, and the tree's right edge.

Nothing here reads or keeps anything: a tree is known by its size, and subtrees by which leaves they stand over. The
edge is all that is needed to go on writing: of each level the hashes that fill no tile yet, at most 255.
Not here: where hashes are kept (`nodes.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HASH = 32
TILE_BITS = 8
TILE = 1 << TILE_BITS
"""Hashes in a tile: one row of 8 kB for 256 events. Larger ones are fewer rows and more bytes to read for a proof."""

NOTHING = hashlib.sha256().digest()
"""The root of a tree of no leaves."""


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring subtrees of one size; the last may be smaller."""
    if not hashes:
        return NOTHING
    level = list(hashes)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [node_hash(level[each], level[each + 1]) for each in range(0, len(level) - 1, 2)] + odd
    return level[0]


def fold(pieces: Sequence[bytes]) -> bytes:
    """The root over complete subtrees, each smaller than the one before it."""
    if not pieces:
        return NOTHING
    root = pieces[-1]
    for each in reversed(pieces[:-1]):
        root = node_hash(each, root)
    return root


# Which subtrees a proof is made of ----------------------------------------------------------------------------------

Range = tuple[int, int]
"""Leaves from the first up to and without the second."""
Node = tuple[int, int]
"""A complete subtree: its level (0: a leaf), and which one of that level."""


def pieces(leaves: Range) -> Iterator[Node]:
    """The fewest complete subtrees that make up these leaves, from left to right."""
    first, last = leaves
    while first < last:
        level = (last - first).bit_length() - 1
        if first:
            level = min(level, (first & -first).bit_length() - 1)
        yield level, first >> level
        first += 1 << level


def inclusion(leaf: int, size: int) -> list[Range]:
    """The siblings on the way from a leaf to the root (RFC 6962 section 2.1.1)."""
    if not 0 <= leaf < size:
        raise ValueError("there is no such leaf")
    path = []
    first, last = 0, size
    while last - first > 1:
        middle = first + _split(last - first)
        if leaf < middle:
            path.append((middle, last))
            last = middle
        else:
            path.append((first, middle))
            first = middle
    return path[::-1]


def consistency(old: int, new: int) -> list[Range]:
    """What shows that a tree goes on from a smaller one (RFC 6962 section 2.1.2)."""
    if not 0 <= old <= new:
        raise ValueError("there are no such trees")
    if old in (0, new):
        return []
    proof = []
    first, last = 0, new
    while last != old:
        middle = first + _split(last - first)
        if old <= middle:
            proof.append((middle, last))
            last = middle
        else:
            proof.append((first, middle))
            first = middle
    if first:
        proof.append((first, last))
    return proof[::-1]


def _split(size: int) -> int:
    """The largest power of two below it."""
    return 1 << ((size - 1).bit_length() - 1)


# Proofs checked ------------------------------------------------------------------------------------------------------


def is_included(leaf: bytes, number: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the path leads from this leaf hash to the root (RFC 9162 section 2.1.3.2)."""
    if not 0 <= number < size:
        return False
    place, last = number, size - 1
    found = leaf
    for each in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(each, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, each)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the larger tree goes on from the smaller one (RFC 9162 section 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == NOTHING
    hashes = list(proof) if old & (old - 1) else [old_root, *proof]
    if not hashes:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    found_old = found_new = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            found_old, found_new = node_hash(each, found_old), node_hash(each, found_new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found_new = node_hash(found_new, each)
        place, last = place >> 1, last >> 1
    return last == 0 and found_old == old_root and found_new == new_root


# The right edge -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tile:
    """256 neighbouring hashes that will not change any more."""

    level: int
    """0: of leaves. 1: of tiles of level 0."""
    number: int
    root: bytes
    hashes: bytes


class Edge:
    """What a writer has to know of a tree. Adding a leaf costs a hash, and now and then a tile's 256."""

    def __init__(self, size: int, levels: Sequence[Sequence[bytes]]) -> None:
        """`levels`: of each level of tiles, the hashes of the tile that is not full yet."""
        self.size = size
        self._levels = [list(level) for level in levels]

    def copy(self) -> Edge:
        return Edge(self.size, self._levels)

    def add(self, leaf: bytes) -> list[Tile]:
        """The hash of one more leaf; the tiles that are full now."""
        self.size += 1
        full: list[Tile] = []
        level, hash = 0, leaf
        while True:
            if level == len(self._levels):
                self._levels.append([])
            row = self._levels[level]
            row.append(hash)
            if len(row) < TILE:
                return full
            hash = root_of(row)
            full.append(Tile(level, (self.size >> TILE_BITS * (level + 1)) - 1, hash, b"".join(row)))
            row.clear()
            level += 1

    def root(self) -> bytes:
        found: list[bytes] = []
        for row in self._levels:
            if row or found:
                found = [root_of([*row, *found])]
        return found[0] if found else NOTHING
