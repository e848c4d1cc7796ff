"""The words of messages, by language, from TOML files: those that come with the server, and those of the clinic.

Every file is read and tried when the server starts, so that none is found to be wrong when a message is due. Not here:
when anything is said, and to whom.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Annotated, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from clinic.messages.records import MessageKind
from signaling.outbox.letters import Facts

TEMPLATES = Path(__file__).with_name("templates")
LARGEST_FILE = 64 * 1024
LONGEST_SMS = 480
"""Characters: three parts in the usual alphabet."""

WITH_A_TIME = frozenset({"clinic", "date", "time", "minutes", "place", "link"})
WITHOUT = frozenset({"clinic", "link"})
IN_A_DATE = frozenset({"day", "number", "month", "year"})

_TRIED = Facts(link="https://video.example.org/visit#0", starts_at=1_772_701_200.0, minutes=50, zone="Europe/Berlin")

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=5000)]
Sms = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_SMS, pattern=r"^[^\x00-\x1f\x7f]+$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class BadWording(ValueError):
    """A file with words cannot be used; `str()` says which and why."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_File):
    subject: Line
    text: Text
    sms: Sms


class Language(_File):
    days: Annotated[list[Word], Field(min_length=7, max_length=7)]
    """From Monday."""
    months: Annotated[list[Word], Field(min_length=12, max_length=12)]
    date: Line
    calendar: Line
    invitation: Words
    moved: Words
    cancelled: Words
    reminder: Words
    staff_invitation: Words
    alert: Words

    def of(self, kind: MessageKind) -> Words:
        found: Words = getattr(self, kind)
        return found


@dataclass(frozen=True)
class Said:
    """A message in words."""

    subject: str
    text: str
    sms: str
    calendar: str
    """What the entry in a calendar is called."""


class Wording:
    def __init__(self, languages: Mapping[str, Language], clinic: str, default: str = "en") -> None:
        """`clinic`: its name. Raises BadWording if there is no wording in the default language."""
        if default not in languages:
            raise BadWording(f"message_language: there are no words in {default}")
        self._languages = languages
        self._clinic = " ".join(clinic.split())
        self._default = default

    def say(self, kind: MessageKind, facts: Facts) -> Said:
        language = self._language(facts.language)
        words = language.of(kind)
        known = {"clinic": self._clinic, "link": facts.link} | _moment(language, facts)
        subject, text, sms, calendar = (
            Template(each).substitute(known) for each in (words.subject, words.text, words.sms, language.calendar)
        )
        return Said(" ".join(subject.split()), text.strip() + "\n", " ".join(sms.split()), " ".join(calendar.split()))

    def _language(self, asked: str) -> Language:
        """The nearest that there is: of pt-BR pt, if there is no pt-br."""
        name = asked.lower()
        while name not in self._languages and "-" in name:
            name = name.rpartition("-")[0]
        return self._languages.get(name) or self._languages[self._default]


def read_languages(folder: Path | None = None) -> dict[str, Language]:
    """By language, as `en` or `pt-br`: ours, and instead of them those of the clinic's folder. Raises BadWording."""
    languages = {}
    for place in (TEMPLATES, folder):
        if place is None:
            continue
        if not place.is_dir():
            raise BadWording(f"{place}: there is no such folder")
        for file in sorted(place.glob("*.toml")):
            languages[file.stem.lower()] = _read(file)
    return languages


def zone_of(name: str) -> datetime.tzinfo:
    """UTC for a zone that is not known: a message that is sent with that said is better than none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return datetime.UTC


def _moment(language: Language, facts: Facts) -> dict[str, str]:
    if facts.starts_at is None:
        return {}
    zone = zone_of(facts.zone)
    local = datetime.datetime.fromtimestamp(facts.starts_at, zone)
    parts = {
        "day": language.days[local.weekday()],
        "number": str(local.day),
        "month": language.months[local.month - 1],
        "year": str(local.year),
    }
    place = "UTC" if zone is datetime.UTC else facts.zone.rpartition("/")[2].replace("_", " ")
    return {
        "date": Template(language.date).substitute(parts),
        "time": f"{local:%H:%M}",
        "minutes": str(facts.minutes),
        "place": place,
    }


def _read(file: Path) -> Language:
    try:
        data = file.read_bytes()
        if len(data) > LARGEST_FILE:
            raise BadWording(f"{file}: larger than {LARGEST_FILE // 1024} kB")
        language = Language.model_validate(tomllib.loads(data.decode("utf-8")))
    except OSError as error:
        raise BadWording(f"{file}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise BadWording(f"{file}: this is no TOML in UTF-8") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise BadWording(f"{file}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None
    _only(file, "date", language.date, IN_A_DATE)
    _only(file, "calendar", language.calendar, frozenset({"clinic"}))
    for kind in get_args(MessageKind):
        words = language.of(kind)
        known = WITHOUT if kind in ("staff_invitation", "alert") else WITH_A_TIME
        _only(file, f"{kind}.text", words.text, known)
        _only(file, f"{kind}.sms", words.sms, known)
        # What stands in a subject is seen on a locked phone, and by whoever looks over a shoulder.
        _only(file, f"{kind}.subject", words.subject, frozenset({"clinic"}))
        if kind != "cancelled" and "link" not in _names(words.text):
            raise BadWording(f"{file}: {kind}.text: there is no $link")
    Wording({"en": language}, "Clinic").say("invitation", _TRIED)
    return language


def _names(text: str) -> set[str]:
    template = Template(text)
    return set(template.get_identifiers()) if template.is_valid() else {"$"}


def _only(file: Path, place: str, text: str, known: frozenset[str]) -> None:
    unknown = sorted(_names(text) - known)
    if unknown:
        raise BadWording(f"{file}: {place}: there is no ${unknown[0]} here")
