"""CSV that a spreadsheet shows and never carries out."""

from __future__ import annotations

import csv
import io

import pytest

from signaling.csv_text import csv_line, csv_lines, csv_text


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1+1",
        "@SUM(A1)",
        '=HYPERLINK("https://evil.example","x")',
        "=cmd|' /C calc'!A0",
        "|calc",
        "%0A=1+1",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        " =1+1",
        "\u00a0=1+1",
        "\ufeff=1+1",
        "\uff1d1+1",
        "\x00=1+1",
    ],
    ids=repr,
)
def test_a_text_that_begins_like_a_formula_is_shown_as_text(text: str) -> None:
    ((cell, other),) = read(csv_line([text, "other"]))
    assert cell == f"'{text}".replace("\x00", "")
    assert other == "other"


@pytest.mark.parametrize(
    "text", ["", "session-1", "a=b", "it's", "a,b", 'say "no"', "two\r\nlines", "a;=1+1", "ä\u2028b"]
)
def test_any_other_text_comes_back_as_it_was(text: str) -> None:
    assert read(csv_line([text, 1])) == [[text, "1"]]


def test_a_separator_of_another_country_splits_no_text() -> None:
    assert csv_line(["a;=1+1", "b"]) == '"a;=1+1","b"\r\n'


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    assert csv_line([-1, 2.5, None, True, False]) == '-1,2.5,"","yes","no"\r\n'


def test_lines_come_one_after_another() -> None:
    rows = [("a", 1), ("=b", 2)]
    assert "".join(csv_lines(("what", "count"), rows)) == csv_text(("what", "count"), rows)
    assert read(csv_text(("what", "count"), rows)) == [["what", "count"], ["a", "1"], ["'=b", "2"]]
