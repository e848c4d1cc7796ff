"""A job is one worker's at a time, outlives workers that crash, and does not go on for ever."""

from __future__ import annotations

import asyncio

import pytest

from clinic import (
    Conflict,
    Database,
    IllegalMove,
    Job,
    Jobs,
    JobState,
    Recordings,
    RecordingState,
    Retention,
    Unknown,
)
from clinic.jobs import ATTEMPTS, rest
from tests.clinic.made_up import START, captured, job, key_of, output, recording

NOW = START + 1000
LEASE = 60.0


async def state_of(recordings: Recordings) -> RecordingState:
    return (await recordings.get("r1")).recording.state


async def taken(jobs: Jobs, now: float = NOW) -> Job:
    claimed = await jobs.claim(now, LEASE)
    assert claimed is not None
    return claimed


async def test_a_job_is_taken_with_a_lease_and_done_once(recordings: Recordings, jobs: Jobs) -> None:
    await captured(recordings)
    await jobs.add(job(options={"names": True, "width": 1280, "layout": "side by side"}))
    claimed = await taken(jobs)
    assert (claimed.state, claimed.attempts, claimed.lease_until) == (JobState.RUNNING, 1, NOW + LEASE)
    assert claimed.options == {"names": True, "width": 1280, "layout": "side by side"}
    assert await jobs.claim(NOW + LEASE - 1, LEASE) is None
    assert await state_of(recordings) is RecordingState.COMPOSING
    assert await jobs.renew(claimed, NOW + 50, LEASE, 0.5)
    assert await jobs.claim(NOW + LEASE + 1, LEASE) is None, "the lease was renewed"
    assert (await jobs.of_recording("r1"))[0].progress == 0.5
    assert await jobs.finish(claimed, output())
    assert not await jobs.finish(claimed, output("o2")), "it is done already"
    assert await jobs.claim(NOW + 1e6, LEASE) is None
    whole = await recordings.get("r1")
    assert (whole.recording.state, whole.outputs) == (RecordingState.READY, (output(),))
    assert (whole.jobs[0].state, whole.jobs[0].progress) == (JobState.DONE, 1.0)


async def test_of_two_who_ask_at_once_one_gets_it(recordings: Recordings, database: Database, other: Database) -> None:
    one, two = Jobs(database), Jobs(other)
    await captured(recordings)
    for number in range(10):
        await one.add(job(f"j{number}"))
        asked = await asyncio.gather(*(each.claim(NOW, LEASE) for each in (one, two, one, two)))
        got = [each for each in asked if each is not None]
        assert [each.id for each in got] == [f"j{number}"]


async def test_many_workers_share_many_jobs(recordings: Recordings, database: Database, other: Database) -> None:
    one, two = Jobs(database), Jobs(other)
    for number in range(8):
        await captured(recordings, f"r{number}", ("p1",))
        await one.add(job(f"j{number}", f"r{number}", created_at=NOW - 10 + number))
    asked = await asyncio.gather(*((one, two)[number % 2].claim(NOW, LEASE) for number in range(8)))
    assert {each.id for each in asked if each is not None} == {f"j{number}" for number in range(8)}


async def test_the_oldest_comes_first(recordings: Recordings, jobs: Jobs) -> None:
    await captured(recordings)
    for id, created_at in (("second", NOW - 1), ("first", NOW - 2), ("third", NOW)):
        await jobs.add(job(id, kind="audio", created_at=created_at))
    assert [(await taken(jobs)).id for _ in range(3)] == ["first", "second", "third"]


async def test_the_job_of_a_worker_that_crashed_is_taken_again(
    recordings: Recordings, jobs: Jobs, other: Database
) -> None:
    await captured(recordings)
    await jobs.add(job())
    crashed = await taken(jobs)
    again = await taken(Jobs(other), NOW + LEASE)
    assert (again.id, again.attempts) == (crashed.id, 2)
    assert await state_of(recordings) is RecordingState.COMPOSING


async def test_a_worker_that_comes_back_too_late_is_not_heard(recordings: Recordings, jobs: Jobs) -> None:
    await captured(recordings)
    await jobs.add(job())
    slow = await taken(jobs)
    quick = await taken(jobs, NOW + LEASE)
    assert not await jobs.renew(slow, NOW + LEASE, LEASE, 0.9)
    assert not await jobs.fail(slow, "too slow", NOW + LEASE)
    assert not await jobs.finish(slow, output("slow"))
    assert await jobs.finish(quick, output("quick"))
    assert [each.id for each in (await recordings.get("r1")).outputs] == ["quick"]


