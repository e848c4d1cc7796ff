"""Sound and picture of one person stay together, whatever their clocks, their line and they themselves do."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.clock import AHEAD_US, CROWD_US, SlotClock
from recording.frames import RATES, Kind
from tests.recording.media.line import REPORT_EVERY_US, Line, Publisher, Source

SECOND = 1_000_000
EXACT_US = 10_000
APART_US = 40_000
"""What people begin to notice, and the project promises."""

ORIGIN = 7_000_000
SETTLED_US = 2 * SECOND
"""By then the engine has reported."""

TALK = 60
"""Seconds for which people have talked before they are recorded: the engine has learned how far their clock is away."""


@dataclass
class Recorded:
    """What became of one stream."""

    source: Source
    clock: SlotClock
    line: Line
    waiting: deque[tuple[int, int, int]] = field(default_factory=deque)
    last_arrival: int = 0
    stamps: dict[int, int] = field(default_factory=dict)
    """Of frames: true time -> the recording's, microseconds."""
    on: bool = True

    def send(self, at_us: int) -> None:
        self.last_arrival = max(self.last_arrival, at_us + self.source.encoding_us + self.line.delay())
        self.waiting.append((self.last_arrival, at_us, self.source.sent(at_us)))

    def receive(self, now_us: int) -> None:
        while self.waiting and self.waiting[0][0] <= now_us:
            arrived, at_us, timestamp = self.waiting.popleft()
            stamp = self.clock.stamp(self.clock.extend(timestamp, arrived))
            assert stamp is not None
            self.stamps[at_us] = stamp


@dataclass
class Person:
    publisher: Publisher
    sound: Recorded
    picture: Recorded
    now: int = ORIGIN
    reporting: bool = True

    def run(self, seconds: float, every_us: int = 100_000) -> None:
        end = self.now + int(seconds * SECOND)
        while self.now < end:
            self.publisher.arrive(self.now)
            for each in (self.sound, self.picture):
                if each.on and self.now % REPORT_EVERY_US[each.source.kind] == 0:
                    self.publisher.send_report(each.source, self.now)
                if self.now % SECOND == 0:
                    self.report(each)
                if each.on:
                    each.send(self.now)
                each.receive(self.now)
            self.now += every_us

    def report(self, stream: Recorded) -> None:
        report = self.publisher.engine_report(stream.source, self.now)
        if report is not None and self.reporting:
            stream.clock.reported(*report)

    def apart(self, since_us: int, until_us: int = 2**62) -> int:
        """The most that sound and picture of one moment are apart in the recording."""
        sound, picture = self.sound.stamps, self.picture.stamps
        both = [at for at in sound.keys() & picture.keys() if since_us <= at < until_us]
        assert both
        return max(abs(sound[at] - picture[at]) for at in both)


def person(
    seed: int = 1, sound_ppm: float = 200, picture_ppm: float = -200, ntp_ppm: float = 0, jitter_us: int = 100_000
) -> Person:
    line = Line(seed, jitter_us)
    sound = Source("audio", sound_ppm, 0xFFFFF000, encoding_us=20_000)
    picture = Source("video", picture_ppm, 0x12345678, encoding_us=60_000)
    publisher = Publisher(line, [sound, picture], ntp_ppm)
    for second in range(-TALK, 0):
        now = ORIGIN + second * SECOND
        publisher.arrive(now)
        for source in (sound, picture):
            if now % REPORT_EVERY_US[source.kind] == 0:
                publisher.send_report(source, now)
    return Person(
        publisher,
        Recorded(sound, SlotClock(RATES["audio"], ORIGIN), line),
        Recorded(picture, SlotClock(RATES["video"], ORIGIN), line),
    )


