"""One person's figures: from both ends, in bounds, and nobody else's business."""

from __future__ import annotations

from typing import Any

import pytest

from sfu import PeerReport
from signaling.attention import Felt
from signaling.quality import FRESH, OTHERS, PATIENCE, PersonQuality
from signaling.stats import PathStats, ReceivedStats, SentLayer, SentStats, Stats


def report(**changes: Any) -> PeerReport:
    values: dict[str, Any] = {
        "loss_up": 0.0,
        "loss_down": 0.0,
        "rtt_ms": 40.0,
        "bits_in": 1e6,
        "bits_out": 2e6,
        "transport": "udp",
    }
    return PeerReport(**(values | changes))


def received(person: str = "other", source: Any = "camera", **more: Any) -> ReceivedStats:
    return ReceivedStats(person=person, source=source, bitrate=1_000_000, **more)


def stats(ms: int = 5000, **more: Any) -> Stats:
    values: dict[str, Any] = {"ms": ms, "sent": [], "received": []}
    return Stats(**(values | more))


def sent(source: Any, **more: Any) -> SentStats:
    values: dict[str, Any] = {"source": source, "bitrate": 32_000, "layers": []}
    return SentStats(**(values | more))


@pytest.fixture
def quality() -> PersonQuality:
    return PersonQuality(0.0)


# How it is ----------------------------------------------------------------------------------------------------------


def test_what_the_media_server_measures_is_told_in_both_directions(quality: PersonQuality) -> None:
    for _ in range(19):
        quality.measured(report(), 2.0)
    quality.measured(report(loss_up=0.2, loss_down=0.1, rtt_ms=400.0, bits_in=1e5), 2.0)
    figures = quality.figures()
    assert figures.measured_s == 40.0
    assert figures.up.bitrate is not None
    assert figures.up.bitrate.average == pytest.approx(955_000)
    assert figures.up.bitrate.p50 == pytest.approx(1e6, rel=0.06)
    assert figures.up.loss is not None
    assert (figures.up.loss.average, figures.up.loss.most) == (0.01, 0.2)
    assert figures.down.loss is not None
    assert figures.down.loss.most == 0.1
    assert figures.down.bitrate is not None
    assert figures.down.bitrate.p95 == 2e6
    assert figures.round_trip_ms is not None
    assert figures.round_trip_ms.most == 400.0


def test_a_round_trip_that_is_not_known_is_not_taken_for_none(quality: PersonQuality) -> None:
    quality.measured(report(rtt_ms=None), 2.0)
    assert quality.figures().round_trip_ms is None


def test_what_the_browser_sends_is_told_by_source(quality: PersonQuality) -> None:
    layers = [
        SentLayer(width=320, height=180, frame_rate=15.0, bitrate=100_000),
        SentLayer(width=1280, height=720, frame_rate=30.0, bitrate=1_400_000),
    ]
    camera = sent("camera", bitrate=1_500_000, loss=0.01, limited="bandwidth", layers=layers)
    voice = sent("microphone", jitter_ms=4, round_trip_ms=50)
    quality.told(stats(sent=[camera, voice]), ("other",), 5.0)
    told = quality.figures().sent
    assert told["camera"].sizes == {"720": 5.0}
    assert told["camera"].limited == {"bandwidth": 5.0}
    assert told["camera"].frame_rate is not None
    assert told["camera"].frame_rate.average == 30.0
    assert told["microphone"].round_trip_ms is not None
    assert told["microphone"].round_trip_ms.p50 == 50.0
    assert told["microphone"].loss is None


def test_what_is_sent_to_nobody_is_not_told(quality: PersonQuality) -> None:
    quality.told(stats(sent=[sent("camera")]), (), 5.0)
    assert quality.figures().sent == {}


def test_what_the_browser_receives_is_told_by_source_and_by_person(quality: PersonQuality) -> None:
    told = stats(
        received=[
            received(loss=0.02, freezes=2, frozen_ms=700, width=640, height=360, frame_rate=24.0),
            received(source="microphone", concealed=0.05),
            received("third", freezes=1, frozen_ms=300),
        ]
    )
    quality.told(told, ("other", "third"), 5.0)
    figures = quality.figures()
    assert (figures.received["camera"].freezes, figures.received["camera"].frozen_s) == (3, 1.0)
    assert figures.received["camera"].sizes == {"360": 5.0}
    assert figures.received["microphone"].concealed is not None
    assert figures.received["microphone"].concealed.average == 0.05
    other = figures.others["other"]
    assert (other.bitrate, other.freezes, other.frozen_s, other.concealed) == (2_000_000, 2, 0.7, 0.05)
    assert figures.others["third"].frozen_s == 0.3


