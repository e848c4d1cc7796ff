"""Searching the audit log: by what is asked and nothing else, newest first, page by page, without a gap or a repeat."""

from __future__ import annotations

import random
from typing import Any

import pytest

from clinic import BadValue
from clinic.audit.events import Event
from clinic.audit.log import AuditLog
from clinic.audit.search import CAME, Found, Search, Wanted

START = 1_780_000_000.0
KINDS = ("call.join", "call.wait", "call.leave", "recording.view", "recording.export", "note.view", "account.fail")


def event(at: float, kind: str = "recording.view", actor: str = "t-1", **more: Any) -> Event:
    return Event(kind, START + at, more.pop("actor_kind", "staff"), actor, **more)


async def found(log: AuditLog, wanted: Wanted, limit: int = 50) -> list[int]:
    """All numbers, page by page."""
    search, numbers, after = Search(log.database), list[int](), None
    while True:
        page: Found = await search.find(wanted, after=after, limit=limit)
        assert len(page.entries) <= limit
        numbers += [each.seq for each in page.entries]
        after = page.next
        if after is None:
            return numbers


def some_events(count: int, seed: int) -> list[Event]:
    """Of a few people, in a few sessions; several at the same moment, and some told late."""
    dice = random.Random(seed)
    events = []
    for number in range(count):
        kind = dice.choice(KINDS)
        patient = dice.choice([None, None, "p-1", "p-2", "p-3"])
        events.append(
            Event(
                kind,
                START + number // 4 - (50 if dice.random() < 0.05 else 0),
                dice.choice(["staff", "link", "server"]),
                dice.choice(["t-1", "t-2", "t-3", "sessions"]),
                session=dice.choice([None, "s-1", "s-2", "s-3", "s-4"]),
                patient=patient,
                subject=dice.choice([None, "r-1", "r-2"]),
            )
        )
    return events


def expected(events: list[Event], wanted: Wanted) -> list[int]:
    """The same by looking at every event."""
    theirs = {each.session for each in events if each.patient == wanted.patient and each.kind in CAME and each.session}

    def holds(each: Event) -> bool:
        patient = (
            wanted.patient is None
            or each.patient == wanted.patient
            or (each.patient is None and each.session in theirs)
        )
        return (
            patient
            and (not wanted.kinds or each.kind in wanted.kinds)
            and wanted.actor in (None, each.actor)
            and wanted.session in (None, each.session)
            and wanted.subject in (None, each.subject)
            and (wanted.since is None or each.at >= wanted.since)
            and (wanted.until is None or each.at < wanted.until)
        )

    places = [(each.at, seq) for seq, each in enumerate(events) if holds(each)]
    return [seq for _, seq in sorted(places, reverse=True)]


async def test_every_combination_finds_what_looking_at_all_events_finds(log: AuditLog) -> None:
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    events = some_events(400, seed)
    await log.append(events)
    for _ in range(60):
        since = dice.choice([None, START + dice.randrange(100)])
        wanted = Wanted(
            kinds=tuple(dice.sample(KINDS, dice.choice([0, 0, 1, 3]))),
            actor=dice.choice([None, None, "t-1", "sessions", "nobody"]),
            session=dice.choice([None, None, "s-1", "s-9"]),
            patient=dice.choice([None, None, "p-1", "p-2", "p-9"]),
            subject=dice.choice([None, None, None, "r-1"]),
            since=since,
            until=dice.choice([None, START + dice.randrange(100)]),
        )
        assert await found(log, wanted, dice.choice([1, 7, 50, 200])) == expected(events, wanted), (seed, wanted)


async def test_what_comes_while_somebody_turns_pages_repeats_nothing(log: AuditLog) -> None:
    await log.append([event(number) for number in range(10)])
    search = Search(log.database)
    first = await search.find(Wanted(), limit=4)
    await log.append([event(100 + number) for number in range(10)])
    second = await search.find(Wanted(), after=first.next, limit=4)
    assert [each.seq for each in (*first.entries, *second.entries)] == [9, 8, 7, 6, 5, 4, 3, 2]


async def test_an_entry_is_what_was_written(log: AuditLog) -> None:
    written = event(0.125, session="s-1", patient="p-1", subject="r-1", details={"how": "played", "count": 2})
    await log.append([written])
    (entry,) = (await Search(log.database).find(Wanted())).entries
    assert (entry.seq, entry.event) == (0, written)


async def test_by_patient_also_what_is_about_their_sessions_and_names_nobody(log: AuditLog) -> None:
    await log.append(
        [
            event(0, "call.join", "t-1", session="s-1"),
            event(1, "call.join", "p-1", actor_kind="link", session="s-1", patient="p-1"),
            event(2, "call.join", "p-2", actor_kind="link", session="s-1", patient="p-2"),
            event(3, "record.start", "t-1", session="s-1", subject="r-1"),
            event(4, "recording.view", "t-9", session="s-1", subject="r-1"),
            event(5, "recording.view", "t-9", session="s-2", subject="r-2"),
            event(6, "token.issue", "settings", session="s-2", patient="p-1"),  # they never came
        ]
    )
    assert await found(log, Wanted(patient="p-1")) == [6, 4, 3, 1, 0]
    assert await found(log, Wanted(patient="p-1", session="s-1", kinds=("recording.view",))) == [4]
    assert await found(log, Wanted(patient="p-1", session="s-2")) == [6]


@pytest.mark.parametrize("cursor", ["", "1", "a.b", "1.-1", "9" * 20 + ".1", "1.2.3", "١.1"])
async def test_a_cursor_that_is_none_is_refused(log: AuditLog, cursor: str) -> None:
    with pytest.raises(BadValue):
        await Search(log.database).find(Wanted(), after=cursor)


def asked(name: str, value: Any) -> Wanted:
    return Wanted(**{name: value})


@pytest.mark.parametrize("text", ["' OR 1=1 --", "%", "_", "t-1'; DROP TABLE audit_event; --", "\\", "$1", ":actor"])
async def test_what_is_asked_is_never_taken_for_sql(log: AuditLog, text: str) -> None:
    await log.append([event(0), event(1, actor=text, session=text, patient=text, subject=text)])
    for name in ("actor", "session", "patient", "subject"):
        assert await found(log, asked(name, text)) == [1], name
    assert await found(log, Wanted()) == [1, 0]
