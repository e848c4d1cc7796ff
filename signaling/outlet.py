"""Outlet: a connection, as a session sees it."""

from __future__ import annotations

from typing import Protocol

from signaling.messages import ServerMessage
from signaling.orders import ConnectionId


class Outlet(Protocol):
    """Neither method waits or raises."""

    @property
    def id(self) -> ConnectionId: ...

    def send(self, message: ServerMessage) -> None: ...

    def hang_up(self, code: int) -> None: ...
