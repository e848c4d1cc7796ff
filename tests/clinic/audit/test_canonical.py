"""An event is written in one way only."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic import BadValue, Tampered
from clinic.audit.canonical import draft, entry_of, numbered
from clinic.audit.events import KINDS
from clinic.columns import WORD
from tests.clinic.audit.made_up import START, event
from therabook.audit_verify.lines import read_event, read_object

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=60)
DETAILS = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True),
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15) | TEXTS,
    max_size=8,
)


def test_a_known_event() -> None:
    told = event(3, patient="pätient", subject="x", details={"why": "left", "count": 2, "ok": True, "none": None})
    assert numbered(draft(told), 41) == (
        '{"seq":41,"at":1780000003125,"kind":"call.join","actor_kind":"staff","actor":"therapist-0",'
        '"session":"session-3","patient":"p\\u00e4tient","subject":"x",'
        '"details":{"count":2,"none":null,"ok":true,"why":"left"}}'
    )


def test_what_there_is_not_is_not_written() -> None:
    body = numbered(draft(event(0, session=None, details={})), 0)
    assert list(json.loads(body)) == ["seq", "at", "kind", "actor_kind", "actor"]


@given(TEXTS, TEXTS | st.none(), DETAILS, st.integers(0, 2**50))
def test_what_is_written_is_read_and_the_verifier_reads_it_too(
    actor: str, subject: str | None, details: dict[str, Any], seq: int
) -> None:
    told = event(0, actor=actor, subject=subject, details=details)
    body = numbered(draft(told), seq)
    entry = entry_of(body)
    assert (entry.seq, entry.event) == (seq, told)
    read = read_event(body.encode(), read_object(body.encode()))
    assert (read.seq, read.at, read.kind) == (seq, round(START * 1000), "call.join")


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "call.unheard_of"},
        {"actor_kind": "stranger"},
        {"at": float("nan")},
        {"at": -1.0},
        {"actor": "x" * 201},
        {"session": "x" * 101},
        {"patient": "a\x00b"},
        {"subject": "\ud800"},
        {"details": {"Name": 1}},
        {"details": {f"d{number}": 1 for number in range(17)}},
        {"details": {"number": 2**53 + 1}},
        {"details": {"number": float("inf")}},
        {"details": {"list": []}},
    ],
)
def test_what_cannot_be_kept_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadValue):
        draft(event(0, **changes))


def test_a_long_detail_is_kept_as_far_as_there_is_room() -> None:
    told = json.loads(numbered(draft(event(0, details={"why": "x" * 500 + "\x00"})), 0))
    assert told["details"]["why"] == "x" * 200


def test_kinds_fit_their_column() -> None:
    assert max(map(len, KINDS)) <= WORD


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"seq":1}', '{"seq":1,"at":"x","kind":"a","actor_kind":"b","actor":"c"}']
)
def test_what_is_no_event_is_told_so(body: str) -> None:
    with pytest.raises(Tampered):
        entry_of(body)