async def test_a_worker_that_is_late_but_was_not_replaced_is_heard(recordings: Recordings, jobs: Jobs) -> None:
    await captured(recordings)
    await jobs.add(job())
    slow = await taken(jobs)
    assert await jobs.renew(slow, NOW + 10 * LEASE, LEASE, 0.9)
    assert await jobs.finish(slow, output())


async def test_a_failure_is_tried_again_after_longer_and_longer_rests_and_at_last_given_up(
    recordings: Recordings, jobs: Jobs
) -> None:
    await captured(recordings)
    await jobs.add(job())
    now, rests = NOW, []
    for attempt in range(1, ATTEMPTS + 1):
        claimed = await taken(jobs, now)
        assert claimed.attempts == attempt
        assert await jobs.fail(claimed, f"attempt {attempt}: out of memory\x00", now)
        if attempt < ATTEMPTS:
            rests.append(rest(attempt))
            assert await jobs.claim(now + rest(attempt) - 1, LEASE) is None
            now += rest(attempt)
    assert rests == [30.0, 60.0, 120.0, 240.0]
    assert await jobs.claim(now + 1e6, LEASE) is None
    whole = await recordings.get("r1")
    assert (whole.jobs[0].state, whole.jobs[0].error) == (JobState.FAILED, f"attempt {ATTEMPTS}: out of memory")
    assert (whole.recording.state, whole.recording.failure) == (RecordingState.FAILED, whole.jobs[0].error)
    await jobs.add(job("again"))
    await jobs.finish(await taken(jobs, now), output())
    mended = (await recordings.get("r1")).recording
    assert (mended.state, mended.failure) == (RecordingState.READY, None)


def test_a_rest_has_an_end() -> None:
    assert rest(500) == 3600.0


async def test_a_job_that_takes_each_worker_with_it_is_given_up(recordings: Recordings, jobs: Jobs) -> None:
    await captured(recordings)
    await jobs.add(job())
    for attempt in range(ATTEMPTS):
        await taken(jobs, NOW + attempt * LEASE)
    end = NOW + ATTEMPTS * LEASE
    assert await jobs.give_up(end - 1) == [], "the last one may still be at it"
    assert await jobs.claim(end, LEASE) is None
    assert [(each.id, each.state) for each in await jobs.give_up(end)] == [("j1", JobState.FAILED)]
    assert await jobs.give_up(end) == []
    assert await state_of(recordings) is RecordingState.FAILED


async def test_an_export_leaves_the_recording_as_it_is(recordings: Recordings, jobs: Jobs) -> None:
    await captured(recordings)
    await jobs.add(job(kind="audio"))
    claimed = await taken(jobs)
    assert await state_of(recordings) is RecordingState.CAPTURED
    await jobs.finish(claimed, output(kind="audio"))
    assert await state_of(recordings) is RecordingState.CAPTURED


async def test_an_output_is_kept_together_with_the_end_of_its_job_or_not_at_all(
    recordings: Recordings, jobs: Jobs
) -> None:
    await captured(recordings)
    for id in ("j1", "j2"):
        await jobs.add(job(id, created_at=NOW))
    await jobs.finish(await taken(jobs), output("o1"))
    second = await taken(jobs)
    with pytest.raises(Conflict):
        await jobs.finish(second, output("o1"))
    assert (await jobs.of_recording("r1"))[1].state is JobState.RUNNING
    assert await jobs.finish(second, output("o2"))


async def test_there_is_no_work_on_what_is_captured_or_gone(
    recordings: Recordings, jobs: Jobs, retention: Retention
) -> None:
    with pytest.raises(Unknown):
        await jobs.add(job())
    await recordings.create(recording())
    with pytest.raises(IllegalMove):
        await jobs.add(job())
    await recordings.captured("r1", START + 60)
    await jobs.add(job())
    with pytest.raises(Conflict):
        await jobs.add(job())
    await retention.shred_recording("r1", by="retention", reason="time is over", now=NOW)
    with pytest.raises(IllegalMove):
        await jobs.add(job("j2"))
    assert await jobs.claim(NOW, LEASE) is None


