"""Whose fault an error is. Not here: sentences for people, which are the business of whoever talks to them."""

from __future__ import annotations

from typing import Literal

PeerErrorCode = Literal[
    "bad_offer",
    "no_common_codec",
    "too_many_peers",
    "no_such_peer",
    "no_such_source",
    "no_such_slot",
    "wrong_kind",
    "other_room",
]
"""Stable: callers and their clients compare them."""


class PeerError(Exception):
    """A peer, or whoever speaks for it, asked for something that can't be done. Nothing was changed.

    `str()` says what was wrong without quoting what was sent, so it may be logged: an offer holds addresses and
    passwords.
    """

    def __init__(self, code: PeerErrorCode, reason: str) -> None:
        super().__init__(reason)
        self.code: PeerErrorCode = code


class ConfigError(ValueError):
    """The operator's settings can't work. `str()` says which and why."""
