"""What a crowd leaves behind: malloc keeps memory that was freed, in case it is wanted again, unless it is asked to
give it back. After many peers have left it is asked.

Not here: who leaves (`server.py`).
"""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable

MANY = 100
"""Peers. What fewer leave behind is soon used again."""

PAUSE = 0.5
"""Seconds without anybody leaving."""


class Leftovers:
    """Belongs to the thread of one event loop; the work itself is done in another one."""

    def __init__(self, give_back: Callable[[], object] | None = None) -> None:
        self._give_back = give_back or _trim()
        self._left = 0
        self._timer: asyncio.TimerHandle | None = None
        self._work: threading.Thread | None = None

    def left(self) -> None:
        """A peer is gone."""
        self._left += 1
        if self._left >= MANY:
            self.close()
            self._timer = asyncio.get_running_loop().call_later(PAUSE, self._begin)

    def close(self) -> None:
        """Nothing begins any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self) -> None:
        if self._give_back is None or (self._work is not None and self._work.is_alive()):
            return
        self._left = 0
        self._work = threading.Thread(target=self._give_back, name="leftovers", daemon=True)
        self._work.start()


def _trim() -> Callable[[], object] | None:
    """None where the C library has no such thing. It takes some tens of milliseconds for some hundred megabytes, in
    which only those wait who want memory."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return None if trim is None else lambda: trim(0)
