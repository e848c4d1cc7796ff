"""Names that people have typed, before they are drawn."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.compose.names import LONGEST, MARKS, MOST_MARKS, clean, shortened


@pytest.mark.parametrize("name", ["Ann", "Łukasz Żółć", "Nguyễn Thị Minh", "李明", "נועה", "O’Brien-Smith, Jr."])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert clean(name) == name


@pytest.mark.parametrize(
    ("typed", "drawn"),
    [
        ("  Ann \t\n Lee  ", "Ann Lee"),
        ("Ann\u2028Lee", "Ann Lee"),
        ("Ann\x00\x1b[31m", "Ann[31m"),
        ("\u202eeeL nnA\u202c", "eeL nnA"),
        ("\u2066Ann\u2069\u200f", "Ann"),
        ("A\u200bn\ufeffn", "Ann"),
        ("\ue000\U000f0000", ""),
        ("\ud800Ann", "Ann"),
        ("\u0301Ann", "Ann"),
        ("   ", ""),
        ("", ""),
    ],
)
def test_what_is_no_part_of_a_name_is_taken_out(typed: str, drawn: str) -> None:
    assert clean(typed) == drawn


def test_a_heap_of_accents_is_cut_down() -> None:
    assert len(clean("a" + "\u0300\u0316\u0317" * 50)) <= 1 + MOST_MARKS


def test_a_long_name_ends_in_an_ellipsis() -> None:
    assert clean("A" * 1_000_000) == "A" * (LONGEST - 1) + "…"


def test_a_letter_is_not_parted_from_its_accents() -> None:
    assert shortened("abcx\u0300\u0316d", 5) == "abc…"


def test_a_name_can_be_shortened_to_nothing() -> None:
    name, steps = "Ann Lee", 0
    while name:
        name, steps = shortened(name, len(name) - 1), steps + 1
        assert steps < 10


@given(st.text(max_size=600))
def test_whatever_was_typed_is_one_short_line(typed: str) -> None:
    name = clean(typed)
    assert len(name) <= LONGEST
    assert name == name.strip()
    assert "  " not in name
    run = 0
    for letter in name:
        category = unicodedata.category(letter)
        assert category[0] != "C"
        assert letter == " " or category[0] != "Z"
        run = run + 1 if category in MARKS else 0
        assert run <= MOST_MARKS
