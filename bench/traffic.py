"""Python's side of native/traffic.c: endpoints in, figures out.

Not here: how endpoints come about (`client.py`, `systems/`), what the figures are compared with (`report.py`).
"""

from __future__ import annotations

import ctypes
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from pylibsrtp import Session

from bench import native

OCTAVES = 40
STEPS = 64
"""As in native/traffic.h: buckets of the latency histogram, 64 in each doubling."""

GROUPS = 2
"""As in native/traffic.h: calls whose latencies are told apart."""

MOST_STREAMS = 8
"""Of one connection, that are received."""

PRIMING_PACKETS_PER_S = 60.0
"""For each publisher."""

PRIMING_SECONDS = 600.0
"""At most."""


@dataclass(frozen=True, repr=False)
class Endpoint:
    """A connected client: its socket (connected to the server), its SRTP contexts, and STUN checks ready to send."""

    socket: socket.socket
    tx: Session
    rx: Session
    checks: Sequence[bytes] = ()


@dataclass(frozen=True, repr=False)
class Sending:
    endpoint: Endpoint
    ssrc: int
    payload_type: int
    mid: str = ""
    mid_id: int = 0
    transport_id: int = 0
    """Ids of the header extensions, 0 where not negotiated."""


@dataclass(frozen=True, repr=False)
class Receiving:
    """An endpoint may receive several streams if their `ssrc` are known."""

    endpoint: Endpoint
    ssrc: int = 0
    """0: whatever comes first."""
    rtx_ssrc: int = 0
    group: int = 0
    """0 or 1: see `Figures.percentile`."""
    transport_id: int = 0
    """Of the header extension on which the endpoint gives transport-wide feedback, 0 without."""


class Besides(Protocol):
    """Something in C that gets a turn of the traffic's loop: see `besides_function` in native/traffic.h."""

    @property
    def turn(self) -> int:
        """Where its function is."""

    @property
    def state(self) -> int:
        """What the function is given."""


@dataclass(frozen=True)
class Setting:
    """One run. See `struct setting` in native/traffic.c."""

    packets_per_s: float
    seconds: float
    bytes: int = 1100
    burst: int = 1
    spin: bool = True
    repeats_per_s: int = 0
    pid: int = 0
    measured: bool = True


class _Setting(ctypes.Structure):
    _fields_ = (
        ("packets_per_s", ctypes.c_double),
        ("seconds", ctypes.c_double),
        ("bytes", ctypes.c_int),
        ("burst", ctypes.c_int),
        ("spin", ctypes.c_int),
        ("repeats_per_s", ctypes.c_int),
        ("pid", ctypes.c_int),
        ("measured", ctypes.c_int),
    )


# fmt: off
COUNTS = (
    "sent", "expected", "received", "lost", "duplicates", "stale",
    "bad_auth", "bad_rtp", "bad_ssrc", "bad_payload", "bad_picture", "gaps", "reordered", "padding",
    "repeats_asked", "repeats_got", "key_asked", "nack_asked", "feedback", "feedback_packets", "reports",
    "checks_sent", "checks_answered", "send_failed", "sent_late", "worst_send_ns", "above_20_ms", "worst_ns",
    "server_cpu_ns", "own_cpu_ns", "busy_ns", "window_ns", "bytes_received", "others", "stalls", "worst_turn_ns",
    "excused_20_ms", "worst_own_ns", "feedback_sent",
)
# fmt: on


class _Counts(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in COUNTS)


_CALL = ("expected", "received", "wrong", "longest_gap_ns", "worst_ns", "group")


class _Call(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in _CALL)


@dataclass(frozen=True)
class Call:
    """What one subscriber got of what its publisher sent to it."""

    expected: int
    received: int
    wrong: int
    """Packets that no right forwarder sends."""
    longest_gap_ns: int
    """Between two packets, or between one and an edge of the window."""
    worst_ns: int
    """The latest packet's way."""
    group: int = 0


@dataclass(frozen=True)
class Figures:
    """What a run showed."""

    counts: dict[str, int]
    histograms: list[list[int]]
    """Of latencies, one for each group of calls."""
    calls: list[Call] = field(default_factory=list)

    @classmethod
    def merged(cls, runs: Sequence[Figures]) -> Figures:
        """Of one or more runs. What each call got is left out."""
        counts = {name: [run.counts[name] for run in runs] for name in COUNTS}
        totals = {name: max(each) if name.startswith("worst_") else sum(each) for name, each in counts.items()}
        groups = range(len(runs[0].histograms))
        histograms = [
            [sum(column) for column in zip(*(run.histograms[at] for run in runs), strict=True)] for at in groups
        ]
        return cls(totals, histograms)

    def percentile(self, share: float, group: int | None = None) -> float:
        """Microseconds from sending to receiving that `share` (0 to 1) of the packets stayed under, of one group or
        of all; 0 without any."""
        chosen = self.histograms if group is None else [self.histograms[group]]
        histogram = [sum(column) for column in zip(*chosen, strict=True)]
        wanted = share * sum(histogram)
        seen = 0
        for at, count in enumerate(histogram):
            seen += count
            if count and seen >= wanted:
                return min(_upper_edge_ns(at), self.counts["worst_ns"]) / 1000
        return 0.0

    @property
    def loss(self) -> float:
        """Share of the packets that should have come and didn't."""
        return self.counts["lost"] / self.counts["expected"] if self.counts["expected"] else 0.0

    @property
    def cpu_us_per_packet(self) -> float:
        """Of the server, all threads, for each packet that arrived at a subscriber within the window."""
        return self.counts["server_cpu_ns"] / 1000 / self.counts["received"] if self.counts["received"] else 0.0

    @property
    def server_load(self) -> float:
        """Cores that the server used."""
        return self.counts["server_cpu_ns"] / self.counts["window_ns"] if self.counts["window_ns"] else 0.0

    @property
    def own_load(self) -> float:
        """Share of the window in which the generator had something to do."""
        return self.counts["busy_ns"] / self.counts["window_ns"] if self.counts["window_ns"] else 0.0

    @property
    def faults(self) -> dict[str, int]:
        """Everything that no right forwarder does."""
        names = ("bad_auth", "bad_rtp", "bad_ssrc", "bad_payload", "bad_picture", "duplicates")
        return {name: self.counts[name] for name in names if self.counts[name]}


