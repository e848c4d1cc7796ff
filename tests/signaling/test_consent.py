"""Who has agreed, under which rule: whatever is said in whatever order, it is never laxer than the clinic's table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.consent import Consents
from signaling.recording_rules import LONGEST_PLACE, STRICTNESS, WORDS, ConsentPolicy, Rule, Words, strictest
from signaling.refusals import Refused
from tests.signaling.stage import code_of

TABLE: dict[str, Rule] = {
    "Home state": "all",
    "Signing state": "written",
    "Closed state": "never",
    "Lax state": "notice",
}
VERSION = WORDS.version

RULES = st.sampled_from(STRICTNESS)
TABLES = st.dictionaries(st.sampled_from(["A", "B", "C"]), RULES)


def consents(base: Rule = "all", table: dict[str, Rule] | None = None) -> Consents:
    return Consents(ConsentPolicy(base, TABLE if table is None else table))


# Rules ------------------------------------------------------------------------------------------------------------


def test_the_strictest_rule_counts() -> None:
    assert strictest("notice", "written", "all") == "written"
    assert strictest("never", "notice") == "never"


def test_a_place_never_makes_the_rule_laxer_than_the_clinics() -> None:
    policy = ConsentPolicy("written", TABLE)
    assert policy.rule_at("Lax state") == "written"
    assert policy.rule_at(None) == "written"
    assert policy.rule_at("Closed state") == "never"


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ("Signing state", "written"),
        ("Salem, SIGNING  state", "written"),
        ("between Home state and Closed state", "never"),
        ("Resigning state", "all"),
        ("Lax state", "all"),
        ("Elsewhere", "all"),
        ("\u2014", "all"),
        (None, "all"),
    ],
)
def test_words_of_ones_own_name_the_places_that_are_in_them(said: str | None, rule: Rule) -> None:
    assert ConsentPolicy("all", TABLE).rule_in_words(said) == rule


def test_a_place_is_asked_for_only_where_it_matters() -> None:
    assert ConsentPolicy("all", TABLE).asks_place
    assert not ConsentPolicy("all", {"Lax state": "notice", "Home state": "all"}).asks_place
    assert not ConsentPolicy("never", TABLE).asks_place
    assert not ConsentPolicy().asks_place


def test_other_words_have_another_version() -> None:
    words = Words("May we record?", "Say yes or no.")
    assert words.version == Words("May we record?", "Say yes or no.").version
    assert words.version != Words("May we record?", "Say yes or no").version
    assert Words("a", "bc").version != Words("ab", "c").version


@pytest.mark.parametrize("place", ["", " ", " Here", "There ", "x" * (LONGEST_PLACE + 1)])
def test_a_table_that_nobody_could_choose_from_is_refused(place: str) -> None:
    with pytest.raises(ValueError, match="a place has a name"):
        ConsentPolicy("all", {place: "never"})


def test_a_question_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="title and a body"):
        ConsentPolicy(words=Words("May we record?", " "))


# Answers ----------------------------------------------------------------------------------------------------------


def test_nobody_has_agreed_before_saying_so() -> None:
    asked = consents(table={})
    assert asked.standing("Alex") == "asked"
    assert not asked.permits("Alex")
    asked.agree("Alex", VERSION, None, None)
    assert asked.standing("Alex") == "agreed"
    assert asked.permits("Alex")
    assert not asked.permits("Noa")


def test_a_yes_to_other_words_is_refused() -> None:
    asked = consents(table={})
    for text in (None, "other"):
        with pytest.raises(Refused) as refused:
            asked.agree("Alex", text, None, None)
        assert code_of(refused) == "consent_outdated"
    assert not asked.permits("Alex")


def test_a_yes_without_a_place_or_from_an_unknown_one_is_refused() -> None:
    asked = consents()
    for place in (None, "Elsewhere", "home state"):
        with pytest.raises(Refused) as refused:
            asked.agree("Alex", VERSION, place, None)
        assert code_of(refused) == "place_needed"
    assert not asked.permits("Alex")


def test_a_place_that_wants_signatures_wants_them_of_everybody_from_then_on() -> None:
    asked = consents()
    asked.agree("Dr. Blue", VERSION, "Home state", None)
    with pytest.raises(Refused) as refused:
        asked.agree("Alex", VERSION, "Signing state", None)
    assert code_of(refused) == "signature_needed"
    assert asked.rule == "written"
    assert asked.standing("Dr. Blue") == "asked"
    asked.agree("Alex", VERSION, "Signing state", "A. G.")
    assert asked.permits("Alex")
    assert not asked.permits("Dr. Blue")
    asked.agree("Dr. Blue", VERSION, "Home state", "Blue")
    assert asked.permits("Dr. Blue")


def test_where_nothing_may_be_recorded_an_agreement_permits_nothing() -> None:
    asked = consents()
    asked.agree("Dr. Blue", VERSION, "Home state", None)
    asked.agree("Alex", VERSION, "Closed state", None)
    assert not asked.permits("Alex")
    assert not asked.permits("Dr. Blue")


def test_the_rule_stays_strict_when_the_person_has_gone() -> None:
    asked = consents()
    asked.agree("Alex", VERSION, "Signing state", "A. G.")
    asked.keep(["Dr. Blue"])
    asked.ask_anew()
    assert asked.rule == "written"
    assert asked.standing("Alex") == "asked"


def test_a_stricter_place_that_is_named_later_counts_though_the_yes_is_old() -> None:
    asked = consents()
    asked.agree("Alex", VERSION, "Home state", None)
    assert asked.agree("Alex", VERSION, "Home state", None) is None
    assert asked.agree("Alex", VERSION, "Closed state", None) is not None
    assert asked.rule == "never"


def test_a_no_counts_until_the_person_is_asked_again() -> None:
    asked = consents(table={})
    assert asked.refuse("Alex") == "refuse"
    assert asked.refuse("Alex") is None
    with pytest.raises(Refused) as refused:
        asked.agree("Alex", VERSION, None, None)
    assert code_of(refused) == "not_asked"
    asked.ask_again()
    asked.agree("Alex", VERSION, None, None)
    assert asked.permits("Alex")


def test_a_no_after_a_yes_withdraws_it() -> None:
    asked = consents(table={})
    asked.agree("Alex", VERSION, None, None)
    assert asked.refuse("Alex") == "withdraw"
    assert not asked.permits("Alex")


def test_a_no_where_people_are_only_told_withdraws_too() -> None:
    told = consents("notice", {})
    assert told.standing("Alex") == "none"
    assert told.permits("Alex")
    assert told.refuse("Alex") == "withdraw"
    assert not told.permits("Alex")


def test_being_told_is_not_enough_while_a_place_could_make_the_rule_stricter() -> None:
    told = consents("notice")
    assert told.standing("Alex") == "asked"
    told.agree("Alex", VERSION, "Lax state", None)
    assert told.permits("Alex")
    assert told.rule == "notice"


def test_an_answer_does_not_show_where_somebody_is_or_their_name() -> None:
    asked = consents()
    answer = asked.agree("Alex", VERSION, "Signing state", "Alex Green")
    assert "Green" not in repr(answer)
    assert "Signing" not in repr(answer)


# Whatever is said -------------------------------------------------------------------------------------------------


@given(RULES, TABLES, st.data())
def test_the_rule_is_never_laxer_than_the_table_nor_than_it_was(
    base: Rule, table: dict[str, Rule], data: st.DataObject
) -> None:
    asked = consents(base, table)
    said: set[str] = set()
    for _ in range(data.draw(st.integers(1, 12))):
        before = asked.rule
        person = data.draw(st.sampled_from(["x", "y", "z"]))
        match data.draw(st.sampled_from(["agree", "refuse", "ask_anew", "ask_again", "keep"])):
            case "agree":
                place = data.draw(st.sampled_from([None, "A", "B", "C", "D"]))
                signed = data.draw(st.sampled_from([None, "X. Y."]))
                standing = asked.standing(person)
                try:
                    asked.agree(person, data.draw(st.sampled_from([VERSION, "old", None])), place, signed)
                except Refused:
                    assert asked.standing(person) in (standing, "asked")
                if place in table:
                    said.add(place)
            case "refuse":
                asked.refuse(person)
                assert not asked.permits(person)
            case "ask_anew":
                asked.ask_anew()
            case "ask_again":
                asked.ask_again()
            case "keep":
                asked.keep([person])
        assert asked.rule == strictest(before, asked.rule)
        assert asked.rule == strictest(base, *(table[place] for place in said))
        if asked.rule == "never":
            assert not any(asked.permits(each) for each in "xyz")
