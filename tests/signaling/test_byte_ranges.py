"""Which part of a file is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.byte_ranges import ByteRange, NotSatisfiable, wanted

TAG = '"film-1000"'


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-", 0, 1000),
        ("bytes=0-0", 0, 1),
        ("bytes=0-999", 0, 1000),
        ("bytes=0-5000", 0, 1000),
        ("bytes=999-", 999, 1000),
        ("bytes=500-600", 500, 601),
        ("bytes=-1", 999, 1000),
        ("bytes=-1000", 0, 1000),
        ("bytes=-5000", 0, 1000),
        ("Bytes= 1-2", 1, 3),
    ],
)
def test_a_range_is_the_part_that_is_there(asked: str, start: int, end: int) -> None:
    found = wanted(asked, None, TAG, 1000)
    assert found == ByteRange(start, end, 1000)
    assert found.header() == f"bytes {start}-{end - 1}/1000"


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=999999999999999999-"])
def test_what_lies_behind_the_end_cannot_be_had(asked: str) -> None:
    with pytest.raises(NotSatisfiable):
        wanted(asked, None, TAG, 1000)


@pytest.mark.parametrize(
    "asked",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-4",
        "bytes=--5",
        "bytes=1-2-3",
        "bytes=1.5-2",
        "bytes=+1-2",
        "bytes=0-1,5-6",
        "bytes=0-1, -1",
        "items=0-5",
        "bytes=\u0661-\u0662",
        "bytes=" + "9" * 4400 + "-",
        "bytes=0-1\n",
    ],
)
def test_what_is_no_range_that_is_given_out_alone_means_the_whole_file(asked: str | None) -> None:
    assert wanted(asked, None, TAG, 1000) is None


def test_an_empty_file_has_no_parts() -> None:
    assert wanted("bytes=-5", None, TAG, 0) is None
    with pytest.raises(NotSatisfiable):
        wanted("bytes=0-", None, TAG, 0)


@pytest.mark.parametrize(
    ("if_range", "counts"),
    [
        (TAG, True),
        (f" {TAG} ", True),
        ('"film-1001"', False),
        (f"W/{TAG}", False),
        ("Wed, 21 Oct 2015 07:28:00 GMT", False),
        ("", False),
    ],
)
def test_a_range_of_another_file_does_not_count(if_range: str, counts: bool) -> None:
    assert (wanted("bytes=1-2", if_range, TAG, 1000) is not None) is counts


@given(st.text(max_size=40) | st.from_regex(r"\Abytes=[0-9,\- ]{0,40}\Z"), st.integers(0, 2000))
def test_whatever_is_asked_the_part_is_within_the_file(asked: str, size: int) -> None:
    try:
        found = wanted(asked, None, TAG, size)
    except NotSatisfiable:
        return
    assert found is None or 0 <= found.start < found.end <= size
