"""Slots: which of the others plays in which receiving m-line of one person.

Every other person has one pair number n for as long as they are in the session: their microphone plays in the n-th
audio slot, their camera in the n-th video slot (the two share a stream, so that lips and voice stay together). A
shared screen plays in the last video slot, which therefore is never paired.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from signaling.messages import Assignment, Source

SPARE_PAIRS = 2
"""Slots asked for beyond the need, so that a filling room does not offer again for each newcomer."""


class SlotTable:
    """The slots of one person. Pure: assigns, and remembers the pair numbers."""

    def __init__(self) -> None:
        self.audio: tuple[str, ...] = ()
        self.video: tuple[str, ...] = ()
        self._pairs: dict[str, int] = {}
        self._asked = 0

    def offered(self, audio: Sequence[str], video: Sequence[str]) -> None:
        """The slots that the last offer brought, all of them, in the order of its m-lines."""
        self.audio = tuple(audio)
        self.video = tuple(video)
        self._asked = 0

    @property
    def pairs(self) -> int:
        """How many people can be both heard and seen."""
        return max(0, min(len(self.audio), len(self.video) - 1))

    def assign(self, others: Sequence[tuple[str, Collection[Source]]], screen: str | None) -> list[Assignment]:
        """What plays where: `others` with the sources that they have, and who of them shares a screen."""
        here = {person for person, _ in others}
        self._pairs = {person: n for person, n in self._pairs.items() if person in here}
        for person, _ in others:
            # A number beyond the slots was given out when nothing was free: take a better one if there is one by now.
            if self._pairs.get(person, self.pairs) >= self.pairs:
                self._pairs.pop(person, None)
                self._pairs[person] = self._lowest_free()
        assignments = []
        for person, sources in others:
            n = self._pairs[person]
            if "microphone" in sources and n < len(self.audio):
                assignments.append(Assignment(mid=self.audio[n], person=person, source="microphone"))
            if "camera" in sources and n < len(self.video) - 1:
                assignments.append(Assignment(mid=self.video[n], person=person, source="camera"))
        if screen is not None and screen in here and self.video:
            assignments.append(Assignment(mid=self.video[-1], person=screen, source="screen"))
        return assignments

    def wanted(self, others: int, limit: int) -> int | None:
        """How many pairs to ask the client for; None if it has enough or was asked already."""
        if others <= self.pairs or others <= self._asked:
            return None
        self._asked = max(others, min(others + SPARE_PAIRS, limit - 1))
        return self._asked

    def _lowest_free(self) -> int:
        taken = set(self._pairs.values())
        return next(n for n in range(len(taken) + 1) if n not in taken)
