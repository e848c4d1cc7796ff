"""An event as bytes: what is hashed, kept, exported and read by strangers.

One line of JSON in ASCII without spaces: `seq`, `at` (whole milliseconds since 1970, UTC), `kind`, `actor_kind`,
`actor`, then `session`, `patient`, `subject` and `details` if there are any, in this order; the keys of `details` in
the order of the alphabet. The leaf of the tree is these bytes, without a line end.
Not here: how they are hashed (`tree.py`).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, get_args

from clinic.audit.events import KINDS, ActorKind, Detail, Event
from clinic.audit.records import Entry
from clinic.columns import check_text, milliseconds, shortened
from clinic.errors import BadValue, Tampered

LONGEST_ID: Final = 200
LONGEST_SESSION: Final = 100
LONGEST_BODY: Final = 8192
"""Characters, and bytes: it is ASCII. Several times what an event of plain words needs."""

DETAILS: Final = 16
"""Values in `details` at most."""
LONGEST_DETAIL: Final = 200
LARGEST_NUMBER: Final = 2**53
"""What every reader of JSON takes exactly."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ACTORS = frozenset(get_args(ActorKind))
_ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def draft(event: Event) -> str:
    """All but its number, which it is given when it is written (`numbered`). Raises BadValue."""
    if event.kind not in KINDS or event.actor_kind not in _ACTORS:
        raise BadValue("no such kind of event, or of actor")
    shown: dict[str, Any] = {
        "at": milliseconds(event.at),
        "kind": event.kind,
        "actor_kind": event.actor_kind,
        "actor": check_text(event.actor, LONGEST_ID),
    }
    for name, value, limit in (
        ("session", event.session, LONGEST_SESSION),
        ("patient", event.patient, LONGEST_ID),
        ("subject", event.subject, LONGEST_ID),
    ):
        if value is not None:
            shown[name] = check_text(value, limit)
    if event.details:
        if len(event.details) > DETAILS:
            raise BadValue(f"more than {DETAILS} details")
        shown["details"] = {name: _detail(name, event.details[name]) for name in sorted(event.details)}
    text = _ENCODER.encode(shown)
    if len(text) > LONGEST_BODY - 32:
        raise BadValue("an event that is too long")
    return text


def numbered(draft: str, seq: int) -> str:
    """The whole body."""
    return f'{{"seq":{seq},{draft[1:]}'


def entry_of(body: str) -> Entry:
    """What a body says. Raises Tampered for what was never written so."""
    try:
        told = json.loads(body)
        event = Event(
            kind=told["kind"],
            at=told["at"] / 1000,
            actor_kind=told["actor_kind"],
            actor=told["actor"],
            session=told.get("session"),
            patient=told.get("patient"),
            subject=told.get("subject"),
            details=told.get("details", {}),
        )
        return Entry(told["seq"], event, body)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Tampered("an event in the audit log's database is none") from None


def _detail(name: str, value: Detail) -> Detail:
    if not _NAME.fullmatch(name):
        raise BadValue("a detail's name that is none")
    if isinstance(value, str):
        return shortened(value, LONGEST_DETAIL)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadValue("a number that is none")
    if isinstance(value, int | float) and abs(value) > LARGEST_NUMBER:
        raise BadValue("a number that is too large")
    if not (value is None or isinstance(value, bool | int | float)):
        raise BadValue("a detail that is no plain value")
    return value
