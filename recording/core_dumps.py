"""Keeps what a process has in memory, frames and keys in clear, out of core dumps, and away from other processes of the
same user.

Each process that holds any says so at its start, for what a process starts begins anew. Not here: swap, which is the
machine's business (`docs/operations.md`).
"""

from __future__ import annotations

import ctypes
import resource

_PR_SET_DUMPABLE = 4
"""prctl(2), Linux."""


def forbid() -> None:
    """For this process, from now on: no core dump, neither as a file nor through the system's handler (which takes one
    whatever the limit says), and nobody but root may look into its memory or its environment. Raises OSError."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "core dumps cannot be forbidden")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
