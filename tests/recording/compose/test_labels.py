"""Names and time in the picture: where they stand, what they leave alone, and what is not drawn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from recording.compose.canvas import Canvas
from recording.compose.compose import compose
from recording.compose.fonts import Font, Fonts
from recording.compose.labels import Captions, Label, Press, clock
from recording.compose.layout import Box, boxes, fit
from recording.compose.order import Order
from tests.recording.age.made_up import chance
from tests.recording.compose.session import Session, at_ms, frames_of, look

WHITE, BLACK = 235, 16
PICTURE = Box(40, 20, 400, 300)
NOT_IN_FONTS = "\U00012000\U00012001"
"""Cuneiform."""


def wall(luma: int = WHITE) -> av.VideoFrame:
    frame = av.VideoFrame(PICTURE.width, PICTURE.height, "yuv420p")
    for level, plane in zip((luma, 90, 160), frame.planes, strict=True):
        plane.update(bytes([level]) * plane.buffer_size)
    return frame


def canvas_with(picture: av.VideoFrame) -> Canvas:
    canvas = Canvas(640, 360)
    canvas.put(picture, PICTURE)
    return canvas


def order(**settings: object) -> Order:
    return Order.model_validate(
        {
            "clips": (),
            "identities": {},
            "names": {"a": "Ann"},
            "folder": "/",
            "name": "film",
            "recipient": "",
            "width": 640,
            "height": 360,
        }
        | settings
    )


def planes(canvas: Canvas) -> list[bytes]:
    return [bytes(plane) for plane in canvas.frame.planes]


def luma(canvas: Canvas, box: Box) -> bytes:
    return canvas.cut(box)[0]


def lettered(name: str, picture: av.VideoFrame | None = None, within: Box = PICTURE) -> Canvas:
    canvas = canvas_with(picture or wall())
    Captions(canvas, order(names={"a": name}, show_names=True)).lay([("a", within)], 0)
    return canvas


LOWER_LEFT = Box(PICTURE.x, PICTURE.y + PICTURE.height - 40, 120, 40)


def test_without_a_wish_nothing_is_written() -> None:
    canvas = canvas_with(wall())
    before = planes(canvas)
    Captions(canvas, order()).lay([("a", PICTURE)], 0)
    assert planes(canvas) == before


def test_a_name_stands_in_the_lower_left_of_its_picture_and_nowhere_else() -> None:
    plain, canvas = canvas_with(wall()), lettered("Ann")
    assert luma(canvas, LOWER_LEFT) != luma(plain, LOWER_LEFT)
    for captioned in (plain, canvas):
        captioned.clear(LOWER_LEFT)
    assert planes(canvas) == planes(plain)


@pytest.mark.parametrize("picture", [WHITE, BLACK])
def test_it_can_be_read_upon_black_and_upon_white(picture: int) -> None:
    seen = luma(lettered("HHHH", wall(picture)), LOWER_LEFT)
    dark = sum(level < 130 for level in seen)
    bright = sum(level > 150 for level in seen)
    if picture == WHITE:
        assert dark > 300, "the plate darkens a white wall"
    else:
        assert bright > 20, "the letters are light"


def test_the_picture_is_seen_through_the_plate() -> None:
    black, white = (set(luma(lettered("l", wall(level)), LOWER_LEFT)) for level in (BLACK, WHITE))
    assert min(white) > min(black) + 40


def test_another_name_is_another_picture() -> None:
    assert planes(lettered("Ann")) == planes(lettered("Ann"))
    assert planes(lettered("Ann")) != planes(lettered("Ben"))


def test_what_was_written_is_taken_off_again() -> None:
    canvas = canvas_with(wall())
    before = planes(canvas)
    captions = Captions(canvas, order(names={"a": "Ann", "b": "Ben"}, show_names=True, show_time=True))
    upon_each_other = [("a", PICTURE), ("b", PICTURE)]
    captions.lay(upon_each_other, 0)
    once = planes(canvas)
    assert once != before
    for _ in range(5):
        captions.lift()
        assert planes(canvas) == before
        captions.lay(upon_each_other, 0)
    assert planes(canvas) == once


def test_the_time_stands_in_the_upper_right_and_goes_on() -> None:
    canvas = canvas_with(wall())
    captions = Captions(canvas, order(show_time=True))
    corner, rest = Box(440, 0, 200, 60), Box(0, 0, 440, 360)
    shown = []
    for recorded_ms in (0, 999, 1000, 3_599_999):
        captions.lift()
        captions.lay([], recorded_ms)
        shown.append(luma(canvas, corner))
    assert shown[0] == shown[1]
    assert len(set(shown)) == 3
    assert luma(canvas, rest) == luma(canvas_with(wall()), rest)


@pytest.fixture
def in_chicago(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CST6CDT,M3.2.0,M11.1.0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_chicago")
def test_the_clock_is_that_of_the_wall() -> None:
    summer = 1_785_600_000.0  # 2026-08-01 16:00 UTC
    assert clock(summer, 61_000) == "2026-08-01 11:01:01"
    assert clock(summer + 184 * 86_400, 0) == "2027-02-01 10:00:00"


def test_without_a_beginning_it_counts_from_zero() -> None:
    assert [clock(None, ms) for ms in (0, 999, 61_000, 36_000_000)] == ["0:00:00", "0:00:00", "0:01:01", "10:00:00"]


def test_a_name_is_shortened_to_its_picture() -> None:
    narrow = Box(40, 20, 100, 300)
    plate = Press(16).plate(Label("Wolfeschlegelsteinhausenbergerdorff", narrow, "lower left"))
    assert plate is not None
    assert narrow.x <= plate.box.x
    assert plate.box.x + plate.box.width <= narrow.x + narrow.width


def test_where_there_is_no_room_there_is_no_name() -> None:
    for small in (Box(40, 20, 20, 300), Box(40, 20, 300, 20), Box(40, 20, 2, 2)):
        assert Press(16).plate(Label("Ann", small, "lower left")) is None


def test_a_name_that_no_font_has_leaves_no_boxes() -> None:
    assert planes(lettered(NOT_IN_FONTS)) == planes(canvas_with(wall()))
    assert planes(lettered(f"{NOT_IN_FONTS} Ann \U0001fa7b")) == planes(lettered("Ann"))


def test_a_word_with_a_letter_that_is_missing_is_left_out_whole() -> None:
    font, drawn = Fonts(16).font_for(f"{NOT_IN_FONTS}lice Smith")
    assert isinstance(font, Font)
    assert drawn == "Smith"


def test_a_font_knows_what_it_lacks() -> None:
    font, _ = Fonts(16).font_for("Ann")
    assert font.has_all("Ann Lee…")
    assert not font.has(NOT_IN_FONTS[0])


@pytest.mark.parametrize("name", ["\u202e" * 500, "a\u0300" * 5000, "\N{GRINNING FACE}" * 500, "\x00", "W" * 100_000])
def test_hostile_names_do_no_harm(name: str) -> None:
    canvas, plain = lettered(name), canvas_with(wall())
    beside = Box(PICTURE.x, PICTURE.y, PICTURE.width, PICTURE.height - 40)
    assert luma(canvas, beside) == luma(plain, beside)


def test_a_film_shows_them_and_everything_else_as_before(tmp_path: Path) -> None:
    films = []
    for shown in (False, True):
        folder = tmp_path / str(shown)
        folder.mkdir()
        session = Session(folder)
        session.camera("a", 0, 2000, size=(640, 360))
        session.camera("b", 0, 2000, 1000, size=(640, 360))
        compose(session.order(show_names=shown, show_time=shown), chance(7), lambda part: None)
        films.append(frames_of(session.film()))
    places = boxes(2, False, 640, 360)
    assert len(films[0]) == len(films[1]) == 60
    for without, having in zip(*films, strict=True):
        for place, first in zip(places, (0, 1000), strict=True):
            number, _ = look(having, place, (640, 360))
            assert number == look(without, place, (640, 360))[0]
            assert abs(number - first - at_ms(having) * 30 / 1000) <= 0.6
    picture = fit(places[0], 640, 360)
    name = Box(picture.x + 4, picture.y + picture.height - 20, 30, 16)
    before, after = (_region(film[45], name) for film in films)
    assert max(abs(one - other) for one, other in zip(before, after, strict=True)) > 60


def _region(frame: av.VideoFrame, box: Box) -> bytes:
    plane = frame.planes[0]
    pixels = bytes(plane)
    return b"".join(
        pixels[y * plane.line_size + box.x : y * plane.line_size + box.x + box.width]
        for y in range(box.y, box.y + box.height)
    )
