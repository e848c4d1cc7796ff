"""How long people see and hear nothing of each other, and what they read meanwhile, measured in their pages."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path
from typing import Any

from tests.browser.person import Person

SCRIPT = Path(__file__).with_name("gaps.js").read_text()
KINDS = ("audio", "video")

RECONNECTING = "Reconnecting"
DETACHED = "The session goes on"
LOST = "connection was lost"
WAITING = "is in the waiting room"
WORDS = (RECONNECTING, DETACHED, LOST, WAITING)
"""Of the person's own connection, of the other's, and of having to be let in again."""


class Gaps:
    """Between two people, in one disturbance after another."""

    def __init__(self, one: Person, other: Person) -> None:
        self._ends = ((one, other), (other, one))
        self.found: dict[str, list[float]] = {}
        self.read: dict[str, dict[str, int]] = {}
        """By name: word -> milliseconds after the last `start` at which it could first be read."""

    async def start(self) -> None:
        for viewer, other in self._ends:
            await viewer.evaluate(f"(name, words) => {{ {SCRIPT} window.gaps.start(name, words); }}", other.name, WORDS)

    async def look(self) -> dict[str, Any]:
        """What each person's page has noticed since the last `start`, by name."""
        told = {viewer.name: await viewer.evaluate("() => window.gaps.told()") for viewer, _ in self._ends}
        self.read = {name: each["read"] for name, each in told.items()}
        return told

    async def mended(self, *, seconds: float = 40) -> None:
        """Waits until pictures and sound have come at both ends for two seconds; then notes the longest pauses."""
        calm_since: float | None = None
        end = time.monotonic() + seconds
        while calm_since is None or time.monotonic() - calm_since < 2:
            told = await self.look()
            flows = all(
                each[kind]["since"] < 300 and each[kind]["count"] > 5 for each in told.values() for kind in KINDS
            )
            calm_since = (calm_since or time.monotonic()) if flows else None
            assert time.monotonic() < end, f"nothing comes after {seconds:g} s: {told}"
            await asyncio.sleep(0.1)
        for name, each in told.items():
            for kind in KINDS:
                self.found.setdefault(f"{kind} at {name}", []).append(each[kind]["longest"] / 1000)

    def longest(self, name: str = "") -> float:
        """Of the last disturbance, in seconds, for the person of this name or for both."""
        return max(gaps[-1] for where, gaps in self.found.items() if where.endswith(name))

    def medians(self) -> dict[str, float]:
        return {name: statistics.median(gaps) for name, gaps in self.found.items()}

    def table(self, what: str) -> str:
        lines = [f"\n{what}: longest pauses in seconds"]
        for name, gaps in self.found.items():
            each = " ".join(f"{gap:.2f}" for gap in gaps)
            lines.append(f"  {name:22} median {statistics.median(gaps):.2f}   {each}")
        lines += [f"  {name} read: {read}" for name, read in self.read.items() if read]
        return "\n".join(lines)
