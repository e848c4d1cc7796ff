"""Consents: who has agreed to the recording of a session, and under which rule. A pure state machine.

Rules:
- The rule in force begins as the clinic's and grows stricter with each place that somebody says to be at. It never
  becomes laxer within a session, whoever leaves. What somebody says of their place counts even when the rest of their
  answer does not.
- Whoever is present is asked, unless the rule is `notice` and no place could make it stricter.
- An agreement counts if it is as the rule in force wants it: when that becomes `written`, whoever has not signed is
  asked again.
- A no needs nothing to be valid, and counts until the person is asked again.
- Each recording is asked for anew.

Not here: what an answer does to the recording (`session_recording.py`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

from signaling.recording_rules import ConsentPolicy, Rule, strictest
from signaling.refusals import Refused

Standing = Literal["none", "asked", "agreed", "refused"]
"""`none`: being told is enough."""


@dataclass(frozen=True)
class Answer:
    agreed: bool
    place: str | None = field(default=None, repr=False)
    signed_as: str | None = field(default=None, repr=False)


class Consents:
    """The answers of one session, by person."""

    def __init__(self, policy: ConsentPolicy) -> None:
        self.policy = policy
        self.rule: Rule = policy.base
        """The rule in force."""
        self._answers: dict[str, Answer] = {}
        self._was_enough = False
        """Whether being told was enough when this recording began, and is no longer."""

    def standing(self, person: str) -> Standing:
        answer = self._answers.get(person)
        if answer is None:
            return "none" if self._told_is_enough else "asked"
        if not answer.agreed:
            return "refused"
        return "asked" if self.rule == "written" and answer.signed_as is None else "agreed"

    def at_least(self, rule: Rule) -> None:
        """From now on the rule in force is no laxer than this."""
        before = self._told_is_enough
        self.rule = strictest(self.rule, rule)
        self._was_enough |= before and not self._told_is_enough

    def permits(self, person: str) -> bool:
        """Whether this person may be recorded."""
        return self.rule != "never" and self.standing(person) in ("none", "agreed")

    def has_agreed(self, person: str) -> bool:
        """Whether they said yes, or need not; under a rule that has become stricter since, perhaps."""
        answer = self._answers.get(person)
        return self._told_is_enough or self._was_enough if answer is None else answer.agreed

    def agree(self, person: str, text: str | None, place: str | None, signed_as: str | None) -> Answer | None:
        """Takes a yes to the words of version `text`; None if it says nothing new. Raises Refused.

        A refused yes leaves the person as they were, but for the rule, which may have become stricter.
        """
        if place is not None and place not in self.policy.table:
            raise Refused("place_needed")
        standing, before = self.standing(person), self.rule
        self.at_least(self.policy.rule_at(place))
        if standing == "refused":
            raise Refused("not_asked")
        if standing != "asked" and self.rule == before:
            return None
        if text != self.policy.words.version:
            raise Refused("consent_outdated")
        if place is None and self.policy.asks_place:
            raise Refused("place_needed")
        if signed_as is None and self.rule == "written":
            raise Refused("signature_needed")
        answer = self._answers[person] = Answer(True, place, signed_as)
        return answer

    def refuse(self, person: str) -> Literal["refuse", "withdraw"] | None:
        """Takes a no; it withdraws what was allowed before. None if it says nothing new."""
        before = self._answers.get(person)
        if before is not None and not before.agreed:
            return None
        allowed = self.standing(person) == "none" or before is not None
        self._answers[person] = Answer(False)
        return "withdraw" if allowed else "refuse"

    def ask_anew(self) -> None:
        """Everybody is asked, whatever they said before."""
        self._answers, self._was_enough = {}, False

    def ask_again(self) -> None:
        """Those who said no are asked once more."""
        self._answers = {person: answer for person, answer in self._answers.items() if answer.agreed}

    def keep(self, present: Collection[str]) -> None:
        """Forgets the answers of whoever is no longer here."""
        self._answers = {person: answer for person, answer in self._answers.items() if person in present}

    @property
    def _told_is_enough(self) -> bool:
        return self.rule == "notice" and not self.policy.asks_place
