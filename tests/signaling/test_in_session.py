"""What people who are present can do, and what they cannot."""

from __future__ import annotations

import pytest

from signaling import messages as m
from signaling.messages import Person
from signaling.roles import Role
from signaling.seat import Arrival
from tests.signaling.stage import EPOCH, NO_SOURCES, Actor, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage(limit=4)


@pytest.fixture
def therapist(stage: Stage) -> Actor:
    return stage.therapist()


@pytest.fixture
def patient(stage: Stage, therapist: Actor) -> Actor:
    return stage.admitted(therapist, "patient", "Alex")


def seen(viewer: Actor, name: str) -> Person:
    return next(person for person in viewer.state.people if person.name == name)


def test_chat_reaches_everyone_present_and_the_sender_and_nobody_else(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    waiting = stage.patient("Waiting")
    patient.says(m.Chat(text="hello", sealed=True))
    for actor in (therapist, patient):
        said = actor.last(m.ChatFrom)
        assert (said.name, said.text, said.at) == ("Alex", "hello", EPOCH + stage.now)
    assert waiting.all(m.ChatFrom) == []


def test_chat_is_not_kept_for_those_who_come_later(stage: Stage, therapist: Actor, patient: Actor) -> None:
    patient.says(m.Chat(text="secret", sealed=True))
    late = stage.admitted(therapist, "interpreter", "Late")
    assert "secret" not in "".join(message.model_dump_json() for message in late.inbox)
    assert "secret" not in repr(stage.room.__dict__)


def test_a_hand_is_seen_by_the_others(therapist: Actor, patient: Actor) -> None:
    patient.says(m.Hand(raised=True))
    assert seen(therapist, "Alex").hand
    assert patient.state.you.hand
    patient.says(m.Hand(raised=False))
    assert not seen(therapist, "Alex").hand


def test_a_muted_microphone_is_told_and_not_forwarded(therapist: Actor, patient: Actor) -> None:
    patient.says(m.Devices(microphone=False, camera=True, screen=False))
    assert not seen(therapist, "Alex").microphone
    assert therapist.hears_and_sees() == {("Alex", "camera")}
    patient.says(m.Devices(microphone=True, camera=False, screen=False))
    assert therapist.hears_and_sees() == {("Alex", "microphone")}


def test_nobody_appears_to_send_what_they_have_no_track_for(stage: Stage, therapist: Actor) -> None:
    patient = stage.admitted(therapist, "patient", "Alex", sources=NO_SOURCES)
    patient.says(m.Devices(microphone=True, camera=True, screen=False))
    assert not seen(therapist, "Alex").microphone
    assert therapist.hears_and_sees() == set()


def test_the_therapist_can_ask_to_mute_but_the_person_decides(therapist: Actor, patient: Actor) -> None:
    therapist.says(m.AskToMute(person=patient.seat_id))
    assert patient.last(m.MuteRequested) == m.MuteRequested(person=therapist.seat_id, by="Dr. Blue")
    assert seen(therapist, "Alex").microphone
    assert ("Alex", "microphone") in therapist.hears_and_sees()


def test_there_is_no_message_that_unmutes_somebody_else() -> None:
    about_others = [
        kind.__name__
        for kind in m.Message.__subclasses__()
        if "person" in kind.model_fields and "type" in kind.model_fields
    ]
    told = {"ChatFrom", "SealedFrom", "MuteRequested"}
    assert set(about_others) == {"Admit", "Decline", "Remove", "AskToMute", "AllowScreen"} | told


def test_a_removed_person_is_told_and_their_token_is_revoked(stage: Stage, therapist: Actor, patient: Actor) -> None:
    therapist.says(m.Remove(person=patient.seat_id))
    assert patient.last(m.Over).reason == "removed"
    assert patient.hung_up
    assert stage.revoked == ["token-Alex"]
    assert therapist.state.people == []
    assert therapist.hears_and_sees() == set()
    assert patient.peer in stage.closed


def test_somebody_who_waits_can_be_removed_too(stage: Stage, therapist: Actor) -> None:
    waiting = stage.patient("Waiting")
    therapist.says(m.Remove(person=waiting.seat_id))
    assert waiting.last(m.Over).reason == "removed"
    assert stage.revoked == ["token-Waiting"]


def test_end_ends_it_for_everyone_also_for_those_who_wait(stage: Stage, therapist: Actor, patient: Actor) -> None:
    waiting = stage.patient("Waiting")
    therapist.says(m.End())
    for actor in (therapist, patient, waiting):
        assert actor.last(m.Over).reason == "ended"
        assert actor.hung_up
    assert stage.room.empty
    assert set(stage.closed) == {therapist.peer, patient.peer, waiting.peer}
    assert stage.wires == {}


def test_leaving_leaves_the_others_in_the_session(stage: Stage, therapist: Actor, patient: Actor) -> None:
    therapist.says(m.Leave())
    assert therapist.last(m.Over).reason == "left"
    assert patient.state.people == []
    assert patient.state.phase == "present"
    assert patient.hears_and_sees() == set()


@pytest.mark.parametrize("role", ["patient", "interpreter", "observer"])
@pytest.mark.parametrize(
    "message",
    [
        m.Admit(person="person-9"),
        m.Decline(person="person-9"),
        m.Remove(person="person-1"),
        m.AskToMute(person="person-1"),
        m.AllowScreen(person="person-1", allowed=True),
        m.Lock(locked=True),
        m.End(),
        m.Record(action="start"),
    ],
    ids=lambda message: message.type,
)
def test_only_the_therapist_can_do_what_therapists_do(
    stage: Stage, therapist: Actor, role: Role, message: m.Message
) -> None:
    other = stage.admitted(therapist, role, "Other")
    state, told = therapist.state, len(therapist.inbox)
    other.says(message)
    assert other.refused == "not_allowed"
    assert (therapist.state, len(therapist.inbox)) == (state, told)


def test_an_observer_sees_and_hears_but_is_never_seen_or_heard(stage: Stage, therapist: Actor, patient: Actor) -> None:
    observer = stage.admitted(therapist, "observer", "Observer")
    assert {name for name, _ in observer.hears_and_sees()} == {"Dr. Blue", "Alex"}
    assert observer.seat.sources == {}
    observer.says(m.Devices(microphone=True, camera=True, screen=False))
    assert observer.refused == "not_allowed"
    observer.says(m.Hand(raised=True))
    assert observer.refused == "not_allowed"
    assert "Observer" not in {name for name, _ in therapist.hears_and_sees() | patient.hears_and_sees()}
    assert not seen(therapist, "Observer").microphone
    assert "Observer" in [person.name for person in patient.state.people]


def test_nobody_can_act_on_themselves_or_on_nobody(therapist: Actor, patient: Actor) -> None:
    therapist.says(m.Remove(person=therapist.seat_id))
    assert therapist.refused == "not_yourself"
    therapist.says(m.AskToMute(person=therapist.seat_id))
    assert therapist.refused == "not_yourself"
    therapist.says(m.Admit(person=patient.seat_id))
    assert therapist.refused == "no_such_person"
    therapist.says(m.Remove(person="nobody"))
    assert therapist.refused == "no_such_person"


def test_joining_twice_on_one_connection_is_refused(patient: Actor) -> None:
    patient.says(m.Join(token="x", name="x"))
    assert patient.refused == "joined_before"


def test_a_patient_shares_a_screen_only_when_the_therapist_allows_it(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    share = m.Devices(microphone=True, camera=True, screen=True)
    patient.says(share)
    assert patient.refused == "screen_not_allowed"
    assert not patient.state.you.may_share
    therapist.says(m.AllowScreen(person=patient.seat_id, allowed=True))
    assert patient.state.you.may_share
    assert "share_screen" in patient.state.may
    patient.says(share)
    assert ("Alex", "screen") in therapist.hears_and_sees()
    [screen] = [slot for slot in therapist.state.slots if slot.source == "screen"]
    assert (screen.mid, screen.person) == ("v3", patient.seat_id)
    therapist.says(m.AllowScreen(person=patient.seat_id, allowed=False))
    assert ("Alex", "screen") not in therapist.hears_and_sees()
    assert not patient.state.you.screen


def test_a_refused_screen_does_not_undo_the_rest_of_the_message(therapist: Actor, patient: Actor) -> None:
    patient.says(m.Devices(microphone=False, camera=True, screen=True))
    assert patient.refused == "screen_not_allowed"
    assert not seen(therapist, "Alex").microphone


def test_one_screen_at_a_time(stage: Stage, therapist: Actor, patient: Actor) -> None:
    second = stage.join("therapist", "Dr. Second")
    therapist.says(m.Devices(microphone=True, camera=True, screen=True))
    second.says(m.Devices(microphone=True, camera=True, screen=True))
    assert second.refused == "screen_taken"
    therapist.says(m.Devices(microphone=True, camera=True, screen=False))
    second.says(m.Devices(microphone=True, camera=True, screen=True))
    assert ("Dr. Second", "screen") in patient.hears_and_sees()


def test_a_state_is_sent_only_when_something_changed_and_counts_up(therapist: Actor, patient: Actor) -> None:
    revisions = [state.revision for state in therapist.all(m.State)]
    assert revisions == sorted(set(revisions))
    before = len(therapist.inbox)
    patient.says(m.Devices(microphone=True, camera=True, screen=False))
    assert len(therapist.inbox) == before


def test_who_speaks_is_told_when_it_changes(stage: Stage, therapist: Actor, patient: Actor) -> None:
    waiting = stage.patient("Waiting")
    stage.hears(Alex=-30.0)
    stage.hears(Alex=-31.0)
    assert [said.people for said in therapist.all(m.Speaking)] == [[patient.seat_id]]
    stage.now += 2
    stage.hears(Alex=-80.0)
    assert therapist.last(m.Speaking).people == []
    stage.hears(Waiting=-10.0)
    assert therapist.last(m.Speaking).people == []
    assert waiting.all(m.Speaking) == []


def test_a_muted_person_never_speaks(stage: Stage, therapist: Actor, patient: Actor) -> None:
    patient.says(m.Devices(microphone=False, camera=True, screen=False))
    stage.hears(Alex=-10.0)
    assert therapist.all(m.Speaking) == []


def test_how_connections_are_is_told_to_everybody_present(stage: Stage, therapist: Actor, patient: Actor) -> None:
    assert therapist.peer is not None
    assert patient.peer is not None
    stage.carry_out(stage.room.judge({therapist.peer: "good", patient.peer: "poor"}))
    assert patient.last(m.Quality).people == {therapist.seat_id: "good", patient.seat_id: "poor"}
    patient.loses_media()
    stage.carry_out(stage.room.judge({therapist.peer: "good"}))
    assert therapist.last(m.Quality).people[patient.seat_id] == "lost"


def test_the_session_ends_by_itself() -> None:
    stage = Stage(length=3600.0)
    therapist, patient = stage.therapist(), stage.patient()
    started = EPOCH + stage.now
    assert (therapist.state.started_at, therapist.state.ends_at) == (started, started + 3600)
    stage.passes(3599)
    assert not therapist.hung_up
    stage.passes(1)
    assert therapist.last(m.Over).reason == "expired"
    assert patient.last(m.Over).reason == "expired"
    assert stage.room.empty


def test_a_token_can_make_the_session_longer() -> None:
    stage = Stage(length=3600.0)
    therapist = stage.therapist(minutes=120)
    assert therapist.state.ends_at == EPOCH + stage.now + 7200


def test_the_name_in_the_token_counts_more_than_the_one_typed() -> None:
    stage = Stage()
    entry = stage.entry("patient", "Alex", name="Alex Green")
    stage.room.join(entry, Arrival(1, "resume-1", None, False, False, True, "Somebody else"), "person-1", stage.now)
    assert stage.room.seats[0].name == "Alex Green"
