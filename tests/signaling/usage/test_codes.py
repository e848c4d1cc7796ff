"""Which service codes are suggested: by the minute, by people, by pictures, and by which version of the table."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from clinic.usage.records import CodeTable
from signaling.usage.codes import (
    DEFAULT,
    MOST_RULES,
    SHIPPED,
    CodeRule,
    Codes,
    in_force,
    minutes_of,
    modality_of,
    suggest,
    versions,
)
from tests.clinic.usage.made_up import START, whole

MINUTE = 60_000


def suggested(minutes: float, patients: int = 1, **more: Any) -> list[str]:
    two_way = round(minutes * MINUTE)
    people = tuple(f"p{number}" for number in range(patients))
    sitting = whole(two_way=two_way, video=more.pop("video", two_way), patients=people).sitting
    return [f"{each.code}-{each.modifier}" for each in suggest(SHIPPED, sitting, **more)]


@pytest.mark.parametrize(
    ("minutes", "code"),
    [
        (0, None),
        (15.99, None),
        (16, "90832-95"),
        (37.99, "90832-95"),
        (38, "90834-95"),
        (52.99, "90834-95"),
        (53, "90837-95"),
        (200, "90837-95"),
    ],
)
def test_the_time_rule(minutes: float, code: str | None) -> None:
    assert suggested(minutes) == ([code] if code else [])


def test_a_minute_counts_when_it_is_over() -> None:
    assert [minutes_of(each) for each in (0, 59_999, 60_000, 119_999)] == [0, 0, 1, 1]


def test_couples_and_groups() -> None:
    assert suggested(25.9, patients=2) == []
    assert suggested(26, patients=2) == ["90847-95"]
    assert suggested(5, patients=3) == ["90853-95"]
    assert suggested(60, patients=8, two_way_ms=4 * MINUTE) == ["90853-95"]
    assert suggested(60, patients=8, two_way_ms=0) == []


def test_sound_alone_has_a_modifier_of_its_own() -> None:
    assert suggested(50, video=25 * MINUTE) == ["90834-95"]
    assert suggested(50, video=25 * MINUTE - 1) == ["90834-93"]
    assert modality_of(DEFAULT, 0, 0) == "audio"


def test_what_only_a_person_can_tell_is_never_suggested() -> None:
    assert any(rule.by_hand and rule.code == "90846" for rule in DEFAULT.rules)
    assert "90846" not in " ".join(each for minutes in range(120) for each in suggested(minutes))


def test_the_version_in_force_when_it_began_suggests() -> None:
    own = Codes(rules=(CodeRule(code="X1", text="Half an hour", minutes_from=1, price_cents=9_900),))
    known = versions([CodeTable(1, START, "admin", own.model_dump(mode="json"))])
    assert [each.version for each in known] == [0, 1]
    assert known[1].codes == own
    assert in_force(known, START - 0.001).version == 0
    assert in_force(known, START).version == 1
    [suggestion] = suggest(in_force(known, START), whole().sitting)
    assert (suggestion.code, suggestion.price_cents, suggestion.rules_version) == ("X1", 9_900, 1)


RULE = {"code": "90832", "text": "x", "minutes_from": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "90 832"},
        {"code": "=1+1"},
        {"text": ""},
        {"minutes_from": -1},
        {"minutes_to": 0},
        {"patients_from": 0},
        {"patients_from": 2},
        {"price_cents": -1},
        {"price_cents": 1.5},
        {"more": 1},
    ],
)
def test_a_table_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    Codes.model_validate({"rules": [RULE]})
    with pytest.raises(ValidationError):
        Codes.model_validate({"rules": [RULE | wrong]})


def test_a_table_has_an_end() -> None:
    with pytest.raises(ValidationError):
        Codes.model_validate({"rules": [RULE] * (MOST_RULES + 1)})
