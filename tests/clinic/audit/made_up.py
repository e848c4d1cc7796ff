"""Events that happened to nobody, and logs to keep them in."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from clinic import open_database
from clinic.audit.events import KINDS, Event
from clinic.audit.log import MIGRATIONS, AuditLog
from clinic.audit.notes import Signer

START = 1_780_000_000.125
KEY = bytes(range(32))
ORIGIN = "clinic.example/audit"
SOMETIMES: dict[str, dict[str, Any]] = {
    "call.leave": {"why": "left"},
    "audit.export": {"format": "jsonl", "part": True},
}


def signer() -> Signer:
    return Signer(ORIGIN, KEY)


def event(number: int = 0, **changes: Any) -> Event:
    values: dict[str, Any] = {
        "kind": "call.join",
        "at": START + number,
        "actor_kind": "staff",
        "actor": f"therapist-{number % 3}",
        "session": f"session-{number}",
        "details": {"number": number},
    }
    return Event(**(values | changes))


def events(count: int, first: int = 0) -> list[Event]:
    return [event(number) for number in range(first, first + count)]


def various(count: int, seed: int) -> list[Event]:
    """Of all kinds, about a few people, with details of all sorts."""
    dice = random.Random(seed)
    found = []
    for number in range(count):
        kind = dice.choice(list(KINDS))
        details: dict[str, Any] = dict(SOMETIMES.get(kind, {}))
        if dice.random() < 0.5:
            details |= {"count": dice.randrange(100), "share": dice.random(), "why": "ändert – “nichts” \U0001f642"}
        found.append(
            Event(
                kind,
                START + number / 8,
                dice.choice(("staff", "key", "link", "server", "operator")),
                f"actor-{dice.randrange(5)}",
                session=f"session-{dice.randrange(20)}" if dice.random() < 0.5 else None,
                patient=f"patient-{dice.randrange(9)}" if dice.random() < 0.5 else None,
                subject=f"subject-{dice.randrange(50)}" if dice.random() < 0.5 else None,
                details=details,
            )
        )
    return found


def a_log(url: str, folder: Path, head: str = "audit-head") -> AuditLog:
    """As a process opens it whose data folder this is."""
    return AuditLog(open_database(url, MIGRATIONS), signer(), folder / head)
