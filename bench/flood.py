"""Python's side of native/flooder.c: an attack, sockets and keys in; what was sent and what came back out.

A flood gets its turns from the traffic's loop: `Traffic.run(setting, flood)`. Not here: the kinds (`attacks.py`).
"""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from bench import native
from bench.attacks import Ammunition
from bench.traffic import Endpoint

FIRST_SEQ = 1000
HEADERS = 28
"""As in native/flooder.h: IP's and UDP's bytes, which every datagram costs besides its own."""


class _Plan(ctypes.Structure):
    _fields_ = (
        ("packets_per_s", ctypes.c_double),
        ("bits_per_s", ctypes.c_double),
        ("total", ctypes.c_uint64),
        ("seal", ctypes.c_int),
        ("fresh_from", ctypes.c_int),
        ("fresh_until", ctypes.c_int),
        ("strangers", ctypes.c_int),
        ("copies", ctypes.c_int),
        ("asks", ctypes.c_int),
        ("frames", ctypes.c_int),
        ("transport_at", ctypes.c_int),
        ("first_seq", ctypes.c_int),
        ("slot_ssrc", ctypes.c_uint32),
    )


_COUNTS = ("sent", "bytes_sent", "back", "bytes_back", "failed", "unsealed", "connections", "next_seq")


class _Counts(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in _COUNTS)


@dataclass(frozen=True)
class Volley:
    """How much, how fast, and from where."""

    total: int
    packets_per_s: float
    bits_per_s: float
    """With IP's and UDP's headers. Whichever is less, this or the packets."""
    sockets: Sequence[socket.socket]
    """Connected to the server. Of a joined attacker the first is its own."""
    server: tuple[str, int]
    joined: Endpoint | None = None
    """Whose keys seal, and whose checks are kept up."""
    slot_ssrc: int = 0
    sources: Sequence[str] = ()
    """Addresses that TCP connections come from, in turn."""
    first_seq: int = FIRST_SEQ
    """Of what is sealed: no number may be used twice under one key."""


def seconds(ammunition: Ammunition, total: int, packets_per_s: float, bits_per_s: float) -> float:
    """That so many take."""
    mean = HEADERS + sum(map(len, ammunition.templates)) / len(ammunition.templates)
    return max(total / packets_per_s, total * mean * 8 / bits_per_s)


class Flood:
    """To be closed after use: as a context manager."""

    def __init__(self, ammunition: Ammunition, volley: Volley) -> None:
        self._library = native.load("flooder")
        _declare(self._library)
        self._kept = volley
        start, end = ammunition.fresh if ammunition.fresh is not None else (-1, 0)
        plan = _Plan(
            volley.packets_per_s,
            volley.bits_per_s,
            volley.total,
            ammunition.seal,
            start,
            end,
            ammunition.strangers,
            ammunition.copies,
            ammunition.asks,
            ammunition.frames,
            ammunition.transport_at,
            volley.first_seq,
            volley.slot_ssrc,
        )
        self.state: int = self._library.flood_new(
            ctypes.byref(plan),
            *(native.function(name) for name in ("srtp_protect", "srtp_protect_rtcp", "srtp_remove_stream")),
            native.pointer(volley.joined.tx) if volley.joined is not None else None,
        )
        if not self.state:
            raise MemoryError
        for template in ammunition.templates:
            self._library.flood_template(self.state, template, len(template))
        for each in volley.sockets:
            self._library.flood_socket(self.state, each.fileno())
        if volley.joined is not None:
            for check in volley.joined.checks:
                self._library.flood_check(self.state, volley.joined.socket.fileno(), check, len(check))
        for source in volley.sources:
            self._library.flood_source(self.state, source.encode())
        self._library.flood_target(self.state, volley.server[0].encode(), volley.server[1])

    @property
    def turn(self) -> int:
        return ctypes.cast(self._library.flood_turn, ctypes.c_void_p).value or 0

    @property
    def counts(self) -> dict[str, int]:
        """So far."""
        counts = _Counts()
        self._library.flood_counts(self.state, ctypes.byref(counts))
        return {name: int(getattr(counts, name)) for name in _COUNTS}

    def __enter__(self) -> Flood:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.flood_free(self.state)
        self.state = 0


def _declare(library: ctypes.CDLL) -> None:
    pointer, number, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    library.flood_new.argtypes = [pointer] * 5
    library.flood_new.restype = pointer
    library.flood_template.argtypes = [pointer, text, number]
    library.flood_check.argtypes = [pointer, number, text, number]
    library.flood_socket.argtypes = [pointer, number]
    library.flood_source.argtypes = [pointer, text]
    library.flood_target.argtypes = [pointer, text, number]
    library.flood_counts.argtypes = [pointer, pointer]
    library.flood_free.argtypes = [pointer]
