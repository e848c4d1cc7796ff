"""Service codes that are suggested for a sitting, from a table that the clinic edits.

A suggestion is made from minutes, people and modality only. It knows nothing of what was done, of the payer, or of what
the notes say: whoever bills decides. The table that is shipped follows the time rule of CPT (AMA): a timed code is used
from the minute in which half of its time is passed, so 90832 (30 minutes) from 16, 90834 (45) from 38, 90837 (60) from
53; family sessions (50) from 26. Codes without a time (90853, group) count from the first minute.

Versions are kept (`clinic/usage/codes.py`); the one in force when the sitting began suggests. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from clinic.usage.records import CodeTable, Sitting

MOST_RULES = 60
MINUTES = 24 * 60
MOST_PEOPLE = 12

Code = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,12}$")]
Modifier = Annotated[str, Field(pattern=r"^[A-Z0-9]{0,4}$")]
Modality = Literal["video", "audio"]


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class CodeRule(Strict):
    """One line. A code may have several."""

    code: Code
    text: str = Field(min_length=1, max_length=120)
    minutes_from: int = Field(ge=0, le=MINUTES)
    minutes_to: int | None = Field(default=None, ge=0, le=MINUTES)
    """Included; None: however long."""
    patients_from: int = Field(default=1, ge=1, le=MOST_PEOPLE)
    patients_to: int | None = Field(default=1, ge=1, le=MOST_PEOPLE)
    """Of patients and their guests, those with two-way media."""
    by_hand: bool = False
    """Never suggested: nothing that is measured tells it from another. Stands in the table to be chosen."""
    price_cents: int | None = Field(default=None, ge=0, le=100_000_000)

    @model_validator(mode="after")
    def _ordered(self) -> CodeRule:
        if self.minutes_to is not None and self.minutes_to < self.minutes_from:
            raise ValueError("minutes_to is before minutes_from")
        if self.patients_to is not None and self.patients_to < self.patients_from:
            raise ValueError("patients_to is less than patients_from")
        return self

    def fits(self, minutes: int, patients: int) -> bool:
        long_enough = self.minutes_from <= minutes <= (self.minutes_to if self.minutes_to is not None else MINUTES)
        return long_enough and self.patients_from <= patients <= (self.patients_to or MOST_PEOPLE)


class Codes(Strict):
    """A whole table."""

    rules: tuple[CodeRule, ...] = Field(max_length=MOST_RULES, strict=False)
    video_modifier: Modifier = "95"
    """Real-time sound and pictures."""
    audio_modifier: Modifier = "93"
    """Real-time sound only."""
    video_share: float = Field(default=0.5, gt=0, le=1)
    """So much of the two-way time must have had pictures both ways for it to be a session with pictures."""
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    place_of_service: Annotated[str, Field(pattern=r"^[0-9]{0,2}$")] = ""
    """Printed with each suggestion if it is given: 10 is telehealth in the patient's home, 02 anywhere else."""
    note: str = Field(default="", max_length=500)


class Suggestion(BaseModel):
    """What might be billed; a person decides."""

    code: str
    modifier: str
    text: str
    price_cents: int | None
    rules_version: int


class CodesVersion(BaseModel):
    version: int
    since: float
    """Seconds since 1970: sittings that began from then on."""
    by: str
    codes: Codes


DEFAULT = Codes(
    rules=(
        CodeRule(code="90832", text="Psychotherapy, 30 minutes", minutes_from=16, minutes_to=37),
        CodeRule(code="90834", text="Psychotherapy, 45 minutes", minutes_from=38, minutes_to=52),
        CodeRule(code="90837", text="Psychotherapy, 60 minutes", minutes_from=53),
        CodeRule(
            code="90847",
            text="Family psychotherapy with the patient present, 50 minutes",
            minutes_from=26,
            patients_from=2,
            patients_to=2,
        ),
        CodeRule(
            code="90846",
            text="Family psychotherapy without the patient, 50 minutes",
            minutes_from=26,
            patients_from=1,
            patients_to=None,
            by_hand=True,
        ),
        CodeRule(code="90853", text="Group psychotherapy", minutes_from=1, patients_from=3, patients_to=None),
    ),
    note="A timed code is used from the minute in which half of its time is passed (CPT's time rule). "
    "Check the payer's rules.",
)

SHIPPED = CodesVersion(version=0, since=0.0, by="therabook", codes=DEFAULT)
"""In force until the clinic writes a table of its own."""


def minutes_of(milliseconds: int) -> int:
    """Whole minutes: a minute counts when it is over."""
    return milliseconds // 60_000


def modality_of(codes: Codes, two_way_ms: int, video_ms: int) -> Modality:
    return "video" if two_way_ms and video_ms >= codes.video_share * two_way_ms else "audio"


def versions(tables: Sequence[CodeTable]) -> list[CodesVersion]:
    """The oldest first, the shipped one before all."""
    kept = [
        CodesVersion(version=each.version, since=each.since, by=each.by, codes=Codes.model_validate(dict(each.codes)))
        for each in tables
    ]
    return [SHIPPED, *kept]


def in_force(known: Sequence[CodesVersion], at: float) -> CodesVersion:
    return max((each for each in known if each.since <= at), key=lambda each: each.version)


def suggest(version: CodesVersion, sitting: Sitting, two_way_ms: int | None = None) -> list[Suggestion]:
    """For the sitting, or for a person who had `two_way_ms` of it. Empty if nothing in the table fits."""
    codes = version.codes
    two_way = sitting.two_way_ms if two_way_ms is None else two_way_ms
    video = modality_of(codes, sitting.two_way_ms, sitting.video_ms) == "video"
    return [
        Suggestion(
            code=rule.code,
            modifier=codes.video_modifier if video else codes.audio_modifier,
            text=rule.text,
            price_cents=rule.price_cents,
            rules_version=version.version,
        )
        for rule in codes.rules
        if not rule.by_hand and sitting.patients and rule.fits(minutes_of(two_way), sitting.patients)
    ]
