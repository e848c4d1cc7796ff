"""Films of recordings that are over: made by themselves, kept encrypted, given up when nothing is left to be shown."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from clinic import BadValue, IllegalMove, Job, JobState, RecordingState, Unknown
from clinic.jobs import ATTEMPTS, rest
from recording.keys import KeyUnavailable
from signaling.compose_work import LEASE
from signaling.composing import LENT, Composing
from tests.recording.compose.session import frames_of
from tests.recording.media.content import hear, onsets
from tests.signaling.filmed import REC, SESSION, Recorded, Told, codecs, titles

COMPOSE = {"names": False, "time": False}


@pytest_asyncio.fixture
async def recorded(tmp_path: Path) -> AsyncIterator[Recorded]:
    recorded = Recorded(tmp_path)
    yield recorded
    await recorded.database.close()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest_asyncio.fixture
async def composing(recorded: Recorded, told: Told) -> AsyncIterator[Composing]:
    composing = recorded.composing(told)
    yield composing
    await composing.close()


def rests_after(attempt: int, job: Job) -> bool:
    return job.state is JobState.WAITING and job.attempts == attempt


async def test_a_recording_that_ends_gets_a_film_that_only_the_clinics_key_opens(
    recorded: Recorded, composing: Composing, told: Told
) -> None:
    recorded.short()
    await recorded.keep()
    composing.start()
    await composing.recorded(REC, recorded.identities())
    await told.hears("done")
    assert told.states == ["waiting", "running", "done"]
    assert {session for session, _ in told.heard} == {SESSION}
    whole = await recorded.whole()
    (output,), (job,) = whole.outputs, whole.jobs
    assert (whole.recording.state, job.state, job.attempts) == (RecordingState.READY, JobState.DONE, 1)
    assert (output.id, output.kind, output.file) == (job.id, "mp4", f"{REC}/{job.id}")
    film = await recorded.made()
    assert codecs(film) == ["aac", "h264"]
    assert len(frames_of(film)) == 60
    assert len(onsets(hear(film))) == 4
    assert titles(film) == ["Start · The therapist joined", "The patient joined"], "names were not asked for"
    assert recorded.files() == [f"{job.id}.age"]
    sealed = (recorded.folder / REC / f"{job.id}.age").read_bytes()
    assert sealed.startswith(b"age-encryption.org/v1\n")
    assert b"moov" not in sealed


async def test_names_are_in_it_if_somebody_asks_for_them(recorded: Recorded, composing: Composing, told: Told) -> None:
    recorded.short()
    await recorded.keep()
    job = await composing.ask(REC, "compose", names=True, time=False)
    composing.start()
    await told.hears("done")
    assert (await recorded.job()).id == job, "it is not made twice"
    assert titles(await recorded.made()) == ["Start · Ann Planted joined", "Ben Planted joined"]


async def test_what_was_asked_for_and_is_not_made_yet_is_one_job(recorded: Recorded, composing: Composing) -> None:
    recorded.short()
    await recorded.keep()
    first = await composing.ask(REC, "compose", **COMPOSE)
    assert await composing.ask(REC, "compose", **COMPOSE) == first
    assert await composing.ask(REC, "audio", **COMPOSE) != first
    assert await composing.ask(REC, "compose", names=True, time=False) != first


async def test_nothing_is_asked_for_that_cannot_be_made(recorded: Recorded, composing: Composing) -> None:
    await recorded.database.upgrade()
    with pytest.raises(Unknown):
        await composing.ask(REC, "compose", **COMPOSE)
    recorded.short()
    await recorded.keep(captured=False)
    with pytest.raises(IllegalMove):
        await composing.ask(REC, "compose", **COMPOSE)
    await recorded.recordings.captured(REC, recorded.clock.clock.wall())
    with pytest.raises(BadValue):
        await composing.ask(REC, "track", **COMPOSE)
    await recorded.retention.shred_recording(REC, by="test", reason="asked for", now=recorded.clock.clock.wall())
    with pytest.raises(IllegalMove):
        await composing.ask(REC, "compose", **COMPOSE)


async def test_the_mix_of_all_voices_is_a_file_of_its_own(recorded: Recorded, told: Told) -> None:
    recorded.short()
    await recorded.keep()
    composing = recorded.composing(told, automatic=False)
    composing.start()
    await composing.ask(REC, "audio", **COMPOSE)
    await recorded.job_when(lambda job: job.state is JobState.DONE)
    await composing.close()
    assert told.heard == [], "people in the session are told of films"
    whole = await recorded.whole()
    assert [output.kind for output in whole.outputs] == ["audio"]
    assert whole.recording.state is RecordingState.CAPTURED
    mix = await recorded.made()
    assert codecs(mix) == ["aac"]
    assert onsets(hear(mix)) == pytest.approx([0, 500, 1000, 1500], abs=10), "both are heard"


async def test_what_a_crash_has_cut_short_is_composed_to_its_end(
    recorded: Recorded, composing: Composing, told: Told
) -> None:
    recorded.short()
    await recorded.keep(recovered=True)
    composing.start()
    await told.hears("done")
    assert [track.duration_ms for track in (await recorded.whole()).tracks] == [None] * 4
    assert len(frames_of(await recorded.made())) == pytest.approx(60, abs=1)


async def test_a_start_after_a_crash_asks_for_the_films_that_were_not_asked_for_once(
    recorded: Recorded, told: Told
) -> None:
    recorded.short()
    await recorded.keep()
    first = recorded.composing(told)
    first.start()
    await told.hears("done")
    await first.close()
    # as after the deletion of one person: it may be composed again, but not by itself
    await recorded.retention.shred_person(REC, "b", by="test", reason="asked for", now=recorded.clock.clock.wall())
    assert await recorded.composing(told)._catch_up()
    assert [job.state for job in (await recorded.whole()).jobs] == [JobState.DONE]


async def test_nothing_is_composed_by_itself_where_the_clinic_does_not_want_it(recorded: Recorded, told: Told) -> None:
    recorded.short()
    await recorded.keep()
    composing = recorded.composing(told, automatic=False)
    await composing.recorded(REC, recorded.identities())
    assert not await composing._catch_up()
    assert (await recorded.whole()).jobs == ()


async def test_a_recording_of_which_nothing_is_left_is_not_composed(recorded: Recorded, composing: Composing) -> None:
    await recorded.keep()
    await composing.recorded(REC, {})
    assert (await recorded.whole()).jobs == ()
    assert (await recorded.whole()).recording.state is RecordingState.CAPTURED


# What goes wrong ----------------------------------------------------------------------------------------------------


async def test_who_was_deleted_is_not_in_the_next_film(recorded: Recorded, composing: Composing, told: Told) -> None:
    recorded.short()
    await recorded.keep()
    await recorded.retention.shred_person(REC, "b", by="test", reason="asked for", now=recorded.clock.clock.wall())
    composing.start()
    await told.hears("done")
    film = await recorded.made()
    assert len(onsets(hear(film))) == 2
    assert "The patient" not in " ".join(titles(film))


async def test_deleting_a_recording_ends_its_film_and_leaves_no_file(
    recorded: Recorded, composing: Composing, told: Told
) -> None:
    recorded.long(600)
    await recorded.keep()
    composing.start()
    await told.hears("running", progress=0.01)
    await recorded.vault.shred(REC, None, by="test", reason="asked for", now=recorded.clock.clock.wall())
    await told.hears(None)
    whole = await recorded.whole()
    assert (whole.recording.state, whole.outputs) == (RecordingState.SHREDDED, ())
    assert [job.state for job in whole.jobs] == [JobState.CANCELLED]
    assert [path for path in recorded.folder.rglob("*") if path.is_file()] == []


async def test_a_worker_that_lost_its_job_stops_and_leaves_no_file(recorded: Recorded) -> None:
    recorded.long(600)
    await recorded.keep()
    composing = recorded.composing(Told())
    await composing.ask(REC, "compose", **COMPOSE)
    wall = recorded.clock.clock.wall
    job = await recorded.jobs.claim(wall(), LEASE)
    assert job is not None
    begun = asyncio.Event()
    work = asyncio.create_task(recorded.work().do(job, None, lambda part: begun.set() if part else None))
    async with asyncio.timeout(60):
        await begun.wait()
    again = await recorded.jobs.claim(wall() + 2 * LEASE, LEASE)
    assert again is not None
    async with asyncio.timeout(10):
        assert await work is JobState.CANCELLED
    assert recorded.files() == []
    mine = await recorded.job()
    assert (mine.state, mine.attempts) == (JobState.RUNNING, 2), "the other one still has it"


async def test_a_film_that_cannot_be_written_is_tried_again_after_a_rest(
    recorded: Recorded, composing: Composing, told: Told
) -> None:
    recorded.short()
    await recorded.keep()
    # where a folder is in the way no draft can be written, whoever tries
    place = recorded.folder / REC
    job = await composing.ask(REC, "compose", **COMPOSE)
    (place / f".{job}.draft").mkdir()
    composing.start()
    failed = await recorded.job_when(lambda job: job.error is not None)
    assert (failed.state, failed.attempts) == (JobState.WAITING, 1)
    assert failed.error is not None
    assert failed.error.startswith("A file could not be written")
    await told.ends_with("waiting")
    shutil.rmtree(place / f".{job}.draft")
    recorded.clock.ahead += rest(1) + 1
    await told.hears("done")
    assert (await recorded.job()).attempts == 2
    assert (await recorded.whole()).recording.state is RecordingState.READY


async def test_a_film_that_cannot_be_made_at_all_is_given_up_and_the_recording_says_why(
    recorded: Recorded, composing: Composing, told: Told
) -> None:
    recorded.short()
    await recorded.keep()
    shutil.rmtree(recorded.folder / REC)
    (recorded.folder / REC).write_text("in the way")
    await composing.ask(REC, "compose", **COMPOSE)
    composing.start()
    for attempt in range(1, ATTEMPTS):
        await recorded.job_when(partial(rests_after, attempt))
        recorded.clock.ahead += 3600
    await told.hears("failed")
    whole = await recorded.whole()
    assert (whole.recording.state, whole.jobs[0].state) == (RecordingState.FAILED, JobState.FAILED)
    assert whole.recording.failure == "A file could not be used: File exists."


async def test_damaged_tracks_cost_no_more_than_themselves(
    recorded: Recorded, composing: Composing, told: Told
) -> None:
    recorded.short()
    await recorded.keep()
    (recorded.folder / REC / f"{recorded.tracks.clips[0].track}.age").write_bytes(b"something else")
    (recorded.folder / REC / f"{recorded.tracks.clips[3].track}.age").unlink()
    composing.start()
    await told.hears("done")
    assert len(onsets(hear(await recorded.made()))) == 2


async def test_files_are_brought_before_and_given_back_after(recorded: Recorded, told: Told) -> None:
    recorded.short()
    await recorded.keep()
    elsewhere = recorded.folder.parent / "elsewhere"
    (recorded.folder / REC).rename(elsewhere)
    lent: list[str] = []

    async def bring(recording: str, name: str) -> None:
        (recorded.folder / recording).mkdir(parents=True, exist_ok=True)
        shutil.copy(elsewhere / f"{name}.age", recorded.folder / recording / f"{name}.age")
        lent.append(name)

    work = recorded.work(bring=bring, give_back=lambda recording, name: lent.remove(name))
    composing = recorded.composing(told, work=work)
    composing.start()
    await told.hears("done")
    await composing.close()
    assert lent == []
    assert len(onsets(hear(await recorded.made()))) == 4


# Sealed mode --------------------------------------------------------------------------------------------------------


async def test_a_sealed_server_composes_with_the_keys_it_still_has_and_opens_nothing_afterwards(
    recorded: Recorded, told: Told
) -> None:
    recorded.seal()
    recorded.short()
    await recorded.keep()
    composing = recorded.composing(told)
    composing.start()
    await composing.recorded(REC, recorded.identities())
    await told.hears("done")
    assert composing._lent == {}, "the keys are gone with the last job that needed them"
    (output,) = (await recorded.whole()).outputs
    with pytest.raises(KeyUnavailable):
        await recorded.vault.output_identity(output)
    with pytest.raises(KeyUnavailable):
        await composing.ask(REC, "audio", **COMPOSE)
    await composing.close()
    assert len(onsets(hear(await recorded.made()))) == 4, "the clinic opens it"


async def test_a_sealed_server_without_the_keys_begins_nothing(recorded: Recorded, told: Told) -> None:
    recorded.seal()
    recorded.short()
    await recorded.keep()
    composing = recorded.composing(told)
    with pytest.raises(KeyUnavailable):
        await composing.ask(REC, "compose", **COMPOSE)
    assert not await composing._catch_up()
    assert not await composing._next()
    whole = await recorded.whole()
    assert (whole.jobs, whole.recording.state) == ((), RecordingState.CAPTURED)


async def test_what_a_sealed_server_was_composing_when_it_crashed_waits_for_the_clinics_key(
    recorded: Recorded, told: Told
) -> None:
    recorded.seal()
    recorded.short()
    await recorded.keep()
    crashed = recorded.composing(told)
    crashed.lend(REC, recorded.identities())
    await crashed.ask(REC, "compose", **COMPOSE)
    assert await recorded.jobs.claim(recorded.clock.clock.wall(), LEASE, [REC]) is not None
    assert (await recorded.whole()).recording.state is RecordingState.COMPOSING
    recorded.clock.ahead += LEASE + 1
    composing = recorded.composing(told)
    composing.start()
    await told.hears(None)
    await composing.close()
    whole = await recorded.whole()
    assert (whole.recording.state, whole.jobs[0].state) == (RecordingState.CAPTURED, JobState.CANCELLED)
    assert whole.jobs[0].attempts == 1, "it was not taken once more"


@pytest.mark.parametrize("ends", ["it is closed", "too late"])
async def test_lent_keys_are_forgotten(recorded: Recorded, told: Told, ends: str) -> None:
    recorded.seal()
    recorded.short()
    await recorded.keep()
    composing = recorded.composing(told)
    await composing.recorded(REC, recorded.identities())
    assert list(composing._lent) == [REC]
    if ends == "too late":
        recorded.clock.ahead += LENT + 1
        composing.start()
        await told.hears(None)
    await composing.close()
    assert composing._lent == {}
    whole = await recorded.whole()
    assert (whole.recording.state, whole.jobs[0].state) == (RecordingState.CAPTURED, JobState.CANCELLED)


async def test_somebody_deleted_before_a_sealed_film_is_made_is_not_in_it(recorded: Recorded, told: Told) -> None:
    recorded.seal()
    recorded.short()
    await recorded.keep()
    composing = recorded.composing(told)
    await composing.recorded(REC, recorded.identities())
    await recorded.retention.shred_person(REC, "b", by="test", reason="asked for", now=recorded.clock.clock.wall())
    await composing.ask(REC, "compose", **COMPOSE)
    composing.start()
    await told.hears("done")
    await composing.close()
    assert len(onsets(hear(await recorded.made()))) == 2


async def test_nothing_that_is_lent_prints_itself(recorded: Recorded, told: Told) -> None:
    recorded.seal()
    identity = recorded.tracks.identity("a")
    composing = recorded.composing(told)
    composing.lend(REC, {"a": identity})
    shown = repr(composing._lent)
    assert "AGE-SECRET" not in shown
    assert repr(identity.secret.get_secret_value()) not in shown
