"""Sessions watched: whose figures begin and end when, what people are told, and what is counted for everybody."""

from __future__ import annotations

from typing import Any

import pytest

from clinic import Quality
from sfu import PeerId, PeerReport
from signaling import messages as m
from signaling import quality_watch
from signaling.attention import Grade
from signaling.metrics import Metrics
from signaling.orders import Note
from signaling.quality_watch import GRADED_LOOKS, KEEP_EVERY, QualityWatch
from signaling.seat import Media
from signaling.stats import PathStats, ReceivedStats
from tests.signaling.stage import EPOCH, Actor, Stage
from tests.signaling.test_quality import report
from tests.signaling.test_quality import stats as told


class Watched(Stage):
    """A stage that is watched: what the room notes is passed on, as `sessions.py` does."""

    def __init__(self, **rules: Any) -> None:
        self.metrics = Metrics()
        self.watch = QualityWatch(self.metrics.quality)
        self._seen = 0
        super().__init__(**rules)

    def carry_out(self, orders: Any) -> None:
        super().carry_out(orders)
        noted, self._seen = self.orders[self._seen :], len(self.orders)
        for order in noted:
            if isinstance(order, Note):
                self.watch.noted(self.room, order, self.now)

    def connects(self, actor: Actor) -> None:
        assert actor.peer is not None
        self.watch.connected(self.room, actor.peer, self.now)

    def fails(self, actor: Actor) -> None:
        """As the media server reports that nothing came of it."""
        assert actor.peer is not None
        self.watch.lost(self.room, actor.peer, "silent", self.now)
        actor.loses_media(silent=True)

    def tells(self, actor: Actor, **stats: Any) -> None:
        self.watch.told(self.room, actor.seat, told(**stats), self.now)

    def looks(self, **reports: PeerReport) -> dict[str, Grade]:
        """Grades by name."""
        by_peer: dict[PeerId, PeerReport] = {}
        names: dict[PeerId, str] = {}
        for actor in self.actors:
            if actor.peer is not None and actor.name in reports:
                by_peer[actor.peer] = reports[actor.name]
                names[actor.peer] = actor.name
        return {names[peer]: grade for peer, grade in self.watch.look(self.room, by_peer, self.now).items()}

    def kept(self, *, everybody: bool = True) -> dict[str, Quality]:
        records = self.watch.take(self.now, self.now + EPOCH, everybody=everybody)
        return {record.person_id: record for record in records}

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"therabook_{name}", labels) or 0.0


@pytest.fixture
def stage() -> Watched:
    return Watched(limit=4)


def test_a_person_is_kept_from_coming_to_going(stage: Watched) -> None:
    therapist = stage.therapist()
    stage.connects(therapist)
    stage.passes(30.0)
    therapist.says(m.Leave())
    record = stage.kept()[therapist.seat_id]
    assert (record.role, record.session, record.connected) == ("therapist", "session-1", True)
    assert (record.gone, record.failure) == ("left", None)
    assert record.gone_at is not None
    assert record.gone_at - record.came_at == pytest.approx(30.0)
    assert record.came_at == EPOCH + 100.0


def test_no_name_and_nothing_of_the_clinics_is_in_a_record(stage: Watched) -> None:
    stage.join("therapist", "Dr. Blue", identity="dr-blue-kx4711")
    [record] = stage.kept().values()
    assert "Blue" not in repr(record)
    assert "kx4711" not in repr(record)


def test_somebody_who_never_connected_is_there_with_the_failure(stage: Watched) -> None:
    patient = stage.patient()
    stage.fails(patient)
    patient.says(m.Leave())
    record = stage.kept()[patient.seat_id]
    assert (record.connected, record.failure, record.gone) == (False, "silent", "left")
    assert record.figures["losses"] == {"silent": 1}
    assert stage.counted("joins_total", result="silent") == 1


def test_somebody_who_went_before_it_was_decided_is_too(stage: Watched) -> None:
    patient = stage.patient()
    patient.says(m.Leave())
    assert stage.kept()[patient.seat_id].failure == "unfinished"


def test_somebody_without_media_has_no_failure(stage: Watched) -> None:
    observer = stage.join("observer", "Olga", sources=None)
    observer.says(m.Leave())
    record = stage.kept()[observer.seat_id]
    assert (record.connected, record.failure) == (False, None)
    assert stage.counted("joins_total", result="no_media") == 1


def test_what_had_to_be_connected_anew_is_counted_by_kind(stage: Watched) -> None:
    patient = stage.therapist()
    stage.connects(patient)
    patient.loses_socket()
    patient = patient.resumes()
    seat, peer = patient.seat, patient.seat.peer
    assert peer is not None
    same = Media(peer, seat.sources, seat.slots.audio, seat.slots.video)
    stage.watch.offered(stage.room, seat, same, stage.now)
    more = Media(peer, seat.sources, (*seat.slots.audio, "a9"), (*seat.slots.video, "v9"))
    stage.watch.offered(stage.room, seat, more, stage.now)
    another = Media(PeerId("another"), seat.sources, seat.slots.audio, seat.slots.video)
    stage.watch.offered(stage.room, seat, another, stage.now)
    figures = stage.kept()[patient.seat_id].figures
    assert figures["reconnects"] == {"socket": 1, "ice": 1, "media": 1}, "more slots are no reconnect"
    assert figures["attempts"] == 2
    assert stage.counted("reconnects_total", kind="ice") == 1