def test_the_way_of_the_media_is_told_by_how_long_it_was_taken(quality: PersonQuality) -> None:
    quality.told(stats(path=PathStats(candidate="srflx", protocol="udp")), (), 5.0)
    quality.told(stats(path=PathStats(candidate="relay", protocol="udp", relay="tls")), (), 10.0)
    quality.told(stats(path=PathStats(candidate="host", protocol="tcp")), (), 15.0)
    figures = quality.figures()
    assert figures.candidates == {"srflx": 5.0, "relay": 5.0, "host": 5.0}
    assert figures.transports == {"udp": 5.0, "relay-tls": 5.0, "tcp": 5.0}


def test_the_time_that_joining_took_is_the_first_that_was_told(quality: PersonQuality) -> None:
    quality.told(stats(join_ms=240), (), 5.0)
    quality.told(stats(join_ms=9), (), 10.0)
    assert quality.figures().join_ms == 240


# What is believed ---------------------------------------------------------------------------------------------------


def test_nothing_is_believed_of_people_who_are_not_there(quality: PersonQuality) -> None:
    quality.told(stats(received=[received("nobody", freezes=9, frozen_ms=9000)]), ("other",), 5.0)
    assert quality.figures().received == {}
    assert quality.figures().others == {}
    assert quality.frozen_s == 0.0


def test_more_time_than_has_passed_counts_for_no_more(quality: PersonQuality) -> None:
    for _ in range(100):
        quality.told(stats(ms=600_000, received=[received()]), ("other",), 10.0)
    assert quality.figures().told_s == 10.0
    assert quality.figures().received["camera"].seconds == 10.0


def test_one_source_said_many_times_counts_once(quality: PersonQuality) -> None:
    quality.told(stats(received=[received(frozen_ms=1000) for _ in range(36)]), ("other",), 5.0)
    assert quality.figures().received["camera"].seconds == 5.0
    assert quality.frozen_s == 1.0


def test_the_number_of_people_who_are_told_apart_is_bounded(quality: PersonQuality) -> None:
    for number in range(200):
        quality.told(stats(received=[received(f"p{number}")]), (f"p{number}",), 5.0 * (number + 1))
    assert len(quality.figures().others) == OTHERS
    assert quality.figures().received["camera"].seconds == 1000.0


def test_a_browsers_word_counts_for_its_grade_for_a_while(quality: PersonQuality) -> None:
    told = stats(received=[received(frozen_ms=1000), received("third", source="microphone", concealed=0.5)])
    quality.told(told, ("other", "third"), 5.0)
    assert quality.felt(("other", "third"), 6.0) == Felt(frozen=0.2, concealed=0.5)
    assert quality.felt(("other", "third"), 5.0 + FRESH + 0.1) == Felt()


def test_what_did_not_reach_the_server_whole_is_not_the_receivers_fault(quality: PersonQuality) -> None:
    quality.told(stats(received=[received(frozen_ms=5000)]), ("other",), 5.0)
    assert quality.felt((), 6.0) == Felt()


def test_a_short_report_counts_for_no_grade(quality: PersonQuality) -> None:
    quality.told(stats(ms=300, received=[received(frozen_ms=300)]), ("other",), 5.0)
    assert quality.felt(("other",), 5.0) == Felt()


# Whether it came about ----------------------------------------------------------------------------------------------


def test_a_connection_that_came_about_has_no_failure(quality: PersonQuality) -> None:
    quality.opened(1.0)
    quality.lost("silent")
    quality.opened(2.0)
    assert quality.came_about(2.5) == 0.5
    assert quality.came_about(9.0) is None, "only the first one says how long connecting takes"
    assert (quality.connected, quality.failure(9.0)) == (True, None)
    figures = quality.figures()
    assert (figures.attempts, figures.losses, figures.connect_ms) == (2, {"silent": 1}, 500)


def test_one_that_never_did_says_why(quality: PersonQuality) -> None:
    assert quality.failure(1.0) is None, "nothing was offered"
    quality.opened(1.0)
    assert quality.failure(2.0) == "unfinished"
    assert quality.failure(1.0 + PATIENCE) == "timeout"
    quality.lost("silent")
    assert not quality.connected
    assert quality.failure(40.0) == "silent"
    quality.opened(41.0)
    assert quality.failure(42.0) == "silent", "what is known is said until it comes about"


def test_a_browser_that_tries_again_and_again_has_given_up_before(quality: PersonQuality) -> None:
    quality.opened(1.0)
    quality.opened(2.0)
    assert quality.figures().losses == {}, "in time"
    quality.opened(2.0 + PATIENCE)
    quality.opened(3.0 + 2 * PATIENCE)
    assert quality.failure(3.0 + 2 * PATIENCE) == "timeout"
    assert quality.figures().losses == {"timeout": 2}
    quality.came_about(20.0)
    assert quality.failure(99.0) is None
    quality.opened(100.0)
    assert quality.figures().losses == {"timeout": 2}, "what had come about was lost otherwise"


def test_reconnects_are_counted_by_kind(quality: PersonQuality) -> None:
    quality.reconnected("ice")
    quality.reconnected("ice")
    quality.reconnected("socket")
    assert quality.figures().reconnects == {"ice": 2, "socket": 1}
