"""RFC 6962 for whoever checks: a root made from leaves and subtrees as they come, and proofs.

Not here: what the leaves say, and who signed the root.
"""

from __future__ import annotations

import hashlib


class Wrong(Exception):
    """What was to be shown is not shown."""


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\0" + data).digest()


def parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Growing:
    """A tree of which only the roots of its complete subtrees are known, the largest first."""

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[tuple[int, bytes]] = []

    def add(self, height: int, root: bytes) -> None:
        """A complete subtree of 2 ** height leaves behind those that are there."""
        if self.size % (1 << height):
            raise Wrong("a subtree that cannot stand here")
        self.size += 1 << height
        while self._roots and self._roots[-1][0] == height:
            root = parent(self._roots.pop()[1], root)
            height += 1
        self._roots.append((height, root))

    def root(self) -> bytes:
        if not self._roots:
            return hashlib.sha256(b"").digest()
        found = self._roots[-1][1]
        for _, root in self._roots[-2::-1]:
            found = parent(root, found)
        return found


def heights(first: int, last: int) -> list[int]:
    """Of the fewest complete subtrees that make up these leaves, from left to right."""
    found = []
    while first < last:
        height = 0
        while first % (2 << height) == 0 and first + (2 << height) <= last:
            height += 1
        found.append(height)
        first += 1 << height
    return found


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> None:
    """Section 2.1.2, read as it is written there. Raises Wrong."""
    left = list(proof)

    def take() -> bytes:
        if not left:
            raise Wrong("the proof is too short")
        return left.pop()

    def roots(within_old: int, within: int, whole: bool) -> tuple[bytes, bytes]:
        """Of the old and of the new tree, as far as they stand in a subtree of `within` leaves."""
        if within_old == within:
            root = old_root if whole else take()
            return root, root
        middle = _middle(within)
        if within_old <= middle:
            right = take()
            before, after = roots(within_old, middle, whole)
            return before, parent(after, right)
        other = take()
        before, after = roots(within_old - middle, within - middle, False)
        return parent(other, before), parent(other, after)

    if not 0 < old <= new:
        raise Wrong("a proof between trees that there cannot be")
    if roots(old, new, True) != (old_root, new_root) or left:
        raise Wrong("the proof does not lead from the one tree to the other")


def root_of_path(number: int, size: int, leaf_hash: bytes, path: list[bytes]) -> bytes:
    """Section 2.1.1: the root that a path leads to. Raises Wrong."""
    if not 0 <= number < size:
        raise Wrong("there is no such event in a tree of this size")
    left = list(path)

    def root(place: int, within: int) -> bytes:
        if within == 1:
            return leaf_hash
        if not left:
            raise Wrong("the path is too short")
        sibling = left.pop()
        middle = _middle(within)
        if place < middle:
            return parent(root(place, middle), sibling)
        return parent(sibling, root(place - middle, within - middle))

    found = root(number, size)
    if left:
        raise Wrong("the path is too long")
    return found


def _middle(size: int) -> int:
    middle = 1
    while middle * 2 < size:
        middle *= 2
    return middle
