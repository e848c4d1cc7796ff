"""Silence that is not sent (Opus with DTX): in the file it is a step in time, and in what is heard it is silence."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import pytest

from recording.compose.clips import Sound
from tests.recording.media.content import RATE, flashes, hear, onsets, see
from tests.recording.media.probe import complaints
from tests.recording.media.slot import HANGOVER_US, LIT_US, SECOND, SILENCE_US, SOUND_US, Network, Slot, Studio

SECONDS = 6


@pytest.fixture(params=[Network(), Network(loss=0.1, doubled=0.05, jitter_us=40_000)], ids=["good", "bad"])
def quiet(request: pytest.FixtureRequest) -> Studio:
    """A beep each second, and next to nothing sent between them."""
    here = Studio(Slot("VP8", request.param), Slot("opus", request.param, seed=2), silence_sent=False)
    here.run(SECONDS)
    here.finish()
    return here


def test_silence_that_is_not_sent_is_not_taken_for_loss(quiet: Studio) -> None:
    statistics = quiet.sound.capture.statistics
    assert (statistics.lost, statistics.gaps, statistics.restarts, statistics.dropped) == (0, 0, 0, 0)
    every_second = (LIT_US + HANGOVER_US) // SOUND_US
    assert statistics.frames == SECONDS * every_second + len(_comforts())
    assert statistics.frames < SECONDS * SECOND // SOUND_US / 2


def test_each_beep_stays_with_its_flash(quiet: Studio) -> None:
    beeps = [each + quiet.sound.stretches[0].began_us / 1000 for each in onsets(hear(quiet.sound.recorded))]
    lights = [each + quiet.picture.stretches[0].began_us / 1000 for each in flashes(see(quiet.picture.recorded))]
    assert len(beeps) == len(lights) == SECONDS
    assert max(abs(beep - light) for beep, light in zip(beeps, lights, strict=True)) < 40


def test_players_find_nothing_wrong_with_the_file(quiet: Studio, tmp_path: Path) -> None:
    assert complaints(tmp_path, quiet.sound.recorded) == ""


def test_in_a_film_the_silence_is_as_long_as_it_was(quiet: Studio, tmp_path: Path) -> None:
    told: list[str] = []
    recorded = tmp_path / "sound.mka"
    recorded.write_bytes(quiet.sound.recorded)
    sound = Sound(lambda: recorded.open("rb", buffering=0), told.append)
    heard = struct.unpack(f"<{SECONDS * RATE}f", sound.read(0, SECONDS * RATE))
    sound.close()
    assert told == []
    step = RATE // 100
    loud = [max(map(abs, heard[at : at + step])) > 0.1 for at in range(0, len(heard), step)]
    starts = [at for at, (before, now) in enumerate(itertools.pairwise([False, *loud])) if now and not before]
    assert len(starts) == SECONDS
    steps = [after - before for before, after in itertools.pairwise(starts)]
    assert all(abs(each - 100) <= 2 for each in steps), steps


def _comforts() -> list[int]:
    """When a packet of silence was sent, in microseconds."""
    times = range(5 * SECOND, (5 + SECONDS) * SECOND, SILENCE_US)
    return [at for at in times if at % SECOND >= LIT_US + HANGOVER_US]
