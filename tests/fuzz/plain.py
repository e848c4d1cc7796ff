"""The engine without libsrtp: what is received counts as opened, what is sent stays readable.

libsrtp refuses headers that contradict themselves before it opens or seals anything, so behind it the engine's own
checks of those are never asked. Here every byte reaches them, and targets read what was sent without opening it.
(`sealed.py` is the target that has the real libsrtp in between.)
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from pylibsrtp import Session

from sfu.core import _engine

_protect_or_unprotect = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
_remove_stream = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint)

_FUNCTIONS: dict[str, Any] = dict.fromkeys(
    ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp"),
    _protect_or_unprotect(lambda session, packet, length: 0),
) | {"srtp_remove_stream": _remove_stream(lambda session, ssrc: 0)}

_BINDING = SimpleNamespace(
    lib=None,
    ffi=SimpleNamespace(
        addressof=lambda lib, name: _FUNCTIONS[name],
        cast=lambda kind, value: value if isinstance(value, int) else ctypes.cast(value, ctypes.c_void_p).value,
    ),
)

SESSION: Session = SimpleNamespace(_srtp=[1])  # type: ignore[assignment]
"""For `Engine.set_keys`: any session."""


@contextmanager
def without_libsrtp() -> Iterator[None]:
    """For every engine of the process."""
    bind = _engine._bind_libsrtp  # type: ignore[attr-defined]
    try:
        with patch.dict(sys.modules, {"pylibsrtp._binding": _BINDING}):
            bind()
            yield
    finally:
        bind()
