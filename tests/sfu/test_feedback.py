"""Transport-wide feedback as it comes from clients: what is read of it, and what is refused."""

from __future__ import annotations

import random
import struct

import pytest

from sfu.core import Estimator
from tests.sim.arrivals import Arrivals, chunks, feedback

SIZE = 1000
STEP_US = 10_000


def sent(count: int, first_us: int = 1_000_000) -> Estimator:
    """So many packets, one each 10 ms."""
    estimator = Estimator()
    for seq in range(count):
        estimator.sent(seq & 0xFFFF, SIZE, first_us + seq * STEP_US)
    return estimator


def message(first: int, count: int, body: bytes, reference: int = 16) -> bytes:
    body = struct.pack("!IIHHI", 1, 2, first, count, reference << 8) + body
    padding = -len(body) % 4
    body += bytes(padding - 1) + bytes([padding]) if padding else b""
    return struct.pack("!BBH", 0xAF if padding else 0x8F, 205, len(body) // 4) + body


def rate(estimator: Estimator) -> int:
    """Of what has arrived, to the nearest tenth of SIZE each 10 ms."""
    return round(estimator.acknowledged / (8 * SIZE * 100) * 10)


def test_runs_vectors_and_both_deltas_say_the_same() -> None:
    at = [1_024_000 + 250 * (index * 40) for index in range(200)]
    runs = message(0, 200, struct.pack("!H", 1 << 13 | 200) + b"\x00" + bytes([40] * 199))
    ones = message(0, 200, b"".join(struct.pack("!H", 0xBFFF) for _ in range(15)) + b"\x00" + bytes([40] * 199))
    twos = message(
        0, 200, b"".join(struct.pack("!H", 0xEAAA) for _ in range(29)) + bytes(2) + struct.pack("!H", 40) * 199
    )
    written = feedback(0, at, 0)
    found = set()
    for each in (runs, ones, twos, written):
        estimator = sent(200)
        assert estimator.feedback(each, 3_100_000)
        found.add((estimator.acknowledged, estimator.round_trip_us, estimator.loss))
    assert len(found) == 1
    acknowledged, round_trip, loss = found.pop()
    assert acknowledged == pytest.approx(8 * SIZE * 100, rel=0.05)
    assert (round_trip, loss) == (110_000, 0)


def test_what_is_told_to_be_lost_is_counted_as_lost() -> None:
    estimator = sent(100)
    at = [1_024_000 + index * STEP_US if index % 4 else None for index in range(100)]
    assert estimator.feedback(feedback(0, at, 0), 2_100_000)
    assert estimator.loss == pytest.approx(0.25, abs=0.02)
    assert rate(estimator) in (7, 8)


def test_a_packet_that_was_told_to_be_lost_and_then_came_is_not_lost() -> None:
    estimator = sent(100)
    at = [1_024_000 + index * STEP_US if index % 4 else None for index in range(100)]
    assert estimator.feedback(feedback(0, at, 0), 2_100_000)
    assert estimator.feedback(feedback(0, [1_030_000 + index * STEP_US for index in range(100)], 1), 2_110_000)
    assert estimator.loss == 0


def test_numbers_and_reference_times_go_on_after_they_wrap() -> None:
    estimator = Estimator()
    arrivals = Arrivals(clock_us=(64_000 << 24) - 400_000_000)
    now = 1_000_000
    for seq in range(70_000):
        estimator.sent(seq & 0xFFFF, SIZE, now)
        arrivals.note(seq & 0xFFFF, now + 20_000)
        now += STEP_US
        if seq % 10 == 9:
            for told in arrivals.tell():
                assert estimator.feedback(told, now + 40_000)
            assert rate(estimator) in (0, 10, 11), f"after {seq} packets"
            assert estimator.state == "normal"
            assert estimator.standing_us < 1_000
    assert estimator.loss == 0
    assert estimator.counts["unknown"] == 0


def test_feedback_on_what_was_never_sent_or_long_ago_changes_nothing() -> None:
    estimator = sent(6000)
    before = estimator.bitrate
    assert estimator.feedback(feedback(7000, [70_000_000 + 1000 * index for index in range(50)], 0), 61_000_000)
    assert estimator.feedback(feedback(100, [1_000_000 + 1000 * index for index in range(50)], 1), 61_010_000)
    assert estimator.counts["unknown"] == 100
    assert (estimator.bitrate, estimator.acknowledged, estimator.loss) == (before, 0, 0)


def test_a_message_of_65535_losses_is_bounded_work_and_does_no_harm() -> None:
    estimator = sent(100)
    lost = message(50, 65535, struct.pack("!HHHHHHHHH", *[8191] * 8, 7))
    for index in range(1000):
        assert estimator.feedback(lost, 2_100_000 + index)
    assert estimator.counts["unknown"] > 60_000_000


@pytest.mark.parametrize(
    ("what", "body", "count"),
    [
        ("no packets", b"\x20\x01\x04\x00", 0),
        ("chunks that end early", struct.pack("!H", 1 << 13 | 1) + b"\x00\x00", 9000),
        ("deltas that end early", struct.pack("!H", 1 << 13 | 20) + bytes(5), 20),
        ("large deltas that end early", struct.pack("!H", 2 << 13 | 4) + bytes(6), 4),
        ("a reserved symbol in a run", struct.pack("!H", 3 << 13 | 2) + bytes(6), 2),
        ("a reserved symbol in a vector", struct.pack("!H", 0xFC00) + bytes(14), 7),
    ],
)
def test_a_message_that_is_not_as_it_should_be_changes_nothing(what: str, body: bytes, count: int) -> None:
    estimator = sent(100)
    assert not estimator.feedback(message(0, count, body), 2_100_000)
    assert estimator.counts == {"feedback_in": 0, "feedback_bad": 1, "unknown": 0, "probes": 0}
    assert estimator.acknowledged == 0


def test_a_message_cut_anywhere_is_refused_or_says_less() -> None:
    whole = feedback(0, [1_024_000 + index * STEP_US if index % 3 else None for index in range(60)], 0)
    for length in range(len(whole)):
        cut = whole[:2] + struct.pack("!H", max(length // 4 - 1, 0)) + whole[4:length]
        estimator = sent(100)
        if length < 20 or length % 4:
            assert not estimator.feedback(cut, 2_100_000)
        estimator.feedback(cut, 2_100_000)
        assert estimator.acknowledged <= 8 * SIZE * 110


def test_padding_that_says_more_than_there_is_is_refused() -> None:
    whole = bytearray(feedback(0, [1_024_000] * 3, 0))
    assert whole[0] & 0x20
    whole[-1] = 200
    assert not sent(10).feedback(bytes(whole), 2_100_000)
    whole[-1] = 0
    assert not sent(10).feedback(bytes(whole), 2_100_000)


def test_what_the_tests_write_is_read_back_as_it_was() -> None:
    chance = random.Random(7)
    for _ in range(200):
        kinds = (0, 1, 2) if chance.random() < 0.5 else (0, 1)
        symbols = [chance.choice(kinds) for _ in range(chance.randrange(1, 90))]
        if chance.random() < 0.3:
            symbols = [symbols[0]] * len(symbols)
        if not any(symbols):
            continue
        deltas = b"".join(bytes([4]) if symbol == 1 else struct.pack("!h", 300) for symbol in symbols if symbol)
        estimator = sent(100)
        assert estimator.feedback(message(0, len(symbols), chunks(symbols) + deltas), 2_100_000)
        assert estimator.counts["unknown"] == 0
        assert estimator.round_trip_us == 1_100_000 - STEP_US * max(i for i, symbol in enumerate(symbols) if symbol)
