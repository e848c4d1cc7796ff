"""The policy of encryption, and names and chat that the server does not know."""

from __future__ import annotations

import pytest

from signaling import messages as m
from signaling.refusals import Refused
from signaling.roles import Role
from tests.signaling.stage import Actor, Stage, code_of


def refused(stage: Stage, role: Role = "patient", name: str = "Old", **more: object) -> str:
    with pytest.raises(Refused) as why:
        stage.join(role, name, **more)  # type: ignore[arg-type]
    return code_of(why)


def test_where_it_is_required_nobody_comes_in_who_does_not_encrypt() -> None:
    stage = Stage()
    for role in ("therapist", "patient", "interpreter", "observer"):
        assert refused(stage, role, encrypts=False) == "cannot_encrypt"
    assert stage.room.empty
    assert stage.therapist().state.encryption == "required"


def test_where_it_is_preferred_they_come_in_and_everybody_is_told() -> None:
    stage = Stage(encryption="preferred", limit=3)
    therapist = stage.therapist()
    patient = stage.admitted(therapist, "patient", "Alex")
    assert (therapist.state.encryption, therapist.state.clear, patient.state.clear) == ("preferred", False, False)
    old = stage.join("interpreter", "Old", encrypts=False)
    assert not therapist.state.clear
    assert not therapist.state.waiting[0].encrypts
    therapist.says(m.Admit(person=old.seat_id))
    for actor in (therapist, patient, old):
        assert actor.state.clear
    assert [(person.name, person.encrypts) for person in therapist.state.people] == [("Alex", True), ("Old", False)]
    old.says(m.Leave())
    assert not therapist.state.clear


def test_whoever_waits_is_told_nothing_of_who_encrypts() -> None:
    stage = Stage(encryption="preferred", limit=3)
    therapist = stage.therapist()
    stage.admitted(therapist, "interpreter", "Old", encrypts=False)
    waiting = stage.patient()
    assert (waiting.state.clear, waiting.state.encryption) == (False, "preferred")


@pytest.mark.parametrize(
    ("setting", "claims", "policy"),
    [
        ("required", [None, None], "required"),
        ("required", ["preferred", "preferred"], "required"),
        ("preferred", [None, "preferred"], "preferred"),
        ("preferred", [None, "required"], "required"),
        ("preferred", ["required", "preferred"], "required"),
    ],
)
def test_the_strictest_of_setting_and_tokens_holds(setting: str, claims: list[str | None], policy: str) -> None:
    stage = Stage(encryption=setting)
    therapist = stage.therapist(encryption=claims[0])
    stage.patient(encryption=claims[1])
    assert therapist.state.encryption == policy


def test_it_never_becomes_laxer_whoever_leaves() -> None:
    stage = Stage(encryption="preferred")
    therapist, patient = stage.therapist(), stage.patient(encryption="required")
    patient.says(m.Leave())
    assert therapist.state.encryption == "required"
    assert refused(stage, encrypts=False) == "cannot_encrypt"


def test_when_it_becomes_required_whoever_does_not_encrypt_is_put_out_before_anybody_is_wired() -> None:
    stage = Stage(encryption="preferred", limit=3)
    therapist = stage.therapist()
    old = stage.admitted(therapist, "patient", "Old", encrypts=False)
    waiting = stage.patient("Waits", encrypts=False)
    stage.join("interpreter", "Inka", encryption="required")
    for actor in (old, waiting):
        assert actor.last(m.Over).reason == "unencrypted"
        assert actor.hung_up
        assert actor.peer in stage.closed
    assert (therapist.state.clear, therapist.state.people) == (False, [])


def test_a_token_that_requires_it_does_not_let_its_own_person_in_without() -> None:
    stage = Stage(encryption="preferred")
    stage.therapist()
    assert refused(stage, encrypts=False, encryption="required") == "cannot_encrypt"


def test_another_device_has_to_encrypt_too() -> None:
    stage = Stage()
    patient = stage.patient()
    assert refused(stage, name="Alex", identity="Alex", move=True, encrypts=False) == "cannot_encrypt"
    assert patient.all(m.MoveRequested) == []


