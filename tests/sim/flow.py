"""Senders whose rate follows `sfu.core.Estimator`, each over a link to a receiver that gives transport-wide feedback:
the estimate alone, without an engine. All flows of a run share one clock, and whatever links they are given.

A sender makes what an application makes: sound, and pictures as large as the estimate and its own limit allow. Nothing
is paced but the packets of one picture.

Not here: links (`link.py`), calls through the real engine (`call.py`).
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sfu.core import Estimator
from tests.sim.arrivals import Arrivals
from tests.sim.link import SECOND, Path

TICK_US = 5_000
FRAME_US = 33_333
SOUND_US = 20_000
SOUND_BYTES = 100
SOUND_BPS = 8 * SOUND_BYTES * SECOND // SOUND_US
PACKET_BYTES = 1_200
PACED = 2.5
"""How much faster than they are made the packets of one picture leave."""

SAMPLE_US = 100_000
PASS_TIME_US = 1_000_000

Schedule = Callable[[int, Callable[[int], None]], None]
"""Has something called at a later time, which it is given."""


@dataclass(frozen=True)
class Sample:
    """Of a tenth of a second. Rates are bits a second; what only fills up probes does not count as delivered."""

    at: int
    estimate: int
    sent: float
    delivered: float
    slowest_us: int
    """Of the packets that arrived; 0 without any."""
    heard: int
    """Packets of sound that arrived."""


class Flow:
    """`wanted`: bits a second that it would send if it could, a number or by time. `reacts_us`: until pictures are as
    large as a new estimate allows. `feedback_lost`: by the message's number."""

    def __init__(
        self,
        down: Path,
        *,
        up_delay_us: int = 20_000,
        wanted: float | Callable[[int], float] = 2_500_000.0,
        feedback_us: int = 100_000,
        feedback_lost: Callable[[int], bool] = lambda number: False,
        begins_at: int = 0,
        reacts_us: int = 50_000,
        probes: bool = True,
        tcp: bool = False,
    ) -> None:
        self.down = down
        self.estimator = Estimator(tcp=tcp)
        self.samples: list[Sample] = []
        self.begins_at = begins_at
        self._wanted = wanted if callable(wanted) else lambda now: wanted
        self._up_delay = up_delay_us
        self._feedback_us = feedback_us
        self._feedback_lost = feedback_lost
        self._reacts = reacts_us
        self._probes = probes
        self._arrivals = Arrivals()
        self._seq = 0
        self._messages = 0
        self._picture: list[int] = []
        self._paced = 0.0
        self._owed = 0.0
        self._frame_at = self._sound_at = self._feedback_at = self._sample_at = self._pass_at = begins_at
        self._told: list[tuple[int, int]] = []
        self._rate = float(self.estimator.bitrate)
        self._sent = self._delivered = self._slowest = self._heard = 0

    # What it showed

    def mean(self, since: float, until: float, what: str = "estimate") -> float:
        """Of the samples between two times, in seconds."""
        found = [float(getattr(each, what)) for each in self._between(since, until)]
        return sum(found) / len(found)

    def until(self, rate: float, since: float, what: str = "estimate") -> float:
        """Seconds from `since` until it is so much; infinity if it never is."""
        reached = (each.at / SECOND - since for each in self._between(since, 1e9) if getattr(each, what) >= rate)
        return next(reached, float("inf"))

    def slowest_ms(self, since: float, until: float, share: float = 0.95) -> float:
        """What the slowest packet of a tenth of a second took, in `share` of them at most."""
        found = sorted(each.slowest_us for each in self._between(since, until) if each.slowest_us)
        return found[int(share * (len(found) - 1))] / 1000

    def heard_share(self, since: float, until: float) -> float:
        """Of the sound."""
        return self.mean(since, until, "heard") * SOUND_US / SAMPLE_US

    def _between(self, since: float, until: float) -> list[Sample]:
        return [each for each in self.samples if since * SECOND <= each.at < until * SECOND]

    # What moves it

    def tick(self, now: int, schedule: Schedule) -> None:
        if now < self.begins_at:
            return
        self._follow(now)
        if now >= self._sound_at:
            self._sound_at += SOUND_US
            self._send(SOUND_BYTES, now, schedule, sound=True)
        self._picture_due(now, schedule)
        if self._probes:
            self._fill_up(now, schedule)
        if now >= self._feedback_at:
            self._feedback_at += self._feedback_us
            for message in self._arrivals.tell():
                self._messages += 1
                if not self._feedback_lost(self._messages):
                    schedule(now + self._up_delay, partial(self._take, message))
        if now >= self._pass_at:
            self._pass_at += PASS_TIME_US
            self.estimator.pass_time(now)
        if now >= self._sample_at:
            self._sample_at += SAMPLE_US
            self._sample(now)

    def _follow(self, now: int) -> None:
        self._told.append((now, self.estimator.bitrate))
        while self._told and self._told[0][0] <= now - self._reacts:
            self._rate = float(self._told.pop(0)[1])

    def _picture_due(self, now: int, schedule: Schedule) -> None:
        rate = max(min(self._rate, self._wanted(now)) - SOUND_BPS, 0.0)
        if now >= self._frame_at:
            self._frame_at += FRAME_US
            self._owed += rate * FRAME_US / SECOND / 8
            while self._owed >= PACKET_BYTES:
                self._picture.append(PACKET_BYTES)
                self._owed -= PACKET_BYTES
            if self._owed >= 200 and rate > 100_000:
                self._picture.append(int(self._owed))
                self._owed -= int(self._owed)
            if not self._picture:
                self._paced = 0.0
        self._paced += PACED * rate * TICK_US / SECOND / 8
        while self._picture and self._paced >= 0:
            size = self._picture.pop(0)
            self._paced -= size
            self._send(size, now, schedule)
        self._paced = min(self._paced, 0.0)

    def _fill_up(self, now: int, schedule: Schedule) -> None:
        due = self.estimator.probe_wanted(now, int(self._wanted(now)))
        while due > 0:
            self._send(PACKET_BYTES, now, schedule, filling=True)
            due -= PACKET_BYTES

    def _send(
        self,
        size: int,
        now: int,
        schedule: Schedule,
        filling: bool = False,
        sound: bool = False,
    ) -> None:
        seq = self._seq
        self._seq = (seq + 1) & 0xFFFF
        self.estimator.sent(seq, size, now)
        self._sent += size
        arrival = self.down.send(size, now)
        if arrival is not None:
            schedule(arrival, lambda at: self._receive(seq, size, at - now, at, filling, sound))

    def _receive(self, seq: int, size: int, took: int, now: int, filling: bool, sound: bool) -> None:
        self._arrivals.note(seq, now)
        self._delivered += 0 if filling else size
        self._heard += sound
        self._slowest = max(self._slowest, took)

    def _take(self, message: bytes, now: int) -> None:
        assert self.estimator.feedback(message, now)

    def _sample(self, now: int) -> None:
        sent, delivered = (8 * each * SECOND / SAMPLE_US for each in (self._sent, self._delivered))
        self.samples.append(Sample(now, self.estimator.bitrate, sent, delivered, self._slowest, self._heard))
        self._sent = self._delivered = self._slowest = self._heard = 0


def run(flows: Sequence[Flow], seconds: float, began: int = 0) -> None:
    """Runs them together from `began` on, microseconds, which is where the links' own times begin too."""
    flight: list[tuple[int, int, Callable[[int], None]]] = []
    order = itertools.count()

    def schedule(at: int, what: Callable[[int], None]) -> None:
        heapq.heappush(flight, (at, next(order), what))

    for now in range(began, began + int(seconds * SECOND), TICK_US):
        while flight and flight[0][0] <= now:
            at, _, what = heapq.heappop(flight)
            what(at)
        for flow in flows:
            flow.tick(now, schedule)
