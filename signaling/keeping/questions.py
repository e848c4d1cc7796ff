"""What the server is asked about keeping over HTTP. Times are seconds since 1970.

Not here: what it says to that (`answers.py`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from clinic.keeping.kinds import LONGEST

Id = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
SessionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,100}$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Moment = Annotated[float, Field(ge=0, lt=253_402_300_800)]
Cursor = Annotated[str, StringConstraints(max_length=100)]

MOST_SESSIONS = 1000


class _Asked(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ChangeRequest(_Asked):
    days: Annotated[int, Field(ge=1, le=LONGEST)] | None
    """null: for ever."""


class PageQuery(_Asked):
    after: Cursor | None = None
    """`next` of the page before."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class HoldsQuery(PageQuery):
    released: bool = False
    """Also those that do not stand any more."""


class HoldRequest(_Asked):
    """What all that is said of it is true for is held. Nothing said: everything."""

    because: Reason
    """A case number or the like. Kept encrypted: it may name somebody."""
    patient: Id | None = None
    session: SessionId | None = None
    therapist: Id | None = None
    since: Moment | None = None
    until: Moment | None = None
    """Records of [since, until)."""
    everything: bool = False
    """Has to be said where nothing else is: it stops all deletion."""

    @model_validator(mode="after")
    def _says_what(self) -> HoldRequest:
        some = any(each is not None for each in (self.patient, self.session, self.therapist, self.since, self.until))
        if some == self.everything:
            raise ValueError("say what is to be held, or everything")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError("a period ends after it begins")
        return self


class _OfPatient(_Asked):
    patient: Id
    sessions: Annotated[tuple[SessionId, ...], Field(max_length=MOST_SESSIONS, strict=False)] = ()
    """Sessions that were theirs alone, besides those that appointments tell: for what was recorded without one."""


class DeletePatientRequest(_OfPatient):
    reason: Reason
    """Kept with the proof, encrypted."""
    confirm: Annotated[str, StringConstraints(max_length=200)] = ""
    """The patient's id, as the person typed it."""


class DeleteRecordRequest(_Asked):
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,24}$")]
    id: Id
    reason: Reason


class ExportRequest(_OfPatient):
    notes: bool = False
    """Psychotherapy notes too, to which nobody has a right: 45 CFR 164.524(a)(1)(i)."""
    recipient: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None
    """For whom it is encrypted, as age1...; left out, a zip that anybody can open."""


class ProofsQuery(PageQuery):
    patient: Id | None = None
    """Only of this patient."""