class Traffic:
    """All clients of one measurement: publishers, each followed by those who watch it."""

    def __init__(self) -> None:
        self._library = native.load("traffic")
        _declare(self._library)
        self._handle = self._library.traffic_new(
            *(
                native.function(name)
                for name in ("srtp_protect", "srtp_unprotect", "srtp_protect_rtcp", "srtp_unprotect_rtcp")
            )
        )
        if not self._handle:
            raise MemoryError
        self._numbers: dict[int, int] = {}
        self._kept: list[Endpoint] = []

    def add_publisher(self, publisher: Sending) -> None:
        self._library.traffic_publisher(
            self._handle,
            self._number(publisher.endpoint),
            publisher.ssrc,
            publisher.payload_type,
            publisher.mid_id,
            publisher.mid.encode("ascii"),
            publisher.transport_id,
        )

    def add_subscriber(self, subscriber: Receiving, publisher: Sending | None) -> None:
        """`publisher` None: what comes in that stream is opened and counted; there is nothing to compare it with."""
        self._library.traffic_subscriber(
            self._handle,
            self._number(subscriber.endpoint),
            self._numbers[id(publisher.endpoint)] if publisher is not None else -1,
            subscriber.ssrc,
            subscriber.rtx_ssrc,
            subscriber.group,
            subscriber.transport_id,
        )

    def run(self, setting: Setting, besides: Besides | None = None) -> Figures:
        """Sends for as long as the setting says. Other Python threads run meanwhile."""
        counts = _Counts()
        histogram = (ctypes.c_uint64 * (OCTAVES * STEPS) * GROUPS)()
        wanted = _Setting(
            setting.packets_per_s,
            setting.seconds,
            setting.bytes,
            setting.burst,
            setting.spin,
            setting.repeats_per_s,
            setting.pid,
            setting.measured,
        )
        self._library.traffic_besides(self._handle, besides.turn if besides else None, besides.state if besides else 0)
        if self._library.traffic_run(self._handle, ctypes.byref(wanted), ctypes.byref(counts), histogram) != 0:
            raise MemoryError
        totals = {name: int(getattr(counts, name)) for name in COUNTS}
        return Figures(totals, [list(group) for group in histogram], self._calls())

    def _calls(self) -> list[Call]:
        most = 1 + len(self._kept) * MOST_STREAMS
        found = (_Call * most)()
        count = self._library.traffic_calls(self._handle, found, most)
        return [Call(*(int(getattr(each, name)) for name in _CALL)) for each in found[:count]]

    @contextmanager
    def priming(self) -> Iterator[None]:
        """Within it the publishers send a little, in a thread of their own: some servers know of no track before its
        first packets come. Nothing may be added meanwhile."""
        setting = Setting(PRIMING_PACKETS_PER_S * max(len(self._kept), 1), PRIMING_SECONDS, spin=False, measured=False)
        thread = threading.Thread(target=self.run, args=(setting,), name="priming", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.stop()
            thread.join()

    def stop(self) -> None:
        """Ends a run, from another thread."""
        self._library.traffic_stop(self._handle)

    def close(self) -> None:
        """Ends everything, sockets too."""
        if self._handle:
            self._library.traffic_free(self._handle)
            self._handle = None
        for endpoint in self._kept:
            endpoint.socket.close()
        self._kept = []

    def _number(self, endpoint: Endpoint) -> int:
        """Of a connection that may be known already."""
        known = self._numbers.get(id(endpoint))
        if known is not None:
            return known
        self._kept.append(endpoint)
        number: int = self._library.traffic_peer(
            self._handle, endpoint.socket.fileno(), native.pointer(endpoint.tx), native.pointer(endpoint.rx)
        )
        self._numbers[id(endpoint)] = number
        for check in endpoint.checks:
            self._library.traffic_check(self._handle, number, check, len(check))
        return number


def _upper_edge_ns(at: int) -> int:
    octave, step = divmod(at, STEPS)
    return step + 1 if octave == 0 else (STEPS + step + 1) << (octave - 1)


def _declare(library: ctypes.CDLL) -> None:
    pointer, number, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    library.traffic_new.argtypes = [pointer] * 4
    library.traffic_new.restype = pointer
    library.traffic_peer.argtypes = [pointer, number, pointer, pointer]
    library.traffic_publisher.argtypes = [pointer, number, ctypes.c_uint32, number, number, text, number]
    library.traffic_subscriber.argtypes = [pointer, number, number, ctypes.c_uint32, ctypes.c_uint32, number, number]
    library.traffic_besides.argtypes = [pointer, pointer, pointer]
    library.traffic_calls.argtypes = [pointer, pointer, number]
    library.traffic_check.argtypes = [pointer, number, text, number]
    library.traffic_run.argtypes = [pointer] * 4
    library.traffic_stop.argtypes = [pointer]
    library.traffic_free.argtypes = [pointer]
