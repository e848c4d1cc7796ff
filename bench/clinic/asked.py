"""What each page and each answer of the API asks the databases: through the stores, as the handlers do, with chance for
what they are asked about.

One that is not here is no query: a page without records, or a change. Changes are one row each, and are measured where
they matter (`bench.audit`). Not here: the audit log
(`asked_log.py`), how long it takes (`measuring.py`).
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypedDict

from bench.clinic.loading import SIGNER, Loader
from bench.clinic.sessions import Booked
from bench.clinic.year import BEGINS, DAY, DAYS, NOW, Year
from clinic import Consents, Database, Jobs, Recordings, Retention, Viewings
from clinic.accounts import Accounts, ApiKeys, Attempts, Emergencies, Factors, StaffSessions
from clinic.alerts.store import AlertStore
from clinic.appointments.appointments import Appointments
from clinic.appointments.checkins import CheckIns
from clinic.appointments.links import Links
from clinic.appointments.own import own_sessions
from clinic.appointments.patients import Patients
from clinic.appointments.records import AppointmentState
from clinic.audit.log import AuditLog
from clinic.keeping.access_log import AccessLog
from clinic.keeping.holds import LegalHolds
from clinic.keeping.kept_rows import KeptRows
from clinic.keeping.office import kept_rows
from clinic.keeping.proofs import DeletionProofs
from clinic.keeping.rules import RetentionRules, before
from clinic.keeping.runs import Runs
from clinic.keeping.whose import subject
from clinic.messages.outbox import Outbox
from clinic.notes.notes import Notes
from clinic.qualities import Qualities
from clinic.states import RecordingState
from clinic.usage.codes import CodeTables
from clinic.usage.records import Wanted as WantedUsage
from clinic.usage.store import Usages
from clinic.usage.sums import UsageSums
from clinic.webhooks.deliveries import DeliveryStore
from clinic.webhooks.endpoints import Endpoints
from clinic.webhooks.records import DeliveryState

AT_ONCE = 8
"""Deliveries that are taken at once."""

MONTH = 30
"""Days of a month's report."""

PAGE = 50
MOST_OF_A_DAY = 200


class Period(TypedDict):
    since: float
    until: float


@dataclass(frozen=True)
class Query:
    page: str
    """Where it is asked."""
    what: str
    run: Callable[[], Awaitable[Any]]


