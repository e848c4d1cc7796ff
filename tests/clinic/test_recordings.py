"""Recordings are kept as they were given, grow only while they are captured, and are found again."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from clinic import (
    BadValue,
    Conflict,
    Database,
    IllegalMove,
    Recording,
    Recordings,
    RecordingState,
    TrackState,
    Unknown,
)
from tests.clinic.made_up import START, captured, mark, person, recording, track

HOSTILE = {
    "NUL": "a\x00b",
    "lone surrogate": "a\ud800b",
    "too long": "x" * 100_000,
    "too long by one": "x" * 101,
}
ODD = [
    "'; DROP TABLE recording; --",
    "%_\\",
    "\u202eright to left",
    "👩‍⚕️" * 3,
    "e\u0301",
    "\n\t\r\x7f",
    "x" * 100,
    "\U0010ffff",
    "",
]


async def ids(recordings: Recordings, **query: Any) -> list[str]:
    return [each.id for each in (await recordings.find(**query)).recordings]


async def test_a_recording_comes_back_as_it_was_given(recordings: Recordings) -> None:
    first = recording(delete_after=START + 86_400, node="node-1")
    people = (person("p1", role="therapist"), person("p2", name_sealed=None))
    tracks = (track("t1", "p1", source="microphone", codec="opus"), track("t2", "p2", started_ms=1500))
    await recordings.create(first)
    for each in people:
        await recordings.add_person(each)
    for track_ in tracks:
        await recordings.open_track(track_)
    await recordings.mark(mark(1500, "join", person_id="p2"))
    await recordings.mark(mark(900, "pause"))
    whole = await recordings.get("r1")
    assert whole.recording == first
    assert whole.people == people
    assert whole.tracks == tracks
    assert whole.marks == (mark(900, "pause"), mark(1500, "join", person_id="p2"))
    assert (whole.outputs, whole.jobs) == ((), ())


async def test_a_finished_recording_knows_how_its_tracks_ended(recordings: Recordings) -> None:
    await recordings.create(recording())
    await recordings.add_person(person())
    for id, state in (("t1", TrackState.FINISHED), ("t2", TrackState.RECOVERED), ("t3", TrackState.LOST)):
        await recordings.open_track(track(id))
        with pytest.raises(Conflict, match="still being written"):
            await recordings.captured("r1", START + 60)
        size = None if state is TrackState.LOST else 2**40
        await recordings.finish_track(id, state, size and 60_000, size, "00" * 32)
    await recordings.captured("r1", START + 60)
    whole = await recordings.get("r1")
    assert (whole.recording.state, whole.recording.ended_at) == (RecordingState.CAPTURED, START + 60)
    assert [(each.state, each.size) for each in whole.tracks] == [
        (TrackState.FINISHED, 2**40),
        (TrackState.RECOVERED, 2**40),
        (TrackState.LOST, None),
    ]


async def test_somebody_is_called_otherwise_while_they_are_recorded(recordings: Recordings) -> None:
    await recordings.create(recording())
    await recordings.add_person(person("p1"))
    await recordings.add_person(person("p2", name_sealed=None, wrapped_key=None))
    await recordings.rename_person("r1", "p1", b"another")
    for who in ("p2", "nobody"):
        with pytest.raises(Unknown):
            await recordings.rename_person("r1", who, b"another")
    assert [each.name_sealed for each in (await recordings.get("r1")).people] == [b"another", None]
    await recordings.captured("r1", START + 60)
    with pytest.raises(IllegalMove):
        await recordings.rename_person("r1", "p1", b"later")


async def test_a_track_ends_once_and_is_only_recovered_again(recordings: Recordings) -> None:
    await recordings.create(recording())
    await recordings.add_person(person())
    await recordings.open_track(track("t1"))
    await recordings.open_track(track("t2"))
    await recordings.finish_track("t1", TrackState.FINISHED, 1, 1)
    for state in TrackState:
        with pytest.raises(IllegalMove):
            await recordings.finish_track("t1", state, 2, 2)
    await recordings.finish_track("t2", TrackState.RECOVERED, 1, 1)
    await recordings.finish_track("t2", TrackState.RECOVERED, 2, 2)
    assert [each.size for each in (await recordings.get("r1")).tracks] == [1, 2]


async def test_nothing_is_added_once_capture_has_ended(recordings: Recordings) -> None:
    await captured(recordings)
    with pytest.raises(IllegalMove):
        await recordings.add_person(person("p3"))
    with pytest.raises(IllegalMove):
        await recordings.open_track(track("t9"))
    with pytest.raises(IllegalMove):
        await recordings.captured("r1", START + 99)
    assert (await recordings.get("r1")).recording.ended_at == START + 60


async def test_ids_and_files_are_used_once(recordings: Recordings) -> None:
    await recordings.create(recording())
    await recordings.add_person(person())
    await recordings.open_track(track("t1"))
    for again in (
        recordings.create(recording(session="another")),
        recordings.add_person(person(role="therapist")),
        recordings.open_track(track("t1", file="r1/another.age")),
        recordings.open_track(track("t2", file="r1/t1.age")),
    ):
        with pytest.raises(Conflict):
            await again
    whole = await recordings.get("r1")
    assert (whole.recording, whole.people, whole.tracks) == (recording(), (person(),), (track("t1"),))


async def test_what_is_not_there_is_said(recordings: Recordings) -> None:
    for unknown in (
        recordings.get("r1"),
        recordings.add_person(person()),
        recordings.open_track(track()),
        recordings.finish_track("t1", TrackState.FINISHED, 1, 1),
        recordings.mark(mark(0)),
        recordings.captured("r1", START),
        recordings.failed("r1", "disk full"),
        recordings.keep_until("r1", None),
    ):
        with pytest.raises(Unknown):
            await unknown


async def test_nobody_has_tracks_who_is_not_recorded(recordings: Recordings) -> None:
    await recordings.create(recording("r1"))
    await recordings.create(recording("r2"))
    await recordings.add_person(person("p1", "r2"))
    with pytest.raises(Conflict):
        await recordings.open_track(track("t1", "p1", "r1"))


async def test_a_recording_begins_as_capturing(recordings: Recordings) -> None:
    with pytest.raises(IllegalMove):
        await recordings.create(recording(state=RecordingState.READY))


async def test_a_failure_is_remembered_until_it_is_mended(recordings: Recordings) -> None:
    await recordings.create(recording())
    await recordings.failed("r1", "The disk is full.")
    assert (await recordings.get("r1")).recording.failure == "The disk is full."
    await recordings.captured("r1", START + 1)
    mended = (await recordings.get("r1")).recording
    assert (mended.state, mended.failure) == (RecordingState.CAPTURED, None)


async def test_a_failure_is_remembered_whatever_it_says(recordings: Recordings) -> None:
    await recordings.create(recording())
    await recordings.failed("r1", "\x00\udcff" + "x" * 10_000)
    assert (await recordings.get("r1")).recording.failure == "x" * 500


# Times and texts -----------------------------------------------------------------------------------------------------


async def test_times_are_kept_to_the_millisecond(recordings: Recordings) -> None:
    moments = [0.0, 0.001, START, 1_780_000_000.9994, 253_402_300_799.0]
    for number, moment in enumerate(moments):
        await recordings.create(recording(f"r{number}", started_at=moment))
        assert (await recordings.get(f"r{number}")).recording.started_at == round(moment * 1000) / 1000


@pytest.mark.parametrize("moment", [-0.001, math.nan, math.inf, -math.inf, 1e300, 253_402_300_800.0])
async def test_a_time_that_is_none_is_refused(recordings: Recordings, moment: float) -> None:
    with pytest.raises(BadValue):
        await recordings.create(recording(started_at=moment))
    assert await ids(recordings) == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_text_that_one_database_would_not_keep_is_refused_by_both(recordings: Recordings, text: str) -> None:
    for refused in (
        recordings.create(recording(text)),
        recordings.create(recording(session=text)),
        recordings.get(text),
        recordings.find(session=text),
        recordings.find(after=f"1.{text}"),
        recordings.finish_track(text, TrackState.LOST, None, None),
    ):
        with pytest.raises(BadValue) as said:
            await refused
        assert text not in str(said.value)
    assert await ids(recordings) == []


@pytest.mark.parametrize("text", ODD)
async def test_odd_text_comes_back_as_it_was_and_is_found(recordings: Recordings, text: str) -> None:
    await recordings.create(recording("plain", session="plain"))
    await recordings.create(recording("odd", session=text))
    assert (await recordings.get("odd")).recording.session == text
    assert await ids(recordings, session=text) == (["odd"] if text else ["plain", "odd"])


async def test_any_text_is_kept_or_refused_never_changed(recordings: Recordings) -> None:
    seed = 4
    dice = random.Random(seed)
    for number in range(60):
        text = "".join(chr(dice.choice((dice.randrange(128), dice.randrange(0x110000)))) for _ in range(30))
        try:
            await recordings.create(recording(f"r{number}", session=text))
        except BadValue:
            assert "\x00" in text or any("\ud800" <= each <= "\udfff" for each in text), f"seed {seed}: {text!r}"
        else:
            assert (await recordings.get(f"r{number}")).recording.session == text, f"seed {seed}"


async def test_more_than_a_key_is_refused(recordings: Recordings) -> None:
    await recordings.create(recording())
    with pytest.raises(BadValue):
        await recordings.add_person(person(wrapped_key=bytes(70_000)))
    with pytest.raises(BadValue):
        await recordings.add_person(person(name_sealed=bytes(5_000)))


# Finding -------------------------------------------------------------------------------------------------------------


async def test_the_newest_comes_first(recordings: Recordings) -> None:
    for number in (2, 0, 1):
        await recordings.create(recording(f"r{number}", started_at=START + number))
    assert await ids(recordings) == ["r2", "r1", "r0"]


async def test_sessions_are_found_by_a_part_of_their_id_however_it_is_written(recordings: Recordings) -> None:
    for id, session in (("r1", "abc-def"), ("r2", "xyz-DEF"), ("r3", "a%c_def"), ("r4", "other")):
        await recordings.create(recording(id, session=session))
    assert set(await ids(recordings, session="Def")) == {"r1", "r2", "r3"}
    assert await ids(recordings, session="%") == ["r3"]
    assert await ids(recordings, session="c_d") == ["r3"]
    assert await ids(recordings, session="\\") == []


async def test_a_period_begins_with_its_first_moment_and_ends_before_its_last(recordings: Recordings) -> None:
    for number in range(4):
        await recordings.create(recording(f"r{number}", started_at=START + number))
    assert await ids(recordings, since=START + 1, until=START + 3) == ["r2", "r1"]


async def test_states_are_chosen(recordings: Recordings) -> None:
    await recordings.create(recording("running"))
    await captured(recordings, "done")
    assert await ids(recordings, states=[RecordingState.CAPTURED]) == ["done"]
    assert await ids(recordings, states=[RecordingState.CAPTURED, RecordingState.CAPTURING]) == ["running", "done"]
    assert await ids(recordings, states=[RecordingState.READY]) == []


async def test_pages_show_everything_once_although_more_is_recorded_meanwhile(recordings: Recordings) -> None:
    for number in range(10):
        await recordings.create(recording(f"r{number}", started_at=START + number // 4))
    seen: list[Recording] = []
    after = None
    for turn in range(10):
        page = await recordings.find(after=after, limit=3)
        assert len(page.recordings) <= 3
        seen += page.recordings
        await recordings.create(recording(f"new{turn}", started_at=START + 100 + turn))
        after = page.next
        if after is None:
            break
    assert [each.id for each in seen] == [f"r{n}" for n in range(9, -1, -1)]


async def test_a_page_is_bounded(recordings: Recordings) -> None:
    for number in range(3):
        await recordings.create(recording(f"r{number}"))
    assert len(await ids(recordings, limit=-5)) == 1
    assert len(await ids(recordings, limit=10**9)) == 3


@pytest.mark.parametrize(
    "cursor", ["", ".", "r1", "1", "-1.r1", "1e3.r1", "٣.r1", "9" * 400 + ".r1", "999999999999999.r"]
)
async def test_a_made_up_place_of_a_page_is_refused(recordings: Recordings, cursor: str) -> None:
    with pytest.raises(BadValue):
        await recordings.find(after=cursor)


async def test_a_node_finds_what_it_left_unfinished_and_not_what_others_capture(
    recordings: Recordings, other: Database
) -> None:
    await recordings.create(recording("mine", node="a"))
    await recordings.add_person(person("p1", "mine"))
    await recordings.open_track(track("t1", "p1", "mine"))
    await recordings.create(recording("theirs", node="b"))
    await captured(recordings, "done", node="a")
    found = await Recordings(other).unfinished("a")
    assert [each.recording.id for each in found] == ["mine"]
    assert [each.state for each in found[0].tracks] == [TrackState.WRITING]
    assert found[0].people[0].wrapped_key == person().wrapped_key
