"""The meter: how long sessions were two-way, what came in between, and who had which part of it. Pure.

It is told every two seconds who is present in which session and what of theirs flows. A moment counts if it was looked
at from both ends: whoever came or went between two looks has that much less, never more.

Rules:
- Two-way is a time in which a therapist and a patient (or a patient's guest) each send sound or pictures and get the
  other's. An interpreter or an observer makes no session.
- Whoever has switched off microphone and camera sends nothing, and that is a gap (`muted`). A microphone alone that is
  muted is none while the camera is on.
- Lengths are measured on the steady clock. The wall clock gives the moment at which a sitting began, and nothing after:
  that it is set in the meantime changes no length.
- A session that nobody is in, or whose server was started again, goes on as the same sitting if somebody is back within
  `GOES_ON` seconds. What lay between is a gap.

Not here: what flows (`evidence.py`), where it is kept (`keeper.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from clinic.usage.records import EVERYBODY, GapReason, Share, Sitting, Span, SpanState, WholeSitting

LOOK = 2.0
"""Seconds between two looks."""

LONGEST_LOOK = 10.0
"""Seconds that one look may stand for. After a longer pause of ours (a machine that was suspended) nobody knows what
was, and nothing is billed for it."""

GOES_ON = 300.0
"""Seconds. A little longer than a lost seat can be taken again (`returning.py`); sessions that follow one another under
the same id are further apart."""

KEEP_EVERY = 10.0
"""Seconds between two records of a sitting that goes on: so much is missing after a crash, at most."""

ENDED = 10_000
"""Sittings that wait to be kept while the database is away. Beyond it the oldest are lost, and counted."""

Sends = Literal["video", "audio", "muted", "lost"]


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody who is present."""

    person: str
    """As their token names them."""
    role: str
    sends: Sends
    receives: bool

    @property
    def both(self) -> bool:
        return self.receives and self.sends in ("video", "audio")


@dataclass
class _Line:
    """What happened to one person, or to the sitting: spans that follow one another."""

    person: str
    spans: list[Span] = field(default_factory=list)
    """The last one, and those before it that are not kept yet."""

    def goes_on(self, began: float, ended: float, state: SpanState, reason: GapReason | None = None) -> None:
        last = self.spans[-1] if self.spans else None
        if last is not None and (last.state, last.reason, last.ended_at) == (state, reason, began):
            self.spans[-1] = replace(last, ended_at=ended)
        elif ended > began:
            number = 0 if last is None else last.number + 1
            self.spans.append(Span(self.person, number, began, ended, state, reason))

    def kept(self, until: int) -> None:
        self.spans = [span for span in self.spans[:-1] if span.number >= until] + self.spans[-1:]


@dataclass
class _Counted:
    """Somebody's share, in milliseconds."""

    came_at: float
    known_until: float
    present: int = 0
    two_way: int = 0
    video: int = 0


@dataclass
class _Sitting:
    id: str
    session: str
    day: str
    started_at: float
    known_until: float
    """Like `started_at` in seconds since 1970, to the millisecond: what lies between is whole milliseconds, and the
    spans of a sitting add up to its length."""
    epoch: float
    """Added to the steady clock it gives seconds since 1970, as they were when the sitting began."""
    looked_at: float | None
    """On the steady clock; None: it is from before this server's start."""
    kept_at: float
    two_way: int = 0
    video: int = 0
    changed: bool = False
    """Since it was kept."""
    here: set[tuple[str, str]] = field(default_factory=set)
    """Who was there at the last look, with their role."""
    counted: dict[tuple[str, str], _Counted] = field(default_factory=dict)
    lines: dict[str, _Line] = field(default_factory=dict)
    away_since: float | None = None
    """Since when nobody is in it, on the steady clock."""
    ended: bool = False
    appointment: str | None = None

    def line(self, person: str) -> _Line:
        return self.lines.setdefault(person, _Line(person))


