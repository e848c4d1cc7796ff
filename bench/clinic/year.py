"""A year of a clinic, made up: day by day the rows of every table, and the events of the audit log. The same each time.

Twenty therapists who see patients weekly, most of whom come. What the policy throws away as it comes is gone, but for
one day that is due. Names and the like are really sealed.
Not here: how it comes into databases (`loading.py`), what is then asked (`asked.py`).
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pydantic import SecretBytes

from bench.clinic.happenings import events_of
from bench.clinic.recorded import recording_rows
from bench.clinic.sessions import Booked, Rows, rows_of
from clinic.accounts.tables import AccountRow, ApiKeyRow, EmergencyRow, PasskeyRow, SetupRow, StaffSessionRow
from clinic.alerts.tables import AlertRow
from clinic.appointments.tables import PatientRow, RequestRow, SeriesRow
from clinic.audit.events import Event
from clinic.keeping.tables import DeletionProofRow, HoldRow, RetentionRuleRow, RunRow
from clinic.messages.tables import MessageRow
from clinic.tables import ConsentTextRow, QualityRow, Table
from clinic.usage.tables import CodeTableRow
from clinic.webhooks.tables import AttemptRow, DeliveryRow, EndpointRow
from signaling.sealed_columns import SealedColumns

BEGINS: Final = 1_767_225_600.0
"""2026-01-01, UTC."""
DAYS: Final = 365
DAY: Final = 86_400.0
NOW: Final = BEGINS + 358 * DAY + 12 * 3600
"""Noon of a Friday in December: what comes after is booked."""

THERAPISTS: Final = 20
SESSIONS: Final = 60_000
EVENTS: Final = 2_000_000
WEEKLY: Final = 66
"""Sessions of a patient in this year."""

OTHERS: Final = {"admin": 1, "supervisor": 2, "frontdesk": 3, "auditor": 1}
SLOTS: Final = 13
"""Hours of a day at which sessions begin, from eight."""

LOOKED: Final = (
    ("appointment.view", 30),
    ("note.view", 22),
    ("checkin.view", 10),
    ("recording.list", 6),
    ("usage.view", 8),
    ("token.issue", 6),
    ("account.sign_in", 6),
    ("account.sign_out", 5),
    ("account.fail", 0.3),
    ("access.refuse", 0.1),
    ("audit.view", 1),
    ("key.use", 4),
    ("usage.export", 0.3),
    ("link.refuse", 0.6),
)
"""What fills the log besides what happens around a session, and how often."""


KEPT: Final[dict[type[Table], int]] = {
    MessageRow: 91,
    DeliveryRow: 31,
    AttemptRow: 31,
    QualityRow: 91,
    RequestRow: 8,
}
"""Days that rows stay by the policy as it comes, and one on which they are due."""


@dataclass(frozen=True)
class Size:
    sessions: int
    events: int

    @classmethod
    def of(cls, scale: float) -> Size:
        return cls(max(60, round(SESSIONS * scale)), max(2000, round(EVENTS * scale)))

    @property
    def patients(self) -> int:
        return max(THERAPISTS, self.sessions // WEEKLY)


@dataclass
class Day:
    rows: Rows
    """By table, those that others refer to first."""
    events: list[Event] = field(default_factory=list)


class Year:
    """Read once, from its beginning to its end; the lists are what questions are asked about."""

    def __init__(self, scale: float, seed: int) -> None:
        self.size = Size.of(scale)
        self._random = random.Random(seed)  # noqa: S311 - made up
        self.seals = SealedColumns(SecretBytes(self._random.randbytes(32)), self._random.randbytes)
        self.therapists = [f"account-{number:06}" for number in range(THERAPISTS)]
        self.staff = [f"{role}-{number:06}" for role, count in OTHERS.items() for number in range(count)]
        self.patients = [f"patient-{number:08}" for number in range(self.size.patients)]
        self.endpoints = ["endpoint-booking", "endpoint-billing"]
        self.booked: list[Booked] = []
        """Every appointment, in order of time."""
        self.holds: list[str] = []
        self.tokens: list[str] = []
        """Hashes, of staff that is signed in."""

    def days(self) -> Iterator[Day]:
        yield self._practice()
        working = [day for day in range(DAYS) if (day + 3) % 7 < 5]  # it begins with a Thursday
        made = told = 0
        for place, day in enumerate(working, 1):
            upto = self.size.sessions * place // len(working)
            today = self._day(day, made, upto)
            made = upto
            wanted = self.size.events * place // len(working) - told
            begins = BEGINS + day * DAY
            today.events += [self._look(begins) for _ in range(wanted - len(today.events))]
            today.events.sort(key=lambda event: event.at)
            told += len(today.events)
            yield today

    def _day(self, day: int, first: int, last: int) -> Day:
        today = Day({})
        for number in range(first, last):
            place = number - first
            patient = number % len(self.patients)
            booked = Booked(
                number=number,
                therapist=self.therapists[(place + day) % THERAPISTS],
                patient=self.patients[patient],
                series=f"series-{patient:08}",
                series_number=number // len(self.patients),
                starts_at=BEGINS + day * DAY + (8 + place // THERAPISTS % SLOTS) * 3600.0,
                fate=self._random.choices(("seen", "missed", "cancelled"), (88, 5, 7))[0],
                recorded=self._random.random() < 0.2,
                partner=self._random.random() < 0.1,
            )
            self.booked.append(booked)
            made = rows_of(booked, self._random, self.seals, NOW)
            if booked.recorded and booked.was_seen(NOW):
                made |= recording_rows(booked, self._random, self.seals)
            for table, rows in made.items():
                if booked.starts_at > NOW - KEPT.get(table, DAYS) * DAY:
                    today.rows.setdefault(table, []).extend(rows)
            today.events += events_of(booked, self._random, NOW)
        return today

    def _look(self, begins: float) -> Event:
        """Something that somebody did besides."""
        kind = self._random.choices([each for each, _ in LOOKED], [often for _, often in LOOKED])[0]
        at = begins + 7 * 3600 + self._random.random() * 14 * 3600
        who = self._random.choice(self.therapists if self._random.random() < 0.7 else self.staff)
        if self.booked and kind in (
            "appointment.view",
            "note.view",
            "checkin.view",
            "token.issue",
            "usage.view",
            "usage.export",
        ):
            # of one of their own mostly
            booked = self.booked[-1 - int(self._random.random() ** 3 * min(len(self.booked), 3000))]
            who = booked.therapist if self._random.random() < 0.8 else who
            return Event(
                kind, at, "staff", who, session=booked.session, patient=booked.patient, subject=booked.id,
                details={"role": "therapist"},
            )  # fmt: skip
        if kind == "link.refuse":
            return Event(kind, at, "link", "unknown", details={"code": "link_invalid"})
        if kind == "key.use":
            return Event(kind, at, "server", "vault", subject="recipient-1", details={"how": "open"})
        return Event(kind, at, "staff", who, details={"way": "password totp"} if kind.startswith("account") else {})

    def _practice(self) -> Day:
        """What is there before the first session, and what the whole year has few of."""
        chance, seals = self._random, self.seals
        rows: Rows = {SetupRow: [{"id": 1, "at": BEGINS}]}
        accounts = [*self.therapists, *self.staff]
        rows[AccountRow] = [
            {
                "id": id,
                "login_hmac": _digest("login", id),
                "login_sealed": seals.seal(f"{id}@clinic.example", f"account.login/{id}"),
                "name_sealed": seals.seal(f"Staff {place}", f"account.name/{id}"),
                "roles": ["therapist"] if id.startswith("account-") else [id.partition("-")[0]],
                "active": True,
                "external_id": f"ext-{id}",
                "made_at": BEGINS,
                "signed_in_at": NOW - 3600,
                "password": "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA",
                "password_changed_at": BEGINS,
            }
            for place, id in enumerate(accounts)
        ]
        rows[PasskeyRow] = [
            {
                "id": f"passkey-{id}",
                "account_id": id,
                "credential_hash": _digest("passkey", id),
                "credential": chance.randbytes(64),
                "public_key": chance.randbytes(77),
                "sign_count": 3,
                "name_sealed": seals.seal("Laptop", f"account_passkey.name/passkey-{id}"),
                "made_at": BEGINS,
            }
            for id in accounts
        ]
        self.tokens = [_digest("token", f"{id}.{each}") for id in accounts for each in range(3)]
        rows[StaffSessionRow] = [
            {
                "id": f"session-{token[:20]}",
                "account_id": accounts[place // 3],
                "token_hash": token,
                "stage": "done",
                "signed_in_at": NOW - 3600,
                "seen_at": NOW,
                "confirmed_at": NOW - 3600,
                "expires_at": NOW + 8 * 3600,
                "browser": "Firefox",
                "ways": "password totp",
            }
            for place, token in enumerate(self.tokens)
        ]
        rows[ApiKeyRow] = [
            {
                "id": f"key-{number}",
                "secret_hash": _digest("key", str(number)),
                "name_sealed": seals.seal("Booking", f"api_key.name/key-{number}"),
                "scopes": ["appointments"],
                "made_at": BEGINS,
                "made_by": self.staff[0],
            }
            for number in range(5)
        ]
        rows[EmergencyRow] = [
            {
                "id": f"emergency-{number:04}",
                "account_id": chance.choice(self.therapists),
                "reason_sealed": seals.seal("Patient in danger", f"emergency.reason/emergency-{number:04}"),
                "since": BEGINS + number * 8 * DAY,
                "until": BEGINS + number * 8 * DAY + 3600,
                "ended_at": BEGINS + number * 8 * DAY + 3600,
            }
            for number in range(40)
        ]
        rows[PatientRow] = [
            {
                "id": id,
                "made_at": BEGINS,
                "changed_at": BEGINS,
                "name_sealed": seals.seal(f"Patient {place}", f"patient.name/{id}"),
                "email_sealed": seals.seal(f"{id}@mail.example", f"patient.email/{id}"),
                "phone_sealed": seals.seal(f"+1 555 {place:07}", f"patient.phone/{id}"),
                "language": "en",
            }
            for place, id in enumerate(self.patients)
        ]
        rows[SeriesRow] = [
            {
                "id": f"series-{place:08}",
                "therapist": self.therapists[place % THERAPISTS],
                "frequency": "weekly",
                "starts": "2026-01-05T10:00",
                "zone": "Europe/Berlin",
                "minutes": 50,
                "made_at": BEGINS,
                "external_id": f"ext-series-{place:08}",
            }
            for place in range(len(self.patients))
        ]
        rows[ConsentTextRow] = [{"version": "1", "title": "Consent", "body": "I agree.", "since": BEGINS}]
        rows[CodeTableRow] = [
            {"version": number, "since": BEGINS + number, "by": self.staff[0], "codes": {"90834": {"from": 38}}}
            for number in range(1, 5)
        ]
        rows[EndpointRow] = [
            {
                "id": id,
                "url_sealed": seals.seal("https://booking.example/hook", f"webhook_endpoint.url/{id}"),
                "secrets_sealed": seals.seal(json.dumps(["secret"]), f"webhook_endpoint.secrets/{id}"),
                "kinds": [],
                "active": True,
                "created_at": BEGINS,
                "changed_at": BEGINS,
            }
            for id in self.endpoints
        ]
        rows[AlertRow] = [
            {
                "id": f"alert-{number:06}",
                "rule": "failed_joins",
                "at": BEGINS + number * 0.6 * DAY,
                "actor_kind": "staff",
                "actor": chance.choice(self.therapists),
                "session": None,
                "count": 12,
                "seconds": 600,
                "closed_at": None if number % 5 == 0 else BEGINS + number * 0.6 * DAY + 900,
                "closed_by": None if number % 5 == 0 else self.staff[0],
            }
            for number in range(600)
        ]
        self.holds = [f"hold-{number:04}" for number in range(30)]
        rows[HoldRow] = [
            {
                "id": id,
                "placed_at": BEGINS + place * 10 * DAY,
                "placed_by": self.staff[0],
                "because_sealed": seals.seal(f"Case {place}", f"legal_hold.because/{id}"),
                "patient": chance.choice(self.patients),
                "released_at": None if place % 6 == 0 else BEGINS + place * 10 * DAY + DAY,
                "released_by": None if place % 6 == 0 else self.staff[0],
            }
            for place, id in enumerate(self.holds)
        ]
        rows[RetentionRuleRow] = [
            {"kind": "messages", "days": 90 + number, "at": BEGINS + number, "by": self.staff[0]}
            for number in range(12)
        ]
        rows[DeletionProofRow] = [
            {
                "id": f"proof-{number:06}",
                "at": BEGINS + number * 3 * DAY,
                "by": self.staff[0],
                "reason_sealed": seals.seal("Asked for", f"deletion_proof.reason/proof-{number:06}"),
                "patient_hmac": _digest("patient", str(number)),
                "deleted": {"notes": [_digest("note", str(each)) for each in range(60)]},
                "secrets": [],
                "left": {"audit": 900},
                "signature": chance.randbytes(64),
            }
            for number in range(100)
        ]
        rows[RunRow] = [
            {
                "kind": "backup",
                "at": BEGINS + day * DAY,
                "seconds": 40.0,
                "size": 10**9,
                "well": True,
                "details": {"rows": day},
            }
            for day in range(358)
        ]
        return Day(rows)


def _digest(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}/{text}".encode()).hexdigest()
