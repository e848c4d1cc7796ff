"""A few kill points in the ordinary tests, and that what goes wrong at one would be seen."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recording.matroska import MatroskaWriter
from tests.crash.check import MOST_LOST, Found, Kept, read
from tests.crash.heard import Heard
from tests.crash.kill import Stage, kill
from tests.crash.plan import EARLIEST, LONGEST, RECOVERS, Plan, Step, plan
from tests.crash.report import Done, figures, is_met
from tests.crash.said import Ends, Plays
from tests.crash.torn import Torn, cut_tails, tear_writes
from tests.recording.sealed.session import SMALL

PLANS = (
    Plan(1, (Step(0.5, "mute", "seat-p"), Step(0.9, "unmute", "seat-p")), 1.7),
    Plan(2, (Step(0.4, "pause", "seat-t"), Step(0.8, "resume", "seat-t")), 1.9, again=(0.02, 0.08)),
    Plan(3, (Step(0.6, "newcomer", "seat-i"), Step(0.9, "agrees", "seat-i")), 2.0, "service"),
    Plan(4, (Step(1.2, "stop", "seat-t"),), 1.22, again=(0.01,)),
    Plan(5, (Step(0.7, "camera_off", "seat-p"),), 1.8, sealed=True, again=(0.01,)),
    Plan(6, (), 1.6, "writer", goes_on=1.2),
    Plan(7, (), 1.4, "writer", goes_on=0.8, sealed=True),
)
TRACKS = [5, 8, 10, 4, 4, 8, 8]
"""Those that were begun by then."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage.make(tmp_path_factory.mktemp("crash"))


def test_a_service_killed_amid_a_session_leaves_all_but_the_last_second(stage: Stage) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda each: kill(stage, each), PLANS))
    assert [each.problems for each in found] == [()] * len(PLANS)
    assert [len(each.tracks) for each in found] == TRACKS
    assert all(track.heard > track.lost for each in found for track in each.tracks if track.heard > MOST_LOST)
    assert [{track.cut for track in each.tracks} for each in found[-2:]] == [{"writer", "killed"}] * 2
    assert all(each.told_after is not None and each.back_after is not None for each in found[-2:])


def test_a_write_torn_at_any_byte_leaves_what_was_kept(tmp_path: Path) -> None:
    torn = tear_writes(tmp_path / "torn", SMALL)
    assert torn.bytes > 800
    assert torn.unreadable == 0


async def test_a_tail_that_is_cut_costs_itself_and_no_more(stage: Stage) -> None:
    tails = await cut_tails(stage, step=40)
    assert tails.bytes > 5
    assert tails.unreadable == 0


def test_a_seed_makes_the_same_session_each_time() -> None:
    plans = [plan(seed) for seed in range(200)]
    assert plans == [plan(seed) for seed in range(200)]
    assert all(EARLIEST <= each.kill_at <= LONGEST for each in plans)
    assert {step.what for each in plans for step in each.steps} == {
        *("mute", "unmute", "camera_off", "camera_on", "pause", "resume", "newcomer", "agrees", "stop")
    }


def test_everything_that_can_be_killed_is_killed_in_a_few_hundred_sessions() -> None:
    plans = [plan(seed) for seed in range(300)]
    assert {(each.victim, each.sealed, bool(each.again)) for each in plans} == {
        (victim, sealed, again)
        for victim in ("both", "service", "writer")
        for sealed in (False, True)
        for again in (False, True)
    }
    assert all(0 <= at <= RECOVERS for each in plans for at in each.again)


@pytest.mark.parametrize(
    ("kept", "problems", "torn", "holds"),
    [
        (Kept("camera", 3.0, 0.9, "killed", "writing"), (), Torn(10, 0), True),
        (Kept("camera", 3.0, 1.1, "killed", "writing"), (), Torn(10, 0), False),
        (Kept("camera", 3.0, 1.1, "writer", "recovered"), (), Torn(10, 0), False),
        (Kept("camera", 3.0, 0.1, None, "finished"), (), Torn(10, 0), False),
        (Kept("camera", 3.0, 0.1, "killed", "writing", unreadable=True), (), Torn(10, 0), False),
        (Kept("camera", 3.0, 0.9, "killed", "writing"), ("a track cannot be read",), Torn(10, 0), False),
        (Kept("camera", 3.0, 0.9, "killed", "writing"), (), Torn(10, 1), False),
    ],
)
def test_what_goes_wrong_at_one_kill_point_fails_all(
    kept: Kept, problems: tuple[str, ...], torn: Torn, holds: bool
) -> None:
    good = Done(plan(1), Found((Kept("camera", 3.0, 0.2, "killed", "writing"),), (), 0.1), ())
    done = Done(plan(2), Found((kept,), problems, 0.1), problems)
    assert is_met(figures([good, done], torn, torn)) is holds
    assert not is_met(figures([good, Done(plan(3), None, ("the service ended by itself",))], torn, torn))


def test_people_who_are_told_late_that_the_writer_is_gone_fail_all() -> None:
    track = Kept("camera", 3.0, 0.2, "writer", "recovered")
    for told_after, holds in ((0.1, True), (1.2, False)):
        done = Done(plan(1), Found((track,), (), 0.1, told_after=told_after), ())
        assert is_met(figures([done], None, None)) is holds


def test_what_was_heard_counts_until_whoever_writes_it_was_killed() -> None:
    heard = Heard(killed_us=9_000, writer_killed_us=5_000)
    first, second = (Plays(slot, slot, "seat-p", "camera", "video", at) for slot, at in (("1", 1_000), ("2", 6_000)))
    for said in (first, Ends("1", 5_500), second):
        heard.take(said)
    assert heard.end_of(first) == (5_000, "writer")
    assert heard.end_of(second) == (9_000, "killed")
    heard.take(Ends("2", 8_000))
    assert heard.end_of(second) == (8_000, None)


def test_it_is_known_of_each_frame_when_it_came_and_which_one_it_is(stage: Stage) -> None:
    clip = stage.clips["video"]
    assert [clip.arrived(us) for us in (-1, 0, 33_332, 33_333, 10**9)] == [0, 1, 1, 2, len(clip.frames)]
    assert len(set(clip.frames)) == len(clip.frames)
    assert len(set(stage.clips["audio"].frames)) > 0.9 * len(stage.clips["audio"].frames)


@pytest.mark.parametrize(
    ("order", "count", "wrong"),
    [
        ((0, 1, 2, 3), 4, False),
        ((0, 1), 2, False),
        ((0, 2, 1, 3), 4, True),
        ((0, 1, 3), 3, True),
        ((1, 2, 3), 3, True),
    ],
)
def test_a_file_that_holds_other_frames_than_those_that_were_heard_is_found(
    stage: Stage, order: tuple[int, ...], count: int, wrong: bool
) -> None:
    clip = stage.clips["audio"]
    file = io.BytesIO()
    writer = MatroskaWriter(file, clip.codec)
    for number, frame in enumerate(order):
        writer.write(clip.frames[frame], 20 * number, True, 20)
    writer.close()
    frames, problems = read(file.getvalue(), clip)
    assert frames == count
    assert bool(problems) is wrong
