"""How a session was, told at the command line."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clinic import Qualities, Quality, open_database, sqlite_url
from sfu import PeerReport
from signaling.quality import PersonQuality
from signaling.stats import ReceivedStats, Stats
from therabook.cli import main

CAME = 1_780_000_000.0


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("THERABOOK_"):
            monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a session of two is known, of whom one never got through."""
    quality = PersonQuality(0.0)
    quality.opened(0.0)
    quality.came_about(0.1)
    quality.reconnected("ice")
    quality.measured(PeerReport(0.01, 0.0, 40.0, 900_000.0, 1_200_000.0, "udp"), 2.0)
    heard = ReceivedStats(person="p2", source="microphone", bitrate=32_000, concealed=0.02)
    seen = ReceivedStats(person="p2", source="camera", bitrate=900_000, freezes=2, frozen_ms=1500)
    quality.told(Stats(ms=5000, join_ms=300, sent=[], received=[heard, seen]), ("p2",), 5.0)
    figures = quality.figures().model_dump(mode="json", exclude_none=True)
    records = [
        Quality("s-1", "p1", CAME, "therapist", CAME + 75, True, figures, CAME + 75, "left"),
        Quality("s-1", "p2", CAME + 5, "patient", CAME + 60, False, {}, CAME + 60, "left", "silent"),
    ]

    async def keep() -> None:
        database = open_database(sqlite_url(tmp_path / "clinic.db"))
        await database.upgrade()
        await Qualities(database).keep(records)
        await database.close()

    asyncio.run(keep())
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["quality", *arguments, "--data-dir", str(folder)])


def test_each_person_is_told_of_with_what_matters(folder: Path) -> None:
    said = run(folder, "s-1")
    assert said.exit_code == 0, said.output
    assert said.output.splitlines() == [
        "therapist p1  2026-05-28 20:26:40Z  1:15  left",
        "  round trip 40 ms (95%: 40)  joined in 0.3 s",
        "  up    900 kbit/s (95%: 900)  lost 1 % (95%: 1)",
        "  down  1200 kbit/s (95%: 1200)  lost 0 % (95%: 0)",
        "  microphone of others: invented 2 % (95%: 2)",
        "  camera of others: still 1.5 s in 2 freezes  not known",
        "  connected anew: 1 x ice",
        "patient p2  2026-05-28 20:26:45Z  0:55  left",
        "  never connected: silent",
    ]


def test_programs_get_what_the_api_tells(folder: Path) -> None:
    said = json.loads(run(folder, "s-1", "--json").output)
    assert [(each["role"], each["state"], each["failure"]) for each in said["people"]] == [
        ("therapist", "gone", None),
        ("patient", "gone", "silent"),
    ]
    assert said["people"][0]["quality"]["join_ms"] == 300


def test_a_session_of_which_nothing_is_known_is_said_to_be_so(folder: Path) -> None:
    said = run(folder, "another")
    assert said.exit_code == 1
    assert "Nothing is known of this session" in said.output
