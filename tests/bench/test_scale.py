"""What grows more than the work does is told."""

from __future__ import annotations

from typing import Any

from bench import scale
from bench.loads import Condition, Load
from bench.report import Run
from bench.systems import Kind
from tests.bench.made_up import figures


def run(system: str, rooms: int, repeat: int, us: int, kind: Kind = "blocking") -> Run:
    seen = figures(received=1000, server_cpu_ns=us * 1000 * 1000)
    return Run(system, kind, Load(rooms, 1, 20_000), Condition.QUIET, repeat, seen, 1.0, 0.0, 0)


def test_growth_is_taken_within_a_repeat_and_beside_the_floors() -> None:
    """A machine that is slower in the second repeat is slower for all."""
    runs = [
        *(run("ours", 10, repeat, 10 * repeat) for repeat in (1, 2, 3)),
        *(run("ours", 500, repeat, 12 * repeat) for repeat in (1, 2, 3)),
        *(run("floor", 10, repeat, 5 * repeat) for repeat in (1, 2, 3)),
        *(run("floor", 500, repeat, 6 * repeat) for repeat in (1, 2, 3)),
    ]
    found = {row["system"]: row for row in scale.growth(runs)}
    assert found["ours"]["times"] == 1.2
    assert found["ours"]["beyond_the_floor"] == 1.0


def test_growth_without_a_floor_is_told_alone() -> None:
    found = scale.growth([run("ours", 10, 1, 10), run("ours", 50, 1, 15)])
    assert found == [{"system": "ours", "rooms": 50, "times": 1.5, "beyond_the_floor": None}]


def rounds(*sizes: int, descriptors: int = 20) -> list[dict[str, Any]]:
    return [
        {
            "round": number,
            "seconds": 10.0,
            "sessions_per_s": 100.0,
            "loss": 0.0,
            "full": {"resident_kb": 2 * kb, "proportional_kb": 2 * kb, "descriptors": 120, "threads": 2},
            "empty": {"resident_kb": kb, "proportional_kb": kb, "descriptors": descriptors, "threads": 2},
        }
        for number, kb in enumerate(sizes, 1)
    ]


def tidied(*sizes: int) -> list[dict[str, Any]]:
    return [{"round": at, "proportional_kb": kb, "malloc_kb": kb, "python_blocks": 1} for at, kb in enumerate(sizes)]


def test_an_allocator_that_comes_to_rest_is_no_leak() -> None:
    sizes = [100_000 - 40_000 // number**2 for number in range(1, 21)]
    assert scale.judge_rounds(rounds(*sizes), tidied(50_000, 60_000, 60_100)).failed == []


def test_a_leak_of_a_megabyte_a_round_is_seen() -> None:
    judged = scale.judge_rounds(rounds(*range(100_000, 120_000, 1000)), tidied(50_000, 60_000, 77_000))
    assert len(judged.failed) == 3


def test_a_leak_that_the_allocator_hides_is_seen_when_tidied() -> None:
    judged = scale.judge_rounds(rounds(*[100_000] * 20), tidied(50_000, 60_000, 77_000))
    assert judged.failed == ["rounds: 17,000 kB of malloc's are in use that were not after the first rounds"]


def test_a_descriptor_left_behind_is_seen() -> None:
    rows = [*rounds(*[100_000] * 19), *rounds(100_000, descriptors=21)]
    assert scale.judge_rounds(rows, tidied(50_000, 60_000, 60_000)).failed == ["rounds: 21 descriptors, 20 before"]


def test_a_few_rounds_say_nothing() -> None:
    assert scale.judge_rounds(rounds(1, 2, 3), tidied(1, 2, 3)).failed == []
