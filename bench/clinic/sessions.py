"""One session of the made-up year: its rows in every table, and its events.

Not here: when sessions are, and whose (`year.py`).
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from typing import Any, Literal

from clinic.appointments.records import AppointmentState
from clinic.appointments.tables import (
    AppointmentRow,
    CheckInRow,
    DeviceRow,
    GuestRow,
    LinkRow,
    RequestRow,
    TelehealthConsentRow,
)
from clinic.messages.records import MessageState
from clinic.messages.tables import MessageRow
from clinic.notes.tables import NoteRow, NoteVersionRow
from clinic.tables import (
    QualityRow,
    Table,
)
from clinic.usage.records import Share, Sitting, Span, WholeSitting
from clinic.usage.tables import ShareRow, SittingRow, SpanRow
from clinic.webhooks.records import DeliveryState
from clinic.webhooks.tables import AttemptRow, CounterRow, DeliveryRow
from signaling.sealed_columns import SealedColumns

Rows = dict[type[Table], list[dict[str, Any]]]
Fate = Literal["seen", "missed", "cancelled"]

MINUTES = 50
TOLD = ("session.started", "session.ended", "usage.final")
"""Kinds of deliveries for each session."""

NOTE = "Talked about sleep and work. " * 20


@dataclass(frozen=True)
class Booked:
    number: int
    therapist: str
    patient: str
    series: str
    series_number: int
    starts_at: float
    fate: Fate
    recorded: bool
    partner: bool

    @property
    def id(self) -> str:
        return f"appointment-{self.number:08}"

    @property
    def session(self) -> str:
        return f"session-{self.number:08}"

    @property
    def recording(self) -> str:
        return f"recording-{self.number:08}"

    @property
    def note(self) -> str:
        return f"note-{self.number:08}"

    @property
    def sitting(self) -> str:
        return f"sitting-{self.number:08}"

    @property
    def ends_at(self) -> float:
        return self.starts_at + MINUTES * 60.0

    @property
    def day(self) -> int:
        """Since 1970."""
        return int(self.starts_at // 86_400)

    @property
    def secret(self) -> str:
        """The hash of the link's."""
        return digest("link", self.number)

    def state(self, now: float) -> AppointmentState:
        if self.fate == "cancelled":
            return AppointmentState.CANCELLED
        return AppointmentState.BOOKED if self.ends_at > now else AppointmentState(self.fate)

    def was_seen(self, now: float) -> bool:
        return self.state(now) is AppointmentState.SEEN


def whole_sitting(booked: Booked, day: str, chance: random.Random) -> WholeSitting:
    two_way = round(MINUTES * 60_000 * (0.8 + chance.random() * 0.2))
    until = booked.ends_at
    sitting = Sitting(
        id=booked.sitting,
        session=booked.session,
        day=day,
        started_at=booked.starts_at,
        known_until=until,
        ended_at=until,
        two_way_ms=two_way,
        video_ms=two_way - 60_000,
        patients=1,
        therapist=booked.therapist,
        appointment=booked.id,
    )
    shares = tuple(
        Share(person, role, booked.starts_at, until, MINUTES * 60_000, two_way, two_way - 60_000)
        for person, role in ((booked.therapist, "therapist"), (booked.patient, "patient"))
    )
    middle = booked.starts_at + 1500.0
    spans = tuple(
        span
        for person in ("", booked.therapist, booked.patient)
        for span in (
            Span(person, 0, booked.starts_at, middle, "video"),
            Span(person, 1, middle, middle + 30.0, "gap", "connection"),
            Span(person, 2, middle + 30.0, until, "video"),
        )
    )
    return WholeSitting(sitting, shares, spans)


def rows_of(booked: Booked, chance: random.Random, seals: SealedColumns, now: float) -> Rows:
    rows: Rows = {}
    _appointment(rows, booked, seals, now)
    _messages(rows, booked, seals, now)
    if booked.was_seen(now):
        _visit(rows, booked, seals)
        _deliveries(rows, booked, chance)
        _qualities(rows, booked)
    return rows


