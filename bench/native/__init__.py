"""The parts that must not be slower than what they measure, in C: compiled on first use, loaded with ctypes.

Not here: what is done with them (`traffic.py`, `systems/floor_process.py`).
"""

from __future__ import annotations

import ctypes
import hashlib
import shutil
from functools import cache
from pathlib import Path

from pylibsrtp import Session
from pylibsrtp._binding import ffi, lib

from bench.errors import NotAvailable
from bench.processes import BUILD, run

FOLDER = Path(__file__).parent
FLAGS = ("-O2", "-Wall", "-Wextra", "-shared", "-fPIC")


@cache
def load(name: str) -> ctypes.CDLL:
    """`name`.c. ctypes gives up the GIL for as long as one of its functions runs."""
    return ctypes.CDLL(str(build(name)))


def build(name: str) -> Path:
    """`name`.c, compiled if it is not yet. Raises NotAvailable."""
    source = FOLDER / f"{name}.c"
    parts = [source, *sorted(FOLDER.glob("*.h"))]
    digest = hashlib.sha256(b"".join(each.read_bytes() for each in parts)).hexdigest()[:16]
    library = BUILD / "native" / f"{name}-{digest}.so"
    if not library.exists():
        compiler = shutil.which("gcc") or shutil.which("cc")
        if compiler is None:
            raise NotAvailable("no C compiler")
        library.parent.mkdir(parents=True, exist_ok=True)
        unfinished = library.with_suffix(".part")
        run([compiler, *FLAGS, "-o", str(unfinished), str(source)])
        unfinished.rename(library)
    return library


def function(name: str) -> int:
    """Where a function of libsrtp is in pylibsrtp's own binary."""
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))


def pointer(session: Session) -> int:
    """libsrtp's context. The Session must be kept alive as long as this is used."""
    return int(ffi.cast("uintptr_t", session._srtp[0]))