class Asked:
    """Everything that is asked of one clinic."""

    def __init__(self, year: Year, clinic: Loader, log: AuditLog, seed: int) -> None:
        self.year = year
        self.records: Database = clinic.records
        self.log = log
        self.chance = random.Random(seed)  # noqa: S311 - made up
        past = [each for each in year.booked if each.was_seen(NOW)]
        self._seen = past
        self._recent = [each for each in past if each.starts_at > NOW - MONTH * DAY]
        self._recorded = [each for each in past if each.recorded]

    # Chance ----------------------------------------------------------------------------------------------------------

    def booked(self) -> Booked:
        return self.chance.choice(self._seen)

    def recent(self) -> Booked:
        """Of the last month: of it there are deliveries too."""
        return self.chance.choice(self._recent)

    def recorded(self) -> Booked:
        return self.chance.choice(self._recorded)

    def therapist(self) -> str:
        return self.chance.choice(self.year.therapists)

    def patient(self) -> str:
        return self.chance.choice(self.year.patients)

    def day(self, length: int = 1) -> tuple[float, float]:
        first = BEGINS + self.chance.randrange(DAYS - length) * DAY
        return first, first + length * DAY

    def dates(self, length: int) -> tuple[str, str]:
        first, after = self.day(length)
        return _date(first), _date(after - DAY)

    def period(self, length: int) -> Period:
        first, after = self.day(length)
        return {"since": first, "until": after}

    # Queries ---------------------------------------------------------------------------------------------------------

    def queries(self) -> list[Query]:
        return [
            *self._signing_in(),
            *self._appointments(),
            *self._notes(),
            *self._recordings(),
            *self._usage(),
            *self._outgoing(),
            *self._keeping(),
        ]

    def _signing_in(self) -> list[Query]:
        accounts, sessions = Accounts(self.records), StaffSessions(self.records)
        factors, keys, emergencies = Factors(self.records), ApiKeys(self.records), Emergencies(self.records)
        attempts = Attempts(self.records)
        year, choice = self.year, self.chance.choice
        return [
            Query("every page", "who is signed in", lambda: sessions.find(choice(year.tokens), NOW)),
            Query("every call of the API", "a key", lambda: keys.find("key-0")),
            Query("set-up", "is it set up", accounts.is_set_up),
            Query("staff", "list of accounts", lambda: accounts.listed(None, PAGE + 1)),
            Query("staff", "one account", lambda: accounts.look(choice(year.therapists))),
            Query("staff", "who is locked", lambda: attempts.locked(["a" * 64, "b" * 64], NOW)),
            Query("sync", "all accounts", accounts.all),
            Query("security", "passkeys", lambda: factors.passkeys(self.therapist())),
            Query("security", "recovery codes left", lambda: factors.recovery_codes_left(self.therapist())),
            Query("security", "own sessions", lambda: sessions.of_account(self.therapist(), NOW)),
            Query("API keys", "list", keys.all),
            Query("emergency", "list", lambda: emergencies.all(only_open=False)),
            Query("emergency", "open ones", lambda: emergencies.all(only_open=True)),
            Query("every page", "how many emergencies are open", emergencies.count_open),
        ]

    def _appointments(self) -> list[Query]:
        store, checkins, links = Appointments(self.records), CheckIns(self.records), Links(self.records)
        patients, notes = Patients(self.records), Notes(self.records)

        async def day() -> None:
            since, until = self.day()
            therapist = self.therapist()
            found = await store.find(since=since, until=until, therapist=therapist, limit=MOST_OF_A_DAY)
            ids = [whole.appointment.id for whole in found.appointments]
            await notes.count(ids, therapist)
            await checkins.latest(ids)

        async def link() -> None:
            _, whole = await links.find(self.booked().secret)
            await checkins.of_guest(whole.guests[0].id, whole.appointment.id)

        async def second_page() -> None:
            period = self.period(MONTH)
            found = await store.find(**period, limit=PAGE)
            if found.next is not None:
                await store.find(**period, limit=PAGE, after=found.next)

        return [
            Query("day", "a therapist's day", day),
            Query("appointments", "a week of all", lambda: store.find(**self.period(7), limit=PAGE)),
            Query(
                "appointments",
                "a week of one therapist",
                lambda: store.find(**self.period(7), therapist=self.therapist(), limit=PAGE),
            ),
            Query("appointments", "200 of a month", lambda: store.find(**self.period(MONTH), limit=200)),
            Query("appointments", "two pages of a month", second_page),
            Query(
                "appointments",
                "a month of a patient",
                lambda: store.find(**self.period(MONTH), patient=self.patient(), limit=PAGE),
            ),
            Query(
                "appointments",
                "the year of a patient with a therapist",
                lambda: store.find(
                    since=BEGINS, until=NOW, patient=self.patient(), therapist=self.therapist(), limit=PAGE
                ),
            ),
            Query(
                "appointments",
                "cancelled ones of a month",
                lambda: store.find(**self.period(MONTH), state=AppointmentState.CANCELLED, limit=PAGE),
            ),
            Query(
                "appointments",
                "what is missed of the year",
                lambda: store.find(since=BEGINS, until=NOW, state=AppointmentState.MISSED, limit=PAGE),
            ),
            Query("appointments", "one", lambda: store.get(self.booked().id)),
            Query("appointments", "one by the booking system's id", lambda: store.of_external(self._external())),
            Query("appointments", "a series", lambda: store.of_series(self.booked().series)),
            Query("appointments", "is there an overlap", self._overlap(store)),
            Query("patient", "history, 50", lambda: store.history(self.patient(), limit=PAGE)),
            Query(
                "patient",
                "history with one therapist",
                lambda: store.history(self.patient(), therapist=self.therapist(), limit=PAGE),
            ),
            Query("patient", "is it one's own", lambda: store.sees(self.therapist(), self.patient())),
            Query("patient", "contact", lambda: patients.get(self.patient())),
            Query("check-in", "answers of one appointment", lambda: checkins.latest([self.booked().id])),
            Query("check-in", "consents", lambda: checkins.consents(self.booked().id)),
            Query("visit", "a patient's link", link),
            Query("session", "whose appointment it is", lambda: store.of_session(self.booked().session)),
            Query("attendance", "what is over and still booked", lambda: store.over(NOW)),
        ]

    def _overlap(self, store: Appointments) -> Callable[[], Awaitable[Any]]:
        async def ask() -> None:
            whole = await store.get(self.booked().id)
            await store.overlapping(whole.appointment.therapist, [whole.appointment])

        return ask

    def _external(self) -> str:
        return f"ext-{self.booked().number:08}"

    def _notes(self) -> list[Query]:
        notes = Notes(self.records)
        return [
            Query("notes", "of an appointment", lambda: notes.of_appointment(self.booked().id, None)),
            Query("notes", "one", lambda: notes.get(self.booked().note)),
            Query("notes", "versions", lambda: notes.versions(self.booked().note)),
        ]

    def _recordings(self) -> list[Query]:
        store, jobs, viewings = Recordings(self.records), Jobs(self.records), Viewings(self.records)
        retention, consents, qualities = Retention(self.records), Consents(self.records), Qualities(self.records)

        async def own() -> None:
            page = await store.find(among=await own_sessions(self.records, self.therapist()), limit=PAGE)
            await jobs.of_recordings([each.id for each in page.recordings])

        async def every() -> None:
            page = await store.find(limit=PAGE)
            await jobs.of_recordings([each.id for each in page.recordings])

        async def one() -> None:
            id = self.recorded().recording
            await store.get(id)
            await viewings.of_recording(id)
            await retention.proofs(id)

        return [
            Query("recordings", "list, without work on them", lambda: store.find(limit=PAGE)),
            Query("recordings", "list, with work on them", every),
            Query("recordings", "list of one's own, with work on them", own),
            Query("recordings", "list of a week", lambda: store.find(**self.period(7), limit=PAGE)),
            Query(
                "recordings",
                "list by a part of the session's id",
                lambda: store.find(session=self.recorded().session[-6:], limit=PAGE),
            ),
            Query("recordings", "list of a session", lambda: store.find(only=self.recorded().session, limit=PAGE)),
            Query(
                "recordings",
                "list by state",
                lambda: store.find(states=[RecordingState.CAPTURED], limit=PAGE),
            ),
            Query(
                "recordings",
                "list by a state that none has",
                lambda: store.find(states=[RecordingState.FAILED], limit=PAGE),
            ),
            Query("recordings", "one", one),
            Query("recordings", "consents", lambda: consents.of_recording(self.recorded().recording)),
            Query("quality", "of a session", lambda: qualities.of_session(self.recent().session)),
        ]

    def _usage(self) -> list[Query]:
        store, sums = Usages(self.records), UsageSums(self.records)
        codes = CodeTables(self.records)

        def wanted(**given: str) -> WantedUsage:
            first, last = self.dates(MONTH)
            return WantedUsage(first, last, **given)

        return [
            Query("usage", "sessions of a month, 100", lambda: store.find(wanted(), limit=100)),
            Query(
                "usage", "sessions of a therapist", lambda: store.find(wanted(therapist=self.therapist()), limit=100)
            ),
            Query("usage", "sessions of a patient", lambda: store.find(wanted(patient=self.patient()), limit=100)),
            Query(
                "usage",
                "sessions of a patient with a therapist",
                lambda: store.find(wanted(patient=self.patient(), therapist=self.therapist()), limit=100),
            ),
            Query("usage", "one session", lambda: store.find(WantedUsage(session=self.booked().session), limit=100)),
            Query("usage", "a sitting with its spans", lambda: store.get(self.booked().sitting)),
            Query("usage", "therapists of a month", lambda: sums.by_person("therapist", *self.dates(MONTH))),
            Query("usage", "patients of a month", lambda: sums.by_person("patient", *self.dates(MONTH), limit=100)),
            Query("usage", "patients of the year", lambda: sums.by_person("patient", *self.dates(364), limit=100)),
            Query("usage", "months of the clinic", lambda: sums.by_month("all", "", *self.dates(364))),
            Query(
                "usage",
                "months of a therapist",
                lambda: sums.by_month("therapist", self.therapist(), *self.dates(364)),
            ),
            Query("usage", "months of a patient", lambda: sums.by_month("patient", self.patient(), *self.dates(364))),
            Query(
                "usage",
                "months of a patient with a therapist",
                lambda: sums.of_patient_with(self.patient(), self.therapist(), *self.dates(364)),
            ),
            Query("usage", "service codes", codes.all),
        ]

    def _outgoing(self) -> list[Query]:
        outbox, endpoints, deliveries = Outbox(self.records), Endpoints(self.records), DeliveryStore(self.records)
        alerts = AlertStore(self.records)
        year = self.year

        def endpoint() -> str:
            return self.chance.choice(year.endpoints)

        return [
            Query("messages", "about an appointment", lambda: outbox.about(self.booked().id)),
            Query("metrics", "messages that wait", lambda: outbox.waiting("mail")),
            Query("webhooks", "endpoints", endpoints.all),
            Query("webhooks", "log of deliveries", lambda: deliveries.page(endpoint(), limit=PAGE)),
            Query(
                "webhooks",
                "log of deliveries, far back",
                lambda: deliveries.page(endpoint(), before=self.recent().number * 6, limit=PAGE),
            ),
            Query(
                "webhooks",
                "failed deliveries",
                lambda: deliveries.page(endpoint(), states=[DeliveryState.FAILED], limit=PAGE),
            ),
            Query(
                "webhooks",
                "deliveries that wait",
                lambda: deliveries.page(endpoint(), states=[DeliveryState.WAITING], limit=PAGE),
            ),
            Query(
                "webhooks",
                "deliveries of a session",
                lambda: deliveries.page(endpoint(), session=self.recent().session, limit=PAGE),
            ),
            Query(
                "webhooks",
                "one delivery",
                lambda: deliveries.get(endpoint(), f"event-{self.recent().number:08}-1"),
            ),
            Query("deliverer", "deliveries that are due", lambda: deliveries.claim(endpoint(), NOW, 60.0, AT_ONCE)),
            Query("metrics", "deliveries that wait", deliveries.waiting),
            Query("alerts", "open ones", lambda: alerts.find(open=True, limit=PAGE)),
            Query("alerts", "all", lambda: alerts.find(limit=PAGE)),
            Query("alerts", "one", lambda: alerts.get("alert-000001")),
        ]

    def _keeping(self) -> list[Query]:
        rules, holds = RetentionRules(self.records), LegalHolds(self.records)
        proofs, runs, retention = DeletionProofs(self.records), Runs(self.records), Retention(self.records)
        kinds: dict[str, KeptRows] = kept_rows(self.records)
        access = AccessLog(self.log.database)

        async def policy() -> None:
            await rules.changed()
            await rules.days()

        async def listed() -> None:
            await holds.find(limit=PAGE + 1)
            await retention.held(limit=200)

        def due(kind: str) -> Callable[[], Awaitable[Any]]:
            async def ask() -> None:
                until = before((await rules.days())[kind], NOW)
                if until is not None:
                    await kinds[kind].due(until, NOW)

            return ask

        def sheet(kind: str) -> Callable[[], Awaitable[Any]]:
            async def ask() -> None:
                await kinds[kind].of_patient(await subject(self.records, self.patient()), None, PAGE)

            return ask

        return [
            Query("retention", "the policy", policy),
            Query("retention", "versions of a rule", lambda: rules.versions("messages")),
            *(Query("retention, what is due", kind, due(kind)) for kind in kinds),
            Query("retention, what is due", "recordings", lambda: retention.over(NOW)),
            Query("holds", "list", listed),
            Query("holds", "one", lambda: holds.get(self.chance.choice(self.year.holds))),
            Query("deletions", "proofs", lambda: proofs.find(limit=PAGE)),
            Query("backups", "newest", runs.newest),
            *(Query("patient's export, a sheet", kind, sheet(kind)) for kind in kinds),
            Query("patient's export, a sheet", "audit", lambda: access.of_patient(self.patient(), None, PAGE)),
        ]


def opened(clinic: Loader, head_file: Any) -> AuditLog:
    return AuditLog(clinic.log, SIGNER, head_file)


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
