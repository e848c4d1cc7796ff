"""The tables of appointments, top to bottom: patients, series, appointments, who is invited, their links, check-in.

Consents to telehealth are only ever added to; a trigger of the migration sees to it. Not here: what may be done with
the rows.
"""

from __future__ import annotations

from typing import get_args

from sqlalchemy import ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from clinic.appointments.records import AppointmentState, Frequency, Kind, Relation, RevokedBecause
from clinic.columns import Moment, Sealed, Words, state_column, word_column
from clinic.tables import HASH, ID, IDENTITY, Table

ZONE = Words(64)
LANGUAGE = Words(35)
EXTERNAL = Words(100)
CONTACT = Sealed(2048)


class PatientRow(Table):
    __tablename__ = "patient"

    id: Mapped[str] = mapped_column(IDENTITY, primary_key=True)
    made_at: Mapped[float] = mapped_column(Moment)
    changed_at: Mapped[float] = mapped_column(Moment)
    name_sealed: Mapped[bytes | None] = mapped_column(CONTACT)
    email_sealed: Mapped[bytes | None] = mapped_column(CONTACT)
    phone_sealed: Mapped[bytes | None] = mapped_column(CONTACT)
    language: Mapped[str | None] = mapped_column(LANGUAGE)
    zone: Mapped[str | None] = mapped_column(ZONE)


class SeriesRow(Table):
    __tablename__ = "appointment_series"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    therapist: Mapped[str] = mapped_column(IDENTITY)
    frequency: Mapped[Frequency] = mapped_column(word_column(get_args(Frequency)))
    starts: Mapped[str] = mapped_column(Words(19))
    zone: Mapped[str] = mapped_column(ZONE)
    minutes: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[float] = mapped_column(Moment)
    external_id: Mapped[str | None] = mapped_column(EXTERNAL, unique=True)


class AppointmentRow(Table):
    __tablename__ = "appointment"
    __table_args__ = (
        Index(None, "starts_at", "id"),  # the order of lists
        Index(None, "therapist", "starts_at"),
        Index(None, "state", "ends_at"),  # what is over and still booked
        Index(None, "state", "starts_at", "id"),  # the order of lists of one state
        UniqueConstraint("series_id", "series_number"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    session: Mapped[str] = mapped_column(Words(100), unique=True)
    therapist: Mapped[str] = mapped_column(IDENTITY)
    kind: Mapped[Kind] = mapped_column(word_column(get_args(Kind)))
    starts_at: Mapped[float] = mapped_column(Moment)
    ends_at: Mapped[float] = mapped_column(Moment)
    minutes: Mapped[int] = mapped_column(Integer)
    zone: Mapped[str] = mapped_column(ZONE)
    made_at: Mapped[float] = mapped_column(Moment)
    changed_at: Mapped[float] = mapped_column(Moment)
    state: Mapped[AppointmentState] = mapped_column(state_column(AppointmentState))
    revision: Mapped[int] = mapped_column(Integer)
    external_id: Mapped[str | None] = mapped_column(EXTERNAL, unique=True)
    series_id: Mapped[str | None] = mapped_column(ForeignKey("appointment_series.id"))
    series_number: Mapped[int | None] = mapped_column(Integer)
    therapist_name_sealed: Mapped[bytes | None] = mapped_column(CONTACT)
    met_at: Mapped[float | None] = mapped_column(Moment)
    over_at: Mapped[float | None] = mapped_column(Moment)


class GuestRow(Table):
    __tablename__ = "appointment_guest"
    __table_args__ = (Index(None, "patient_id", "starts_at", "appointment_id"),)  # a patient's history

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointment.id"), index=True)
    starts_at: Mapped[float] = mapped_column(Moment)  # the appointment's, for the index
    place: Mapped[int] = mapped_column(Integer)  # in the list of who is invited
    relation: Mapped[Relation] = mapped_column(word_column(get_args(Relation)))
    role: Mapped[str] = mapped_column(Words(32))
    patient_id: Mapped[str | None] = mapped_column(ForeignKey("patient.id", ondelete="SET NULL"))
    name_sealed: Mapped[bytes | None] = mapped_column(CONTACT)
    email_sealed: Mapped[bytes | None] = mapped_column(CONTACT)
    phone_sealed: Mapped[bytes | None] = mapped_column(CONTACT)
    language: Mapped[str | None] = mapped_column(LANGUAGE)
    zone: Mapped[str | None] = mapped_column(ZONE)
    left_out_at: Mapped[float | None] = mapped_column(Moment)
    waits_since: Mapped[float | None] = mapped_column(Moment)
    came_at: Mapped[float | None] = mapped_column(Moment)
    let_in_at: Mapped[float | None] = mapped_column(Moment)
    gone_at: Mapped[float | None] = mapped_column(Moment)


class LinkRow(Table):
    __tablename__ = "visit_link"
    __table_args__ = (Index(None, "guest_id", "made_at"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointment.id"), index=True)
    guest_id: Mapped[str] = mapped_column(ForeignKey("appointment_guest.id"))
    secret_sha256: Mapped[str] = mapped_column(HASH, unique=True)
    devices: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[float] = mapped_column(Moment)
    revoked_at: Mapped[float | None] = mapped_column(Moment)
    revoked_because: Mapped[RevokedBecause | None] = mapped_column(word_column(get_args(RevokedBecause)))
    opened_at: Mapped[float | None] = mapped_column(Moment)


class DeviceRow(Table):
    """A device on which a link was opened: the hash of what its cookie holds."""

    __tablename__ = "visit_device"

    link_id: Mapped[str] = mapped_column(ForeignKey("visit_link.id", ondelete="CASCADE"), primary_key=True)
    device_sha256: Mapped[str] = mapped_column(HASH, primary_key=True)
    first_at: Mapped[float] = mapped_column(Moment)


class CheckInRow(Table):
    __tablename__ = "checkin"
    __table_args__ = (Index(None, "appointment_id", "at"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    appointment_id: Mapped[str] = mapped_column(ForeignKey("appointment.id"))
    guest_id: Mapped[str] = mapped_column(ForeignKey("appointment_guest.id"))
    at: Mapped[float] = mapped_column(Moment, index=True)
    answers_sealed: Mapped[bytes] = mapped_column(Sealed(8192))


class TelehealthConsentRow(Table):
    __tablename__ = "telehealth_consent"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    appointment_id: Mapped[str] = mapped_column(ID, index=True)
    guest_id: Mapped[str] = mapped_column(ID)
    relation: Mapped[Relation] = mapped_column(word_column(get_args(Relation)))
    patient_id: Mapped[str | None] = mapped_column(IDENTITY, index=True)
    text_version: Mapped[str] = mapped_column(ForeignKey("consent_text.version"))
    text_sha256: Mapped[str] = mapped_column(HASH)
    at: Mapped[float] = mapped_column(Moment, index=True)


class RequestRow(Table):
    """A request that was carried out, by the key that its caller gave it: the same again is answered from here."""

    __tablename__ = "appointment_request"

    caller: Mapped[str] = mapped_column(IDENTITY, primary_key=True)
    key_sha256: Mapped[str] = mapped_column(HASH, primary_key=True)
    body_sha256: Mapped[str] = mapped_column(HASH)
    at: Mapped[float] = mapped_column(Moment, index=True)
    made: Mapped[str] = mapped_column(ID)  # the appointment, or the first of its series
