"""Rules stricter or laxer than that everyone agrees, and what is kept of the answers."""

from __future__ import annotations

from signaling import messages as m
from signaling import orders as o
from signaling.recording_rules import WORDS, ConsentPolicy
from tests.signaling.recorded import TABLE, a_call, kinds, phase
from tests.signaling.stage import EPOCH, Stage

# Stricter rules ---------------------------------------------------------------------------------------------------


def test_where_being_told_is_enough_nobody_is_asked_and_anybody_can_withdraw() -> None:
    stage = Stage(ConsentPolicy("notice"), limit=4, encryption="preferred")
    therapist, patient = stage.therapist(), stage.patient(encrypts=False)
    therapist.says(m.Admit(person=patient.seat_id))
    therapist.records("start")
    stage.capture_begins()
    assert (patient.shown.phase, patient.shown.you) == ("running", "none")
    assert stage.consents == []
    stage.admitted(therapist, "interpreter", "Noa")
    assert phase(therapist) == "running"
    patient.refuses()
    assert stage.captures == {stage.recording: "withdrawn"}
    assert [consent.kind for consent in stage.consents] == ["withdraw"]


def test_where_everyone_encrypts_being_told_is_not_enough_as_keys_are_given_by_those_who_agree() -> None:
    stage, therapist, patient = a_call(ConsentPolicy("notice"))
    therapist.records("start")
    assert (therapist.shown.you, patient.shown.you) == ("agreed", "asked")
    assert kinds(stage) == []
    patient.agrees()
    stage.capture_begins()
    assert phase(patient) == "running"
    assert {consent.kind for consent in stage.consents} == {"agree"}


def test_when_the_last_who_did_not_encrypt_has_gone_the_others_are_asked() -> None:
    stage = Stage(ConsentPolicy("notice"), limit=4, encryption="preferred")
    therapist, patient = stage.therapist(), stage.patient()
    old = stage.patient("Old", encrypts=False)
    for each in (patient, old):
        therapist.says(m.Admit(person=each.seat_id))
    therapist.records("start")
    stage.capture_begins()
    assert phase(patient) == "running"
    old.says(m.Leave())
    assert (phase(patient), patient.shown.you, therapist.shown.you) == ("paused", "asked", "asked")
    patient.agrees()
    therapist.agrees()
    assert phase(patient) == "running"


def test_where_a_signature_is_needed_everyone_signs_also_who_starts_it() -> None:
    stage, therapist, patient = a_call(ConsentPolicy("written"))
    therapist.records("start")
    assert therapist.shown.you == "asked"
    assert therapist.shown.text is not None
    assert therapist.shown.text.signed
    patient.agrees()
    assert patient.refused == "signature_needed"
    patient.agrees(signed_as="Alex Green")
    therapist.agrees(signed_as="B.")
    assert kinds(stage) == ["Begin"]


def test_where_nothing_is_recorded_nobody_is_even_asked() -> None:
    stage, therapist, patient = a_call(ConsentPolicy("never"))
    therapist.records("start")
    assert therapist.refused == "recording_not_here"
    assert patient.state.recording is None
    assert stage.captures == {}


def test_places_are_offered_with_what_they_ask() -> None:
    _, therapist, patient = a_call(ConsentPolicy("all", TABLE))
    therapist.records("start")
    text = patient.shown.text
    assert text is not None
    assert [(place.name, place.signed) for place in text.places] == [
        ("Home state", False),
        ("Signing state", True),
        ("Closed state", False),
    ]
    assert therapist.shown.you == "asked"


def test_a_place_can_ask_for_the_signature_of_those_who_had_agreed_without() -> None:
    stage, therapist, patient = a_call(ConsentPolicy("all", TABLE))
    therapist.records("start")
    therapist.agrees("Home state")
    patient.agrees("Home state")
    stage.capture_begins()
    newcomer = stage.admitted(therapist, "interpreter", "Noa")
    newcomer.agrees("Signing state", "N. N.")
    assert {therapist.shown.you, patient.shown.you} == {"asked"}
    assert therapist.shown.waiting_on == [therapist.seat_id, patient.seat_id]
    assert stage.recorded() == set()
    therapist.agrees("Home state", "B.")
    patient.agrees("Home state", "A. G.")
    assert phase(therapist) == "running"


def test_a_no_of_somebody_who_was_recorded_already_ends_it_also_when_asked_anew() -> None:
    stage, therapist, patient = a_call(ConsentPolicy("all", TABLE))
    therapist.records("start")
    therapist.agrees("Home state")
    patient.agrees("Home state")
    stage.capture_begins()
    stage.admitted(therapist, "interpreter", "Noa").agrees("Signing state", "N. N.")
    patient.refuses()
    assert stage.captures == {stage.recording: "withdrawn"}


