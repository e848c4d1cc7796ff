"""Chapters of a film, as players read them."""

from __future__ import annotations

from clinic import Mark, Person, Recording, Track, TrackState, Whole
from recording.compose import Words
from signaling.chapters import as_webvtt

START = 1_780_000_000.0


def whole(*marks: Mark, duration_ms: int | None = 3_700_000, key: bytes | None = b"key") -> Whole:
    recording = Recording("rec", "session", START, "all", "file", ended_at=START + 3700)
    track = Track("track", "rec", "p1", "camera", "VP8", 0, "rec/track", TrackState.FINISHED, duration_ms)
    person = Person("rec", "p1", "patient", None, key)
    return Whole(recording, (person,), (track,), marks, (), ())


def chapters(of: Whole, **names: str) -> list[tuple[str, str]]:
    head, *cues = as_webvtt(of, names, Words()).removesuffix("\n").split("\n\n")
    assert head == "WEBVTT"
    lines = [cue.split("\n") for cue in cues]
    assert all(len(each) == 2 for each in lines)
    return [(times, title) for times, title in lines]


def test_a_pause_is_cut_out_as_it_is_of_the_film() -> None:
    found = chapters(whole(Mark("rec", 60_500, "pause"), Mark("rec", 3_660_500, "resume")))
    assert found == [
        ("00:00:00.000 --> 00:01:00.500", "Start"),
        ("00:01:00.500 --> 00:01:40.000", "After a pause"),
    ]


def test_times_go_beyond_an_hour() -> None:
    assert chapters(whole(Mark("rec", 3_661_001, "join", "p1")), p1="Alex")[1] == (
        "01:01:01.001 --> 01:01:40.000",
        "Alex joined",
    )


def test_whoever_is_not_to_be_known_is_called_by_their_role() -> None:
    assert chapters(whole(Mark("rec", 20_000, "join", "p1")))[1][1] == "The patient joined"
    assert chapters(whole(Mark("rec", 20_000, "join", "gone")))[1][1] == "Somebody joined"


def test_a_name_cannot_become_more_than_a_name() -> None:
    name = "A --> <b>&\n\n00:00 --> 00:01\nB"
    found = chapters(whole(Mark("rec", 20_000, "join", "p1")), p1=name)
    assert found[1][1] == "A --&gt; &lt;b&gt;&amp; 00:00 --&gt; 00:01 B joined"


def test_a_track_whose_end_a_crash_took_lasts_as_long_as_the_recording() -> None:
    assert chapters(whole(duration_ms=None)) == [("00:00:00.000 --> 01:01:40.000", "Start")]


def test_of_what_was_deleted_there_are_no_chapters() -> None:
    assert as_webvtt(whole(key=None), {}, Words()) == "WEBVTT\n"
