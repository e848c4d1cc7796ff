"""What the API of appointments takes and answers: strict models, bounded in length and number.

Times go in as the clock shows them (`2026-03-05T10:00`, in `zone`) or with an offset, and come out with an offset, as
`2026-03-05T10:00:00+01:00`. Not here: what any of it does (`api.py`), what a visitor's page says (`visit_messages.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from clinic.appointments.records import Frequency, Kind, Reach, Relation
from signaling.roles import Role
from signaling.tokens import UserId

MOST_PATIENTS = 11
"""A session holds twelve, therapist and guests included."""
MOST_GUESTS = 6
MOST_OCCURRENCES = 120
"""Appointments of one series: more than two years of weeks."""
MOST_EXCEPTIONS = 60

Clean = r"^[^\x00-\x1f\x7f\u2028\u2029]*$"
"""One line: no control characters, which would end a line of a mail or of a calendar."""

ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=Clean)]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=r"^[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]+@[^\s@<>]+$"
    ),
]
Phone = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=30, pattern=r"^\+?[0-9][0-9 ()./-]*$")
]
Language = Annotated[str, StringConstraints(max_length=35, pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")]
Zone = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}$")]
When = Annotated[
    str,
    StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?$"),
]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Minutes = Annotated[int, Field(ge=5, le=480)]


class Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class PatientDetails(Body):
    """Of a patient. What is left out stays as it is known."""

    id: UserId | None = None
    """As the booking system calls them; left out, a new patient is kept and gets an id."""
    name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    language: Language | None = None
    zone: Zone | None = None


class PatientChange(Body):
    """null takes away what was known; what is left out stays."""

    name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    language: Language | None = None
    zone: Zone | None = None


class GuestDetails(Body):
    """Somebody who comes with a patient. A role in the session follows from the relation."""

    relation: Literal["partner", "guardian", "interpreter", "supervisor", "other"]
    name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    language: Language | None = None
    zone: Zone | None = None
    patient: UserId | None = None
    """Whose guardian or partner it is, where there is more than one patient."""


class AppointmentRequest(Body):
    external_id: ExternalId | None = None
    """The booking system's. The same again answers with the appointment that exists, and changes nothing."""
    therapist: UserId | None = None
    """The account, or the id that the booking system uses. Left out: whoever asks."""
    therapist_name: Name | None = None
    """What patients read; needed only for a therapist without an account."""
    kind: Kind = "individual"
    start: When
    zone: Zone | None = None
    """Default: the clinic's."""
    minutes: Minutes = 50
    patients: Annotated[list[PatientDetails], Field(min_length=1, max_length=MOST_PATIENTS)]
    guests: Annotated[list[GuestDetails], Field(max_length=MOST_GUESTS)] = []
    despite_conflict: bool = False
    """Book it although the therapist has another appointment then, where the clinic refuses that."""

    @model_validator(mode="after")
    def _as_many_as_the_kind_says(self) -> AppointmentRequest:
        wanted = {"individual": 1, "couple": 2}.get(self.kind)
        if wanted is not None and len(self.patients) != wanted:
            raise ValueError(f"an appointment of this kind has {wanted} patients")
        if len(self.patients) + len(self.guests) > MOST_PATIENTS:
            raise ValueError("more people than a session holds")
        named = [each.id for each in self.patients if each.id is not None]
        if len(named) != len(set(named)):
            raise ValueError("a patient is named twice")
        return self


class Rule(Body):
    frequency: Frequency
    count: Annotated[int, Field(ge=1, le=MOST_OCCURRENCES)] | None = None
    until: Day | None = None
    """The last day on which there may be one. Either this or `count`."""
    without: Annotated[list[Day], Field(max_length=MOST_EXCEPTIONS)] = []
    """Days on which there is none: they count for `count`."""

    @model_validator(mode="after")
    def _ends(self) -> Rule:
        if (self.count is None) == (self.until is None):
            raise ValueError("either count or until is needed")
        return self


class SeriesRequest(AppointmentRequest):
    """`start` is the first one's."""

    rule: Rule


class ChangeRequest(Body):
    """What is left out stays."""

    revision: Annotated[int, Field(ge=0)]
    """Which one the caller saw: another in between is refused (`changed_meanwhile`)."""
    reach: Reach = "this"
    """`following` and `all`: those of its series that are still booked. Their time of day changes by as much as this
    one's, on the clock."""
    start: When | None = None
    zone: Zone | None = None
    minutes: Minutes | None = None
    therapist: UserId | None = None
    therapist_name: Name | None = None
    despite_conflict: bool = False


class CancelRequest(Body):
    revision: Annotated[int, Field(ge=0)]
    reach: Reach = "this"


class InviteRequest(Body):
    revision: Annotated[int, Field(ge=0)]
    guest: GuestDetails


class LeaveOutQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    revision: int = Field(ge=0)


class LinkRequest(Body):
    """A new link: the one before is void."""

    devices: Annotated[int, Field(ge=1, le=5)] | None = None
    """On how many devices it may be opened. Default: the clinic's setting."""