def rising(stream: Recorded) -> bool:
    stamps = list(stream.stamps.values())
    return all(after - before >= 1000 for before, after in itertools.pairwise(stamps))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    "ppm",
    [(200, -200, 0), (-200, 200, 0), (200, -200, 200), (-200, 200, -200), (0, 0, -200), (200, 200, 0)],
    ids=lambda ppm: "/".join(map(str, ppm)),
)
def test_after_an_hour_of_drift_and_jitter_sound_and_picture_are_together(
    seed: int, ppm: tuple[float, float, float]
) -> None:
    here = person(seed, *ppm)
    here.run(3600)
    # a publisher's clock that is slow is followed in steps, of which one stream hears a little before the other
    assert here.apart(ORIGIN + SETTLED_US) < (EXACT_US if ppm[2] >= 0 else APART_US * 3 // 4)
    assert rising(here.sound)
    assert rising(here.picture)


def test_the_recordings_time_is_that_of_the_engine() -> None:
    here = person()
    here.run(600)
    late = [stamp - (at - ORIGIN) for at, stamp in here.sound.stamps.items() if at > ORIGIN + 60 * SECOND]
    # what the fastest report took on its way can't be known
    assert min(late) >= 0
    assert max(late) < here.publisher.line.delay_us + 10_000


def test_time_goes_evenly_however_packets_arrive() -> None:
    here = person(jitter_us=300_000)
    here.run(300, every_us=20_000)
    stamps = [stamp for at, stamp in here.sound.stamps.items() if at > ORIGIN + 60 * SECOND]
    steps = [after - before for before, after in itertools.pairwise(stamps)]
    assert min(steps) > 18_000
    assert max(steps) < 22_000


def test_without_any_report_the_fastest_packets_tell_the_time() -> None:
    here = person()
    here.reporting = False
    here.run(3600)
    assert here.apart(ORIGIN + 60 * SECOND) < 60_000, "encoding a picture takes 40 ms longer, which nobody says"
    assert rising(here.sound)


def test_the_first_report_does_not_turn_time_back() -> None:
    here = person(jitter_us=300_000)
    here.run(20)
    assert rising(here.sound)
    assert rising(here.picture)
    assert here.apart(ORIGIN + SETTLED_US) < APART_US


@pytest.mark.parametrize("error_us", [-100_000, -30_000, 30_000, 100_000])
def test_after_a_change_of_layer_the_next_report_mends_what_was_guessed(error_us: int) -> None:
    here = person()
    here.run(60)
    changed = here.now
    here.picture.source.shift += error_us * 90 // 1000
    here.run(60)
    assert here.apart(changed + SETTLED_US) < EXACT_US
    assert rising(here.picture)


@pytest.mark.parametrize("error_us", [-100_000, 100_000])
def test_a_report_that_comes_with_the_change_keeps_them_together_throughout(error_us: int) -> None:
    here = person()
    here.run(60.05)
    here.picture.receive(here.now + SECOND)
    changed = here.now
    here.picture.source.shift += error_us * 90 // 1000
    here.report(here.picture)
    here.run(60)
    assert here.apart(ORIGIN + SETTLED_US, changed) < EXACT_US
    # time does not go back: what is early by the change waits, which is over when the next frame is due
    assert here.apart(changed + 200_000) < EXACT_US


@pytest.mark.parametrize("kind", ["audio", "video"])
@pytest.mark.parametrize("minutes", [0.2, 10, 60])
def test_a_pause_keeps_its_length(kind: Kind, minutes: float) -> None:
    here = person()
    stream = here.sound if kind == "audio" else here.picture
    here.run(60)
    stream.on = False
    here.run(minutes * 60)
    stream.on = True
    back = here.now
    here.run(60)
    before, after = max(at for at in stream.stamps if at < back), min(at for at in stream.stamps if at >= back)
    drift = 0.0002 * minutes * 60 * SECOND
    length = stream.stamps[after] - stream.stamps[before]
    assert abs(length - (after - before)) < APART_US + drift, "until the publisher reports, its clock is believed"
    assert here.apart(back + REPORT_EVERY_US[kind] + SETTLED_US) < EXACT_US


def test_a_pause_of_many_hours_is_counted_though_the_timestamps_wrapped() -> None:
    clock = SlotClock(90_000, 0)
    first = clock.extend(4_000_000_000, 0)
    for hours in (1, 7, 14, 27):
        at = hours * 3600 * SECOND
        later = clock.extend((4_000_000_000 + at * 9 // 100) & 0xFFFFFFFF, at)
        assert later - first == at * 9 // 100


@pytest.mark.parametrize("jump", [-(2**31) + 5, -90_000 * 30, 90_000 * 3, 2**30])
@pytest.mark.parametrize("reporting", [True, False])
def test_timestamps_that_start_anew_go_on_where_time_is(jump: int, reporting: bool) -> None:
    here = person()
    here.reporting = reporting
    here.run(60)
    restarted = here.now
    here.picture.source.base += jump
    here.run(60)
    assert here.apart(restarted, restarted + 10 * SECOND) < 300_000, "until there is a report, arrival tells"
    assert here.apart(restarted + 20 * SECOND) < (EXACT_US if reporting else 100_000)
    assert rising(here.picture)
    assert here.picture.clock.restarts > 0


@pytest.mark.parametrize("lie_us", [-86_400 * SECOND, -2 * SECOND, 4 * SECOND, 86_400 * SECOND])
def test_a_report_that_arrival_does_not_bear_out_is_refused(lie_us: int) -> None:
    here = person()
    here.run(60)
    report = here.publisher.engine_report(here.sound.source, here.now)
    assert report is not None
    here.sound.clock.reported(report[0], (report[1] + lie_us * 48 // 1000) & 0xFFFFFFFF)
    assert here.sound.clock.refused_reports == 1
    lied = here.now
    here.run(60)
    assert here.apart(lied) < EXACT_US


@pytest.mark.parametrize("muted_us", [SECOND * 6 // 10, 2 * SECOND, 60 * SECOND])
def test_a_report_that_a_mute_has_made_stale_is_not_believed(muted_us: int) -> None:
    """Timestamps stood still meanwhile, and the engine knows the publisher's report from before."""
    clock = SlotClock(48_000, ORIGIN)
    now, shown = ORIGIN + 90 * SECOND, (90 * SECOND - muted_us) * 48 // 1000
    clock.reported(now, 90 * 48_000)
    stamp = clock.stamp(clock.extend(shown, now + APART_US))
    assert stamp is not None
    assert abs(stamp - 90 * SECOND) <= APART_US


def test_a_report_before_the_first_packet_counts_from_the_first_frame_on() -> None:
    clock = SlotClock(48_000, ORIGIN)
    clock.reported(ORIGIN + SECOND, 480)
    assert clock.stamp(clock.extend(960, ORIGIN + SECOND + 150_000)) == SECOND + 10_000


def test_nothing_is_recorded_before_the_beginning() -> None:
    clock = SlotClock(48_000, ORIGIN)
    clock.reported(ORIGIN, 48_000)
    assert clock.stamp(clock.extend(47_000, ORIGIN + 10_000)) == 0


def test_frames_of_one_moment_get_times_of_their_own_until_they_are_too_many() -> None:
    clock = SlotClock(48_000, ORIGIN)
    extended = clock.extend(0, ORIGIN)
    stamps = [clock.stamp(extended) for _ in range(CROWD_US // 1000 + 3)]
    assert stamps[: CROWD_US // 1000 + 1] == list(range(0, CROWD_US + 1, 1000))
    assert stamps[CROWD_US // 1000 + 1 :] == [None, None]
    assert clock.stamp(clock.extend(48_000, ORIGIN + SECOND)) == CROWD_US + 1000


STEPS = st.one_of(
    st.tuples(st.just("packet"), st.integers(0, 2**32 - 1), st.integers(0, 10**7)),
    st.tuples(st.just("report"), st.integers(0, 2**32 - 1), st.integers(-(10**7), 10**7)),
    st.tuples(st.just("like before"), st.integers(-(10**6), 10**6), st.integers(0, 10**5)),
)


@given(st.lists(STEPS, max_size=60))
def test_whatever_a_publisher_says_time_rises_and_is_not_ahead_of_arrival(steps: list[tuple[str, int, int]]) -> None:
    clock = SlotClock(90_000, ORIGIN)
    now, last, timestamp = ORIGIN, -1000, 0
    does: dict[str, Callable[[int], int]] = {"packet": lambda number: number, "like before": lambda by: timestamp + by}
    for kind, number, passed in steps:
        if kind == "report":
            clock.reported(now + passed, number)
            continue
        now += passed
        timestamp = does[kind](number) & 0xFFFFFFFF
        stamp = clock.stamp(clock.extend(timestamp, now))
        if stamp is not None:
            assert stamp >= last + 1000
            assert stamp <= now - ORIGIN + AHEAD_US + CROWD_US
            last = stamp
