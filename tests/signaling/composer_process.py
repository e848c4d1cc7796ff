"""What composes, in a process of its own that will be killed. Not here: when."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection
from pathlib import Path

from signaling.messages import Film
from tests.signaling.filmed import REC, Recorded

ABANDONED = 120.0
"""Seconds after which it ends by itself: whoever was to kill it is gone."""


def run(pipe: Connection, folder: Path) -> None:
    """Asks for the film of the recording in that folder, and tells how far it is."""
    asyncio.run(_compose(pipe, folder))


async def _compose(pipe: Connection, folder: Path) -> None:
    def tell(_session: str, film: Film | None) -> None:
        pipe.send(0.0 if film is None else film.progress)

    composing = Recorded(folder).composing(tell)
    composing.start()
    await composing.ask(REC, "compose", names=False, time=False)
    await asyncio.sleep(ABANDONED)
