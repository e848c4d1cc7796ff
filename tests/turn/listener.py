"""Somebody who listens at a UDP port of a network and sends everything back."""

from __future__ import annotations

import socket
import threading
from types import TracebackType

from tests.networks import Place


class Listener:
    def __init__(self, place: Place, address: str, port: int) -> None:
        self.heard: list[bytes] = []
        self._socket = place.do(lambda: _bound(address, port))
        self._closing = False
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Listener:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        self._socket.settimeout(0.1)
        while not self._closing:
            try:
                data, sender = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            self.heard.append(data)
            self._socket.sendto(data, sender)


def _bound(address: str, port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((address, port))
    return opened