def test_a_grade_comes_from_both_ends_and_each_persons_own_word_only(stage: Watched) -> None:
    therapist = stage.therapist()
    patient = stage.admitted(therapist, "patient", "Alex")
    fine = {"Dr. Blue": report(), "Alex": report()}
    assert stage.looks(**fine) == {"Dr. Blue": "good", "Alex": "good"}
    stage.passes(5.0)
    frozen = ReceivedStats(person=therapist.seat_id, source="camera", bitrate=0, freezes=1, frozen_ms=3000)
    stage.tells(patient, received=[frozen])
    assert stage.looks(**fine) == {"Dr. Blue": "good", "Alex": "poor"}, "what Alex says is about Alex"
    for _ in range(GRADED_LOOKS - 1):
        stage.looks(**fine | {"Dr. Blue": report(loss_up=0.1)})
    assert stage.looks(**fine | {"Dr. Blue": report(loss_up=0.1)}) == {"Dr. Blue": "poor", "Alex": "good"}, (
        "what the therapist's uplink lost is not Alex's connection"
    )
    stage.passes(20.0)
    for _ in range(GRADED_LOOKS - 1):
        stage.looks(**fine)
    assert stage.looks(**fine) == {"Dr. Blue": "good", "Alex": "good"}


def test_one_packet_lost_by_chance_is_no_bad_connection(stage: Watched) -> None:
    stage.therapist()
    stage.admitted(stage.actors[0], "patient", "Alex")
    for _ in range(GRADED_LOOKS):
        stage.looks(Alex=report())
    assert stage.looks(Alex=report(loss_down=0.04)) == {"Alex": "good"}
    assert stage.looks(Alex=report(loss_down=0.04)) == {"Alex": "fair"}


def test_nobody_can_make_their_own_grade_better_than_it_was_measured(stage: Watched) -> None:
    therapist = stage.therapist()
    patient = stage.admitted(therapist, "patient", "Alex")
    stage.passes(5.0)
    stage.tells(patient, received=[ReceivedStats(person=therapist.seat_id, source="camera", bitrate=9_000_000)])
    assert stage.looks(Alex=report(loss_down=0.2)) == {"Alex": "poor"}


def test_whoever_is_alone_or_waits_is_not_measured(stage: Watched) -> None:
    therapist = stage.therapist()
    patient = stage.patient()
    for _ in range(3):
        stage.looks(**{"Dr. Blue": report(), "Alex": report()})
        stage.passes(2.0)
    assert [each.figures["measured_s"] for each in stage.kept().values()] == [0.0, 0.0]
    therapist.says(m.Admit(person=patient.seat_id))
    stage.looks(**{"Dr. Blue": report(), "Alex": report()})
    assert [each.figures["measured_s"] for each in stage.kept().values()] == [2.0, 2.0]


def test_too_many_reports_are_dropped(stage: Watched) -> None:
    therapist = stage.therapist()
    for _ in range(50):
        stage.tells(therapist)
    assert stage.counted("stats_total", result="taken") == 5
    assert stage.counted("stats_total", result="dropped") == 45


def test_those_who_are_there_are_kept_each_minute(stage: Watched) -> None:
    therapist = stage.therapist()
    assert stage.kept(everybody=False) == {}
    stage.passes(KEEP_EVERY)
    record = stage.kept(everybody=False)[therapist.seat_id]
    assert (record.gone_at, record.gone, record.kept_at) == (None, None, EPOCH + 100.0 + KEEP_EVERY)
    assert stage.kept(everybody=False) == {}


def test_those_who_are_gone_are_kept_until_that_is_done(stage: Watched) -> None:
    therapist = stage.therapist()
    therapist.says(m.Leave())
    [record] = stage.kept().values()
    assert stage.kept() == {therapist.seat_id: record}, "the database may have been away"
    assert [each.person_id for each in stage.watch.of_session("session-1", stage.now, stage.now + EPOCH)] == [
        therapist.seat_id
    ]
    stage.watch.kept([record])
    assert stage.kept() == {}
    assert stage.watch.of_session("session-1", stage.now, stage.now + EPOCH) == []


def test_what_waits_to_be_kept_is_bounded(stage: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality_watch, "GONE", 3)
    for number in range(5):
        stage.therapist(f"Dr. {number}").says(m.Leave())
    assert len(stage.kept()) == 3
    assert stage.counted("quality_records_lost_total") == 2


def test_a_session_that_a_fault_of_ours_ended_is_kept_too(stage: Watched) -> None:
    therapist = stage.therapist()
    stage.watch.over(stage.room, stage.now)
    assert stage.kept()[therapist.seat_id].gone == "fault"


def test_the_metrics_tell_of_calls_and_of_nobody(stage: Watched) -> None:
    therapist = stage.therapist("Wilhelmina")
    stage.admitted(therapist, "patient", "Alex")
    stage.passes(0.3)
    stage.connects(therapist)
    stage.looks(Wilhelmina=report())
    stage.passes(2.0)
    stage.looks(Wilhelmina=report())
    stage.passes(3.0)
    stage.tells(therapist, join_ms=300, path=PathStats(candidate="relay", protocol="udp", relay="tls"))
    assert stage.counted("joins_total", result="connected") == 1
    assert stage.counted("media_connect_seconds_sum") == pytest.approx(0.3)
    assert stage.counted("join_seconds_sum") == pytest.approx(0.3)
    assert stage.counted("media_paths_total", candidate="relay", protocol="tls") == 1
    assert stage.counted("round_trip_seconds_sum") == pytest.approx(0.04)
    assert stage.counted("bitrate_bits_sum", direction="down") == 2e6
    stage.passes(5.0)
    stage.tells(therapist, join_ms=9, path=PathStats(candidate="host", protocol="udp"))
    assert stage.counted("join_seconds_count") == 1, "nobody joins twice"
    assert stage.counted("media_paths_total", candidate="host", protocol="udp") == 0
    text = stage.metrics.text().decode()
    assert "Wilhelmina" not in text
    assert therapist.seat_id not in text
    assert "session-1" not in text
