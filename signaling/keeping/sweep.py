"""The sweep: records whose time is over go, in batches, and the audit log says before how many of each kind.

Run by housekeeping (`housekeeping.py`). Not here: how long a kind is kept (`clinic/keeping/rules.py`), what is on hold
(`clinic/keeping/holds.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from clinic import Unavailable
from clinic.keeping.records import Due
from clinic.keeping.rules import before
from signaling.keeping.parts import Parts

log = structlog.get_logger("keeping")

BATCH = 500
"""Records removed in one transaction: others that write wait for it some ten milliseconds."""

MOST = 20
"""Batches of one kind in one sweep. After ten minutes comes the next."""

BY_THEMSELVES = frozenset({"recordings"})
"""Each has its deadline with it; housekeeping shreds them one by one."""


@dataclass
class Sweep:
    parts: Parts
    _unscrubbed: set[str] = field(default_factory=set, init=False)

    async def due(self, now: float) -> dict[str, Due]:
        """What would go now, by kind. Changes nothing."""
        found = {}
        days = await self.parts.rules.days()
        for name, kept in self.parts.kept.items():
            until = before(days[name], now)
            found[name] = Due(0, 0) if until is None else await kept.due(until, now)
        return found

    async def run(self, now: float) -> Mapping[str, int]:
        """By kind, how many records went. Raises Refused if the audit log cannot be written: then nothing goes."""
        days = await self.parts.rules.days()
        await self._retime()
        found = await self.due(now)
        due = {name: each.free for name, each in found.items() if each.free and name not in BY_THEMSELVES}
        gone: dict[str, int] = {}
        if due:
            planned = {name: min(count, BATCH * MOST) for name, count in due.items()}
            await self.parts.audit.record(
                "retention.run", "server", "housekeeping", session=None, patient=None, subject=None, **planned
            )
        for name in due:
            until = before(days[name], now)
            if until is not None:
                gone[name] = await self._forget(name, until, now)
        if gone:
            log.info("records went: their time was over", count=sum(gone.values()))
        await self._scrub()
        return gone

    async def _forget(self, name: str, until: float, now: float) -> int:
        count = 0
        for _ in range(MOST):
            gone = await self.parts.kept[name].forget(until, BATCH, now)
            self._unscrubbed.update(gone.tables)
            count += len(gone.ids)
            if len(gone.ids) < BATCH:
                break
        return count

    async def _retime(self) -> None:
        """Recordings have their deadline with them: it follows the rule, once somebody has made one."""
        rule = (await self.parts.rules.changed()).get("recordings")
        if rule is not None:
            await self.parts.retention.retime(rule.days)

    async def _scrub(self) -> None:
        if not self._unscrubbed:
            return
        try:
            if await self.parts.scrub(sorted(self._unscrubbed)):
                self._unscrubbed.clear()
        except Unavailable as error:
            log.warning("deleted records are still in the database's files", error_type=type(error).__name__)
