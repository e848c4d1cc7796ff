"""The clinic's key, with each use of it in the audit log: before it opens something, beside wrapping something.

Whoever looks at it from outside sees the key itself. Not here: keys (`recording/keys`), and who asked for what is
opened: that stands in the event before.
"""

from __future__ import annotations

from pydantic import SecretBytes

from recording.age import Recipient
from recording.keys import ClinicKey, KeyProvider, KeyUnavailable, SealedKey
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.refusals import Refused

SAME = 60.0
"""Seconds. A player asks for a film in hundreds of parts, each of which is opened anew: that is told once a minute."""

REMEMBERED = 1000
"""Uses that are remembered for that."""


class ToldKeys:
    """A KeyProvider."""

    def __init__(self, keys: KeyProvider, audit: Audit, clock: Clock) -> None:
        self.keys = keys
        self._audit = audit
        self._clock = clock
        self._used: dict[str, float] = {}

    @property
    def can_unwrap(self) -> bool:
        return self.keys.can_unwrap

    def describe(self) -> str:
        return self.keys.describe()

    async def wrap(self, secret: SecretBytes, context: str) -> bytes:
        # a recording begins, and whoever is in the call does not wait for the log
        wrapped = await self.keys.wrap(secret, context)
        recording, _, whose = context.partition("/")
        self._audit.told("key.use", "server", "vault", subject=recording, what="wrap", of=whose)
        return wrapped

    async def unwrap(self, wrapped: bytes, context: str) -> SecretBytes:
        """Raises KeyUnavailable too if the log cannot be written."""
        now = self._clock.steady()
        if self._audit.failing or now - self._used.get(context, now - SAME) >= SAME:
            recording, _, whose = context.partition("/")
            try:
                await self._audit.record("key.use", "server", "vault", subject=recording, what="open", of=whose)
            except Refused as refused:
                raise KeyUnavailable(refused.error) from None
            self._remember(context, now)
        return await self.keys.unwrap(wrapped, context)

    def _remember(self, context: str, now: float) -> None:
        self._used.pop(context, None)
        while len(self._used) >= REMEMBERED:
            del self._used[next(iter(self._used))]
        self._used[context] = now


def recipient_of(keys: KeyProvider) -> Recipient | None:
    """The clinic's public key, where it is known here."""
    if isinstance(keys, ToldKeys):
        keys = keys.keys
    return keys.recipient if isinstance(keys, ClinicKey | SealedKey) else None