class LinkState(BaseModel):
    id: str
    made_at: float
    opened_at: float | None
    """When a device first opened it within its time."""
    revoked_at: float | None
    revoked_because: str | None


class GuestAnswer(BaseModel):
    id: str
    relation: Relation
    role: Role
    patient: str | None
    name: str | None
    email: str | None
    phone: str | None
    language: str | None
    zone: str | None
    left_out: bool
    link: LinkState | None
    came_at: float | None
    let_in_at: float | None
    gone_at: float | None


class AppointmentAnswer(BaseModel):
    id: str
    external_id: str | None
    series: str | None
    number: int | None
    """Which of its series, from 0."""
    session: str
    therapist: str
    therapist_name: str | None
    kind: Kind
    start: str
    end: str
    starts_at: float
    minutes: int
    zone: str
    state: Literal["booked", "cancelled", "seen", "missed"]
    revision: int
    guests: list[GuestAnswer]
    """Patients first."""
    met_at: float | None
    over_at: float | None


class Issued(BaseModel):
    """A link for one person. It opens only in its time."""

    appointment: str
    guest: str
    relation: Relation
    patient: str | None
    url: str


class Overlap(BaseModel):
    """Another appointment of the same therapist at that time."""

    appointment: str
    """The one that was asked for, by its start."""
    other: str
    """The id of the one that is there."""


class BookedAnswer(BaseModel):
    """What was made or changed."""

    appointments: list[AppointmentAnswer]
    links: list[Issued]
    """Of everybody who is invited."""
    overlaps: list[Overlap]
    series: str | None = None
    again: bool = False
    """It was there already: nothing was changed."""


class ListAnswer(BaseModel):
    appointments: list[AppointmentAnswer]
    next: str | None


class LinkAnswer(BaseModel):
    link: Issued


class PatientAnswer(BaseModel):
    id: str
    name: str | None
    email: str | None
    phone: str | None
    language: str | None
    zone: str | None


class HistoryEntry(BaseModel):
    appointment: str
    start: str
    starts_at: float
    minutes: int
    therapist: str
    state: Literal["booked", "cancelled", "seen", "missed"]
    met_minutes: float | None
    """Between the first and the last moment that they were there together. What is billed is reckoned elsewhere."""
    notes: int | None
    """How many of one's own there are."""


class HistoryAnswer(BaseModel):
    patient: PatientAnswer
    appointments: list[HistoryEntry]
    """Newest first."""
    next: str | None


class JoinAnswer(BaseModel):
    token: str
    """For the page of a session, behind `#token=`."""
    page: str
    """That page's address on this server, with the token."""
    session: str
    expires_at: int


class ListQuery(BaseModel):
    """Bounded: without `since` and `until` it is today, in the clinic's zone."""

    model_config = ConfigDict(extra="forbid")

    since: float | None = Field(None, ge=0)
    until: float | None = Field(None, ge=0)
    day: Day | None = None
    """In `zone`."""
    zone: Zone | None = None
    therapist: UserId | None = None
    patient: UserId | None = None
    state: Literal["booked", "cancelled", "seen", "missed"] | None = None
    after: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=200)


class HistoryQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    after: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=200)


class DayQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    day: Day | None = None
    zone: Zone | None = None
    therapist: UserId | None = None
    """Somebody else's day, for those who may read all appointments."""
    everybody: bool = False
    """The day of all therapists, for them as well."""


class PersonOfTheDay(BaseModel):
    guest: str
    relation: Relation
    patient: str | None
    called: str | None
    """As they asked to be called at check-in, or else their name."""
    state: Literal["away", "waiting", "present", "gone"]
    waiting_since: float | None
    present_since: float | None
    checked_in: bool


class VisitOfTheDay(BaseModel):
    appointment: AppointmentAnswer
    people: list[PersonOfTheDay]
    state: Literal["upcoming", "open", "waiting", "running", "late", "missed", "held", "cancelled"]
    """`open`: people can come. `waiting`: somebody waits. `running`: they are together. `late`: it should have begun,
    and nobody invited has come. `missed`: its time is over and they were never together. `held`: they were, and
    everyone has left or its time is over; whoever comes again waits again."""
    therapist_present: bool
    started_at: float | None
    """When they were first together, for the clock; while it runs the clock goes on until `planned_end`."""
    planned_end: float
    can_join: bool
    notes: int
    """One's own."""


class DayAnswer(BaseModel):
    now: float
    """The server's time: pages reckon from it, not from their own clock."""
    day: str
    zone: str
    therapist: str | None
    """null: of everybody."""
    visits: list[VisitOfTheDay]


class TherapistAnswer(BaseModel):
    id: str
    name: str


class TherapistsAnswer(BaseModel):
    therapists: list[TherapistAnswer]
    """By name."""


class CheckInAnswer(BaseModel):
    """One person's answers before one visit."""

    guest: str
    relation: Relation
    patient: str | None
    at: float
    called: str
    place: str | None
    phone: str | None
    emergency_name: str | None
    emergency_phone: str | None
    telehealth: bool
    telehealth_text: str | None
    """The version of the text that was agreed to."""


class CheckInsAnswer(BaseModel):
    appointment: str
    people: list[CheckInAnswer]
