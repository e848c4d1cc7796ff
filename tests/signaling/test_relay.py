"""Sealed messages reach whom they are for, as they are, and nobody else."""

from __future__ import annotations

import itertools

import pytest

from signaling import messages as m
from signaling import relay
from tests.signaling.stage import Actor, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage(limit=4)


@pytest.fixture
def therapist(stage: Stage) -> Actor:
    return stage.therapist()


@pytest.fixture
def patient(stage: Stage, therapist: Actor) -> Actor:
    return stage.admitted(therapist, "patient", "Alex")


def send(one: Actor, other: Actor, body: str = "aGVsbG8", page: int | None = None) -> None:
    one.says(m.Sealed(to=other.seat_id, page=other.seat.page if page is None else page, body=body))


def got(actor: Actor) -> list[str]:
    return [message.body for message in actor.all(m.SealedFrom)]


def test_people_who_are_present_reach_each_other_and_only_each_other(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    third = stage.admitted(therapist, "interpreter", "Inka")
    send(therapist, patient, "one")
    send(patient, third, "two")
    assert patient.last(m.SealedFrom) == m.SealedFrom(person=therapist.seat_id, page=1, body="one")
    assert (got(therapist), got(patient), got(third)) == ([], ["one"], ["two"])


def test_they_come_in_the_order_in_which_they_were_sent(therapist: Actor, patient: Actor) -> None:
    bodies = [f"n{number}" for number in range(20)]
    for body in bodies:
        send(therapist, patient, body)
    assert got(patient) == bodies


def test_whoever_waits_and_whoever_may_let_them_in_reach_each_other(stage: Stage, therapist: Actor) -> None:
    waiting = stage.patient("Alex")
    (host,) = waiting.state.hosts
    assert host == m.Host(id=therapist.seat_id, number=1, page=1, encrypts=True)
    waiting.says(m.Sealed(to=host.id, page=host.page, body="up"))
    guest = therapist.state.waiting[0]
    assert (guest.number, guest.page, guest.encrypts) == (2, 1, True)
    therapist.says(m.Sealed(to=guest.id, page=guest.page, body="down"))
    assert (got(therapist), got(waiting)) == (["up"], ["down"])


def test_whoever_waits_reaches_nobody_else_and_cannot_tell_who_is_there(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    first, second = stage.patient("First"), stage.patient("Second")
    for other in (patient.seat_id, second.seat_id, "nobody"):
        first.says(m.Sealed(to=other, page=1, body="knock"))
        assert first.refused == "no_such_person"
    send(patient, first)
    assert patient.refused == "no_such_person"
    assert got(patient) == got(second) == got(first) == []


def test_nobody_writes_to_themselves_or_to_people_elsewhere(therapist: Actor) -> None:
    elsewhere = Stage().therapist()
    therapist.says(m.Sealed(to=elsewhere.seat_id + "-elsewhere", page=1, body="x"))
    assert therapist.refused == "no_such_person"
    send(therapist, therapist)
    assert therapist.refused == "not_yourself"
    assert got(therapist) == []


def test_there_is_no_recorder_where_nothing_is_recorded(therapist: Actor) -> None:
    therapist.says(m.Sealed(to="recorder", page=1, body="x"))
    assert therapist.refused == "not_recording"


def test_what_is_for_somebody_whose_socket_is_away_is_dropped_and_never_kept(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    patient.loses_socket()
    send(therapist, patient, "lost")
    back = patient.resumes()
    assert got(back) == []
    assert "lost" not in repr(stage.room.__dict__)
    assert therapist.all(m.Error) == []


def test_a_page_counts_up_with_each_socket_and_what_was_for_an_earlier_one_is_dropped(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    assert therapist.state.people[0].page == 1
    patient.loses_socket()
    back = patient.resumes()
    assert (therapist.state.people[0].page, back.state.you.page) == (2, 2)
    send(therapist, back, "stale", page=1)
    send(therapist, back, "fresh", page=2)
    assert got(back) == ["fresh"]
    send(back, therapist)
    assert therapist.last(m.SealedFrom).page == 2


def test_whoever_is_told_of_a_new_page_is_told_before_anything_comes_from_it(therapist: Actor, patient: Actor) -> None:
    back = patient.resumes(reloaded=True)
    send(back, therapist)
    told = [message for message in therapist.inbox if isinstance(message, m.State | m.SealedFrom)]
    assert isinstance(told[-1], m.SealedFrom)
    assert isinstance(told[-2], m.State)
    assert told[-2].people[0].page == told[-1].page == 2


def test_another_device_is_another_page_with_the_same_number(stage: Stage, therapist: Actor, patient: Actor) -> None:
    phone = stage.patient(move=True)
    patient.says(m.MoveAnswer(allowed=True))
    assert phone.state.you.number == 2
    assert phone.state.you.page == therapist.state.people[0].page == 2


def test_numbers_are_given_in_the_order_of_coming_and_never_again(stage: Stage, therapist: Actor) -> None:
    first, second = stage.patient("First"), stage.patient("Second")
    assert [actor.state.you.number for actor in (therapist, first, second)] == [1, 2, 3]
    second.says(m.Leave())
    third = stage.patient("Third")
    assert third.state.you.number == 4
    therapist.says(m.Admit(person=third.seat_id))
    assert (third.state.you.number, therapist.state.people[0].number) == (4, 4)


def test_nobody_fills_the_socket_of_another(stage: Stage, therapist: Actor, patient: Actor) -> None:
    third = stage.admitted(therapist, "interpreter", "Inka")
    for number in range(500):
        send(patient, therapist, f"n{number}")
    assert len(got(therapist)) == relay.BURST
    assert patient.refused == "too_many_messages"
    send(third, therapist, "mine")
    send(patient, third, "other")
    assert got(therapist)[-1] == "mine"
    assert got(third) == ["other"]
    stage.passes(1.0)
    send(patient, therapist, "later")
    assert got(therapist)[-1] == "later"


def test_whoever_waits_may_send_less(stage: Stage, therapist: Actor) -> None:
    waiting = stage.patient()
    for _ in range(100):
        send(waiting, therapist)
    assert len(got(therapist)) == relay.WAITING_BURST
    therapist.says(m.Admit(person=waiting.seat_id))
    send(waiting, therapist, "let-in")
    assert got(therapist)[-1] == "let-in"


def test_chat_is_limited_too(therapist: Actor, patient: Actor) -> None:
    for _ in range(100):
        patient.says(m.Chat(text="x" * 24_000, sealed=True))
    assert len(therapist.all(m.ChatFrom)) == relay.CHAT_BURST
    assert patient.refused == "too_many_messages"


def test_twelve_people_who_come_back_at_once_get_all_they_need(stage: Stage) -> None:
    """After a restart of the server: each pair shakes hands, and each coming begins a new epoch for everybody."""
    stage = Stage(limit=12)
    doctor = stage.therapist()
    everybody = [doctor, *(stage.admitted(doctor, "patient", f"P{number}") for number in range(11))]
    for _ in range(30):
        for one, other in itertools.permutations(everybody, 2):
            send(one, other)
    assert not any(actor.all(m.Error) for actor in everybody)
    assert all(len(got(actor)) == 30 * 11 for actor in everybody)


def test_a_page_that_does_not_encrypt_has_no_part_in_it() -> None:
    stage = Stage(encryption="preferred")
    therapist, patient = stage.therapist(encrypts=False), stage.patient()
    send(therapist, patient)
    assert therapist.refused == "cannot_encrypt"
    send(patient, therapist)
    assert got(therapist) == []
