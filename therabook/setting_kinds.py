"""Kinds of settings: lists, and secrets that have no flag.

Not here: which settings there are (`settings.py`, `practice_settings.py`).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic.config import JsonDict
from pydantic_settings import NoDecode

NO_FLAG: JsonDict = {"flag": False}
"""For secrets: a command line can be read by every user of the machine."""


def _split(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A list; separated by commas in variables and flags."""
