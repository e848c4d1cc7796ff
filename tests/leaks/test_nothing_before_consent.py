"""Nothing of anybody is recorded while anybody present has not agreed: every packet that the recording is handed, every
byte that goes to the writer, and every file is looked at, over a call with all that can happen to consent."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from pathlib import Path

import pytest

from sfu import Source
from signaling import messages as m
from signaling.roles import Role
from tests.leaks.searched import files_below, search
from tests.leaks.tapped import Tapped
from tests.leaks.watched import Watched
from tests.signaling.numbered import PATTERN_BYTES, RATE, NumberedCaller, Numbers, find
from tests.signaling.server import Server, a_server
from tests.signaling.test_recorded_call import Clinic, a_clinic, agrees, hang_up, is_asked, phase

NAMES = ("Wilhelmina Planted", "Zacharias Planted", "Yolanda Planted")
ROLES: tuple[Role, ...] = ("therapist", "patient", "interpreter")

RECORDS = {"clinic.db", "audit.db", "audit", "webhooks"}
"""What of the data folder is written while nothing is recorded: both databases, the audit log's head, the journal of
webhooks."""

WHILE = 1.2
"""Seconds in each state: some checkpoints of the writer."""

ON_THEIR_WAY = 3
"""Packets that had been sent when somebody said yes, and had not arrived."""

MOSTLY = 0.7
"""The part of what was sent while it was recorded that must be there, so that the rest of the test means something: it
takes a moment to begin, and what is at the border of two states is not counted."""


class Called:
    """People who come into one session one after another, and what each has sent so far."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.callers: list[NumberedCaller] = []

    @property
    def patterns(self) -> list[bytes]:
        return [caller.pattern for caller in self.callers]

    async def comes(self) -> NumberedCaller:
        who = len(self.callers)
        caller = NumberedCaller(await self.server.client(), secrets.token_bytes(PATTERN_BYTES))
        self.callers.append(caller)
        await caller.joins(self.server.token(ROLES[who], limit=3), NAMES[who])
        return caller

    def sent(self) -> list[dict[Source, int]]:
        return [dict(caller.sent) for caller in self.callers]


class Timeline:
    """What was sent while it might be recorded, and while it might not, but for what is between two states."""

    def __init__(self, called: Called) -> None:
        self._called = called
        self._forbidden: dict[bytes, Numbers] = {}
        self._allowed: dict[bytes, Numbers] = {}

    @property
    def forbidden(self) -> list[Numbers]:
        return [self._forbidden[pattern] for pattern in self._called.patterns]

    @property
    def allowed(self) -> list[Numbers]:
        return [self._allowed[pattern] for pattern in self._called.patterns]

    async def passes(self, *recorded: NumberedCaller) -> None:
        """For a while, in a state that everybody has seen to have begun, and in which these may be recorded."""
        begin = self._called.sent()
        await asyncio.sleep(WHILE)
        for caller, first in zip(self._called.callers, begin, strict=True):
            part = self._allowed if caller in recorded else self._forbidden
            numbers = part.setdefault(caller.pattern, {source: set() for source in RATE})
            for source, last in caller.sent.items():
                numbers[source] |= set(range(first[source], last - ON_THEIR_WAY))


