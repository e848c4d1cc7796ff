"""What every way of sending has in common: one method, and two ways to fail.

Not here: mail (`mail.py`), SMS (`sms.py`), when it is tried again (`sender.py`).
"""

from __future__ import annotations

from typing import Protocol

from signaling.outbox.letters import Letter
from signaling.outbox.wording import Said

LONGEST_SEND = 60.0
"""Seconds that one message may take, whatever the other side does. Leases are longer."""


class Failed(Exception):
    """It was not sent. `code`: a word for the log and the database, never what another server said."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class FailedNow(Failed):
    """It may be sent later: the other side is away, busy, or set up wrongly."""


class FailedForGood(Failed):
    """It will never be sent: there is no such address, or this message is not taken."""


class Provider(Protocol):
    """Sends by mail or by SMS."""

    async def send(self, letter: Letter, said: Said) -> None:
        """Returns when somebody else has it in their hands. Raises FailedNow, FailedForGood."""
