"""What two browsers report is counted right, and compared within a repeat."""

from __future__ import annotations

from typing import Any

import pytest

from bench.network import ratios
from bench.network.browsers import Route
from bench.network.rate import Rate
from bench.network.ratios import FROM_RIGHT, TO_RIGHT, Direction, Run
from bench.network.real import Real

CASE = Real("narrow", "1 Mbit/s", 20, Rate.constant(1_000_000), Rate.constant(1_000_000))


def look(at: int, received: int = 0, frames: int = 0, frozen: float = 0.0, repeated: int = 0) -> dict[str, Any]:
    video = {
        "id": "v",
        "bytesReceived": received,
        "retransmittedBytesReceived": repeated,
        "framesDecoded": frames,
        "totalFreezesDuration": frozen / 2,
        "totalPausesDuration": frozen / 2,
        "frameHeight": 360,
    }
    audio = {"id": "a", "totalSamplesReceived": 48 * at, "concealedSamples": at * 48 // 100}
    return {"at": at, "video": video, "audio": audio, "sent": []}


def carried(size: int = 0) -> dict[str, Any]:
    line = {"bytes": {str(place): size for place in range(200)}, "waited": [[at * 100_000, 5000] for at in range(200)]}
    return {"places": {"right": {"down": line, "up": line}}, "late_p99_us": 0}


def test_a_direction_is_what_came_between_two_looks() -> None:
    first, last = look(5_000, 100_000, 100, 0.5), look(15_000, 1_350_000, 400, 1.0, repeated=50_000)
    found = ratios.direction(CASE, first, last, [first, last], carried(11_250), "down", (5.0, 15.0))
    assert found.kbit_per_s == pytest.approx(960)
    assert found.frozen_s_per_minute == pytest.approx(3.0)
    assert found.pictures_per_s == 30
    assert found.concealed == pytest.approx(0.01)
    assert found.queue_p95_ms == 5.0
    assert found.used == pytest.approx(0.9)


def test_a_picture_that_stands_still_until_the_end_is_frozen() -> None:
    rows = [look(1000 * at, 1000 * at, min(at, 5) * 30) for at in range(11)]
    found = ratios.direction(CASE, rows[0], rows[-1], rows, carried(), "up", (0.0, 10.0))
    assert found.frozen_s_per_minute == pytest.approx(30.0)


def run(route: Route, repeat: int, kbit: float, remarks: tuple[str, ...] = ()) -> Run:
    one = Direction(kbit, 0.0, 30.0, 360, 0.0, 1.0, 2.0, 0.9, [1, 2])
    return Run(CASE, route, repeat, {TO_RIGHT: one, FROM_RIGHT: one}, list(remarks), 0.01)


def test_a_ratio_is_taken_within_each_repeat() -> None:
    runs = [run("ours", 0, 900), run("direct", 0, 1000), run("ours", 1, 500), run("direct", 1, 500), run("ours", 2, 1)]
    [told] = ratios.results([CASE], runs, {})
    assert told["directions"][0]["ratio"] == {"median": 0.95, "least": 0.9, "most": 1.0}
    assert told["missed"] == []


def test_less_than_directly_is_named_and_so_is_what_disturbed_a_run() -> None:
    runs = [run("ours", 0, 900, ("the machine was not quiet: others used 0.50 cores",)), run("direct", 0, 1000)]
    [told] = ratios.results([CASE], runs, {})
    assert [each.split(":")[0] for each in told["missed"]] == [TO_RIGHT, FROM_RIGHT]
    assert told["remarks"] == ["ours, repeat 1: the machine was not quiet: others used 0.50 cores"]


def test_a_run_that_failed_is_told_and_not_forgotten() -> None:
    [told] = ratios.results([CASE], [run("direct", 0, 1000)], {"narrow": ["ours, repeat 1: nothing was heard"]})
    assert told["missed"] == ["ours, repeat 1: nothing was heard"]
    assert told["directions"][0]["ratio"] is None
