"""Usage over HTTP: reports per session, therapist, patient and month, as JSON, CSV and PDF; statements; service codes.

A therapist gets what is their own, as if nothing else existed; everything needs `read_usage`. Every answer is in the
audit log before it is given. Not here: what counts (`meter.py`), what a code fits (`codes.py`).
"""

from __future__ import annotations

import asyncio
import calendar
import hashlib
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel

from clinic import BadValue, ClinicError, Conflict, Unknown
from clinic.audit.events import Detail
from clinic.columns import check_text
from clinic.usage.codes import CodeTables
from clinic.usage.records import CodeTable, Sum, SumKind, Wanted, WholeSitting
from clinic.usage.store import LARGEST_PAGE, Usages
from clinic.usage.sums import UsageSums
from signaling.api_access import ApiAccess, Caller
from signaling.audit_port import Audit
from signaling.bodies import read_json, read_query
from signaling.clock import Clock
from signaling.csv_text import csv_text
from signaling.refusals import Refused
from signaling.usage import listing, printed, statement
from signaling.usage.answers import (
    CodesAnswer,
    Format,
    KeyAnswer,
    MonthsAnswer,
    Names,
    PatientAnswer,
    PeopleAnswer,
    PeopleQuery,
    SessionQuery,
    SessionsAnswer,
    SessionsQuery,
    SittingAnswer,
    StatementQuery,
    YearQuery,
    cursor_of,
    place_of,
    sitting_answer,
    sitting_details,
    sum_answer,
)
from signaling.usage.codes import Codes, CodesVersion, in_force, versions
from signaling.usage.printed import Letterhead

MOST_EXPORTED = 20_000
"""Sessions in one CSV or statement: a month of a very large clinic, many times over."""

MOST_PRINTED = 2_000
"""Sessions in one PDF, which takes some seconds to make."""

HeadOf = Callable[[], Awaitable[str | None]]
"""The newest signed head of the audit log, as a text; None where there is none."""

NamesOf = Callable[[Collection[str]], Awaitable[Mapping[str, str]]]
"""What these accounts are called, those that there are."""


