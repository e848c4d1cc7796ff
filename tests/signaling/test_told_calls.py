"""What the audit log is told of calls and of recordings: everything, once, with who did it and whom it is about."""

from __future__ import annotations

from typing import Any

import pytest

from clinic.audit.events import Event
from signaling import messages as m
from signaling import orders as o
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.recording_rules import ConsentPolicy
from signaling.told_calls import ToldCalls
from tests.signaling.stage import Stage

THERAPIST, PATIENT = "Dr. Blue", "Alex"
"""Identities, on this stage."""


class ToldStage(Stage):
    """With somebody who looks on, as the shell lets them."""

    def __init__(self, **more: Any) -> None:
        super().__init__(ConsentPolicy(), **({"limit": 4} | more))
        self.events: list[Event] = []
        audit = Audit(self._append, Clock())
        audit.hearers.append(self.events.append)
        self.told = ToldCalls(audit)
        self._by = None
        receive = self.room.receive

        def heard(connection: o.ConnectionId, message: m.Message, now: float) -> list[o.Order]:
            self._by = self.room.seat_of(connection)
            return receive(connection, message, now)

        self.room.receive = heard  # type: ignore[method-assign]

    async def _append(self, _events: object) -> None:
        raise AssertionError("nobody waits for the log here")

    def carry_out(self, orders: list[o.Order]) -> None:
        by, self._by = self._by, None
        self.told.carried_out(self.room, orders, by)
        super().carry_out(orders)

    def news(self) -> list[tuple[str, str, str | None, str | None]]:
        """Since it was last asked: kind, actor, patient, subject."""
        news = [(each.kind, each.actor, each.patient, each.subject) for each in self.events]
        self.events.clear()
        return news


@pytest.fixture
def stage() -> ToldStage:
    return ToldStage()


def test_coming_waiting_being_let_in_and_leaving(stage: ToldStage) -> None:
    therapist = stage.therapist()
    assert stage.news() == [("call.join", THERAPIST, None, None)]
    patient = stage.patient()
    assert stage.news() == [("call.join", PATIENT, PATIENT, None), ("call.wait", PATIENT, PATIENT, None)]
    therapist.says(m.Admit(person=patient.seat_id))
    assert stage.news() == [("call.admit", THERAPIST, PATIENT, PATIENT)]
    patient.says(m.Leave())
    assert [each.details for each in stage.events] == [{"role": "patient", "why": "left"}]
    assert stage.news() == [("call.leave", PATIENT, PATIENT, None)]
    therapist.says(m.End())
    assert [each.details.get("why") for each in stage.events] == ["ended", "ended"]
    assert stage.news() == [("call.end", THERAPIST, PATIENT, None), ("call.leave", THERAPIST, PATIENT, None)]
    stage.told.over(stage.room)
    assert stage.news() == []
    assert {each.session for each in stage.events} <= {"session-1"}


def test_who_is_not_let_in_and_who_is_removed(stage: ToldStage) -> None:
    therapist = stage.therapist()
    declined = stage.join("interpreter", "Ines")
    therapist.says(m.Decline(person=declined.seat_id))
    removed = stage.admitted(therapist, "patient", PATIENT)
    therapist.says(m.Remove(person=removed.seat_id))
    kinds = [each for each in stage.news() if each[0] in ("call.decline", "call.remove", "call.leave")]
    assert kinds == [("call.decline", THERAPIST, None, "Ines"), ("call.remove", THERAPIST, PATIENT, PATIENT)]


def test_who_is_lost_and_who_waits_for_too_long_did_not_end_the_session(stage: ToldStage) -> None:
    therapist, patient = stage.therapist(), stage.patient()
    stage.news()
    patient.loses_socket()
    patient.loses_media()
    stage.passes(60)
    assert [(each.kind, each.details["why"]) for each in stage.events] == [("call.leave", "lost")]
    stage.patient("Bo")
    stage.news()
    stage.now += stage.room.rules.waiting + 1
    stage.room.started_at = stage.now
    stage.passes(0)
    assert [(each.kind, each.actor, each.details["why"]) for each in stage.events] == [("call.leave", "Bo", "expired")]
    stage.news()
    assert not therapist.hung_up
    stage.passes(stage.room.length + 1)
    assert [(each.kind, each.actor_kind, each.details["why"]) for each in stage.events] == [
        ("call.end", "server", "expired"),
        ("call.leave", "link", "expired"),
    ]


