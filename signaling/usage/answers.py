"""What the API of usage answers, and what it is asked: the models, and sittings told as them.

Lengths are told in whole seconds, and as minutes that are over. Not here: who may ask (`api.py`).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from clinic.columns import check_text
from clinic.usage.records import EVERYBODY, GapReason, SpanState, Sum, WholeSitting
from signaling.usage.codes import CodesVersion, Modality, Suggestion, in_force, minutes_of, modality_of, suggest
from signaling.usage.meter import GOES_ON

Format = Literal["json", "csv", "pdf"]

MONTH = r"^[12][0-9]{3}-(0[1-9]|1[0-2])$"
YEAR = r"^[12][0-9]{3}$"
Id = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(lambda text: check_text(text, 200))]
"""Neither the database nor the audit log keeps every text."""


class Query(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class SessionsQuery(Query):
    month: str | None = Field(default=None, pattern=MONTH)
    """Default: the newest."""
    therapist: Id | None = None
    patient: Id | None = None
    session: Annotated[Id, Field(max_length=100)] | None = None
    after: str | None = Field(default=None, max_length=200)
    """Where to go on, as the answer before said. Not for csv and pdf, which hold all."""
    limit: int = Field(default=50, ge=1, le=200)
    format: Format = "json"


class SessionQuery(Query):
    format: Format = "json"


class MonthQuery(Query):
    month: str = Field(pattern=MONTH)
    format: Format = "json"


class PeopleQuery(MonthQuery):
    after: Id | None = None
    """Whoever stands behind this id, as the answer before said. Not for csv and pdf, which hold all."""
    limit: int = Field(default=100, ge=1, le=500)


class YearQuery(Query):
    year: str = Field(pattern=YEAR)
    format: Format = "json"


class StatementQuery(Query):
    month: str = Field(pattern=MONTH)
    therapist: Id | None = None
    patient: Id | None = None


Names = dict[str, str]
"""What the accounts among the therapists are called, for people who are signed in: software knows them by their ids.
Whoever has no account is not among them."""


class SpanAnswer(BaseModel):
    person: str | None
    """None: the sitting as a whole."""
    began_at: float
    ended_at: float
    state: SpanState
    reason: GapReason | None


class ShareAnswer(BaseModel):
    person: str
    role: str
    came_at: float
    known_until: float
    present_s: int
    two_way_s: int
    video_s: int
    minutes: int
    suggestions: list[Suggestion]
    """For a patient in a group, by their own minutes; else empty."""


class SittingAnswer(BaseModel):
    """One meeting in a session."""

    id: str
    session: str
    appointment: str | None
    therapist: str | None
    patients: list[str]
    day: str
    started_at: float
    """Seconds since 1970, as all times."""
    ended_at: float
    """Or the last moment that is known."""
    state: Literal["running", "waiting", "ended"]
    """`waiting`: nobody is there, and it goes on if somebody comes back within five minutes."""
    length_s: int
    two_way_s: int
    video_s: int
    gap_s: int
    minutes: int
    """Whole minutes of two-way media."""
    modality: Modality | None
    """None: there was none."""
    suggestions: list[Suggestion]
    """For a person to decide upon: made from minutes, people and modality alone."""


class SittingDetails(SittingAnswer):
    shares: list[ShareAnswer]
    spans: list[SpanAnswer]
    names: Names = {}


class SessionsAnswer(BaseModel):
    sessions: list[SittingAnswer]
    """The newest first."""
    names: Names = {}
    after: str | None
    """To be asked with for the next page; None: there is none."""


class SumAnswer(BaseModel):
    """Of sittings that have ended."""

    who: str
    period: str
    sittings: int
    held: int
    """Those with any two-way time."""
    present_s: int
    two_way_s: int
    video_s: int
    minutes: int


class PeopleAnswer(BaseModel):
    month: str
    people: list[SumAnswer]
    """By their ids."""
    names: Names = {}
    after: str | None
    """To be asked with for the next page; None: there is none."""


class PatientAnswer(BaseModel):
    patient: str
    year: str
    months: list[SumAnswer]


class MonthsAnswer(BaseModel):
    year: str
    months: list[SumAnswer]


class CodesAnswer(BaseModel):
    versions: list[CodesVersion]
    """The oldest first; 0 is what is shipped."""
    in_force: int


class KeyAnswer(BaseModel):
    algorithm: Literal["Ed25519"] = "Ed25519"
    key: str
    """32 bytes, hexadecimal: statements are verified with it."""


def sitting_answer(whole: WholeSitting, known: Sequence[CodesVersion], now: float) -> SittingAnswer:
    sitting = whole.sitting
    version = in_force(known, sitting.started_at)
    length = round((sitting.known_until - sitting.started_at) * 1000)
    silent = now - sitting.known_until
    state: Literal["running", "waiting", "ended"] = "running" if silent < 30 else "waiting"
    return SittingAnswer(
        id=sitting.id,
        session=sitting.session,
        appointment=sitting.appointment,
        therapist=sitting.therapist,
        patients=[share.person for share in whole.shares if share.role == "patient"],
        day=sitting.day,
        started_at=sitting.started_at,
        ended_at=sitting.known_until,
        state="ended" if sitting.ended_at is not None or silent > 2 * GOES_ON else state,
        length_s=length // 1000,
        two_way_s=sitting.two_way_ms // 1000,
        video_s=sitting.video_ms // 1000,
        gap_s=(length - sitting.two_way_ms) // 1000,
        minutes=minutes_of(sitting.two_way_ms),
        modality=modality_of(version.codes, sitting.two_way_ms, sitting.video_ms) if sitting.two_way_ms else None,
        suggestions=suggest(version, sitting),
    )


def sitting_details(whole: WholeSitting, known: Sequence[CodesVersion], now: float) -> SittingDetails:
    version = in_force(known, whole.sitting.started_at)
    group = whole.sitting.patients > 2
    return SittingDetails(
        **sitting_answer(whole, known, now).model_dump(),
        shares=[
            ShareAnswer(
                person=share.person,
                role=share.role,
                came_at=share.came_at,
                known_until=share.known_until,
                present_s=share.present_ms // 1000,
                two_way_s=share.two_way_ms // 1000,
                video_s=share.video_ms // 1000,
                minutes=minutes_of(share.two_way_ms),
                suggestions=suggest(version, whole.sitting, share.two_way_ms)
                if group and share.role == "patient"
                else [],
            )
            for share in whole.shares
        ],
        spans=[
            SpanAnswer(
                person=None if span.person == EVERYBODY else span.person,
                began_at=span.began_at,
                ended_at=span.ended_at,
                state=span.state,
                reason=span.reason,
            )
            for span in sorted(whole.spans, key=lambda each: (each.began_at, each.person))
        ],
    )


def sum_answer(each: Sum) -> SumAnswer:
    return SumAnswer(
        who=each.who,
        period=each.period,
        sittings=each.sittings,
        held=each.held,
        present_s=each.present_ms // 1000,
        two_way_s=each.two_way_ms // 1000,
        video_s=each.video_ms // 1000,
        minutes=minutes_of(each.two_way_ms),
    )


def cursor_of(after: tuple[float, str] | None) -> str | None:
    if after is None:
        return None
    return base64.urlsafe_b64encode(f"{round(after[0] * 1000)} {after[1]}".encode()).decode().rstrip("=")


def place_of(cursor: str | None) -> tuple[float, str] | None:
    """Raises ValueError for what no answer said."""
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, UnicodeError):
        raise ValueError("no such place") from None
    moment, _, sitting = text.partition(" ")
    if not moment.isdecimal() or len(moment) > 15 or not sitting:
        raise ValueError("no such place")
    return int(moment) / 1000, sitting
