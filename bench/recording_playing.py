"""Python's side of native/films.c: people who send films, and what came of what they sent.

Plays in a thread of its own from `start` on; meanwhile it can be looked at. Not here: how people are connected
(`recording_service.py`, `recording_janus.py`).
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench import native, stage
from bench.recording_films import Film
from bench.traffic import COUNTS as TRAFFIC_COUNTS
from bench.traffic import OCTAVES, STEPS, Endpoint, Figures, Receiving, Sending
from recording.frames import RATES

# fmt: off
COUNTS = (
    "sent", "received", "lost", "repeats", "duplicates", "wrong", "padding", "bad_auth", "bad_ssrc", "sent_late",
    "send_failed", "key_asked", "nack_asked", "feedback", "showings", "checks_answered", "own_cpu_ns",
)
# fmt: on

STRAGGLERS = 0.3
"""Seconds for what is still under way."""

APART_US = 1_700
"""From one person's beginning to the next one's, so that not everybody's pictures come at the same time."""


class _Counts(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in COUNTS)


_PIECE = ("at_us", "timestamp", "offset", "length", "first", "last")


class _Piece(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint32) for name in _PIECE)


_CALL = ("sent", "received", "lost", "wrong", "longest_gap_ns")


class _Call(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in _CALL)


@dataclass(frozen=True)
class Stream:
    """What one person got of one film of the other's, since its first packet came."""

    sent: int
    received: int
    lost: int
    """Packets that did not come, though later ones did."""
    wrong: int
    longest_gap_ms: float


@dataclass(frozen=True)
class Look:
    """All that was counted until `at`."""

    at: float
    counts: Mapping[str, int]
    histogram: tuple[int, ...]


@dataclass(frozen=True)
class Seen:
    """What happened between two looks."""

    seconds: float
    counts: Mapping[str, int]
    p50_us: float
    p99_us: float
    generator_cores: float
    late: float
    """Share of the packets that were sent more than 5 ms late."""

    @classmethod
    def between(cls, before: Look, after: Look) -> Seen:
        counts = {name: after.counts[name] - before.counts[name] for name in COUNTS}
        seconds = after.at - before.at
        histogram = [late - early for late, early in zip(after.histogram, before.histogram, strict=True)]
        figures = Figures({**dict.fromkeys(TRAFFIC_COUNTS, 0), "worst_ns": 1 << 62}, [histogram])
        return cls(
            seconds=seconds,
            counts=counts,
            p50_us=figures.percentile(0.5),
            p99_us=figures.percentile(0.99),
            generator_cores=counts["own_cpu_ns"] / 1e9 / seconds,
            late=counts["sent_late"] / max(counts["sent"], 1),
        )


class Playing:
    """Everybody is added before `start`."""

    def __init__(self) -> None:
        self._library = native.load("films")
        _declare(self._library)
        self._handle = self._library.films_new(
            *(
                native.function(name)
                for name in ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp")
            )
        )
        if not self._handle:
            raise MemoryError
        self._films: dict[int, int] = {}
        self._peers: dict[int, int] = {}
        self._senders: dict[int, int] = {}
        self._kept: list[object] = []
        self._endpoints: list[Endpoint] = []
        self._streams = 0
        self._thread: threading.Thread | None = None

    def add_person(self, sends: Sequence[tuple[Sending, Film]]) -> None:
        """All that one person sends begins at once."""
        after_us = APART_US * len(self._endpoints)
        for sending, film in sends:
            self._senders[id(sending)] = self._library.films_sender(
                self._handle,
                self._peer(sending.endpoint),
                self._film(film),
                sending.ssrc,
                sending.payload_type,
                sending.mid_id,
                sending.mid.encode("ascii"),
                sending.transport_id,
                after_us,
            )
            self._kept.append(sending)

    def add_receiving(self, receiving: Receiving, sending: Sending) -> None:
        """What comes under this SSRC is what the other one sends."""
        peer = self._peer(receiving.endpoint)
        self._library.films_receiver(
            self._handle,
            peer,
            self._senders[id(sending)],
            receiving.ssrc,
            receiving.rtx_ssrc,
            receiving.transport_id,
        )
        self._streams += 1

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="playing", daemon=True)
        self._thread.start()

    def look(self) -> Look:
        counts = _Counts()
        histogram = (ctypes.c_uint64 * (OCTAVES * STEPS))()
        at = time.monotonic()
        self._library.films_look(self._handle, ctypes.byref(counts), histogram)
        return Look(at, {name: int(getattr(counts, name)) for name in COUNTS}, tuple(histogram))

    def streams(self) -> list[Stream]:
        found = (_Call * max(self._streams, 1))()
        count = self._library.films_calls(self._handle, found, self._streams)
        return [
            Stream(each.sent, each.received, each.lost, each.wrong, round(each.longest_gap_ns / 1e6, 1))
            for each in found[:count]
        ]

    def hush(self) -> None:
        """Nothing is sent any more. Returns when all that was under way has come or never will."""
        self._library.films_hush(self._handle)
        time.sleep(STRAGGLERS)

    def close(self) -> None:
        """Ends everything, sockets too."""
        if self._handle:
            self._library.films_stop(self._handle)
            if self._thread is not None:
                self._thread.join()
            self._library.films_free(self._handle)
            self._handle = None
        for endpoint in self._endpoints:
            endpoint.socket.close()
        self._endpoints = []

    def _run(self) -> None:
        # before everything else on its core: what it sends late says nothing of a server
        with stage.first(True):
            self._library.films_run(self._handle)

    def _film(self, film: Film) -> int:
        known = self._films.get(id(film))
        if known is not None:
            return known
        pieces = (_Piece * len(film.pieces))()
        offset = 0
        for at, piece in enumerate(film.pieces):
            pieces[at] = _Piece(piece.at_us, piece.timestamp, offset, len(piece.data), piece.first, piece.last)
            offset += len(piece.data)
        data = b"".join(piece.data for piece in film.pieces)
        self._kept += [film, pieces, data]
        number: int = self._library.films_film(
            self._handle,
            pieces,
            len(pieces),
            data,
            film.length_us,
            film.ticks,
            RATES[film.kind],
            film.kind == "video",
        )
        self._films[id(film)] = number
        return number

    def _peer(self, endpoint: Endpoint) -> int:
        """Of a connection that may be known already."""
        known = self._peers.get(id(endpoint))
        if known is not None:
            return known
        number: int = self._library.films_peer(
            self._handle, endpoint.socket.fileno(), native.pointer(endpoint.tx), native.pointer(endpoint.rx)
        )
        self._peers[id(endpoint)] = number
        self._endpoints.append(endpoint)
        for check in endpoint.checks:
            self._library.films_check(self._handle, number, check, len(check))
        return number


def _declare(library: ctypes.CDLL) -> None:
    pointer, number, text, size = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32
    library.films_new.argtypes = [pointer] * 4
    library.films_new.restype = pointer
    library.films_film.argtypes = [pointer, pointer, size, text, size, size, size, number]
    library.films_peer.argtypes = [pointer, number, pointer, pointer]
    library.films_check.argtypes = [pointer, number, text, number]
    library.films_sender.argtypes = [pointer, number, number, size, number, number, text, number, size]
    library.films_receiver.argtypes = [pointer, number, number, size, size, number]
    library.films_look.argtypes = [pointer] * 3
    library.films_look.restype = None
    library.films_calls.argtypes = [pointer, pointer, number]
    for name in ("films_stop", "films_hush", "films_run", "films_free"):
        getattr(library, name).argtypes = [pointer]
        getattr(library, name).restype = None
