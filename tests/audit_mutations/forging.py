"""Exports as somebody makes them who knows the format well, and may have the log's key: true ones and others."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from clinic.audit.notes import WITNESS, Checkpoint, Signer, encoded
from clinic.audit.tree import consistency, fold, leaf_hash, pieces, root_of
from tests.clinic.audit.made_up import signer

WITNESSED_AT = 1_790_000_000
OTHER = Signer(signer().name, b"somebody else's secret key......")
WITNESS_SIGNER = Signer("witness.example", b"the witness's own secret key....", WITNESS)


@dataclass(frozen=True)
class Export:
    """Its parts, to be changed one by one."""

    start: dict[str, Any]
    events: tuple[str, ...]
    head: str
    witnessed: tuple[dict[str, Any], ...] = ()

    def lines(self) -> list[bytes]:
        told = [_line(self.start), *self.events, _line({"head": self.head}), *map(_line, self.witnessed)]
        return [f"{each}\n".encode() for each in told]

    def with_start(self, **changes: Any) -> Export:
        return replace(self, start=self.start | changes)


def head_over(bodies: Sequence[str], by: Signer) -> str:
    return by.note(Checkpoint(by.name, len(bodies), root_of([leaf_hash(each.encode()) for each in bodies])))


def cosigned(note: str) -> str:
    return note + WITNESS_SIGNER.cosign(note.partition("\n\n")[0] + "\n", WITNESSED_AT)


def exported(
    bodies: Sequence[str], by: Signer, first: int = 0, last: int | None = None, witnessed: Sequence[int] = ()
) -> Export:
    """A log of these events as it would be exported. `witnessed`: sizes at which a witness had signed it."""
    leaves = [leaf_hash(each.encode()) for each in bodies]
    end, size = len(bodies) if last is None else last, len(bodies)

    def over(first: int, last: int) -> list[str]:
        roots = (root_of(leaves[number << level : (number + 1) << level]) for level, number in pieces((first, last)))
        return [encoded(each) for each in roots]

    start = {
        "audit_export": 1,
        "origin": by.name,
        "key": str(by.public),
        "first": first,
        "last": end,
        "size": size,
        "left": over(0, first),
        "right": over(end, size),
    }
    kept = tuple(
        {
            "witnessed": cosigned(head_over(bodies[:each], by)),
            "consistency": [encoded(_root(leaves, *places)) for places in consistency(each, size)],
        }
        for each in witnessed
    )
    return Export(start, tuple(bodies[first:end]), head_over(bodies, by), kept)


def _root(leaves: Sequence[bytes], first: int, last: int) -> bytes:
    return fold([root_of(leaves[number << level : (number + 1) << level]) for level, number in pieces((first, last))])


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, separators=(",", ":"))