class Meter:
    """`now` is a clock that only goes forward, `wall` the same moment in seconds since 1970."""

    def __init__(self, new_id: Callable[[], str], day_of: Callable[[float], str]) -> None:
        """`day_of`: the day of a moment in the clinic's calendar, YYYY-MM-DD."""
        self._new_id = new_id
        self._day_of = day_of
        self._sittings: dict[str, _Sitting] = {}
        """By session."""
        self._ended: dict[str, _Sitting] = {}
        self._looked_at: float | None = None
        self.lost = 0
        """Sittings that could not be kept and were given up."""

    # What happens -------------------------------------------------------------------------------------------------

    def adopt(self, unended: Iterable[WholeSitting], now: float, wall: float) -> None:
        """Those that the server, when it was stopped, had not ended: they go on if somebody comes back in time."""
        for whole in unended:
            sitting = whole.sitting
            made = _Sitting(
                id=sitting.id,
                session=sitting.session,
                day=sitting.day,
                started_at=sitting.started_at,
                known_until=sitting.known_until,
                # a clock that was set back must not make them end before they were looked at last
                epoch=max(wall, sitting.known_until) - now,
                looked_at=None,
                kept_at=now,
                two_way=sitting.two_way_ms,
                video=sitting.video_ms,
                away_since=now - max(0.0, wall - sitting.known_until),
                appointment=sitting.appointment,
            )
            for share in whole.shares:
                made.counted[share.person, share.role] = _Counted(
                    share.came_at, share.known_until, share.present_ms, share.two_way_ms, share.video_ms
                )
            for span in whole.spans:
                made.line(span.person).spans = [span]
            known = self._sittings.get(made.session)
            if known is not None:  # two of one session: the newer one may go on
                older, made = sorted((known, made), key=lambda each: each.started_at)
                self._end(older)
            self._sittings[made.session] = made

    def look(self, present: Mapping[str, Sequence[Seen]], now: float, wall: float) -> None:
        """By session, who is there. Sessions in which nobody is present are left out."""
        stood_still = self._looked_at is not None and now - self._looked_at > LONGEST_LOOK
        self._looked_at = now
        for session, people in present.items():
            sitting = self._sittings.get(session)
            if sitting is not None and sitting.away_since is not None and now - sitting.away_since > GOES_ON:
                self._end(sitting)
                sitting = None
            if sitting is None:
                sitting = self._sittings[session] = self._begin(session, now, wall)
            self._measure(sitting, people, now, stood_still=stood_still)
        for session, sitting in list(self._sittings.items()):
            if session not in present:
                if sitting.away_since is None:
                    sitting.away_since, sitting.here = now, set()
                if now - sitting.away_since > GOES_ON:
                    self._end(sitting)

    # What is kept ---------------------------------------------------------------------------------------------------

    def take(self, now: float, *, everybody: bool = False) -> list[WholeSitting]:
        """What is to be kept now: those that have ended, and those of which nothing was kept for a while, or all."""
        taken = [_whole(sitting) for sitting in self._ended.values()]
        for sitting in self._sittings.values():
            due = everybody or sitting.away_since is not None or now - sitting.kept_at >= KEEP_EVERY
            if sitting.changed and due:
                sitting.changed, sitting.kept_at = False, now
                taken.append(_whole(sitting))
        return taken

    def kept(self, wholes: Iterable[WholeSitting], *, lost: bool = False) -> None:
        """They are in the database, or (`lost`) never can be."""
        for whole in wholes:
            self._ended.pop(whole.sitting.id, None)
            self.lost += int(lost)
            sitting = self._sittings.get(whole.sitting.session)
            if sitting is not None and sitting.id == whole.sitting.id:
                last: dict[str, int] = {}
                for span in whole.spans:
                    last[span.person] = max(span.number, last.get(span.person, 0))
                for person, number in last.items():
                    sitting.line(person).kept(number)

    # Inside ---------------------------------------------------------------------------------------------------------

    def _begin(self, session: str, now: float, wall: float) -> _Sitting:
        began = round(wall, 3)
        return _Sitting(self._new_id(), session, self._day_of(wall), began, began, wall - now, now, now)

    def _end(self, sitting: _Sitting) -> None:
        del self._sittings[sitting.session]
        if sitting.known_until <= sitting.started_at:
            return  # nobody stayed for two looks
        sitting.ended = True
        if len(self._ended) >= ENDED:
            del self._ended[next(iter(self._ended))]
            self.lost += 1
        self._ended[sitting.id] = sitting

    def _measure(self, sitting: _Sitting, people: Sequence[Seen], now: float, *, stood_still: bool) -> None:
        moment = max(round(sitting.epoch + now, 3), sitting.known_until)
        seen = _by_person(people)
        if sitting.looked_at is None:
            self._pass(sitting, moment, "server")
        elif sitting.away_since is not None:
            self._pass(sitting, moment, "server" if stood_still else "alone")
        elif stood_still:
            self._pass(sitting, moment, "server")
        else:
            self._count(sitting, seen, moment)
        for key in seen:
            counted = sitting.counted.setdefault(key, _Counted(moment, moment))
            counted.known_until = moment
        sitting.here = set(seen)
        sitting.changed = sitting.changed or moment > sitting.known_until
        sitting.looked_at, sitting.known_until, sitting.away_since = now, moment, None

    def _pass(self, sitting: _Sitting, moment: float, reason: GapReason) -> None:
        sitting.line(EVERYBODY).goes_on(sitting.known_until, moment, "gap", reason)

    def _count(self, sitting: _Sitting, seen: Mapping[tuple[str, str], Seen], moment: float) -> None:
        """The time since the last look, by how it is now, of those who were there at both."""
        began = sitting.known_until
        ms = round((moment - began) * 1000)
        here = [each for key, each in seen.items() if key in sitting.here]
        state, reason, two_way, video = judge(here)
        sitting.line(EVERYBODY).goes_on(began, moment, state, reason)
        if state != "gap":
            sitting.two_way += ms
            sitting.video += ms if state == "video" else 0
        for each in here:
            sitting.line(each.person).goes_on(began, moment, each.sends)
            counted = sitting.counted[each.person, each.role]
            counted.present += ms
            counted.two_way += ms if each.person in two_way else 0
            counted.video += ms if each.person in video else 0


