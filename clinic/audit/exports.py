"""The log as a file that strangers can verify: JSON Lines, each of them ASCII.

First a line that says what follows, then the events from `first` up to and without `last`, each line the bytes that
were hashed; then the signed head over all `size` events, and the heads that witnesses have signed, with the proof that
this one goes on from them. `left` and `right` are the hashes of the complete subtrees before and behind these events,
so that a part of the log verifies as well as all of it.
Not here: how it is verified (`therabook/audit_verify`, which shares no code with this), CSV.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from clinic.audit.log import AuditLog
from clinic.audit.notes import encoded
from clinic.audit.records import Inclusion

VERSION = 1
AT_ONCE = 1000
"""Events that are read in one go."""


async def lines(log: AuditLog, first: int = 0, last: int | None = None) -> AsyncIterator[str]:
    """Without their ends. Raises Unknown for events that there are none of, Unavailable."""
    head = await log.head()
    end = head.size if last is None else last
    start = {
        "audit_export": VERSION,
        "origin": log.public_key.name,
        "key": str(log.public_key),
        "first": first,
        "last": end,
        "size": head.size,
        "left": _texts(await log.subtrees((0, first), head.size)),
        "right": _texts(await log.subtrees((end, head.size), head.size)),
    }
    yield _line(start)
    for each in range(first, end, AT_ONCE):
        for entry in await log.entries(each, min(each + AT_ONCE, end)):
            yield entry.body
    yield _line({"head": head.note})
    for witnessed in await log.witnessed():
        if witnessed.size <= head.size:  # a head may have been witnessed since
            proof = await log.consistency(witnessed.size, head.size)
            yield _line({"witnessed": witnessed.note, "consistency": _texts(proof)})


def proof(inclusion: Inclusion, key: str) -> str:
    """One line: that one event is in the log."""
    return _line(
        {
            "audit_proof": VERSION,
            "key": key,
            "event": inclusion.entry.body,
            "path": _texts(inclusion.path),
            "head": inclusion.head.note,
        }
    )


def _texts(hashes: Sequence[bytes]) -> list[str]:
    return [encoded(each) for each in hashes]


def _line(told: dict[str, Any]) -> str:
    return json.dumps(told, ensure_ascii=True, separators=(",", ":"))
