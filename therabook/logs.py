"""Logs: what happened, without whom it happened to.

Nothing reaches the output but what is on the list: the event (a text of ours) and keys from `KEYS`, each a number, a
word of ours or a pseudonym. Other libraries' messages may quote what clients sent, so of them only the place in the
code is kept; of errors, only their type and place. `debug` shows more events, not more about people.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog

KEYS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "logger",
        "code",
        "connection",
        "count",
        "demo",
        "error_type",
        "kind",
        "lost",
        "packets",
        "port",
        "reason",
        "recordings",
        "role",
        "route",
        "seconds",
        "session",
        "tls",
        "tracks",
        "version",
        "web_digest",
        "where",
    }
)
"""`connection` counts sockets since the start, `session` is a pseudonym (`signaling/pseudonyms.py`), `route` a path
pattern, `where` a place in the code, `web_digest` of the pages that are handed out (`signaling/static.py`)."""

OURS = ("sfu", "signaling", "recording", "clinic", "therabook")

# A second net, for a value that should never have been one of ours.
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%\w+)?)(?![\w])"
)

Event = MutableMapping[str, Any]


def set_up(*, debug: bool, form: Literal["auto", "text", "json"], stream: TextIO = sys.stderr) -> None:
    """For the whole process: structlog and the standard library's logging alike."""
    text = form == "text" or (form == "auto" and stream.isatty())
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=0, sort_keys=False)
        if text
        else structlog.processors.JSONRenderer()
    )
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[keep_place, structlog.stdlib.ProcessorFormatter.remove_processors_meta, allow_list, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    logging.captureWarnings(True)
    for noisy in ("asyncio", "aiohttp", "aioice", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def keep_place(logger: Any, method: str, event: Event) -> Event:
    """Of an exception its type and place; of other libraries' messages only where they were written."""
    record: logging.LogRecord = event["_record"]
    exc_info = event.pop("exc_info", None) or record.exc_info
    if exc_info is True:
        exc_info = sys.exc_info()
    if exc_info and exc_info[1] is not None:
        event["error_type"] = type(exc_info[1]).__name__
        event["where"] = _place(exc_info[2])
    if not event["_from_structlog"] and record.name.split(".")[0] not in OURS:
        event["event"] = "a library reports"
        event.setdefault("where", f"{record.module}:{record.lineno}")
    # `ProcessorFormatter` would print these by itself, with all that they quote.
    record.exc_info = None
    record.exc_text = None
    record.stack_info = None
    return event


def allow_list(logger: Any, method: str, event: Event) -> Event:
    return {key: _clean(value) for key, value in event.items() if key in KEYS and value is not None}


def _clean(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        return value
    return _ADDRESS.sub(_removed, _MAIL.sub("[removed]", str(value)))[:500]


def _removed(found: re.Match[str]) -> str:
    """Times and ratios have colons too: only what is an address is taken out."""
    try:
        ipaddress.ip_address(found[0].rstrip(".:").partition("%")[0])
    except ValueError:
        return found[0]
    return "[removed]"


def _place(trace: TracebackType | None) -> str:
    """The way through the code to where it happened, innermost last."""
    frames = traceback.extract_tb(trace)[-8:]
    return " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)
