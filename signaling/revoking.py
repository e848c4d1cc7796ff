"""Revoking: what is revoked holds at once, and is written on a thread: a disk that hangs must not hold up calls.

Not here: what is revoked, and the file of it (`revocations.py`).
"""

from __future__ import annotations

import asyncio

import structlog

from signaling.revocations import Revocations

log = structlog.get_logger("sessions")

PATIENCE = 5.0
"""Seconds that a server which stops waits for what is being written."""


class Revoking:
    def __init__(self, revocations: Revocations) -> None:
        self._revocations = revocations
        self._writing: set[asyncio.Task[None]] = set()

    def revoke(self, token: str, until: float) -> None:
        self._revocations.add(token, until)
        task = asyncio.get_running_loop().create_task(self._write())
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def close(self) -> None:
        """Waits for what is being written."""
        if self._writing:
            await asyncio.wait(self._writing, timeout=PATIENCE)

    async def _write(self) -> None:
        try:
            await asyncio.to_thread(self._revocations.write, self._revocations.take_unwritten())
        except OSError as error:
            log.error("revocation not written: it will not survive a restart", error_type=type(error).__name__)
