"""What is counted, for Prometheus. Labels are words of ours from short lists: never a name, an id or an address.

Not here: what is measured of calls (`quality_metrics.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from signaling.quality_metrics import QualityMetrics

# A time for each counter, which nothing of ours reads.
disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The counters of one server. A registry of its own, so that two servers in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.people = self._counter(
            "people", "What became of people: waits, enters, admitted, gone ...", "event", "reason"
        )
        self.refused = self._counter("refused", "Requests refused, by code", "code")
        self.requests = self._counter("http_requests", "HTTP requests, by route and status", "route", "status")
        self.tokens = self._counter("tokens_issued", "Tokens issued", "role")
        self.peers_connected = self._counter("peers_connected", "Media connections that came about")
        self.peers_lost = self._counter("peers_lost", "Media connections that went", "reason")
        self.wiring_refused = self._counter("wiring_refused", "Orders that the media server refused", "code")
        self.faults = self._counter("session_faults", "Sessions ended by a fault of ours")
        self.recordings_shredded = self._counter("recordings_shredded", "Recordings whose time was over")
        self.frames_unopened = self._counter(
            "recording_frames_unopened", "Encrypted frames that came to a recording and that no key opened"
        )
        self.restore_tests = self._counter("restore_tests", "Recordings read as a test, by result", "result")
        self.messages = self._counter("messages", "E-mails and SMS, by what became of them", "channel", "outcome")
        self.messages_waiting = self._gauge("messages_waiting", "E-mails and SMS that are not sent yet", "channel")
        self.webhooks = self._counter("webhooks", "Attempts to deliver a webhook, by what became of them", "outcome")
        self.webhooks_waiting = self._gauge("webhooks_waiting", "Webhooks that are not delivered yet")
        self.alerts = self._counter("alerts", "Unusual activity that was noticed, by rule", "rule")
        self.quality = QualityMetrics(self.registry)
        self.slow = self._counter("connections_too_slow", "Sockets closed because they did not take what was sent")

    def watch(self, counts: Callable[[], dict[str, int]], media: Callable[[], dict[str, int]]) -> None:
        """Also read these when asked: gauges of sessions and people, and the media server's counters."""
        self.registry.register(_Live(counts, media))

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"therabook_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(f"therabook_{name}", text, labels, registry=self.registry)


class _Live(Collector):
    def __init__(self, counts: Callable[[], dict[str, int]], media: Callable[[], dict[str, int]]) -> None:
        self._counts = counts
        self._media = media

    def collect(self) -> Iterable[Metric]:
        counts = self._counts()
        yield GaugeMetricFamily("therabook_sessions", "Sessions on this server", value=counts["sessions"])
        phases = GaugeMetricFamily("therabook_people_now", "People in sessions, by phase", labels=["phase"])
        for phase in ("present", "waiting"):
            phases.add_metric([phase], counts[phase])
        yield phases
        media = CounterMetricFamily("therabook_media", "What the media server counts", labels=["what"])
        for name, value in sorted(self._media().items()):
            media.add_metric([name], value)
        yield media
