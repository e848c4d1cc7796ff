"""Three places on one machine, with the lines between them shaped: left and right for people, the middle for a server.

Nothing in them can reach anything else, and nothing is left when they are closed. The packets are carried by a process
of its own (`wire.py`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.errors import Failed, NotAvailable
from bench.network.rate import Rate
from bench.network.wire import PLACES
from bench.processes import BUILD, Cores, Program

FOLDER = BUILD / "network"


class Places:
    """Raises NotAvailable where the system does not let us have them."""

    def __init__(self) -> None:
        self._program = Program(
            [sys.executable, "-m", "bench.network.wire"], Cores.shared(), FOLDER / "wire.log", talks=True
        )
        try:
            answer = self._answer()
        except Failed as error:
            self._program.stop()
            raise NotAvailable(str(error)) from None
        if "failed" in answer:
            self._program.stop()
            raise NotAvailable(str(answer["failed"]))
        self._namespaces: dict[str, str] = answer["namespaces"]

    @property
    def pid(self) -> int:
        return self._program.pid

    def address(self, place: str) -> str:
        return PLACES[place]

    def inside(self, place: str, command: Sequence[str]) -> list[str]:
        """The command, to be run there."""
        return ["nsenter", f"--net={self._namespaces[place]}", "--", *command]

    def script(self, place: str, program: str) -> Path:
        """A program of its own that runs `program` there with whatever arguments it is given."""
        path = FOLDER / f"{Path(program).name}-{place}"
        path.write_text(f'#!/bin/sh\nexec {" ".join(self.inside(place, [program]))} "$@"\n')
        path.chmod(0o755)
        return path

    def shape(self, links: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """place -> "up" | "down" -> as `wire.make_path` reads it; what is not named is unlimited."""
        self._ask({"do": "shape", "links": links})

    def begin(self) -> None:
        self._ask({"do": "begin"})

    def tell(self) -> dict[str, Any]:
        return self._ask({"do": "tell"})

    def close(self) -> None:
        self._program.stop()

    def _ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        inlet, _ = self._program.pipes
        inlet.write(json.dumps(order).encode() + b"\n")
        inlet.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = self._program.pipes[1].readline()
        if not line:
            raise Failed(f"the wire ended: {self._program.last_words()}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def link(
    rate: Rate | None = None,
    *,
    delay_ms: float = 0.0,
    queue_ms: float = 300.0,
    loss: float = 0.0,
    outages: Sequence[tuple[float, float]] = (),
    seed: int = 1,
) -> dict[str, Any]:
    """One direction, for `shape`. Outages in seconds."""
    made: dict[str, Any] = {
        "delay_us": round(delay_ms * 1000),
        "loss": loss,
        "outages": [[round(begin * 1e6), round(end * 1e6)] for begin, end in outages],
        "seed": seed,
    }
    if rate is not None:
        made |= {"steps": [list(step) for step in rate.steps], "queue_us": round(queue_ms * 1000)}
    return made
