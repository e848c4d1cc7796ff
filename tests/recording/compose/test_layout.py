"""Where pictures stand."""

from __future__ import annotations

import itertools

import pytest

from recording.compose.layout import MOST_SHOWN, Box, boxes, fit

counts = pytest.mark.parametrize("cameras", range(1, MOST_SHOWN + 1))
screens = pytest.mark.parametrize("screen", [False, True])
sizes = pytest.mark.parametrize("size", [(1280, 720), (640, 360), (720, 1280), (1920, 1080)])


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


@counts
@screens
@sizes
def test_pictures_are_within_the_film_and_not_upon_each_other(
    cameras: int, screen: bool, size: tuple[int, int]
) -> None:
    found = boxes(cameras, screen, *size)
    assert len(found) == cameras + screen
    for box in found:
        assert all(number % 2 == 0 for number in (box.x, box.y, box.width, box.height))
        assert box.x >= 0
        assert box.y >= 0
        assert box.width >= 16
        assert box.height >= 16
        assert box.x + box.width <= size[0]
        assert box.y + box.height <= size[1]
    assert all(apart(one, other) for one, other in itertools.combinations(found, 2))


def test_one_is_full_two_are_side_by_side_four_are_a_square() -> None:
    assert boxes(1, False, 1280, 720) == (Box(0, 0, 1280, 720),)
    left, right = boxes(2, False, 1280, 720)
    assert (left.y, left.width) == (right.y, right.width) == (0, 636)
    assert [(box.x > 600, box.y > 300) for box in boxes(4, False, 1280, 720)] == [
        (False, False),
        (True, False),
        (False, True),
        (True, True),
    ]


def test_a_third_one_is_in_the_middle_below() -> None:
    third = boxes(3, False, 1280, 720)[2]
    assert third.x + third.width // 2 == 640


@counts
def test_a_shared_screen_has_most_of_the_picture(cameras: int) -> None:
    screen, *others = boxes(cameras, True, 1280, 720)
    assert screen.width > 1000
    assert screen.height == 720
    assert all(box.x > screen.width for box in others)


def test_a_screen_alone_is_full() -> None:
    assert boxes(0, True, 1280, 720) == (Box(0, 0, 1280, 720),)


def test_too_many_are_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        boxes(MOST_SHOWN + 1, False, 1280, 720)


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1280, 720), (100, 2000), (1, 1), (7680, 16)])
def test_a_picture_keeps_its_shape(size: tuple[int, int]) -> None:
    box = Box(10, 20, 636, 720)
    place = fit(box, *size)
    assert place.width == box.width or place.height == box.height
    assert box.x <= place.x
    assert box.y <= place.y
    assert place.x + place.width <= box.x + box.width
    assert place.y + place.height <= box.y + box.height
    exact = min(box.width / size[0], box.height / size[1])
    assert abs(place.width - size[0] * exact) <= 2
    assert abs(place.height - size[1] * exact) <= 2