def judge(here: Sequence[Seen]) -> tuple[SpanState, GapReason | None, set[str], set[str]]:
    """What a moment is: its state, why it does not count if it does not, for whom it does, and for whom with pictures
    both ways."""
    sides = [[each for each in here if each.role == role] for role in ("therapist", "patient")]
    both = [[each for each in side if each.both] for side in sides]
    if not all(both):
        return "gap", _reason(sides, both), set(), set()
    shown = [any(each.sends == "video" for each in side) for side in both]
    two_way = {each.person for side in both for each in side}
    pairs = zip(both, shown[::-1], strict=True)
    video = {each.person for side, others_show in pairs for each in side if others_show and _shows(each)}
    for each in here:
        if each.role == "interpreter" and each.both:
            two_way.add(each.person)
            video |= {each.person} if _shows(each) and any(shown) else set()
    return "video" if all(shown) else "audio", None, two_way, video


def _shows(each: Seen) -> bool:
    return each.sends == "video"


def _reason(sides: Sequence[Sequence[Seen]], both: Sequence[Sequence[Seen]]) -> GapReason:
    if not all(sides):
        return "alone"
    failing = [side for side, those in zip(sides, both, strict=True) if not those]
    return "muted" if any(all(each.sends == "muted" for each in side) for side in failing) else "connection"


def _by_person(people: Sequence[Seen]) -> dict[tuple[str, str], Seen]:
    return {(each.person, each.role): each for each in people}


def _whole(sitting: _Sitting) -> WholeSitting:
    shares = tuple(
        Share(person, role, each.came_at, each.known_until, each.present, each.two_way, each.video)
        for (person, role), each in sitting.counted.items()
    )
    therapists = [share for share in shares if share.role == "therapist"]
    most = max(therapists, key=lambda share: share.two_way_ms, default=None)
    kept = Sitting(
        id=sitting.id,
        session=sitting.session,
        day=sitting.day,
        started_at=sitting.started_at,
        known_until=sitting.known_until,
        ended_at=sitting.known_until if sitting.ended else None,
        two_way_ms=sitting.two_way,
        video_ms=sitting.video,
        patients=sum(1 for share in shares if share.role == "patient" and share.two_way_ms > 0),
        therapist=most.person if most is not None else None,
        appointment=sitting.appointment,
    )
    return WholeSitting(kept, shares, tuple(span for line in sitting.lines.values() for span in line.spans))