async def test_nothing_of_anybody_is_recorded_while_somebody_present_has_not_agreed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    tapped = Tapped(monkeypatch)
    async with (
        a_server(tmp_path, encryption="preferred", recordings_compose=False) as server,
        a_clinic(tmp_path) as clinic,
    ):
        with Watched(tmp_path / "data", temporary) as watched:
            called = Called(server)
            timeline = Timeline(called)
            doctor, patient = await called.comes(), await called.comes()
            state = await doctor.client.state(lambda state: state.waiting)
            await doctor.client.says(m.Admit(person=state.waiting[0].id))
            await patient.client.state(lambda state: state.phase == "present")
            await timeline.passes()

            # the therapist has asked, the patient has not answered
            await doctor.client.says(m.Record(action="start"))
            await is_asked(patient.client)
            await timeline.passes()
            assert (tapped.slots, tapped.taken) == (0, 0), "nobody listens and nothing is handed on"
            assert {path.name.lstrip(".").split("-")[0] for path in watched.seen()} <= RECORDS
            assert not any(path.suffix == ".age" for path in files_below(tmp_path))
            assert search([tmp_path], {name: name.encode() for name in NAMES}) == []

            await agrees(patient.client)
            await _are_shown("running", doctor, patient)
            await timeline.passes(doctor, patient)
            assert any(path.suffix == ".age" for path in watched.seen()), "or else nothing would be seen here"

            # somebody comes who has not answered
            newcomer = await called.comes()
            state = await doctor.client.state(lambda state: state.waiting)
            await timeline.passes(doctor, patient)
            await doctor.client.says(m.Admit(person=state.waiting[0].id))
            await _are_shown("paused", doctor, patient, newcomer)
            await timeline.passes()

            # they say no, and later, asked again, yes
            await newcomer.client.says(m.Consent(agreed=False))
            await doctor.client.state(lambda state: state.recording is not None and state.recording.refused)
            await timeline.passes()
            await doctor.client.says(m.Record(action="resume"))
            await is_asked(newcomer.client)
            await timeline.passes()
            await agrees(newcomer.client)
            await _are_shown("running", doctor, patient, newcomer)
            await timeline.passes(doctor, patient, newcomer)

            # the therapist pauses
            await doctor.client.says(m.Record(action="pause"))
            await _are_shown("paused", doctor, patient, newcomer)
            await timeline.passes()
            await doctor.client.says(m.Record(action="resume"))
            await _are_shown("running", doctor, patient, newcomer)
            await timeline.passes(doctor, patient, newcomer)

            # somebody takes it back
            await patient.client.says(m.Consent(agreed=False))
            await phase(doctor.client, "declined", declined="withdrawn")
            kept = await clinic.only()
            watched.seen()
            await timeline.passes()
            assert not any(path.suffix == ".age" for path in watched.seen())

            # and is asked anew, in another recording
            await doctor.client.says(m.Record(action="start"))
            await is_asked(patient.client)
            await timeline.passes()
            assert not any(path.suffix == ".age" for path in watched.seen())
        await hang_up(*called.callers)

        in_files = await _recorded(clinic, kept.recording.id, called.patterns)
        for found in (tapped.of(called.patterns), in_files):
            _holds_nothing_of(timeline.forbidden, found)
        _holds_most_of(timeline.allowed, in_files)
        planted = dict(zip(NAMES, called.patterns, strict=True)) | {f"name {name}": name.encode() for name in NAMES}
        assert search([tmp_path], planted) == [], "what is kept, is kept sealed"


async def test_of_a_session_in_which_one_says_no_nothing_is_ever_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tapped = Tapped(monkeypatch)
    async with (
        a_server(tmp_path, encryption="preferred", recordings_compose=False) as server,
        a_clinic(tmp_path) as clinic,
    ):
        called = Called(server)
        doctor, patient = await called.comes(), await called.comes()
        state = await doctor.client.state(lambda state: state.waiting)
        await doctor.client.says(m.Admit(person=state.waiting[0].id))
        with Watched(tmp_path / "data") as watched:
            await doctor.client.says(m.Record(action="start"))
            await is_asked(patient.client)
            await patient.client.says(m.Consent(agreed=False))
            await phase(doctor.client, "declined", declined="refused")
            await asyncio.sleep(WHILE)
            assert {path.name.lstrip(".").split("-")[0] for path in watched.seen()} <= RECORDS
        assert (tapped.slots, tapped.taken) == (0, 0)
        assert not (await clinic.recordings.find()).recordings
        await hang_up(doctor, patient)


async def _are_shown(wanted: str, *callers: NumberedCaller) -> None:
    await asyncio.gather(*(phase(caller.client, wanted) for caller in callers))


async def _recorded(clinic: Clinic, recording: str, patterns: list[bytes]) -> list[Numbers]:
    """The packets of each of these people in the files, each of which holds one person's only."""
    found: list[Numbers] = [{source: set() for source in RATE} for _ in patterns]
    whole = await clinic.recordings.get(recording)
    for person in whole.people:
        identity = await clinic.vault.identity(person)
        for track in whole.tracks:
            if track.person_id != person.person_id:
                continue
            with clinic.vault.open(track, identity) as reader:
                data = reader.read_at(0, reader.size)
            those = [find(data, pattern) for pattern in patterns]
            assert sum(any(numbers.values()) for numbers in those) <= 1, "two people in one file"
            for numbers, more in zip(found, those, strict=True):
                for source in RATE:
                    numbers[source] |= more[source]
    return found


def _holds_nothing_of(forbidden: list[Numbers], found: list[Numbers]) -> None:
    for who, (never, numbers) in enumerate(zip(forbidden, found, strict=True)):
        for source in RATE:
            assert never[source], "something was sent that must not be there"
            leaked = sorted(never[source] & numbers[source])
            assert not leaked, f"{len(leaked)} packets of {ROLES[who]}'s {source}: {leaked[:10]}"


def _holds_most_of(allowed: list[Numbers], found: list[Numbers]) -> None:
    for who, (recorded, numbers) in enumerate(zip(allowed, found, strict=True)):
        for source in RATE:
            if recorded[source]:
                there = len(recorded[source] & numbers[source]) / len(recorded[source])
                assert there > MOSTLY, f"{ROLES[who]}'s {source}: {there:.2f}"