class UsageApi:
    def __init__(
        self,
        *,
        access: ApiAccess,
        audit: Audit,
        usages: Usages,
        sums: UsageSums,
        code_tables: CodeTables,
        key: Ed25519PrivateKey,
        letterhead: Letterhead,
        clock: Clock,
        audit_head: HeadOf,
        names_of: NamesOf,
    ) -> None:
        """`key` signs statements."""
        self._access = access
        self._audit = audit
        self._usages = usages
        self._sums = sums
        self._code_tables = code_tables
        self._key = key
        self._letterhead = letterhead
        self._clock = clock
        self._audit_head = audit_head
        self._names_of = names_of

    # Sessions -------------------------------------------------------------------------------------------------------

    async def sessions(self, request: web.Request) -> web.StreamResponse:
        caller = await self._access.require(request, "read_usage", own=True)
        asked = read_query(request, SessionsQuery)
        wanted = _own(caller, Wanted(therapist=asked.therapist, patient=asked.patient, session=asked.session))
        if asked.month is not None:
            first, last = days_of(asked.month)
            wanted = replace(wanted, first_day=first, last_day=last)
        await self._told(caller, asked.format, "sessions", wanted)
        known = await self._versions()
        now = self._clock.wall()
        title = f"Sessions {asked.month}" if asked.month else "Sessions"
        if asked.format != "json":
            found = await self._all(wanted, asked.format)
            told = [sitting_answer(each, known, now) for each in found][::-1]
            return await self._export(asked.format, title, wanted, told, known)
        with _records():
            page = await self._usages.find(wanted, after=_place(asked.after), limit=asked.limit)
        told = [sitting_answer(each, known, now) for each in page.sittings]
        names = await self._names(caller, [each.therapist for each in told])
        return _json(SessionsAnswer(sessions=told, names=names, after=cursor_of(page.after)))

    async def session(self, request: web.Request) -> web.StreamResponse:
        caller = await self._access.require(request, "read_usage", own=True)
        asked = read_query(request, SessionQuery)
        with _records():
            whole = await self._usages.get(request.match_info["id"])
        if caller.own_only and not _took_part(whole, caller.id):
            raise Refused("not_found")
        patients: list[str | None] = [share.person for share in whole.shares if share.role == "patient"]
        kind = "usage.view" if asked.format == "json" else "usage.export"
        for patient in patients or [None]:
            await self._audit.record(
                kind,
                caller.kind,
                caller.id,
                session=whole.sitting.session,
                patient=patient,
                subject=whole.sitting.id,
                format=asked.format,
            )
        told = sitting_details(whole, await self._versions(), self._clock.wall())
        if asked.format == "json":
            there = [share.person for share in whole.shares if share.role != "patient"]
            told.names = await self._names(caller, [told.therapist, *there])
            return _json(told)
        table = listing.sitting(told, self._letterhead.zone)
        return await self._file(asked.format, table, f"session-{told.day}")

    # Sums -----------------------------------------------------------------------------------------------------------

    async def therapists(self, request: web.Request) -> web.StreamResponse:
        return await self._people(request, "therapist")

    async def patients(self, request: web.Request) -> web.StreamResponse:
        return await self._people(request, "patient")

    async def patient(self, request: web.Request) -> web.StreamResponse:
        caller = await self._access.require(request, "read_usage", own=True)
        asked = read_query(request, YearQuery)
        with _records():
            patient = check_text(request.match_info["id"], 200)
        days = f"{asked.year}-01-01", f"{asked.year}-12-31"
        await self._told(caller, asked.format, "patient", Wanted(patient=patient))
        with _records():
            if caller.own_only:
                found = await self._sums.of_patient_with(patient, caller.id, *days)
            else:
                found = await self._sums.by_month("patient", patient, *days)
        months = [sum_answer(each) for each in found]
        if asked.format == "json":
            return _json(PatientAnswer(patient=patient, year=asked.year, months=months))
        if asked.format == "csv":
            return await self._file(asked.format, listing.sums(f"Patient {asked.year}", "month", months), "patient")
        wanted = _own(caller, Wanted(first_day=days[0], last_day=days[1], patient=patient))
        known = await self._versions()
        whole = await self._all(wanted, "pdf")
        told = [sitting_answer(each, known, self._clock.wall()) for each in whole][::-1]
        return await self._export("pdf", f"Sessions {asked.year}", wanted, told, known)

    async def months(self, request: web.Request) -> web.StreamResponse:
        caller = await self._access.require(request, "read_usage", own=True)
        asked = read_query(request, YearQuery)
        await self._told(caller, asked.format, "months", Wanted())
        days = f"{asked.year}-01-01", f"{asked.year}-12-31"
        kind: SumKind = "therapist" if caller.own_only else "all"
        with _records():
            found = await self._sums.by_month(kind, caller.id if caller.own_only else "", *days)
        months = [sum_answer(each) for each in found]
        if asked.format == "json":
            return _json(MonthsAnswer(year=asked.year, months=months))
        return await self._file(asked.format, listing.sums(f"Months of {asked.year}", "month", months), "months")

    async def _people(self, request: web.Request, kind: SumKind) -> web.StreamResponse:
        caller = await self._access.require(request, "read_usage", own=kind == "therapist")
        asked = read_query(request, PeopleQuery)
        await self._told(caller, asked.format, f"{kind}s", Wanted())
        first, last = days_of(asked.month)
        with _records():
            who = caller.id if caller.own_only else None
            found: list[Sum] = await self._sums.by_person(kind, first, last, who, **_page(asked))
        people = [sum_answer(each) for each in found]
        if asked.format == "json":
            more = people[asked.limit :]
            people = people[: asked.limit]
            names = await self._names(caller, [each.who for each in people]) if kind == "therapist" else {}
            after = people[-1].who if more else None
            return _json(PeopleAnswer(month=asked.month, people=people, names=names, after=after))
        title = f"{kind.capitalize()}s {asked.month}"
        return await self._file(asked.format, listing.sums(title, kind, people), f"{kind}s-{asked.month}")

    # Statements and codes -------------------------------------------------------------------------------------------

    async def statement(self, request: web.Request) -> web.StreamResponse:
        caller = await self._access.require(request, "read_usage", own=True)
        asked = read_query(request, StatementQuery)
        first, last = days_of(asked.month)
        wanted = Wanted(first_day=first, last_day=last, therapist=asked.therapist, patient=asked.patient)
        wanted = _own(caller, wanted)
        found = await self._all(wanted, "statement", spans=True)
        with _records():
            head = await self._audit_head()
        made = statement.document(
            found,
            await self._versions(),
            clinic=self._letterhead.clinic,
            month=asked.month,
            therapist=wanted.therapist,
            patient=wanted.patient,
            made_at=self._clock.wall(),
            audit_head=head,
        )
        body = await asyncio.to_thread(statement.sign, made, self._key)
        await self._told(caller, "statement", "statement", wanted, digest=hashlib.sha256(body).hexdigest())
        return _attachment(body, "application/json", f"statement-{asked.month}.json")

    async def key(self, request: web.Request) -> web.StreamResponse:
        """Public: whoever was given a statement may check it."""
        return _json(KeyAnswer(key=statement.public_key(self._key)))

    async def codes(self, request: web.Request) -> web.StreamResponse:
        await self._access.require(request, "read_usage", own=True)
        known = await self._versions()
        return _json(CodesAnswer(versions=known, in_force=known[-1].version))

    async def change_codes(self, request: web.Request) -> web.StreamResponse:
        caller = await self._access.require(request, "change_billing")
        codes = await read_json(request, Codes)
        known = await self._versions()
        number = known[-1].version + 1
        await self._audit.record("billing.change", caller.kind, caller.id, version=number, rules=len(codes.rules))
        now = self._clock.wall()
        try:
            with _records():
                await self._code_tables.add(CodeTable(number, now, caller.id, codes.model_dump(mode="json")))
        except Conflict:
            raise Refused("changed_meanwhile") from None
        known = await self._versions()
        return _json(CodesAnswer(versions=known, in_force=known[-1].version))

    # Inside ---------------------------------------------------------------------------------------------------------

    async def _versions(self) -> list[CodesVersion]:
        with _records():
            return versions(await self._code_tables.all())

    async def _told(self, caller: Caller, form: str, what: str, wanted: Wanted, **more: Detail) -> None:
        """To the audit log. Raises Refused: `audit_unavailable`."""
        await self._audit.record(
            "usage.view" if form == "json" else "usage.export",
            caller.kind,
            caller.id,
            session=wanted.session,
            patient=wanted.patient,
            subject=wanted.therapist,
            what=what,
            format=form,
            **more,
        )

    async def _names(self, caller: Caller, accounts: Sequence[str | None]) -> Names:
        asked = {each for each in accounts if each is not None}
        if caller.kind != "staff" or not asked:
            return {}
        with _records():
            return dict(await self._names_of(asked))

    async def _all(self, wanted: Wanted, form: str, *, spans: bool = False) -> list[WholeSitting]:
        """Page after page, the newest first. Raises Refused if there are too many."""
        most = MOST_PRINTED if form == "pdf" else MOST_EXPORTED
        found: list[WholeSitting] = []
        after = None
        while True:
            with _records():
                page = await self._usages.find(wanted, after=after, limit=LARGEST_PAGE, spans=spans)
            found += page.sittings
            after = page.after
            if len(found) > most:
                raise Refused("bad_request", f"There are more than {most} sessions. Ask for fewer: a month, a person.")
            if after is None:
                return found

    async def _export(
        self,
        form: Format,
        title: str,
        wanted: Wanted,
        found: Sequence[SittingAnswer],
        known: Sequence[CodesVersion],
    ) -> web.Response:
        """`found` in the order of time."""
        head = replace(self._letterhead, currency=in_force(known, self._clock.wall()).codes.currency)
        name = title.lower().replace(" ", "-")
        if form == "csv":
            return await self._file("csv", listing.sittings(title, found, head.zone, head.currency), name)
        about = [
            (text, value) for text, value in (("Therapist", wanted.therapist), ("Patient", wanted.patient)) if value
        ]
        body = await asyncio.to_thread(printed.statement, head, title, about, found, self._clock.wall())
        return _attachment(body, "application/pdf", f"{name}.pdf")

    async def _file(self, form: Format, table: listing.Listing, name: str) -> web.Response:
        if form == "csv":
            return _attachment(csv_text(table.header, table.rows).encode(), "text/csv", f"{name}.csv")
        body = await asyncio.to_thread(printed.printed, self._letterhead, table, self._clock.wall())
        return _attachment(body, "application/pdf", f"{name}.pdf")


