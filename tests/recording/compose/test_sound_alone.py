"""All voices of a session as one file of sound."""

from __future__ import annotations

import io
from pathlib import Path

import av
import pytest

from recording.age import open_bytes
from recording.compose import Mark, run
from recording.compose.compose import CannotCompose, compose
from tests.recording.age.made_up import IDENTITY, chance
from tests.recording.compose.session import Session, two_people
from tests.recording.media.content import hear, onsets
from tests.recording.media.probe import complaints


@pytest.fixture(scope="module")
def mix(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    session = two_people(tmp_path_factory.mktemp("session"))
    told: list[float] = []
    done = compose(session.order(sound_only=True), chance(7), told.append)
    assert (done.duration_ms, done.troubles) == (7000, ())
    assert told == sorted(told)
    assert told[0] == 0
    assert len(told) == 7
    return session.film()


def test_everybody_is_heard_at_their_time_without_the_pause(mix: bytes) -> None:
    expected = sorted([0, 1000, 2000, 3000, 4000, 5000, 6000, 1510, 2510, 3510, 4500, 5500, 6500])
    assert onsets(hear(mix)) == pytest.approx(expected, abs=10)


def test_it_is_aac_alone_which_plays_everywhere(mix: bytes) -> None:
    with av.open(io.BytesIO(mix), "r") as container:
        (stream,) = container.streams
        assert stream.codec_context.name == "aac"
        assert container.duration == pytest.approx(7_000_000, abs=50_000)
    assert mix[4:8] == b"ftyp"


def test_chapters_say_who_came_and_where_it_was_paused(mix: bytes) -> None:
    with av.open(io.BytesIO(mix), "r") as container:
        assert [chapter["metadata"]["title"] for chapter in container.chapters()] == [
            "Start · Ann joined",
            "Ben joined",
            "After a pause",
        ]


def test_another_reader_has_nothing_to_complain_of(mix: bytes, tmp_path: Path) -> None:
    assert complaints(tmp_path, mix) == ""


def test_a_session_without_any_sound_is_told_of(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.camera("a", 0, 1000)
    with pytest.raises(CannotCompose, match="heard"):
        compose(session.order(sound_only=True), chance(7), lambda part: None)


async def test_the_process_makes_it_too(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.microphone("a", 0, 2000)
    done = await run(session.order(sound_only=True), lambda part: None)
    data = (tmp_path / "film.age").read_bytes()
    assert done.size == len(data)
    assert len(onsets(hear(open_bytes(data, [IDENTITY])))) == 2


def test_clips_whose_end_nobody_has_seen_are_measured(tmp_path: Path) -> None:
    session = two_people(tmp_path)
    known = compose(session.order(), chance(7), lambda part: None)
    unknown = [clip.model_copy(update={"duration_ms": None}) for clip in session.clips]
    order = session.order(clips=tuple(unknown), name="again")
    measured = compose(order, chance(8), lambda part: None)
    assert measured.troubles == ()
    assert measured.duration_ms == pytest.approx(known.duration_ms, abs=40)


def test_a_clip_of_unknown_length_that_cannot_be_read_costs_no_more_than_itself(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.microphone("a", 0, 1000)
    broken = session.microphone("b", 0, 1000)
    (tmp_path / f"{broken.name}.age").write_bytes(b"something else")
    session.marks.append(Mark(at_ms=0, kind="join", person="a"))
    clips = tuple(clip.model_copy(update={"duration_ms": None}) for clip in session.clips)
    done = compose(session.order(clips=clips, sound_only=True), chance(7), lambda part: None)
    assert done.duration_ms == pytest.approx(1000, abs=40)
