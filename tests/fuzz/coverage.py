"""Where the code has been: the engine's basic blocks (`coverage.c`, in its fuzzing build) and lines of Python files."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tests.fuzz.target import Target
from tests.sources import ROOT

PLACES, COMPARISONS = 65536, 4096
"""As in coverage.c."""

Mark = Hashable
"""One thing that an input did: a step from block to block or from line to line, a value returned."""


class Coverage:
    """`run` an input, and then either `news` or `marks`, which both end it."""

    def __init__(self, target: Target, engine: Path | None) -> None:
        """`engine`: its fuzzing build, which this process uses; None to look at lines only."""
        self._target = target
        self._library = ctypes.CDLL(str(engine)) if engine is not None else None
        self._watched = {str(ROOT / name) for name in target.watched}
        self._traced: dict[CodeType, bool] = {}
        self._lines: set[tuple[CodeType, int, int]] = set()
        self._last = 0
        self._returned: frozenset[Mark] = frozenset()
        self._ever: set[Mark] = set()
        self.news()

    def run(self, data: bytes) -> None:
        self._lines.clear()
        self._returned = frozenset()
        if self._watched:
            sys.settrace(self._enter)
        try:
            returned = self._target.run(data)
            self._returned = frozenset(("returned", each) for each in _each_of(returned))
        finally:
            if self._watched:
                sys.settrace(None)

    def news(self) -> int:
        """How much of what the input did was never seen before."""
        before = len(self._ever)
        self._ever.update(self._lines)
        self._ever.update(self._returned)
        return len(self._ever) - before + (self._library.fuzz_news() if self._library is not None else 0)

    def marks(self) -> frozenset[Mark]:
        """All that the input did, without remembering it; how often it did it counts only where it is counted here."""
        marks: set[Mark] = {*self._lines, *self._returned}
        if self._library is not None:
            magnitudes = ctypes.create_string_buffer(PLACES)
            self._library.fuzz_take(magnitudes)
            marks.update(found.start() for found in re.finditer(rb"[^\0]", magnitudes.raw))
        return frozenset(marks)

    def places(self) -> int:
        """Steps from block to block and from line to line that were ever taken."""
        return len(self._ever) + (self._library.fuzz_places() if self._library is not None else 0)

    def hints(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Runs the input once more and returns what of it was compared with what."""
        if self._library is None:
            return []
        self._library.fuzz_watch(1)
        try:
            self.run(data)
        finally:
            self._library.fuzz_watch(0)
        pairs = (ctypes.c_uint64 * (2 * COMPARISONS))()
        count = self._library.fuzz_comparisons(pairs)
        return sorted({hint for at in range(count) for hint in _as_bytes(pairs[2 * at], pairs[2 * at + 1])})

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Callable[[FrameType, str, Any], Any] | None:
        code = frame.f_code
        traced = self._traced.get(code)
        if traced is None:
            traced = self._traced[code] = code.co_filename in self._watched
        self._last = 0
        return self._line if traced else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Callable[[FrameType, str, Any], Any]:
        if event == "line":
            self._lines.add((frame.f_code, self._last, frame.f_lineno))
            self._last = frame.f_lineno
        return self._line


def _each_of(returned: Hashable) -> frozenset[Hashable]:
    return returned if isinstance(returned, frozenset) else frozenset((returned,))


def _as_bytes(seen: int, wanted: int) -> Iterable[tuple[bytes, bytes]]:
    """As big-endian numbers of the sizes that formats have; single bytes are tried often enough without a hint."""
    for size in (2, 4):
        if 255 < max(seen, wanted) < 1 << 8 * size:
            yield seen.to_bytes(size, "big"), wanted.to_bytes(size, "big")


def smallest_cover(inputs: Mapping[bytes, frozenset[Mark]], base: frozenset[Mark], most: int) -> dict[bytes, set[Mark]]:
    """Few inputs that together do what all do beyond `base`, with what each adds."""
    chosen: dict[bytes, set[Mark]] = {}
    covered = set(base)
    while len(chosen) < most:
        best = max(inputs, key=lambda data: (len(inputs[data] - covered), -len(data), data), default=b"")
        added = set(inputs.get(best, frozenset()) - covered)
        if not added:
            break
        chosen[best] = added
        covered |= added
    return chosen
