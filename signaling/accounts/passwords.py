"""Passwords: argon2id (RFC 9106), in threads, a few at once.

A flood of sign-ins has to wait, and is refused when too many wait: it can neither eat the memory nor stop the loop.
Not here: how many tries somebody has (`lockout.py`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import SecretStr

from signaling.accounts.lookups import normal
from signaling.refusals import Refused

AT_ONCE = 2
"""Hashes that are computed at the same time. More would take memory and cores from calls."""

WAITING = 32
"""Those that may wait: about two seconds. Beyond it people are told to come back."""

PASSES = 3
SALT = 16
SHORTEST = 12
FEWEST_CHARACTERS = 6

_RUNS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "01234567890")
_WORDS = ("password", "passwort", "therabook", "welcome", "letmein", "iloveyou", "administrator", "secret", "changeme")

T = TypeVar("T")


class Passwords:
    def __init__(self, memory_mib: int, entropy: Callable[[int], bytes]) -> None:
        """`memory_mib`: for each hash."""
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=memory_mib * 1024, parallelism=1, salt_len=SALT)
        self._entropy = entropy
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="passwords")
        self._busy = 0
        self._nobody = self._hasher.hash(entropy(SALT).hex(), salt=entropy(SALT))

    async def hash(self, password: SecretStr) -> str:
        """Raises Refused: `too_many_requests`."""
        salt = self._entropy(SALT)
        return await self._run(lambda: self._hasher.hash(password.get_secret_value(), salt=salt))

    async def check(self, password: SecretStr, encoded: str | None) -> bool:
        """With None (no such account, no password) it is wrong after the same work. Raises as `hash` does."""
        right = await self._run(lambda: self._check(password, encoded or self._nobody))
        return right and encoded is not None

    def stale(self, encoded: str) -> bool:
        """Whether it was made with other parameters than those of now."""
        return self._hasher.check_needs_rehash(encoded)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _check(self, password: SecretStr, encoded: str) -> bool:
        try:
            return self._hasher.verify(encoded, password.get_secret_value())
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._busy >= AT_ONCE + WAITING:
            raise Refused("too_many_requests", retry_after=2.0)
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._busy -= 1


def check_strength(password: SecretStr, *others: str) -> None:
    """`others`: what everybody would try first: the login, the name, the clinic's. Raises Refused: `weak_password`."""
    text = normal(password.get_secret_value())
    if len(set(text)) < FEWEST_CHARACTERS:
        raise Refused("weak_password")
    left = text
    for other in others:
        for word in re.split(r"[\s@._-]+", normal(other)):
            if len(word) >= 4:
                left = left.replace(word, "")
    for word in _WORDS:
        left = left.replace(word, "")
    for run in (*_RUNS, *(each[::-1] for each in _RUNS)):
        for length in range(len(run), 3, -1):
            for start in range(len(run) - length + 1):
                left = left.replace(run[start : start + length], "")
    if len(left) < SHORTEST - 4:
        raise Refused("weak_password")