def _appointment(rows: Rows, booked: Booked, seals: SealedColumns, now: float) -> None:
    made = max(0.0, booked.starts_at - 14 * 86_400)
    seen = booked.was_seen(now)
    rows[AppointmentRow] = [
        {
            "id": booked.id,
            "session": booked.session,
            "therapist": booked.therapist,
            "kind": "couple" if booked.partner else "individual",
            "starts_at": booked.starts_at,
            "ends_at": booked.ends_at,
            "minutes": MINUTES,
            "zone": "Europe/Berlin",
            "made_at": made,
            "changed_at": made,
            "state": booked.state(now),
            "revision": 0,
            "external_id": f"ext-{booked.number:08}",
            "series_id": booked.series,
            "series_number": booked.series_number,
            "therapist_name_sealed": seals.seal("Dr. Example", f"appointment.therapist/{booked.id}"),
            "met_at": booked.starts_at if seen else None,
            "over_at": booked.ends_at if seen else None,
        }
    ]
    names = ["patient", "partner"] if booked.partner else ["patient"]
    guests = [(f"guest-{booked.number:08}-{place}", place, relation) for place, relation in enumerate(names)]
    rows[GuestRow] = [
        {
            "id": id,
            "appointment_id": booked.id,
            "starts_at": booked.starts_at,
            "place": place,
            "relation": relation,
            "role": "patient" if place == 0 else "guest",
            "patient_id": booked.patient,
            "name_sealed": None if place == 0 else seals.seal("Partner", f"guest.name/{id}"),
            "came_at": booked.starts_at - 120 if seen else None,
            "let_in_at": booked.starts_at if seen else None,
            "gone_at": booked.ends_at if seen else None,
        }
        for id, place, relation in guests
    ]
    rows[LinkRow] = [
        {
            "id": f"link-{booked.number:08}-{place}",
            "appointment_id": booked.id,
            "guest_id": id,
            "secret_sha256": booked.secret if place == 0 else digest("partner", booked.number),
            "devices": 1,
            "made_at": made,
            "opened_at": booked.starts_at - 180 if seen else None,
        }
        for id, place, _ in guests
    ]
    rows[DeviceRow] = []
    if seen:
        rows[DeviceRow].append(
            {
                "link_id": f"link-{booked.number:08}-0",
                "device_sha256": digest("device", booked.number),
                "first_at": booked.starts_at,
            }
        )
    rows[RequestRow] = [
        {
            "caller": "key-0",
            "key_sha256": digest("request", booked.number),
            "body_sha256": digest("body", booked.number),
            "at": made,
            "made": booked.id,
        }
    ]


def _messages(rows: Rows, booked: Booked, seals: SealedColumns, now: float) -> None:
    rows[MessageRow] = []
    for kind, before in (("invitation", 14 * 86_400.0), ("reminder", 86_400.0)):
        id = f"message-{booked.number:08}-{kind}"
        at = max(0.0, booked.starts_at - before)
        waits = at > now
        rows[MessageRow].append(
            {
                "id": id,
                "key": f"{booked.id}.{kind}",
                "kind": kind,
                "channel": "mail" if kind == "invitation" else "sms",
                "to_sealed": seals.seal(f"{booked.patient}@mail.example", f"message.to/{id}") if waits else None,
                "content_sealed": seals.seal(json.dumps({"at": at}), f"message.content/{id}") if waits else None,
                "created_at": max(0.0, booked.starts_at - 14 * 86_400.0),
                "next_at": at,
                "useless_at": booked.starts_at,
                "about": booked.id,
                "guest": f"guest-{booked.number:08}-0",
                "patient": booked.patient,
                "state": MessageState.WAITING if waits else MessageState.SENT,
                "attempts": 0 if waits else 1,
                "done_at": None if waits else at + 1,
            }
        )


