"""The servers that are compared. Each is started, set up and stopped by its own module:

    ours      sfu.MediaServer in a process of its own, with all that a call uses
    floor     native/floor.c: the least that forwarding can cost, blocking and gathering
    janus     Debian's package, as it comes and with event_loops
    livekit   built from its Go module
    galene    built from its Go module

`System` is what the measurement knows of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from bench.processes import Cores
from bench.traffic import Traffic

Kind = Literal["blocking", "gathering"]
"""Whether packets are held back for a moment so that several cost one system call. Ratios are to the floor's kind."""


class System(Protocol):
    """A server that has been started."""

    @property
    def pid(self) -> int:
        """Whose CPU time is the server's."""

    def open_rooms(self, rooms: int, subscribers: int, traffic: Traffic) -> None:
        """Connects `rooms` publishers with `subscribers` each and adds them to `traffic`. Raises Failed."""

    def close(self) -> None:
        """Stops the server and gives back what it used."""


@dataclass(frozen=True)
class Entry:
    """A system that can be asked for by name."""

    name: str
    kind: Kind
    start: Callable[[str, Cores], System]
    """(address, cores) -> a started server. Raises NotAvailable, Failed."""
    prepare: Callable[[], str]
    """Builds or installs what is missing, while the network is still there, and says which version it is. Raises
    NotAvailable."""
