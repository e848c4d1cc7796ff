"""When what has come can be seen and heard, and what is missing then: a picture's and a sound's receiver, as browsers
have them. Pure: `now` is an argument.

Pictures are shown in order, each when it is complete and all before it were, but not before their time: as long after
they were captured as `delay` says, which follows the lateness of the last seconds and so adapts. Frozen is what
getStats calls so: a pause between two pictures longer than three usual ones and than a usual one and 150 ms.

Sound is played each 20 ms. A packet that is not there when its turn comes is made up for: from the copy in the packet
behind it (Opus in-band FEC; in redundant packets it is there whole) if that has come, else concealed. When nothing at
all is there, the last sound is stretched, which is concealment too, and from then on everything is played that much
later; a buffer that has become longer than needed is made shorter again, a little each second (NetEq's accelerate).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import fmean

from bench.network.rate import SECOND

SOUND_US = 20_000
WINDOW = 30
"""Frames whose mean duration says what is usual."""

PAUSE_US = 150_000
LATENESS_SECONDS = 4
"""How long the lateness of a packet counts for the delay."""

MARGIN_US = 10_000
MOST_DELAY_US = 3 * SECOND
LEAST_WAITING = 2
"""Packets of sound that wait even if all come evenly: as NetEq has them."""

SHORTEN_US = 5_000_000 // 50
"""One packet in so much time may be left out when the buffer is too long: fifty in five seconds."""


class Lateness:
    """How late things come against the earliest of the last seconds: the most of it, by one second each."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, int, int]] = deque()

    def note(self, sent: int, now: int) -> None:
        second, way = now // SECOND, now - sent
        if self._seconds and self._seconds[-1][0] == second:
            _, least, most = self._seconds[-1]
            self._seconds[-1] = (second, min(least, way), max(most, way))
        else:
            self._seconds.append((second, way, way))
        while self._seconds[0][0] < second - LATENESS_SECONDS:
            self._seconds.popleft()

    @property
    def base(self) -> int:
        """The shortest way of late."""
        return min(least for _, least, _ in self._seconds)

    @property
    def spread(self) -> int:
        return max(most for _, _, most in self._seconds) - self.base


@dataclass
class Freezes:
    """Feed it the times at which pictures were shown."""

    begun_at: int | None = None
    frozen_us: int = 0
    longest_us: int = 0
    count: int = 0
    pauses: list[tuple[int, int]] = field(default_factory=list)
    _last: int | None = None
    _usual: deque[int] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def shown(self, now: int) -> None:
        if self.begun_at is None:
            self.begun_at = now
        if self._last is not None:
            self._note(self._last, now)
        self._last = now

    def resume(self) -> None:
        """The camera was off, and that was known: what was not shown until now is no freeze."""
        self._last = None

    def finish(self, now: int) -> None:
        """Nothing came any more until now, if that is long."""
        if self._last is not None and now - self._last > PAUSE_US + 3 * 33_333:
            self._note(self._last, now)
            self._last = now

    def _note(self, last: int, now: int) -> None:
        between = now - last
        usual = fmean(self._usual) if self._usual else 33_333.0
        if between > max(3 * usual, usual + PAUSE_US):
            self.frozen_us += between
            self.longest_us = max(self.longest_us, between)
            self.count += 1
            self.pauses.append((last, now))
        else:
            self._usual.append(between)


class Pictures:
    """`complete` when all packets of a frame and all frames before it are there."""

    def __init__(self) -> None:
        self.freezes = Freezes()
        self.shown: list[tuple[int, int]] = []
        """(when captured, when shown)."""
        self._late = Lateness()
        self._last_shown = 0

    def complete(self, captured: int, now: int) -> None:
        """A frame may be shown from now on. `captured`: the publisher's clock; it need not be ours."""
        self._late.note(captured, now)
        delay = min(self._late.spread, MOST_DELAY_US) + MARGIN_US
        at = max(now, captured + self._late.base + delay, self._last_shown)
        self._last_shown = at
        self.freezes.shown(at)
        self.shown.append((captured, at))

    def finish(self, now: int) -> None:
        self.freezes.finish(now)


class Sound:
    """`arrive` and `play` come in the order of time; `play` each 20 ms."""

    def __init__(self) -> None:
        self.played = 0
        self.concealed = 0
        self.repaired = 0
        """From the copy in the packet behind."""
        self.redundant = 0
        """Came only whole in the packet behind."""
        self.left_out = 0
        self.longest_gap = 0
        """Packets concealed one after the other."""
        self._there: dict[int, bool] = {}
        self._next: int | None = None
        self._late = Lateness()
        self._gap = 0
        self._shortened_at = 0
        self._waiting = 0
        self._stretched = 0
        self._off = False

    def switch(self, on: bool) -> None:
        """The microphone, and that is known. What comes next is played from its beginning."""
        self._off = not on
        self._next = None
        self._there.clear()

    def arrive(self, number: int, sent: int, now: int, copies: bool = True) -> None:
        """`copies`: it holds the one before it once more."""
        self._late.note(sent, now)
        if self._off or (self._next is not None and number < self._next):
            return
        self._there[number] = copies
        if self._next is None:
            self._next = number
            self._waiting = self._target()

    def arrive_again(self, number: int, copies: bool = True) -> None:
        """Once more, in the packet behind it (RFC 2198)."""
        if not self._off and self._next is not None and number >= self._next and number not in self._there:
            self._there[number] = copies
            self.redundant += 1

    def play(self, now: int) -> None:
        if self._off or self._next is None:
            return
        if self._waiting > 0:
            # the buffer fills before the first sound is heard
            self._waiting -= 1
            return
        if not self._there:
            self._conceal()
            self._stretched += 1
            return  # its turn comes again
        while self._next not in self._there and self._stretched:
            # what never came was made up for already, by stretching
            self._next += 1
            self._stretched -= 1
        self._stretched = 0
        if self._next in self._there:
            del self._there[self._next]
            self._heard()
        elif self._there.get(self._next + 1):
            self.repaired += 1
            self._heard()
        else:
            self._conceal()
        self._next += 1
        if len(self._there) > self._target() + 1 and now - self._shortened_at >= SHORTEN_US:
            self._shortened_at = now
            self.left_out += self._there.pop(self._next, None) is not None
            self._next += 1

    def _target(self) -> int:
        """Packets that are to wait."""
        return max(-(-min(self._late.spread, MOST_DELAY_US) // SOUND_US), LEAST_WAITING)

    def _heard(self) -> None:
        self.played += 1
        self._gap = 0

    def _conceal(self) -> None:
        self.concealed += 1
        self._gap += 1
        self.longest_gap = max(self.longest_gap, self._gap)

    @property
    def concealed_share(self) -> float:
        every = self.played + self.concealed
        return self.concealed / every if every else 0.0
