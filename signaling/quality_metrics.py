"""What Prometheus is told of the quality of calls. Every label is a word of ours from a short list.

One person's browser can only add what is its own, in bounds and at a limited rate. Not here: the other counters
(`metrics.py`), and what is kept of each session (`quality_keeper.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram

from signaling.stats import PathStats, Stats

if TYPE_CHECKING:
    from sfu import PeerReport

JOINING = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0)
"""Seconds."""

ROUND_TRIPS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.45, 0.8, 1.5, 3.0)
"""Seconds. 0.2 and 0.45 are where grades change."""

SHARES = (0.001, 0.005, 0.01, 0.02, 0.05, 0.08, 0.15, 0.3, 0.5)
"""0.02 and 0.08 are where grades change."""

FROZEN = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 59.0)
"""Seconds in a minute."""

BITRATES = (32e3, 64e3, 128e3, 256e3, 512e3, 1e6, 2e6, 4e6, 8e6, 16e6)
"""bit/s."""


class QualityMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self.joins = self._counter(
            "joins", "People whose media connection came about, and those for whom it never did, and why", "result"
        )
        self.join_seconds = self._histogram("join_seconds", "From pressing Join to the first picture", JOINING)
        self.connect_seconds = self._histogram("media_connect_seconds", "From offer to media connection", JOINING)
        self.reconnects = self._counter("reconnects", "What had to be connected anew", "kind")
        self.paths = self._counter("media_paths", "People by the way their media takes", "candidate", "protocol")
        self.round_trip = self._histogram(
            "round_trip_seconds", "Between browser and server; each person every 2 s", ROUND_TRIPS
        )
        self.loss = self._histogram("loss_ratio", "Packets lost; each person every 2 s", SHARES, "direction")
        self.bitrate = self._histogram("bitrate_bits", "bit/s; each person every 2 s", BITRATES, "direction")
        self.concealed = self._histogram(
            "concealed_ratio", "Sound invented because packets were missing, as browsers say; every 5 s", SHARES
        )
        self.freezes = self._histogram(
            "freeze_seconds_per_minute",
            "How long pictures stood still, as browsers say; each person every minute",
            FROZEN,
        )
        self.limited = self._counter("limited_seconds", "Time in which something kept pictures down", "reason")
        self.stats = self._counter("stats", "Browsers' reports", "result")
        self.records_lost = self._counter("quality_records_lost", "Records dropped while the database was away")

    def measured(self, report: PeerReport) -> None:
        """By the media server."""
        if report.rtt_ms is not None:
            self.round_trip.observe(report.rtt_ms / 1000)
        self.loss.labels("up").observe(report.loss_up)
        self.loss.labels("down").observe(report.loss_down)
        self.bitrate.labels("up").observe(report.bits_in)
        self.bitrate.labels("down").observe(report.bits_out)

    def takes(self, path: PathStats) -> None:
        """The first way of somebody's media."""
        self.paths.labels(path.candidate, path.relay or path.protocol).inc()

    def told(self, stats: Stats, seconds: float) -> None:
        """By a browser; it counts for `seconds`."""
        self.stats.labels("taken").inc()
        concealed = [each.concealed for each in stats.received if each.concealed is not None]
        if concealed:
            self.concealed.observe(max(concealed))
        for sent in {each.source: each for each in stats.sent}.values():
            if sent.limited in ("bandwidth", "cpu", "other"):
                self.limited.labels(sent.limited).inc(seconds)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"therabook_{name}", text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"therabook_{name}", text, labels, registry=self._registry, buckets=buckets)
