"""The clinic's rules for recordings: what has to be agreed to, in which words, and where more is asked than elsewhere.

Pure data. Rules combine to the strictest of them; nothing here makes one laxer.

Not here: who has agreed (`consent.py`), and what is recorded when (`session_recording.py`).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Rule = Literal["notice", "all", "written", "never"]
"""From the laxest to the strictest. `notice`: everyone is told. `all`: everyone agrees first. `written`: everyone
agrees first and signs with their name. `never`: nothing is recorded."""

STRICTNESS: tuple[Rule, ...] = get_args(Rule)

LONGEST_PLACE = 80
"""Characters in the name of a place: one line of the list that people choose from."""

_WORD = re.compile(r"\w+")


def strictest(*rules: Rule) -> Rule:
    return max(rules, key=STRICTNESS.index)


@dataclass(frozen=True)
class Words:
    """What people are asked, as the clinic wrote it. `body` is plain text, a paragraph on each line."""

    title: str
    body: str

    @property
    def version(self) -> str:
        """Names exactly these words: 64 bits of their SHA-256."""
        return hashlib.sha256(f"{self.title}\0{self.body}".encode()).hexdigest()[:16]


WORDS = Words(
    title="May this session be recorded?",
    body="Picture and sound of everyone in this session would be recorded.\n"
    "The recording begins only when everyone has agreed. It is stored encrypted, and only people at the clinic whose "
    "role allows it can open it.\n"
    "You can say no, now or later. Your session goes on as it is.",
)


@dataclass(frozen=True)
class ConsentPolicy:
    """The rules of one clinic. Raises ValueError for a table or words that nobody could answer."""

    base: Rule = "all"
    """Holds wherever people are."""
    table: Mapping[str, Rule] = field(default_factory=dict)
    """Place -> the rule there. People choose their place from these names, as they stand here."""
    words: Words = WORDS

    def __post_init__(self) -> None:
        for place, rule in self.table.items():
            if place != place.strip() or not 1 <= len(place) <= LONGEST_PLACE:
                raise ValueError(f"a place has a name of 1 to {LONGEST_PLACE} characters without spaces around it")
            if rule not in STRICTNESS:
                raise ValueError(f"the rule of a place is one of {', '.join(STRICTNESS)}")
        if self.base not in STRICTNESS:
            raise ValueError(f"the base rule is one of {', '.join(STRICTNESS)}")
        if not self.words.title.strip() or not self.words.body.strip():
            raise ValueError("the question has a title and a body")

    @property
    def asks_place(self) -> bool:
        """Whether it matters where somebody is."""
        return any(strictest(self.base, rule) != self.base for rule in self.table.values())

    def rule_at(self, place: str | None) -> Rule:
        """The rule for somebody who says to be there. Raises KeyError for a place that is not in the table."""
        return self.base if place is None else strictest(self.base, self.table[place])

    def rule_in_words(self, where: str | None) -> Rule:
        """The rule for somebody who wrote in their own words where they are: of every place of the table that is named
        in them, in capitals or not.

        "Fresno, California" names California; "CA" does not, nor does "Arkansas" name Kansas.
        """
        said = _plain(where or "")
        return strictest(self.base, *(rule for place, rule in self.table.items() if _plain(place) in said))


def _plain(text: str) -> str:
    """Words between single spaces, without capitals and punctuation."""
    return f" {' '.join(re.findall(_WORD, unicodedata.normalize('NFKC', text).casefold()))} "