def _visit(rows: Rows, booked: Booked, seals: SealedColumns) -> None:
    checkin, at = f"checkin-{booked.number:08}", booked.starts_at - 150
    guest = f"guest-{booked.number:08}-0"
    answers = json.dumps({"name": "Alex", "where": "12 Example Street", "phone": "+1 555 0100", "contact": "Kim"})
    rows[CheckInRow] = [
        {
            "id": checkin,
            "appointment_id": booked.id,
            "guest_id": guest,
            "at": at,
            "answers_sealed": seals.seal(answers, f"checkin/{checkin}"),
        }
    ]
    rows[TelehealthConsentRow] = [
        {
            "appointment_id": booked.id,
            "guest_id": guest,
            "relation": "patient",
            "patient_id": booked.patient,
            "text_version": "1",
            "text_sha256": digest("text", 1),
            "at": at,
        }
    ]
    rows[NoteRow] = [
        {
            "id": booked.note,
            "appointment_id": booked.id,
            "author": booked.therapist,
            "made_at": booked.ends_at,
            "changed_at": booked.ends_at,
            "version": 1,
        }
    ]
    rows[NoteVersionRow] = [
        {
            "note_id": booked.note,
            "version": 1,
            "at": booked.ends_at,
            "content_sealed": seals.seal(NOTE, f"note/{booked.note}/1"),
        }
    ]


def usage_rows(whole: WholeSitting) -> Rows:
    sitting = whole.sitting
    return {
        SittingRow: [dict(vars(sitting))],
        ShareRow: [vars(each) | {"sitting_id": sitting.id, "started_at": sitting.started_at} for each in whole.shares],
        SpanRow: [vars(each) | {"sitting_id": sitting.id} for each in whole.spans],
    }


def _deliveries(rows: Rows, booked: Booked, chance: random.Random) -> None:
    rows[CounterRow], rows[DeliveryRow], rows[AttemptRow] = [], [], []
    for place, endpoint in enumerate(("endpoint-booking", "endpoint-billing")):
        rows[CounterRow].append({"endpoint_id": endpoint, "session": booked.session, "last": len(TOLD)})
        for sequence, kind in enumerate(TOLD, 1):
            id = (booked.number * 2 + place) * len(TOLD) + sequence
            failed = chance.random() < 0.002
            at = booked.starts_at if sequence == 1 else booked.ends_at + sequence
            said = {"status": 500 if failed else 204, "duration_ms": 80, "error": "status" if failed else None}
            rows[DeliveryRow].append(
                {
                    "id": id,
                    "endpoint_id": endpoint,
                    "event_id": f"event-{booked.number:08}-{sequence}",
                    "kind": kind,
                    "session": booked.session,
                    "sequence": sequence,
                    "at": at,
                    "data": {"appointment": booked.id, "patient": booked.patient},
                    "state": DeliveryState.FAILED if failed else DeliveryState.DELIVERED,
                    "attempts": 1,
                    "tries": 1,
                    "next_at": at,
                    "give_up_at": at + 86_400,
                    "done_at": at + 1,
                    **said,
                }
            )
            rows[AttemptRow].append({"delivery_id": id, "at": at, **said})


def _qualities(rows: Rows, booked: Booked) -> None:
    rows[QualityRow] = [
        {
            "session": booked.session,
            "person_id": f"seat-{role}",
            "came_at": booked.starts_at,
            "role": role,
            "kept_at": booked.ends_at,
            "gone_at": booked.ends_at,
            "gone": "left",
            "connected": True,
            "figures": {"loss": 0.4, "rtt_ms": 38, "mos": 4.2, "kbps": 1800, "freezes": 2},
        }
        for role in ("therapist", "patient")
    ]


def digest(kind: str, number: int) -> str:
    return hashlib.sha256(f"{kind}/{number}".encode()).hexdigest()
