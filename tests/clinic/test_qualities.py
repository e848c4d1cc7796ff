"""How connections were, kept and forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from clinic import BadValue, Database, Qualities, Quality
from clinic import qualities as module
from clinic.keeping.here import kept_rows
from tests.clinic.made_up import START

FIGURES = {"up": {"bitrate": {"average": 1_000_000.0}}, "others": {"p2": {"loss": 0.01}}, "attempts": 1}


def quality(person_id: str = "p1", **changes: Any) -> Quality:
    values: dict[str, Any] = {
        "session": "session-1",
        "came_at": START,
        "role": "patient",
        "kept_at": START + 60,
        "connected": True,
        "figures": FIGURES,
    }
    return Quality(**({"person_id": person_id} | values | changes))


@pytest.fixture
def qualities(database: Database) -> Qualities:
    return Qualities(database)


async def test_what_is_kept_is_found_again(qualities: Qualities) -> None:
    never = quality("p2", connected=False, failure="silent", gone="left", gone_at=START + 60, figures={})
    await qualities.keep([quality(), never])
    assert await qualities.of_session("session-1") == [quality(), never]
    assert await qualities.of_session("session-2") == []


async def test_a_newer_record_takes_the_place_of_the_older(qualities: Qualities) -> None:
    await qualities.keep([quality()])
    newer = quality(kept_at=START + 120, gone_at=START + 120, gone="left", figures={"attempts": 2})
    await qualities.keep([newer])
    assert await qualities.of_session("session-1") == [newer]


async def test_whoever_comes_again_has_another_record(qualities: Qualities) -> None:
    again = quality(came_at=START + 300, kept_at=START + 400)
    await qualities.keep([again, quality()])
    assert await qualities.of_session("session-1") == [quality(), again]


async def test_one_of_many_meetings_can_be_asked_for(qualities: Qualities) -> None:
    meetings = [quality(came_at=START + 1000 * n) for n in range(3)]
    await qualities.keep(meetings)
    assert await qualities.of_session("session-1", since=START + 1000, until=START + 2000) == [meetings[1]]


async def test_of_very_many_the_newest_are_told(qualities: Qualities, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_REPORT", 2)
    meetings = [quality(came_at=START + 1000 * n) for n in range(3)]
    await qualities.keep(meetings)
    assert await qualities.of_session("session-1") == meetings[1:]


async def test_what_is_old_is_forgotten_and_nothing_else(database: Database, qualities: Qualities) -> None:
    kept = kept_rows(database)["quality"]
    old, new = quality(), quality("p2", kept_at=START + 1000)
    await qualities.keep([old, new])
    assert len((await kept.forget(START + 1000, 10, START + 2000)).ids) == 1
    assert await qualities.of_session("session-1") == [new]
    assert (await kept.forget(START + 1000, 10, START + 2000)).ids == ()


async def test_what_cannot_be_kept_is_refused_whole(qualities: Qualities) -> None:
    with pytest.raises(BadValue):
        await qualities.keep([quality(), quality("p2", role="x" * 33)])
    assert await qualities.of_session("session-1") == []