def _page(asked: PeopleQuery) -> dict[str, Any]:
    """One more than is shown, to know whether there are more."""
    return {"after": asked.after or "", "limit": asked.limit + 1} if asked.format == "json" else {}


def days_of(month: str) -> tuple[str, str]:
    """The first and the last day of YYYY-MM."""
    year, number = map(int, month.split("-"))
    return f"{month}-01", f"{month}-{calendar.monthrange(year, number)[1]:02}"


def _own(caller: Caller, wanted: Wanted) -> Wanted:
    """For whoever may see their own only, nothing of others exists."""
    return replace(wanted, therapist=caller.id) if caller.own_only else wanted


def _took_part(whole: WholeSitting, therapist: str) -> bool:
    return any(share.person == therapist and share.role == "therapist" for share in whole.shares)


def _place(cursor: str | None) -> tuple[float, str] | None:
    try:
        return place_of(cursor)
    except ValueError:
        raise Refused("bad_request", "after: not a place in this list.") from None


@contextmanager
def _records() -> Iterator[None]:
    try:
        yield
    except Unknown:
        raise Refused("not_found") from None
    except BadValue as error:
        raise Refused("bad_request", f"This cannot be asked: {error}.") from None
    except Conflict:
        raise
    except ClinicError:
        raise Refused("records_unavailable", retry_after=30.0) from None


def _json(answer: BaseModel) -> web.Response:
    return web.json_response(text=answer.model_dump_json())


def _attachment(body: bytes, kind: str, name: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(
        body=body, content_type=kind, charset=None if kind == "application/pdf" else "utf-8", headers=headers
    )
