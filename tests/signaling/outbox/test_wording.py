"""The words of messages: nothing about health, nothing about anybody, and nothing that fails when it is to be sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from clinic.messages.records import MessageKind
from signaling.outbox.letters import Facts
from signaling.outbox.wording import LONGEST_SMS, TEMPLATES, BadWording, read_languages
from tests.signaling.outbox.letters import CLINIC, LINK, START, wording

HEALTH = re.compile(
    r"therap|patient|psych|counsel|mental|health|medic|clinic|diagnos|treat|symptom|disorder|addict|depress|anxi|"
    r"trauma|session|doctor|\bdr\b|nurse|\bcare\b|\bvisit\b|\bill\b|\bpain\b|\bdrug|crisis",
    re.IGNORECASE,
)

KINDS = get_args(MessageKind)


def facts(**changes: Any) -> Facts:
    known: dict[str, Any] = {"link": LINK, "starts_at": START, "minutes": 50, "zone": "Europe/Berlin", "revision": 3}
    return Facts(**(known | changes))


@pytest.mark.parametrize("language", sorted(file.stem for file in TEMPLATES.glob("*.toml")))
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_is_sent_says_anything_about_health(language: str, kind: MessageKind) -> None:
    said = wording().say(kind, facts(language=language))
    for text in (said.subject, said.text, said.sms, said.calendar):
        bare = text.replace(CLINIC, "").replace(LINK, "")
        assert not HEALTH.search(bare), text


def test_the_scan_would_find_it() -> None:
    for text in ("Your therapy", "the patient", "a session", "your treatment", "Dr. Blue"):
        assert HEALTH.search(text)


@pytest.mark.parametrize("kind", KINDS)
def test_no_placeholder_is_left_over_and_sms_are_short(kind: MessageKind) -> None:
    said = wording().say(kind, facts())
    for text in (said.subject, said.text, said.sms, said.calendar):
        assert "$" not in text
        assert CLINIC in text
    assert len(said.sms) <= LONGEST_SMS
    assert "\n" not in said.subject + said.sms + said.calendar
    assert (LINK in said.text) == (kind != "cancelled")
    assert LINK not in said.subject, "a locked phone shows it"


def test_times_are_those_of_the_place_where_the_reader_is() -> None:
    text = wording().say("invitation", facts(starts_at=1_772_701_200.0)).text
    assert "Thursday, 5 March 2026 at 10:00 (Berlin time)" in text
    text = wording().say("invitation", facts(starts_at=1_772_701_200.0, zone="America/New_York")).text
    assert "Thursday, 5 March 2026 at 04:00 (New York time)" in text
    for unknown in ("Nowhere/Town", "../../etc/passwd", ""):
        assert "at 09:00 (UTC time)" in wording().say("invitation", facts(starts_at=1_772_701_200.0, zone=unknown)).text


def clinics_own(folder: Path, *changes: tuple[str, str], name: str = "de.toml") -> Path:
    text = (TEMPLATES / "en.toml").read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_clinic_has_words_of_its_own_by_language(tmp_path: Path) -> None:
    clinics_own(
        tmp_path, ("Your appointment with $clinic is on", "Ihr Termin bei $clinic ist am"), ("Monday", "Montag")
    )
    words = wording(tmp_path)
    assert "Ihr Termin bei" in words.say("invitation", facts(language="de-AT")).text
    assert "Your appointment" in words.say("invitation", facts(language="fr")).text
    assert "Ihr Termin bei" in wording(tmp_path, "de").say("invitation", facts(language="fr")).text
    clinics_own(tmp_path, ("Your appointment with $clinic is on", "You are expected on"), name="en.toml")
    assert "You are expected on" in wording(tmp_path).say("invitation", facts()).text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Open this link when it is time:\n$link", "Dear $name, come:\n$link", r"invitation.text: there is no \$name"),
        ("$link\n\nIt works", "It works", r"invitation.text: there is no \$link"),
        ('subject = "Your appointment with $clinic"', 'subject = "$link"', r"invitation.subject: there is no \$link"),
        ('calendar = "Appointment', 'calender = "Appointment', "calendar"),
        ('"Sunday"]', "]", "days"),
        ("held by video", "held by video for 5 $", r"there is no \$\$ here"),
    ],
)
def test_a_file_that_would_fail_later_is_refused_at_the_start(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(BadWording, match=said):
        read_languages(clinics_own(tmp_path, (old, new)))


def test_what_is_no_file_of_words_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadWording, match="no such folder"):
        read_languages(tmp_path / "missing")
    with pytest.raises(BadWording, match="message_language"):
        wording(language="de")
    (tmp_path / "de.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadWording, match="no TOML"):
        read_languages(tmp_path)


def test_a_clinics_name_with_a_line_break_makes_no_second_line() -> None:
    said = wording(clinic="House\r\nBcc: x@example.org").say("invitation", facts())
    assert "\n" not in said.subject
    assert "\n" not in said.sms
