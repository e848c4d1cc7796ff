"""The journal of webhooks: what was heard and is not kept in the database yet, and who is in which session, in a file.

A crash loses neither: events that waited are kept at the next start, and what a crash has ended is told as ended.
Lines are JSON: an event that waits; the id of one that is kept, with all before it; or what went on when the file was
begun. Not here: the file (`signaling/spool.py`), what is told (`feed.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from clinic.webhooks.records import WebhookEvent
from signaling.spool import Spool

log = structlog.get_logger("webhooks")

LARGE = 1 << 18
"""Bytes after which the file is begun anew, when nothing waits."""


@dataclass
class Going:
    """What goes on, as far as was heard."""

    sessions: dict[str, list[str]] = field(default_factory=dict)
    """Session -> the roles of the people in it, in the order in which they came. Nobody: it is about to end."""
    recordings: dict[str, str] = field(default_factory=dict)
    """Recording -> session."""

    def hear(self, event: WebhookEvent) -> None:
        session, role, recording = event.session, str(event.data.get("role", "")), str(event.data.get("recording", ""))
        match event.kind:
            case "session.started":
                self.sessions.setdefault(session, [])
            case "person.joined":
                self.sessions.setdefault(session, []).append(role)
            case "person.left":
                there = self.sessions.get(session, [])
                if role in there:
                    there.remove(role)
            case "session.ended":
                self.sessions.pop(session, None)
            case "recording.started":
                self.recordings[recording] = session
            case "recording.finished" | "recording.failed":
                self.recordings.pop(recording, None)


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    event: WebhookEvent | None = None
    kept: str | None = None
    going: Going | None = None

    def text(self) -> str:
        return self.model_dump_json(exclude_defaults=True)


class Journal:
    """All but `read` and `close` return at once."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def read(self) -> tuple[list[WebhookEvent], Going]:
        """What waited when the last run of the server ended, in its order, and what went on. Raises OSError."""
        waiting: dict[str, WebhookEvent] = {}
        going = Going()
        for line in _lines(self._spool.read()):
            if line.going is not None:
                going = line.going
            if line.event is not None:
                waiting[line.event.id] = line.event
                going.hear(line.event)
            if line.kept in waiting:
                for id in list(waiting):
                    del waiting[id]
                    if id == line.kept:
                        break
        return list(waiting.values()), going

    def waits(self, event: WebhookEvent) -> None:
        self._spool.add(_Line(event=event).text())

    def kept(self, event: WebhookEvent) -> None:
        """With all before it."""
        self._spool.add(_Line(kept=event.id).text())

    def look(self, waiting: Sequence[WebhookEvent], going: Going) -> None:
        """Begins the file anew if it has grown, or could not be written."""
        if not self._spool.whole or (self._spool.size > LARGE and not waiting):
            self.begin_anew(waiting, going)

    def begin_anew(self, waiting: Sequence[WebhookEvent], going: Going) -> None:
        """`going`: as it is after all that waits."""
        self._spool.begin_anew([*(_Line(event=each).text() for each in waiting), _Line(going=going).text()])

    async def close(self) -> None:
        await self._spool.close()


def _lines(texts: Iterable[str]) -> Iterable[_Line]:
    torn = 0
    for text in texts:
        try:
            yield _Line.model_validate_json(text)
        except ValidationError:
            torn += 1
    if torn:
        log.warning("lines of the journal of webhooks are torn", count=torn)
