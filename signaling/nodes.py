"""Nodes: on which server a session lives. Alone by default; a cluster brings another class with the same methods.

A live call must not need what this asks: it is asked when somebody joins or resumes, never in between.
"""

from __future__ import annotations

from typing import Protocol


class Nodes(Protocol):
    async def claim(self, session: str) -> bool:
        """Whether this node holds the session, now that somebody wants in. The first who asks gets it."""
        ...

    async def release(self, session: str) -> None:
        """The session is over here: whoever asks next may have it."""
        ...


class Alone:
    """One server, which holds every session."""

    async def claim(self, session: str) -> bool:
        return True

    async def release(self, session: str) -> None:
        return
