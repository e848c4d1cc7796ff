"""Who waits and since when, who is there, when they met, who is late and who never came."""

from __future__ import annotations

import pytest

from clinic.appointments.comings import Coming, Meeting
from clinic.appointments.records import AppointmentState
from signaling.appointments.attendance import Attendance, Seen, person_state, visit_state
from signaling.appointments.rules import VisitRules
from tests.clinic.appointments.booked import START, appointment, guest

RULES = VisitRules(opens=900, closes=1800, late=300)


def patient(present: bool = False, since: float = START) -> Seen:
    return Seen("p1", "patient", present, since)


def therapist(present: bool = True) -> Seen:
    return Seen("t1", "therapist", present, START)


def test_from_waiting_to_gone() -> None:
    attendance = Attendance()
    attendance.look({"s": [patient()]}, START + 2)
    assert attendance.take() == ([Coming("s", "p1", START, START, None, None)], [])
    assert attendance.take() == ([], [])
    attendance.look({"s": [patient(), therapist()]}, START + 4)
    assert attendance.therapist_in("s")
    assert attendance.met_at("s") is None
    attendance.look({"s": [patient(present=True), therapist()]}, START + 6)
    attendance.look({"s": [patient(present=True), therapist()]}, START + 8)
    assert attendance.met_at("s") == START + 6
    comings, meetings = attendance.take()
    assert comings == [Coming("s", "p1", START, None, START + 6, None)]
    assert meetings == [Meeting("s", START + 6, START + 8)]
    attendance.look({"s": [therapist()]}, START + 10)
    assert attendance.take()[0] == [Coming("s", "p1", START, None, START + 6, START + 10)]
    attendance.look({}, START + 12)
    assert attendance.take()[1] == [Meeting("s", START + 6, START + 8)]
    assert attendance.person("s", "p1") == (None, None)


def test_whoever_comes_again_waits_again() -> None:
    attendance = Attendance()
    attendance.look({"s": [patient()]}, START + 2)
    attendance.look({"s": [therapist()]}, START + 4)
    attendance.look({"s": [patient(since=START + 60), therapist()]}, START + 62)
    live, since = attendance.person("s", "p1")
    assert live == Coming("s", "p1", START, START + 60, None, None)
    assert since is None


def test_an_observer_makes_no_meeting() -> None:
    attendance = Attendance()
    attendance.look({"s": [therapist(), Seen("g2", "observer", True, START)]}, START)
    assert attendance.met_at("s") is None


def test_what_could_not_be_kept_is_kept_later() -> None:
    attendance = Attendance()
    attendance.look({"s": [patient()]}, START)
    taken = attendance.take()
    attendance.again(*taken)
    assert attendance.take() == taken


def test_a_long_meeting_is_kept_now_and_then() -> None:
    attendance = Attendance()
    kept = 0
    for second in range(0, 600, 2):
        attendance.look({"s": [patient(present=True), therapist()]}, START + second)
        kept += len(attendance.take()[1])
    assert 15 <= kept <= 25


@pytest.mark.parametrize(
    ("people", "there", "state", "after", "expected"),
    [
        (["away"], False, "booked", -901, "upcoming"),
        (["away"], False, "booked", -900, "open"),
        (["waiting"], False, "booked", -3600, "waiting"),
        (["waiting"], True, "booked", 60, "waiting"),
        (["present"], True, "booked", 60, "running"),
        (["present"], True, "seen", 60, "running"),
        (["present"], False, "seen", 60, "waiting"),
        (["away"], True, "booked", 299, "open"),
        (["away"], True, "booked", 300, "late"),
        (["gone"], True, "booked", 300, "late"),
        (["gone"], False, "seen", 600, "held"),
        (["gone"], True, "seen", 600, "open"),
        (["gone"], True, "seen", 3000, "held"),
        (["gone"], False, "seen", 3000, "held"),
        (["away"], False, "booked", 3000 + 1800, "missed"),
        (["away"], False, "missed", 9999, "missed"),
        (["gone"], False, "seen", 9999, "held"),
        (["waiting"], False, "cancelled", 0, "cancelled"),
    ],
)
def test_how_a_visit_stands(people: list[str], there: bool, state: str, after: float, expected: str) -> None:
    visit = appointment(state=AppointmentState(state))
    assert visit_state(visit, people, there, RULES, START + after) == expected  # type: ignore[arg-type]


def test_what_is_kept_counts_where_nobody_is() -> None:
    assert person_state(guest(), None, None) == "away"
    assert person_state(guest(came_at=START), None, None) == "gone"
    assert person_state(guest(), Coming("s", "p1", START, START, None, None), None) == "waiting"
    assert person_state(guest(), Coming("s", "p1", START, None, START, None), START) == "present"
