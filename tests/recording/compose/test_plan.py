"""What is shown when, without media."""

from __future__ import annotations

import pytest

from recording.compose import Clip, Event, Mark, Plan, Scene, plan
from recording.compose.order import Source
from recording.compose.plan import BRIDGED_MS, LAST_PICTURE_MS, LONGEST_HOLE_MS, Piece, Segment


def clip(track: str, person: str, source: Source, started_ms: int, ended_ms: int) -> Clip:
    return Clip(
        track=track,
        person=person,
        source=source,
        started_ms=started_ms,
        duration_ms=ended_ms - started_ms,
        folder="",
        name=track,
    )


def mark(at_ms: int, kind: str, person: str | None = None) -> Mark:
    return Mark(at_ms=at_ms, kind=kind, person=person)


def scenes(made: Plan) -> list[tuple[int, int, str | None, tuple[str, ...]]]:
    return [(each.at_ms, each.until_ms, each.screen, each.cameras) for each in made.scenes]


def test_without_clips_there_is_nothing() -> None:
    assert plan([], [mark(0, "join", "a")]) == Plan((), (), (), ())
    assert plan([clip("1", "a", "camera", 5, 5)], []).duration_ms == 0


def test_a_pause_is_cut_and_what_follows_moves_up() -> None:
    made = plan(
        [clip("1", "a", "camera", 500, 4000), clip("2", "a", "camera", 9000, 10_000)],
        [mark(4000, "pause"), mark(9000, "resume")],
    )
    assert made.segments == (Segment(500, 4000, 0), Segment(9000, 10_000, 3500))
    assert made.duration_ms == 4500
    assert made.scenes == (Scene(0, 3500, None, ("1",)), Scene(3500, 4500, None, ("2",)))
    assert [(each.at_ms, each.until_ms, each.events) for each in made.chapters] == [
        (0, 3500, (Event("start"),)),
        (3500, 4500, (Event("pause"),)),
    ]


def test_what_reaches_into_a_pause_is_not_shown_there() -> None:
    made = plan(
        [clip("1", "a", "camera", 0, 10_000), clip("2", "a", "microphone", 0, 10_000)],
        [mark(4000, "pause"), mark(6000, "resume")],
    )
    assert made.segments == (Segment(0, 4000, 0), Segment(6000, 10_000, 4000))
    assert made.lanes == ((Piece("2", 0, 4000, 0), Piece("2", 4000, 8000, 6000)),)


def test_a_pause_without_an_end_cuts_all_that_follows() -> None:
    made = plan([clip("1", "a", "camera", 0, 10_000)], [mark(4000, "pause")])
    assert made.segments == (Segment(0, 4000, 0),)


def test_pauses_that_are_marked_twice_are_one() -> None:
    marks = [mark(4000, "pause"), mark(4500, "pause"), mark(5000, "resume"), mark(5100, "resume")]
    made = plan([clip("1", "a", "camera", 0, 10_000)], marks)
    assert made.segments == (Segment(0, 4000, 0), Segment(5000, 10_000, 4000))


def test_a_stretch_that_nobody_captured_is_cut_unless_it_is_short() -> None:
    first, short = clip("1", "a", "camera", 0, 1000), clip("2", "a", "camera", 1000 + LONGEST_HOLE_MS, 5000)
    assert len(plan([first, short], []).segments) == 1
    long = clip("2", "a", "camera", 1001 + LONGEST_HOLE_MS, 5000)
    assert len(plan([first, long], []).segments) == 2


def test_a_shared_screen_is_shown_with_the_cameras() -> None:
    made = plan(
        [
            clip("1", "a", "camera", 0, 5000),
            clip("2", "b", "camera", 1000, 5000),
            clip("3", "b", "screen", 2000, 3000),
            clip("4", "a", "screen", 2500, 3500),
        ],
        [],
    )
    assert scenes(made) == [
        (0, 1000, None, ("1",)),
        (1000, 2000, None, ("1", "2")),
        (2000, 2500, "3", ("1", "2")),
        (2500, 3500, "4", ("1", "2")),
        (3500, 5000, None, ("1", "2")),
    ]


