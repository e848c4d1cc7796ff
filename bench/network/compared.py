"""Real browsers on shaped links: the same two, through our server and directly, in turns.

The right one sits behind a line of its own; the left one's is good. So a call has two directions: to the right, where
our server decides how much is sent, and from the right, where the browser's own congestion control does, with our
feedback. Directly the browsers decide in both.

The machine must not be the limit: the picture is `SIZE`, and a run is marked in which an encoder was slowed down by the
processor, others used more than `OTHERS_CORES`, or the wire was late.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any

from bench import stage
from bench.errors import Failed
from bench.network.browsers import SIDES, Browsers, Route
from bench.network.places import Places
from bench.network.ratios import FROM_RIGHT, ROUTES, TO_RIGHT, Run, cpu_limited, direction, results, words
from bench.network.real import Real
from bench.processes import machine_seconds
from bench.recording_service import own_seconds

SIZE = (640, 360)
"""Larger, and two encoders, two decoders and two pages want more than two cores have."""

OTHERS_CORES = 0.15
LATE_US = 4_000
CPU_LIMITED = 0.05


class Compared:
    """Raises NotAvailable where namespaces or browsers cannot be had."""

    def __init__(self, cases: Sequence[Real], repeats: int, seconds: float) -> None:
        """`seconds`: of each run; 0: as long as the case says."""
        self._cases, self._repeats, self._seconds = cases, repeats, seconds
        self._places = Places()

    def __enter__(self) -> Compared:
        try:
            stage.say("starting the server and two browsers")
            self._browsers = Browsers(self._places, SIZE)
        except BaseException:
            self._places.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._browsers.close()
        self._places.close()

    def run(self) -> Iterator[list[dict[str, Any]]]:
        """After each pair of runs: all that is known."""
        runs: list[Run] = []
        failures: defaultdict[str, list[str]] = defaultdict(list)
        for repeat in range(self._repeats):
            for case in self._cases:
                for route in ROUTES if repeat % 2 == 0 else ROUTES[::-1]:
                    stage.say(f"repeat {repeat + 1} of {self._repeats}, {case.title}: {route}")
                    try:
                        runs.append(self._measure(case, route, repeat))
                        stage.say(f"    {words(runs[-1])}")
                    except Failed as reason:
                        failures[case.key].append(f"{route}, repeat {repeat + 1}: {reason}")
                        stage.say(f"    {reason}")
                yield results(self._cases, runs, failures)

    def _measure(self, case: Real, route: Route, repeat: int) -> Run:
        places, seconds = self._places, self._seconds or case.seconds
        links = case.links(seed=100 * repeat + 1)
        places.shape({})
        call = self._browsers.call(route, lambda: places.shape(links), case.emulated)
        try:
            before, used_before, at = machine_seconds(), own_seconds(), time.monotonic()
            places.begin()
            call.start()
            settles = min(case.settles_s, seconds / 3)
            time.sleep(settles)
            first = call.look()
            time.sleep(seconds - settles)
            last = call.look()
            rows = call.stop()
            took = time.monotonic() - at
            others = max(machine_seconds() - before - (own_seconds() - used_before), 0.0) / took
            carried = places.tell()
        finally:
            call.close()
        directions = {
            TO_RIGHT: direction(
                case, first["right"], last["right"], rows["right"], carried, "down", (settles, seconds)
            ),
            FROM_RIGHT: direction(case, first["left"], last["left"], rows["left"], carried, "up", (settles, seconds)),
        }
        remarks = []
        if others > OTHERS_CORES:
            remarks.append(f"the machine was not quiet: others used {others:.2f} cores")
        if carried["late_p99_us"] > LATE_US:
            remarks.append(f"the wire was late: {carried['late_p99_us'] / 1000:.1f} ms at p99")
        for side in SIDES:
            limited = cpu_limited(first[side], last[side])
            if limited > CPU_LIMITED:
                remarks.append(f"{side}: the processor limited the encoder for {limited:.0%} of the time")
        return Run(case, route, repeat, directions, remarks, round(others, 3))
