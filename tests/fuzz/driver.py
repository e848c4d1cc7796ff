"""The loop: takes an input, changes it, runs the target, keeps what led somewhere new, notes what failed.

In one process and without a clock: `worker.py` gives it time, `__main__.py` watches it from outside.
"""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable, Iterable

from tests.fuzz.coverage import Coverage
from tests.fuzz.mutate import Mutator
from tests.fuzz.store import Counted
from tests.fuzz.target import Target

LONGEST_CPU = 2.0
"""Seconds of the processor for one input: far more than any should take, so that a slow machine is no finding."""

TRIES = 16
"""Changed inputs made from one before another is chosen."""


class TooSlow(Exception):
    """An input took longer than LONGEST_CPU."""


class Fuzzer:
    def __init__(
        self,
        target: Target,
        coverage: Coverage,
        seed: int,
        *,
        before: Callable[[Counted, bytes], None] = lambda counted, data: None,
        keep: Callable[[bytes], None] = lambda data: None,
        fail: Callable[[bytes, str], None] = lambda data, report: None,
    ) -> None:
        """`before` each input, `keep` of those that led somewhere new, `fail` of those that failed in a new way."""
        self.inputs: list[bytes] = []
        self.executions = 0
        self.failures: dict[str, int] = {}
        """How often each kind was seen, by its exception and place."""
        self._coverage = coverage
        self._chance = random.Random(seed)
        self._mutator = Mutator(target, self._chance)
        self._before, self._keep, self._fail = before, keep, fail

    def load(self, inputs: Iterable[bytes]) -> None:
        for data in inputs:
            self._try(data)
            self.inputs.append(data)
        self.inputs = list(dict.fromkeys(self.inputs)) or [b""]

    def run(self, going_on: Callable[[], bool]) -> None:
        while going_on():
            data = self._choose()
            self._look_closely(data)
            for _ in range(TRIES):
                changed = self._mutator.mutate(data, self.inputs)
                if self._try(changed):
                    self.inputs.append(changed)
                    self._keep(changed)
                    data = changed

    def _choose(self) -> bytes:
        """Newer inputs lead on more often than those that all others came from, and short ones are tried sooner; but
        each has its turn."""
        inputs = self.inputs[-1 - len(self.inputs) // 8 :] if self._chance.random() < 0.4 else self.inputs
        chosen = self._chance.choice(inputs)
        return min(chosen, self._chance.choice(inputs), key=len) if self._chance.random() < 0.3 else chosen

    def counted(self) -> Counted:
        return Counted(self.executions, self._coverage.places(), len(self.inputs), len(self.failures))

    def _look_closely(self, data: bytes) -> None:
        if self._chance.random() < 0.2:
            try:
                self._mutator.hints = self._coverage.hints(data)
            except Exception as error:  # noqa: BLE001 - it was noted when it was tried
                self._mutator.hints = []
                del error
            self._coverage.marks()

    def _try(self, data: bytes) -> bool:
        """Whether it led somewhere new."""
        if self.executions % 64 == 0:
            self._counted = self.counted()
        self._before(self._counted._replace(executions=self.executions), data)
        self.executions += 1
        started = time.process_time()
        try:
            self._coverage.run(data)
            if time.process_time() - started > LONGEST_CPU:
                raise TooSlow
        except Exception as error:  # noqa: BLE001 - whatever a target raises is what we are here for
            self._note_failure(data, error)
        return self._coverage.news() > 0

    def _note_failure(self, data: bytes, error: Exception) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind = f"{type(error).__name__} at {place.filename}:{place.lineno}"
        self.failures[kind] = self.failures.get(kind, 0) + 1
        if self.failures[kind] == 1:
            self._fail(data, "".join(traceback.format_exception(error)))
