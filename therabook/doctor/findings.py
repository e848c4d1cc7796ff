"""What a doctor finds, and how it is written down. Not here: how it is found out."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

Mark = Literal["good", "warn", "bad", "none"]
"""`warn`: works, but. `none`: not looked at, or not there, and that is no fault."""

WORDS: dict[Mark, str] = {"good": "good", "warn": "look here", "bad": "does not work", "none": "-"}

WIDTH = 100
NAME, WORD = 24, 15


@dataclass(frozen=True)
class Finding:
    id: str
    """For programs. Stays as it is."""
    name: str
    mark: Mark
    said: str
    advice: str = ""
    milliseconds: int | None = None
    paragraph: str = ""
    """Of 45 CFR, where a safeguard is looked at."""


def failed(findings: Sequence[Finding]) -> bool:
    """Whether something does not work."""
    return any(finding.mark == "bad" for finding in findings)


def as_json(about: str, findings: Sequence[Finding]) -> str:
    found = {"about": about, "ok": not failed(findings), "findings": [asdict(each) for each in findings]}
    return json.dumps(found, indent=1)


def as_text(about: str, findings: Sequence[Finding]) -> str:
    lines = [about, ""]
    for finding in findings:
        head = f"  {finding.name:<{NAME}}{WORDS[finding.mark]:<{WORD}}"
        of = f" [45 CFR {finding.paragraph}]" if finding.paragraph else ""
        lines += _wrapped(finding.said + of, head)
        if finding.advice:
            lines += _wrapped(finding.advice, " " * len(head))
    return "\n".join(lines)


def _wrapped(text: str, head: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    ) or [head.rstrip()]
