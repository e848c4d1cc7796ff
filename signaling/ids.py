"""Chance: ids and secrets from the system's random numbers, for shells to hand on as an argument."""

from __future__ import annotations

import secrets

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Nothing that looks like something else."""


def new_id() -> str:
    """For people, tokens and files: 96 bits, which say nothing. None begins with `-`, which command lines take for a
    flag and spreadsheets for a formula."""
    while (made := secrets.token_urlsafe(12)).startswith("-"):
        pass
    return made


def new_session_id() -> str:
    """Three groups of four, easy to read to somebody on the phone; 59 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))


def new_secret() -> str:
    """256 bits."""
    return secrets.token_urlsafe(32)
