"""The audit log over HTTP. That somebody looks into it is written into it first.

Not here: the log (`clinic/audit`), and how it is verified.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import structlog
from aiohttp import web
from pydantic import BaseModel

from clinic import BadValue, ClinicError, Unknown
from clinic.audit import exports
from clinic.audit.events import KINDS
from clinic.audit.log import AuditLog
from clinic.audit.records import Entry
from clinic.audit.reports import LARGEST, NAMES, ON_PAGE, Name, Report, Reports, shown
from clinic.audit.search import Search, Wanted
from signaling.api_access import GUARDED, ApiAccess, Caller
from signaling.audit.messages import (
    ConsistencyAnswer,
    ConsistencyQuery,
    EventAnswer,
    EventsAnswer,
    EventsQuery,
    ExportQuery,
    HeadAnswer,
    ProofAnswer,
    ReportAnswer,
    ReportQuery,
)
from signaling.audit_port import Audit
from signaling.bodies import read_query
from signaling.csv_text import MEDIA_TYPE as CSV
from signaling.csv_text import csv_line, csv_text
from signaling.refusals import Refused
from signaling.route import Route

log = structlog.get_logger("audit")

TAG = "audit"
LINES = "application/x-ndjson"
LONGEST = 400 * 86_400.0
"""Seconds of a report."""

MOST_KINDS = 20
AT_ONCE = 1000
"""Events that are read in one go."""


COLUMNS = ("number", "time", "event", "actor_kind", "actor", "session", "patient", "subject", "line")


class AuditApi:
    def __init__(self, *, log: AuditLog, audit: Audit, access: ApiAccess) -> None:
        self._log = log
        self._search = Search(log.database)
        self._reports = Reports(log.database)
        self._audit = audit
        self._access = access

    def routes(self) -> list[Route]:
        report = {"report": f"One of {', '.join(NAMES)}."}
        return [
            Route(
                "GET",
                "/api/audit/events",
                self.find,
                "What happened, newest first.",
                EventsAnswer,
                TAG,
                query=EventsQuery,
                refusals=("bad_request", *GUARDED),
                staff="read_audit",
            ),
            Route(
                "GET",
                "/api/audit/reports/{report:[a-z_]+}",
                self.report,
                "A report, as a table.",
                ReportAnswer,
                TAG,
                query=ReportQuery,
                refusals=("bad_request", "not_found", *GUARDED),
                staff="read_audit",
                parameters=report,
                description="days: how many events of each kind, day by day. patient: who had to do with what is kept "
                "of one. staff: what one actor did. access: who had access to what of whom. sign_ins: who could not "
                "sign in, or asked for what they may not. exports: what was taken out, and deleted. emergency: who "
                "took emergency access. Days are those of UTC. At most 1,000 rows, of days 5,000; as CSV 5,000.",
            ),
            Route(
                "GET",
                "/api/audit/reports/{report:[a-z_]+}.csv",
                self.report_csv,
                "The same as CSV.",
                CSV,
                TAG,
                query=ReportQuery,
                refusals=("bad_request", "not_found", *GUARDED),
                staff="read_audit",
                parameters=report,
            ),
            Route(
                "GET",
                "/api/audit/head",
                self.head,
                "The signed head of the log.",
                HeadAnswer,
                TAG,
                refusals=GUARDED,
                staff="read_audit",
                description="To be kept elsewhere: a log that does not go on from it was changed.",
            ),
            Route(
                "GET",
                "/api/audit/proof/{seq:[0-9]+}",
                self.proof,
                "The proof that one event is in the log.",
                ProofAnswer,
                TAG,
                refusals=("not_found", *GUARDED),
                staff="read_audit",
                parameters={"seq": "The event's number."},
            ),
            Route(
                "GET",
                "/api/audit/consistency",
                self.consistency,
                "The proof that the log goes on from an earlier one.",
                ConsistencyAnswer,
                TAG,
                query=ConsistencyQuery,
                refusals=("bad_request", "not_found", *GUARDED),
                staff="read_audit",
            ),
            Route(
                "GET",
                "/api/audit/export",
                self.export,
                "The log, or a part of it, as a file that a stranger can verify.",
                LINES,
                TAG,
                query=ExportQuery,
                refusals=("bad_request", "not_found", *GUARDED),
                staff="read_audit",
                description="JSON Lines, for `therabook audit verify FILE`.",
            ),
            Route(
                "GET",
                "/api/audit/export.csv",
                self.export_csv,
                "The same events for a spreadsheet, which cannot be verified.",
                CSV,
                TAG,
                query=ExportQuery,
                refusals=("bad_request", "not_found", *GUARDED),
                staff="read_audit",
            ),
        ]

    async def find(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "read_audit")
        asked = read_query(request, EventsQuery)
        wanted = Wanted(
            kinds=_kinds(asked.kind),
            actor=asked.actor,
            session=asked.session,
            patient=asked.patient,
            subject=asked.subject,
            since=asked.since,
            until=asked.until,
        )
        with _asking():
            await self._viewed(caller, "events", asked.patient, asked.session, asked.actor or asked.subject)
            found = await self._search.find(wanted, after=asked.after, limit=asked.limit)
        return _json(EventsAnswer(events=[EventAnswer.of(each) for each in found.entries], next=found.next))

    async def report(self, request: web.Request) -> web.Response:
        name, asked, report = await self._report(request, ON_PAGE)
        rows = [list(row) for row in report.rows]
        answer = ReportAnswer(
            report=name,
            since=asked.since,
            until=asked.until,
            columns=list(report.columns),
            rows=rows,
            complete=report.complete,
        )
        return _json(answer)

    async def report_csv(self, request: web.Request) -> web.Response:
        name, _, report = await self._report(request, LARGEST)
        text = csv_text(report.columns, report.rows)
        if not report.complete:
            text += csv_line(["There is more than fits. A shorter period has less."])
        return web.Response(text=text, content_type=CSV, charset="utf-8", headers=_attached(f"audit-{name}.csv"))

    async def head(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "read_audit")
        with _asking():
            await self._viewed(caller, "head")
            head = await self._log.head()
        key = str(self._log.public_key)
        return _json(HeadAnswer(size=head.size, root=_text(head.root), note=head.note, key=key))

    async def proof(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "read_audit")
        seq = _number(request.match_info["seq"])
        with _asking():
            await self._viewed(caller, "proof", subject=str(seq))
            found = await self._log.inclusion(seq)
        line = exports.proof(found, str(self._log.public_key))
        path = [_text(each) for each in found.path]
        return _json(ProofAnswer(seq=seq, event=found.entry.body, path=path, note=found.head.note, proof=line))

    async def consistency(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "read_audit")
        asked = read_query(request, ConsistencyQuery)
        with _asking():
            await self._viewed(caller, "consistency")
            new = (await self._log.head()).size if asked.new is None else asked.new
            path = await self._log.consistency(asked.old, new)
        return _json(ConsistencyAnswer(old=asked.old, new=new, path=[_text(each) for each in path]))

    async def export(self, request: web.Request) -> web.StreamResponse:
        asked = await self._exported(request, "lines")
        with _asking():
            return await _sent(request, exports.lines(self._log, *asked), LINES, "audit.jsonl", "\n")

    async def export_csv(self, request: web.Request) -> web.StreamResponse:
        first, last = await self._exported(request, "csv")
        with _asking():
            return await _sent(request, self._csv(first, last), CSV, "audit.csv", "")

    async def _csv(self, first: int, last: int) -> AsyncIterator[str]:
        yield csv_line(COLUMNS)
        for start in range(first, last, AT_ONCE):
            for entry in await self._log.entries(start, min(start + AT_ONCE, last)):
                yield csv_line(_cells(entry))

    async def _exported(self, request: web.Request, how: str) -> tuple[int, int]:
        """Which events: from this one up to and without that one. Written down before any is read."""
        caller = await self._access.require(request, "read_audit")
        asked = read_query(request, ExportQuery)
        with _asking():
            size = (await self._log.head()).size
            last = size if asked.last is None else asked.last
            if not asked.first <= last <= size:
                raise Refused("not_found")
            await self._audit.record("audit.export", caller.kind, caller.id, how=how, first=asked.first, last=last)
        return asked.first, last

    async def _report(self, request: web.Request, most: int) -> tuple[Name, ReportQuery, Report]:
        caller = await self._access.require(request, "read_audit")
        asked = read_query(request, ReportQuery)
        name = request.match_info["report"]
        if name not in NAMES:
            raise Refused("not_found")
        if not asked.since < asked.until <= asked.since + LONGEST:
            raise Refused("bad_request", "until: A report is of some time, and of 400 days at most.")
        with _asking():
            await self._viewed(caller, name, asked.patient, None, asked.actor)
            report = await self._reports.make(
                name, since=asked.since, until=asked.until, patient=asked.patient, actor=asked.actor, most=most
            )
        return name, asked, report

    async def _viewed(
        self,
        caller: Caller,
        what: str,
        patient: str | None = None,
        session: str | None = None,
        subject: str | None = None,
    ) -> None:
        await self._audit.record(
            "audit.view", caller.kind, caller.id, patient=patient, session=session, subject=subject, what=what
        )


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except Unknown:
        raise Refused("not_found") from None
    except BadValue as error:
        raise Refused("bad_request", f"This cannot be asked: {error}.") from None
    except ClinicError as error:
        log.error("the audit log cannot be read", error_type=type(error).__name__)
        raise Refused("records_unavailable", retry_after=30.0) from None


async def _sent(
    request: web.Request, lines: AsyncIterator[str], media_type: str, name: str, end: str
) -> web.StreamResponse:
    """Whatever is wrong with the first line is raised; afterwards the connection is cut, so that a part is not taken
    for the whole."""
    ready = [await anext(lines) + end]
    response = web.StreamResponse(headers={"Content-Type": f"{media_type}; charset=utf-8"} | _attached(name))
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    try:
        await response.prepare(request)
        async for line in lines:
            ready.append(line + end)
            if len(ready) >= AT_ONCE:
                await response.write("".join(ready).encode())
                ready.clear()
        await response.write("".join(ready).encode())
        await response.write_eof()
    except ConnectionError:
        pass  # the client has gone away
    except ClinicError as error:
        log.error("an export was cut: the audit log cannot be read on", error_type=type(error).__name__)
        if request.transport is not None:
            request.transport.abort()
    return response


def _cells(entry: Entry) -> list[str | int | None]:
    event = entry.event
    return [
        entry.seq,
        shown(event.at),
        event.kind,
        event.actor_kind,
        event.actor,
        event.session,
        event.patient,
        event.subject,
        entry.body,
    ]


def _kinds(text: str) -> tuple[str, ...]:
    """Raises Refused: `bad_request`."""
    kinds = tuple(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
    if len(kinds) > MOST_KINDS or any(kind not in KINDS for kind in kinds):
        raise Refused("bad_request", "kind: There is no such kind of event, or these are too many.")
    return kinds


def _number(text: str) -> int:
    """Raises Refused: `not_found`."""
    if len(text) > 15:
        raise Refused("not_found")
    return int(text)


def _text(hash: bytes) -> str:
    return base64.b64encode(hash).decode("ascii")


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _json(answer: BaseModel) -> web.Response:
    return web.json_response(text=answer.model_dump_json())