@pytest.mark.parametrize("turn", range(6))
async def test_shredding_and_finishing_at_once_end_without_a_key_and_without_a_deadlock(
    recordings: Recordings, database: Database, other: Database, turn: int
) -> None:
    worker, office = Jobs(other), Retention(database)
    await captured(recordings)
    await worker.add(job())
    claimed = await taken(worker)
    await worker.add(job("j2"))

    async def shred() -> None:
        await office.shred_recording("r1", by="dr-1", reason="asked", now=NOW)

    together = [
        shred(),
        worker.finish(claimed, output()),
        worker.renew(claimed, NOW, LEASE, 0.5),
        Jobs(database).claim(NOW, LEASE),
        worker.claim(NOW, LEASE),
    ]
    await asyncio.gather(*together[turn % 5 :], *together[: turn % 5])
    whole = await recordings.get("r1")
    assert whole.recording.state is RecordingState.SHREDDED
    assert {each.wrapped_key for each in whole.people} | {each.wrapped_key for each in whole.outputs} == {None}
    assert {each.state for each in whole.jobs} <= {JobState.DONE, JobState.CANCELLED}
    assert key_of("o1") not in repr(whole).encode()


async def test_whoever_asks_can_take_a_job_at_once(recordings: Recordings, jobs: Jobs) -> None:
    await captured(recordings)
    begun = await jobs.begin(job(), NOW, LEASE)
    assert (begun.state, begun.attempts, begun.lease_until) == (JobState.RUNNING, 1, NOW + LEASE)
    assert await jobs.claim(NOW, LEASE) is None
    assert await state_of(recordings) is RecordingState.COMPOSING
    assert await jobs.finish(begun, output())
    assert await state_of(recordings) is RecordingState.READY
    await recordings.create(recording("r2"))
    with pytest.raises(IllegalMove):
        await jobs.begin(job("j2", "r2"), NOW, LEASE)


async def test_a_worker_that_opens_some_recordings_only_takes_no_others(recordings: Recordings, jobs: Jobs) -> None:
    await captured(recordings)
    await captured(recordings, "r2", ("p1",))
    await jobs.add(job())
    await jobs.add(job("j2", "r2", created_at=NOW))
    assert await jobs.claim(NOW, LEASE, ()) is None
    claimed = await jobs.claim(NOW, LEASE, ["r2"])
    assert claimed is not None
    assert claimed.id == "j2"
    assert [(each.id, each.attempts) for each in await jobs.free(NOW)] == [("j1", 0)]


@pytest.mark.parametrize("taken_before", [False, True])
async def test_what_nobody_is_to_do_any_more_leaves_the_recording_as_it_was(
    recordings: Recordings, jobs: Jobs, taken_before: bool
) -> None:
    await captured(recordings)
    await jobs.add(job())
    first = await taken(jobs) if taken_before else job()
    assert await jobs.cancel(first)
    assert await state_of(recordings) is RecordingState.CAPTURED
    assert not await jobs.cancel(first)
    assert not await jobs.renew(first, NOW, LEASE, 0.5)
    assert await jobs.claim(NOW + 1e6, LEASE) is None
    await jobs.add(job("j2"))
    assert await jobs.finish(await taken(jobs), output())
    await jobs.add(job("j3"))
    assert await jobs.cancel(await taken(jobs))
    assert await state_of(recordings) is RecordingState.READY, "there is a film"


async def test_a_film_that_is_there_is_not_said_to_have_failed(recordings: Recordings, jobs: Jobs) -> None:
    await captured(recordings)
    await jobs.add(job())
    assert await jobs.finish(await taken(jobs), output())
    await jobs.add(job("j2"))
    now = NOW
    for attempt in range(1, ATTEMPTS + 1):
        assert await jobs.fail(await taken(jobs, now), "out of memory", now)
        now += rest(attempt)
    assert (await jobs.of_recording("r1"))[1].state is JobState.FAILED
    assert await state_of(recordings) is RecordingState.READY


async def test_two_films_at_once_are_both_kept(recordings: Recordings, jobs: Jobs) -> None:
    await captured(recordings)
    one, two = await jobs.begin(job(), NOW, LEASE), await jobs.begin(job("j2"), NOW, LEASE)
    assert await jobs.finish(one, output())
    assert await jobs.finish(two, output("o2"))
    assert [each.id for each in (await recordings.get("r1")).outputs] == ["o1", "o2"]
    three, four = await jobs.begin(job("j3"), NOW, LEASE), await jobs.begin(job("j4"), NOW, LEASE)
    assert await jobs.cancel(three)
    assert await jobs.finish(four, output("o4"))
    assert await state_of(recordings) is RecordingState.READY