def test_a_name_that_was_told_end_to_end_is_empty_here_and_everywhere() -> None:
    stage = Stage()
    therapist = stage.therapist(tells_name=False)
    patient = stage.patient(tells_name=False)
    assert patient.state.waiting_for is None
    assert patient.state.hosts[0].id == therapist.seat_id
    assert therapist.state.waiting[0].name == ""
    therapist.says(m.Admit(person=patient.seat_id))
    assert (therapist.state.people[0].name, patient.state.you.name) == ("", "")
    patient.says(m.Chat(text="aGVsbG8", sealed=True))
    assert therapist.last(m.ChatFrom).name == ""
    therapist.says(m.AskToMute(person=patient.seat_id))
    assert patient.last(m.MuteRequested) == m.MuteRequested(person=therapist.seat_id, by="")


def test_a_name_in_the_token_is_the_clinics_and_shown() -> None:
    stage = Stage()
    therapist = stage.join("therapist", "typed", tells_name=False, identity="d")
    named = stage.join("patient", "typed too", tells_name=False, entry_name="Alex Green")
    assert therapist.state.waiting[0].name == named.state.you.name == "Alex Green"


def test_a_page_that_does_not_encrypt_says_a_name_or_has_one_in_its_token() -> None:
    stage = Stage(encryption="preferred")
    with pytest.raises(Refused) as why:
        stage.patient(encrypts=False, tells_name=False)
    assert code_of(why) == "bad_name"


def unsealed(actor: Actor, text: str = "hello") -> None:
    actor.says(m.Chat(text=text))


def test_a_faulty_page_cannot_leak_what_was_written() -> None:
    for policy in ("required", "preferred"):
        stage = Stage(encryption=policy)
        therapist = stage.therapist()
        patient = stage.admitted(therapist, "patient", "Alex")
        unsealed(patient)
        assert patient.refused == "not_sealed"
        assert therapist.all(m.ChatFrom) == patient.all(m.ChatFrom) == []


def test_chat_is_in_the_clear_only_while_somebody_present_cannot_read_otherwise() -> None:
    stage = Stage(encryption="preferred")
    therapist = stage.therapist()
    old = stage.admitted(therapist, "patient", "Old", encrypts=False)
    therapist.says(m.Chat(text="aGVsbG8", sealed=True))
    assert therapist.refused == "not_readable"
    assert old.all(m.ChatFrom) == []
    unsealed(therapist)
    assert (old.last(m.ChatFrom).text, old.last(m.ChatFrom).sealed) == ("hello", False)
    old.says(m.Leave())
    unsealed(therapist)
    assert therapist.refused == "not_sealed"


def test_a_long_message_may_be_sealed() -> None:
    stage = Stage()
    therapist = stage.therapist()
    patient = stage.admitted(therapist, "patient", "Alex")
    patient.says(m.Chat(text="x" * 24_000, sealed=True))
    said = therapist.last(m.ChatFrom)
    assert (len(said.text), said.sealed) == (24_000, True)


def test_a_name_can_be_told_the_server_only_while_it_is_needed() -> None:
    stage = Stage(encryption="preferred", limit=3)
    therapist = stage.therapist(tells_name=False)
    therapist.says(m.TellName(name="Dr. Blue"))
    assert therapist.refused == "not_sealed"
    old = stage.admitted(therapist, "patient", "Old", encrypts=False)
    assert old.state.people[0].name == ""
    therapist.says(m.TellName(name=" Dr.  Blue "))
    assert old.state.people[0].name == "Dr. Blue"
    waiting = stage.join("interpreter", "Inka", tells_name=False)
    waiting.says(m.TellName(name="Inka"))
    assert therapist.state.waiting[0].name == "Inka"


def test_nobody_takes_another_name_than_their_tokens() -> None:
    stage = Stage(encryption="preferred")
    therapist = stage.therapist(encrypts=False)
    patient = stage.join("patient", "typed", tells_name=False, entry_name="Alex Green")
    patient.says(m.TellName(name="Somebody else"))
    assert therapist.state.waiting[0].name == "Alex Green"
