"""Time and randomness are arguments: only shells read a clock, roll dice or sleep."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.sources import ROOT, name_of, python_files

SHELLS: dict[str, str] = {
    "sfu/media_thread.py": "a media thread's sockets and timers",
    "signaling/clock.py": "the clocks, as an argument for everybody else",
    "signaling/ids.py": "random names and secrets, likewise",
    "signaling/captures.py": "looks at what was heard ten times a second",
    "signaling/capture_books.py": "waits for a database that is away",
    "signaling/audit_port.py": "waits for an audit log that cannot be written",
    "signaling/alerts/alerts.py": "waits for a database that is away, to keep notices in",
    "signaling/witnessing.py": "shows the audit log's head to a witness every few seconds",
    "signaling/housekeeping.py": "looks every ten minutes at what is due",
    "signaling/quality_keeper.py": "looks every two seconds at what is to be kept",
    "signaling/usage/keeper.py": "looks at who is heard four times a second, and keeps what was measured",
    "signaling/offload.py": "looks every few seconds at what is to go into the bucket",
    "signaling/appointments/keeper.py": "looks every two seconds at who is there",
    "signaling/outbox/sender.py": "looks every few seconds at what is to be sent",
    "signaling/webhooks/feed.py": "waits for a database that is away",
    "signaling/webhooks/deliverer.py": "looks every second at what is to be delivered",
    "clinic/database.py": "waits for others who set up the same new file",
    "recording/writer.py": "starts a process again that died, after a pause",
    "recording/writing.py": "the writer's process: when packets were given up for lost",
    "recording/compose/__main__.py": "the composing process: when progress was told, chance for encryption",
}

READERS = {
    "time": {"time", "monotonic", "monotonic_ns", "time_ns", "perf_counter", "perf_counter_ns", "sleep"},
    "datetime": {"now", "utcnow", "today"},
    "asyncio": {"sleep"},
    "random": None,
    "secrets": None,
    "uuid": {"uuid1", "uuid4"},
    "os": {"urandom"},
}


def test_only_shells_read_a_clock_roll_dice_or_sleep() -> None:
    found = [
        f"{name_of(file)}:{line} uses {what}"
        for file in python_files("sfu", "clinic", "recording", "signaling")
        if name_of(file) not in SHELLS
        for line, what in _reads(file)
    ]
    assert not found


def test_the_list_of_shells_is_true() -> None:
    assert [shell for shell in SHELLS if not (ROOT / shell).exists() or not list(_reads(ROOT / shell))] == []


def _reads(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in READERS:
            names = READERS[node.value.id]
            if names is None or node.attr in names:
                yield node.lineno, f"{node.value.id}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module in READERS:
            names = READERS[node.module]
            yield from (
                (node.lineno, f"{node.module}.{alias.name}")
                for alias in node.names
                if names is None or alias.name in names
            )
