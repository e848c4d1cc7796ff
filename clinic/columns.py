"""Kinds of columns, which keep the same values in SQLite and PostgreSQL and refuse what one of them would not take.

Not here: which columns there are (`tables.py`).
"""

from __future__ import annotations

import enum
import re
from typing import Any

from sqlalchemy import BigInteger, Dialect, Enum, LargeBinary, String
from sqlalchemy.types import TypeDecorator

from clinic.errors import BadValue

LAST_MOMENT = 253_402_300_800.0
"""The end of the year 9999."""

WORD = 24
"""Longest name of a state or kind."""

_NEVER = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL keeps no NUL, and UTF-8 has no lone surrogates."""


class Moment(TypeDecorator[float]):
    """A time: seconds since 1970 (UTC) outside, whole milliseconds inside, which compare exactly."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> int | None:
        return None if value is None else milliseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> float | None:
        return None if value is None else value / 1000


class Words(TypeDecorator[str]):
    """Text of at most `limit` characters. SQLite would take any length, PostgreSQL would take no NUL."""

    impl = String
    cache_ok = True

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else check_text(value, self.limit)


class Sealed(TypeDecorator[bytes]):
    """At most `limit` bytes that only the holder of a key can read: opaque here."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, limit: int = 65_536) -> None:
        super().__init__()
        self.limit = limit

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        if value is not None and len(value) > self.limit:
            raise BadValue(f"more than {self.limit} bytes")
        return value


def state_column(states: type[enum.Enum]) -> Enum:
    """One of the states, kept as its value."""
    return Enum(states, native_enum=False, length=WORD, values_callable=lambda kind: [each.value for each in kind])


def word_column(words: tuple[Any, ...]) -> Enum:
    """One of these words."""
    return Enum(*words, native_enum=False, length=WORD, validate_strings=True)


def milliseconds(seconds: float) -> int:
    """Raises BadValue for a time that is none."""
    if not 0.0 <= seconds < LAST_MOMENT:  # NaN too
        raise BadValue("a time outside of 1970 to 9999")
    return round(seconds * 1000)


def check_text(text: str, limit: int) -> str:
    """The same text. Raises BadValue if it is longer than `limit` or not text for every database."""
    if len(text) > limit:
        raise BadValue(f"a text of more than {limit} characters")
    if _NEVER.search(text):
        raise BadValue("a text with characters that cannot be kept")
    return text


def shortened(text: str, limit: int) -> str:
    """For what must be kept in any case, such as why something failed: the beginning, without what cannot be kept."""
    return _NEVER.sub("", text)[:limit]
