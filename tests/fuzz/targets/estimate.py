"""Transport-wide feedback from a peer that receives, and what is concluded from it (`feedback.pxi` and the files that
it feeds).

Input: a script. Each step is a message: how long after the one before it comes and how much is sent meanwhile, then an
RTCP packet.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterator

from sfu.core import Estimator
from tests.fuzz import models
from tests.fuzz.target import STEPS, Target, join_steps, split_steps
from tests.fuzz.world import PAUSES_US
from tests.sim.arrivals import Arrivals, feedback

MOST = 100
"""Messages of one input."""

LEAST_BPS, MOST_BPS = 30_000, 50_000_000
"""As in `estimate.pxi`."""

WANTED_BPS = 3_000_000
SIZE = 1_000


def run(data: bytes) -> Hashable:
    estimator = Estimator()
    now, number, largest = 1_000_000, 0, 0
    for step in split_steps(data)[:MOST]:
        packets, pause = step[0] >> 3, PAUSES_US[step[0] & 7]
        for index in range(packets):
            now += pause // (packets + 1)
            estimator.sent(number & 0xFFFF, SIZE + index, now)
            number += 1
        filling = estimator.probe_wanted(now, WANTED_BPS)
        # no faster than what is wanted and a little more, for 5 ms
        assert 0 <= filling <= WANTED_BPS * 1.2 * 105_000 / 8e6
        if filling:
            estimator.sent(number & 0xFFFF, filling, now)
            number += 1
        before = estimator.bitrate
        good = estimator.feedback(step[1:], now)
        assert LEAST_BPS <= estimator.bitrate <= MOST_BPS
        if not _has_arrivals(step[1:], good):
            assert estimator.bitrate == before, "what says nothing changes nothing"
        assert 0 <= estimator.loss <= 1
        assert 0 <= estimator.inherent_loss <= 0.6
        assert estimator.acknowledged >= 0
        largest = max(largest, estimator.bitrate.bit_length())
        estimator.pass_time(now)
    counts = estimator.counts
    return (
        largest,
        estimator.state,
        estimator.loss > 0,
        estimator.inherent_loss > 0,
        counts["feedback_bad"] > 0,
        counts["unknown"].bit_length(),
        counts["probes"],
    )


def _has_arrivals(data: bytes, good: bool) -> bool:
    """Whether there is a message in it. What is read of one that is right is compared with the model."""
    try:
        parts = models.split_rtcp(data)
    except AssertionError:
        # something may stand before what is wrong
        return len(data) >= 24
    found = [part for part in parts if part[1] == 205 and part[0] & 31 == 15]
    return bool(found) or not good


def seeds() -> Iterator[bytes]:
    def step(op: int, message: bytes) -> bytes:
        return bytes([op]) + message

    def many(count: int) -> int:
        return count << 3

    arrivals = Arrivals()
    steps = []
    for index in range(20):
        for seq in range(10):
            if seq % 5 or index < 10:
                arrivals.note(index * 10 + seq, 1_000_000 + 60_000 * index + 6_000 * seq)
        steps.append(step(many(10) | 5, b"".join(arrivals.tell())))
    yield join_steps(steps)
    yield join_steps([step(many(31) | 4, feedback(0, [1_024_000 + 900 * index for index in range(31)], 0))])
    yield join_steps([step(many(3) | 2, feedback(65_530, [5_000_000, None, 4_900_000] * 4, 3))] * 3)
    lost = struct.pack("!BBHIIHHI", 0x8F, 205, 5, 1, 2, 0, 8000, 16 << 8) + struct.pack("!HH", 8000, 0)
    yield join_steps([step(many(20) | 6, lost), step(many(20) | 7, lost)])


TARGET = Target("estimate", run, seeds, shape=STEPS, brief=700)
