"""Messages that keep a seat and its socket: is anybody there, and a newer token to come back with.

Not here: `resume` itself, which is a greeting (`signaling/messages.py`).
"""

from __future__ import annotations

from typing import Literal

from signaling.message import Message


class Ping(Message):
    """Is this socket alive? A browser does not show its page the pings of WebSocket. Answered by `pong`."""

    type: Literal["ping"] = "ping"


class Pong(Message):
    type: Literal["pong"] = "pong"


class Renewed(Message):
    """A newer token for `resume`: it says where this person sits now, for a server that will have forgotten."""

    type: Literal["renewed"] = "renewed"
    resume: str