def test_a_call_that_is_moved(stage: ToldStage) -> None:
    therapist = stage.therapist()
    stage.news()
    stage.therapist(move=True)
    assert stage.news() == []
    therapist.says(m.MoveAnswer(allowed=True))
    assert stage.news() == [("call.move", THERAPIST, None, None)]


def test_coming_back_is_no_coming(stage: ToldStage) -> None:
    therapist = stage.therapist()
    stage.news()
    therapist.loses_socket()
    therapist.resumes()
    assert stage.news() == []


def test_a_recording_from_the_question_to_its_end(stage: ToldStage) -> None:
    therapist = stage.therapist()
    patient = stage.admitted(therapist, "patient", PATIENT)
    stage.news()
    therapist.records("start")
    recording = stage.events[0].subject
    assert stage.news() == [
        ("consent.ask", THERAPIST, PATIENT, recording),
        ("consent.give", THERAPIST, PATIENT, recording),
    ]
    patient.agrees()
    assert stage.events[0].details["rule"] == "all"
    assert stage.news() == [("consent.give", PATIENT, PATIENT, recording)]
    stage.capture_begins()
    assert stage.news() == [("record.start", THERAPIST, PATIENT, recording)]
    therapist.records("pause")
    therapist.records("resume")
    therapist.records("stop")
    assert [each.details.get("why") for each in stage.events] == [None, None, "stopped"]
    assert stage.news() == [
        ("record.pause", THERAPIST, PATIENT, recording),
        ("record.resume", THERAPIST, PATIENT, recording),
        ("record.stop", THERAPIST, PATIENT, recording),
    ]


def test_refusing_and_withdrawing(stage: ToldStage) -> None:
    therapist = stage.therapist()
    patient = stage.admitted(therapist, "patient", PATIENT)
    therapist.records("start")
    stage.news()
    patient.refuses()
    assert [each[:2] for each in stage.news()] == [("consent.refuse", PATIENT)], "it never began"
    therapist.records("start")
    patient.agrees()
    stage.capture_begins()
    stage.news()
    patient.refuses()
    assert [(each.kind, each.actor, each.details.get("why")) for each in stage.events] == [
        ("consent.withdraw", PATIENT, None),
        ("record.stop", PATIENT, "withdrawn"),
    ]


def test_a_recording_that_fails_and_one_that_nobody_is_left_for(stage: ToldStage) -> None:
    therapist = stage.therapist()
    patient = stage.admitted(therapist, "patient", PATIENT)
    therapist.records("start")
    patient.agrees()
    stage.capture_begins()
    stage.news()
    stage.capture_fails()
    assert [(each.kind, each.actor_kind) for each in stage.events] == [("record.fail", "server")]
    therapist.records("stop")
    therapist.records("start")
    patient.agrees()
    stage.capture_begins()
    stage.news()
    therapist.says(m.End())
    assert [(each.kind, each.details.get("why")) for each in stage.events] == [
        ("call.end", "ended"),
        ("call.leave", "ended"),
        ("call.leave", "ended"),
        ("record.stop", "left"),
    ]


def test_in_a_session_of_a_couple_what_concerns_both_names_neither(stage: ToldStage) -> None:
    therapist = stage.therapist()
    stage.admitted(therapist, "patient", PATIENT)
    stage.admitted(therapist, "patient", "Bo")
    stage.news()
    therapist.records("start")
    assert {each[2] for each in stage.news()} == {None}


def test_a_fault_of_ours_ends_it_and_is_told(stage: ToldStage) -> None:
    therapist = stage.therapist()
    patient = stage.admitted(therapist, "patient", PATIENT)
    therapist.records("start")
    patient.agrees()
    stage.capture_begins()
    stage.news()
    stage.told.over(stage.room)
    assert [(each.kind, each.details["why"]) for each in stage.events] == [
        ("record.stop", "fault"),
        ("call.end", "fault"),
        ("call.leave", "fault"),
        ("call.leave", "fault"),
    ]


def test_nothing_is_remembered_of_a_session_that_is_over(stage: ToldStage) -> None:
    therapist = stage.therapist()
    therapist.says(m.Leave())
    stage.told.over(stage.room)
    stage.passes(1)
    assert stage.told._seen == {}