def test_people_keep_their_order_when_one_comes_back() -> None:
    made = plan(
        [
            clip("1", "a", "camera", 0, 1000),
            clip("2", "b", "camera", 500, 20_000),
            clip("3", "a", "camera", 10_000, 20_000),
        ],
        [],
    )
    assert scenes(made)[-1] == (10_000, 20_000, None, ("3", "2"))


def test_a_camera_that_is_off_is_not_shown() -> None:
    made = plan(
        [clip("1", "a", "camera", 0, 9000), clip("2", "b", "camera", 0, 9000)],
        [mark(3000, "camera_off", "a"), mark(6000, "camera_on", "a")],
    )
    assert scenes(made) == [(0, 3000, None, ("1", "2")), (3000, 6000, None, ("2",)), (6000, 9000, None, ("1", "2"))]


def test_a_short_loss_of_a_camera_moves_nobody() -> None:
    def of(gap: int) -> Plan:
        clips = [clip("1", "a", "camera", 0, 4000), clip("2", "a", "camera", 4000 + gap, 9000)]
        return plan([*clips, clip("3", "b", "camera", 0, 9000)], [])

    assert [each.cameras for each in of(BRIDGED_MS).scenes] == [("1", "3"), ("2", "3")]
    assert [each.cameras for each in of(BRIDGED_MS + 1).scenes] == [("1", "3"), ("3",), ("2", "3")]


@pytest.mark.parametrize("marks", [[], [mark(4000, "pause"), mark(9000, "resume")]])
def test_the_last_pictures_stay_until_the_cut(marks: list[Mark]) -> None:
    cameras = [clip("1", "a", "camera", 0, 3967), clip("2", "b", "camera", 0, 4000 - LAST_PICTURE_MS)]
    made = plan([*cameras, clip("3", "a", "microphone", 0, 4000), clip("4", "a", "microphone", 9000, 9001)], marks)
    assert made.scenes[0] == Scene(0, 4000, None, ("1", "2"))


def test_a_camera_that_ended_earlier_is_gone() -> None:
    cameras = [clip("1", "a", "camera", 0, 4000), clip("2", "b", "camera", 0, 3999 - LAST_PICTURE_MS)]
    assert plan(cameras, []).scenes[-1] == Scene(3999 - LAST_PICTURE_MS, 4000, None, ("1",))


def test_no_more_cameras_than_can_be_seen() -> None:
    made = plan([clip(str(number), str(number), "camera", 0, 1000) for number in range(20)], [])
    assert made.scenes == (Scene(0, 1000, None, tuple(str(number) for number in range(12))),)


def test_there_are_as_many_lanes_as_people_speak_at_once() -> None:
    made = plan(
        [
            clip("1", "a", "microphone", 0, 1000),
            clip("2", "b", "microphone", 500, 3000),
            clip("3", "a", "microphone", 1000, 3000),
        ],
        [],
    )
    assert [[piece.track for piece in lane] for lane in made.lanes] == [["1", "3"], ["2"]]
    assert made.lanes[1] == (Piece("2", 500, 3000, 0),)


def test_chapters_tell_who_came_and_what_was_shared() -> None:
    made = plan(
        [clip("1", "a", "camera", 0, 20_000), clip("2", "b", "screen", 12_000, 15_000)],
        [
            mark(0, "join", "a"),
            mark(4000, "pause"),
            mark(6000, "join", "b"),
            mark(8000, "resume"),
            mark(14_000, "mute", "a"),
            mark(30_000, "join", "c"),
        ],
    )
    assert [(each.at_ms, each.until_ms, each.events) for each in made.chapters] == [
        (0, 4000, (Event("start"), Event("join", "a"))),
        (4000, 8000, (Event("pause"), Event("join", "b"))),
        (8000, 16_000, (Event("screen", "b"),)),
    ]
