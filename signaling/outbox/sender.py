"""The sender: takes what is due from the outbox, puts it in words, hands it to mail or SMS, and says what became of it.

What may work later is tried again after a rest that grows; what will not is given up, and said in the audit log.
Whatever happens, a message is sent at least once or given up: a crash between handing it over and keeping that sends
it once more, with the same id. Not here: how mail and SMS are sent (`mail.py`, `sms.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from pydantic import SecretStr, ValidationError

from clinic import ClinicError
from clinic.messages.outbox import Outbox
from clinic.messages.records import Channel, Message
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.metrics import Metrics
from signaling.outbox.letters import Facts, Letter
from signaling.outbox.notices import place
from signaling.outbox.sending import LONGEST_SEND, FailedForGood, FailedNow, Provider
from signaling.outbox.wording import Wording
from signaling.sealed_columns import SealBroken

log = structlog.get_logger("outbox")

LOOK = 3.0
"""Seconds between two looks at what is due."""

LEASE = 2 * LONGEST_SEND
"""Seconds for which a message is taken: nobody else sends it meanwhile, however long the other side takes."""

FIRST_REST = 30.0
LONGEST_REST = 3600.0
"""Seconds before another attempt; each rest is about twice the one before."""

MOST_ATTEMPTS = 40
"""More than a day of them. Most messages are of no more use before."""

INSIST = 1.0
"""Seconds after which it is tried again to keep that something was sent. Until that is kept it may be sent twice."""

LAST_WORDS = 10.0
"""Seconds that a server which stops gives to messages that are on their way."""


class Opens(Protocol):
    """`SealedColumns`."""

    def open(self, sealed: bytes, place: str) -> str:
        """Raises SealBroken."""


def rest(attempts: int, chance: float) -> float:
    """Seconds until the next attempt after so many. `chance` in [0, 1): not all that failed together come together
    again."""
    return min(LONGEST_REST, FIRST_REST * 2.0 ** min(attempts - 1, 30)) * (0.5 + chance)


@dataclass
class Sender:
    """One for each channel."""

    channel: Channel
    outbox: Outbox
    provider: Provider
    wording: Wording
    opens: Opens
    audit: Audit
    clock: Clock
    metrics: Metrics
    chance: Callable[[], float]
    at_once: int = 2
    """Messages that are handed over at the same time."""
    _sending: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    async def run(self) -> None:
        """For as long as the service runs."""
        while True:
            try:
                await self.look()
            except ClinicError as error:
                log.error("messages wait: the outbox cannot be read", error_type=type(error).__name__)
            await asyncio.sleep(LOOK)

    async def look(self) -> int:
        """Sends everything that is due now; how many attempts that were. Raises ClinicError."""
        tried = 0
        while due := await self.outbox.claim(self.channel, self.clock.wall(), LEASE, self.at_once):
            tasks = [asyncio.get_running_loop().create_task(self._send(message)) for message in due]
            for task in tasks:
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)
            await asyncio.wait(tasks)  # whoever stops this does not stop them: `close` waits
            tried += len(due)
        self.metrics.messages_waiting.labels(self.channel).set(await self.outbox.waiting(self.channel))
        return tried

    async def close(self) -> None:
        """Waits for what is on its way."""
        if self._sending:
            _, late = await asyncio.wait(list(self._sending), timeout=LAST_WORDS)
            for task in late:
                task.cancel()

    async def _send(self, message: Message) -> None:
        now = self.clock.wall()
        if now >= message.useless_at:
            await self._fail(message, "too late")
            return
        try:
            letter = self._open(message)
            await self.provider.send(letter, self.wording.say(message.kind, letter.facts))
        except FailedForGood as failed:
            await self._fail(message, failed.code)
        except FailedNow as failed:
            await self._again(message, failed.code)
        except (SealBroken, ValidationError):
            log.error("a message cannot be opened: the data key is another one", kind=message.kind)
            await self._fail(message, "sealed")
        except Exception as error:  # a fault of ours, in one message: the others are sent
            log.exception("fault", error_type=type(error).__name__)
            await self._again(message, "fault")
        else:
            await self._insist(message)

    def _open(self, message: Message) -> Letter:
        """Raises SealBroken, ValidationError."""
        to = self.opens.open(message.to_sealed or b"", place("to", message.id))
        facts = Facts.model_validate_json(self.opens.open(message.content_sealed or b"", place("content", message.id)))
        return Letter(message, SecretStr(to), facts)

    async def _insist(self, message: Message) -> None:
        """That it was sent is kept as soon as the database can, or the lease is over and it is sent once more."""
        self.metrics.messages.labels(self.channel, "sent").inc()
        self._tell("message.send", message)
        while True:
            try:
                await self.outbox.sent(message, self.clock.wall())
                return
            except ClinicError as error:
                log.error("a message was sent, and that cannot be kept", error_type=type(error).__name__)
                if self.clock.wall() >= message.next_at:
                    return
                await asyncio.sleep(INSIST)

    async def _again(self, message: Message, code: str) -> None:
        at = self.clock.wall() + rest(message.attempts, self.chance())
        if message.attempts >= MOST_ATTEMPTS or at >= message.useless_at:
            await self._fail(message, code)
            return
        self.metrics.messages.labels(self.channel, "put_off").inc()
        log.warning("a message is sent later", reason=code, kind=message.kind)
        await self._keep(self.outbox.retry(message, code, at))

    async def _fail(self, message: Message, code: str) -> None:
        if await self._keep(self.outbox.fail(message, code, self.clock.wall())):
            self.metrics.messages.labels(self.channel, "failed").inc()
            log.error("a message cannot be sent", reason=code, kind=message.kind)
            self._tell("message.fail", message, code=code)

    async def _keep(self, change: Awaitable[bool]) -> bool:
        """What cannot be kept now is found again when the lease is over."""
        try:
            return await change
        except ClinicError as error:
            log.error("what became of a message cannot be kept", error_type=type(error).__name__)
            return False

    def _tell(self, kind: str, message: Message, **more: str) -> None:
        self.audit.told(
            kind,
            "server",
            "messages",
            patient=message.patient,
            subject=message.about,
            what=message.kind,
            channel=message.channel,
            message=message.id,
            attempts=message.attempts,
            **more,
        )
