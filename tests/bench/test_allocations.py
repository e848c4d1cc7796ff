"""What the counter in front of malloc writes is read."""

from __future__ import annotations

import struct
import subprocess
import sys

from bench.allocations import THREADS, Tally, total

HEADER = struct.Struct("=Q")
ENTRY = struct.Struct("=qQQQ")


def test_only_the_threads_that_are_asked_for_are_added_up() -> None:
    entries = [(10, 1, 2, 3), (11, 10, 20, 30), (12, 100, 200, 300)]
    table = HEADER.pack(len(entries)) + b"".join(ENTRY.pack(*entry) for entry in entries)
    table += bytes(THREADS * ENTRY.size)
    assert total(table, [10, 12]) == {"allocations": 101, "frees": 202, "bytes": 303}
    assert total(table, []) == {"allocations": 0, "frees": 0, "bytes": 0}


def test_more_threads_than_there_is_room_for_are_no_error() -> None:
    table = HEADER.pack(THREADS + 5) + ENTRY.pack(1, 2, 3, 4) * THREADS
    assert total(table, [1])["allocations"] == 2 * THREADS


def test_a_process_that_allocates_is_seen_to() -> None:
    tally = Tally()
    script = (
        "import ctypes, threading; library = ctypes.CDLL(None); library.malloc.restype = ctypes.c_void_p\n"
        "for _ in range(1000): library.free(ctypes.c_void_p(library.malloc(1_000_000)))\n"
        "print(threading.get_native_id())"
    )
    done = subprocess.run([sys.executable, "-c", script], env=dict(tally.environment), check=True, capture_output=True)
    counted = tally.of([int(done.stdout)])
    assert counted["allocations"] >= 1000
    assert counted["frees"] >= 1000
    assert counted["bytes"] >= 1_000_000_000
