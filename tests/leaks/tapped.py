"""Everything that a service in this process takes from its calls to record it: each packet that a listener is handed,
and each byte that goes to the writer's process.

Not here: what is on the disk (`searched.py`, `watched.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from recording.writer import Writer
from sfu import Heard, Kind, MediaServer, PeerId
from tests.signaling.numbered import Numbers, find


class Tapped:
    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.slots = 0
        """Opened to listen in."""
        self._handed: list[bytes] = []
        self._sent: list[bytes] = []
        take, open_slot, send = MediaServer.take, MediaServer.open_slot, Writer._send

        def taken(server: MediaServer, listener: PeerId) -> Heard:
            heard = take(server, listener)
            self._handed.append(heard.packets)
            return heard

        def opened(server: MediaServer, listener: PeerId, kind: Kind) -> str:
            self.slots += 1
            return open_slot(server, listener, kind)

        def sent(writer: Writer, frame: bytes) -> None:
            self._sent.append(frame)
            send(writer, frame)

        patch.setattr(MediaServer, "take", taken)
        patch.setattr(MediaServer, "open_slot", opened)
        patch.setattr(Writer, "_send", sent)

    @property
    def taken(self) -> int:
        """Bytes."""
        return sum(map(len, self._handed)) + sum(map(len, self._sent))

    def of(self, patterns: Sequence[bytes]) -> list[Numbers]:
        """The packets of each of these people that were handed over or sent on."""
        everything = b"\0".join([*self._handed, *self._sent])
        return [find(everything, pattern) for pattern in patterns]