def test_a_place_where_nothing_may_be_recorded_ends_it_for_the_session() -> None:
    stage, therapist, patient = a_call(ConsentPolicy("all", TABLE))
    therapist.records("start")
    therapist.agrees("Home state")
    patient.agrees("Home state")
    stage.capture_begins()
    newcomer = stage.admitted(therapist, "interpreter", "Noa")
    newcomer.agrees("Closed state")
    assert stage.captures == {stage.recording: "place"}
    assert (therapist.shown.phase, therapist.shown.declined) == ("declined", "place")
    newcomer.says(m.Leave())
    therapist.records("start")
    assert therapist.refused == "recording_not_here"


def test_where_somebody_checked_in_counts_once_they_are_in() -> None:
    stage, therapist, patient = a_call(ConsentPolicy("all", TABLE))
    waiting = stage.patient("Noa", consent_rule="written")
    therapist.records("start")
    assert therapist.shown.text is not None
    assert not therapist.shown.text.signed
    therapist.agrees("Home state")
    patient.agrees("Home state")
    stage.capture_begins()
    therapist.says(m.Admit(person=waiting.seat_id))
    assert {each.shown.you for each in (therapist, patient, waiting)} == {"asked"}
    assert stage.recorded() == set()
    patient.agrees("Home state")
    assert patient.refused == "signature_needed"
    waiting.says(m.Leave())
    patient.agrees("Home state", "A. G.")
    therapist.agrees("Home state", "B.")
    assert {consent.rule for consent in stage.consents[2:]} == {"written"}


def test_checking_in_anew_makes_the_rule_stricter_and_never_laxer() -> None:
    stage, therapist, patient = a_call(ConsentPolicy("all", TABLE))
    therapist.records("start")
    therapist.agrees("Home state")
    patient.agrees("Home state")
    stage.capture_begins()
    for rule in ("all", "written", "all"):
        stage.carry_out(stage.room.checked_in("Alex", rule, stage.now))
    assert phase(patient) == "paused"
    assert patient.shown.text is not None
    assert patient.shown.text.signed
    stage.carry_out(stage.room.checked_in("Alex", "never", stage.now))
    assert stage.captures == {stage.recording: "place"}
    therapist.records("start")
    assert therapist.refused == "recording_not_here"


def test_an_older_token_does_not_undo_where_somebody_checked_in_since() -> None:
    stage, therapist, patient = a_call(ConsentPolicy("all", TABLE))
    stage.carry_out(stage.room.checked_in("Noa", "written", stage.now))
    therapist.records("start")
    assert patient.shown.text is not None
    assert not patient.shown.text.signed
    stage.admitted(therapist, "patient", "Noa", consent_rule="all")
    assert patient.shown.text.signed


def test_a_stricter_place_named_while_it_runs_counts_at_once() -> None:
    stage, therapist, patient = a_call(ConsentPolicy("all", TABLE))
    therapist.records("start")
    therapist.agrees("Home state")
    patient.agrees("Home state")
    stage.capture_begins()
    patient.says(m.Consent(agreed=True, text=WORDS.version, place="Signing state"))
    assert patient.refused == "signature_needed"
    assert stage.recorded() == set()
    assert patient.shown.you == "asked"


# What is kept -----------------------------------------------------------------------------------------------------


def test_every_answer_is_kept_with_the_words_the_rule_and_the_time() -> None:
    stage, therapist, patient = a_call(ConsentPolicy())
    therapist.records("start")
    stage.passes(5)
    patient.agrees()
    stage.capture_begins()
    patient.refuses()
    patient.refuses()
    kept = [(each.person, each.role, each.kind, each.at - EPOCH) for each in stage.consents]
    assert kept == [
        (therapist.seat_id, "therapist", "agree", 100.0),
        (patient.seat_id, "patient", "agree", 105.0),
        (patient.seat_id, "patient", "withdraw", 105.0),
    ]
    assert {(each.recording, each.text_version, each.rule) for each in stage.consents} == {
        (stage.recording, WORDS.version, "all")
    }


def test_a_yes_is_kept_before_anything_is_captured() -> None:
    stage, therapist, patient = a_call(ConsentPolicy())
    therapist.records("start")
    patient.agrees()
    order = [type(each) for each in stage.orders if isinstance(each, o.KeepConsent | o.BeginCapture)]
    assert order == [o.KeepConsent, o.KeepConsent, o.BeginCapture]


def test_names_and_places_do_not_show_in_what_may_be_logged() -> None:
    stage, therapist, patient = a_call(ConsentPolicy("all", TABLE))
    therapist.records("start")
    patient.agrees("Signing state", "Alex Green")
    [kept] = stage.consents
    assert (kept.place, kept.signed_as, kept.rule) == ("Signing state", "Alex Green", "written")
    assert "Green" not in repr(kept)
    assert "Signing" not in repr(kept)
