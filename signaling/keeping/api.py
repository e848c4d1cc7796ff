"""Keeping over HTTP: how long, what is on hold, deletion with proof, a patient's export.

Each answer begins with the question who asks, and the audit log says so before anything is changed or shown. Not here:
what is deleted and how (`deletion.py`), the addresses (`routes.py`).
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
from collections.abc import AsyncIterator

import structlog
from aiohttp import web
from pydantic import BaseModel

from clinic import ClinicError
from clinic.keeping.kinds import KINDS
from clinic.keeping.records import Hold, RetentionRule, Subject
from recording.age import BadKeyText, Entropy, Recipient
from signaling.api_access import ApiAccess, Caller
from signaling.bodies import read_json, read_query
from signaling.keeping.answers import (
    BackupsAnswer,
    DeletionAnswer,
    DueAnswer,
    HeldRecording,
    HoldAnswer,
    HoldsAnswer,
    KindAnswer,
    ProofsAnswer,
    RetentionAnswer,
    RunAnswer,
    VersionAnswer,
    VersionsAnswer,
)
from signaling.keeping.deletion import Deletion
from signaling.keeping.export import Wanted, export
from signaling.keeping.parts import Actor, Parts, hold_place
from signaling.keeping.questions import (
    ChangeRequest,
    DeletePatientRequest,
    DeleteRecordRequest,
    ExportRequest,
    HoldRequest,
    HoldsQuery,
    PageQuery,
    ProofsQuery,
)
from signaling.keeping.sweep import Sweep
from signaling.refusals import Refused

log = structlog.get_logger("keeping")

STANDS_STILL = 60.0
"""Seconds for which whoever takes an export may take nothing of it."""


class KeepingApi:
    def __init__(self, parts: Parts, access: ApiAccess, entropy: Entropy, brand: str) -> None:
        """`brand`: what the clinic calls itself in what patients get."""
        self._parts = parts
        self._access = access
        self._entropy = entropy
        self._brand = brand
        self._sweep = Sweep(parts)
        self._deletion = Deletion(parts)

    # How long -------------------------------------------------------------------------------------------------------

    async def retention(self, request: web.Request) -> web.Response:
        await self._access.require(request, "change_retention")
        rules = self._parts.rules
        changed, days = await rules.changed(), await rules.days()
        answer = [
            KindAnswer.of(kind, days[name], rules.defaults[name], changed.get(name), name in self._parts.kept)
            for name, kind in KINDS.items()
        ]
        return _json(RetentionAnswer(kinds=answer))

    async def change(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "change_retention")
        asked = await read_json(request, ChangeRequest)
        kind = request.match_info["kind"]
        if kind not in KINDS:
            raise Refused("no_such_kind")
        if kind not in self._parts.kept:
            raise Refused("not_deletable")
        now = self._parts.clock.wall()
        before = (await self._parts.rules.days())[kind]
        rule = RetentionRule(kind, asked.days, now, caller.id)
        await self._parts.rules.check(rule)
        await self._record("retention.change", caller, subject=kind, days=asked.days, before=before)
        await self._parts.rules.change(rule)
        return web.Response(status=204)

    async def versions(self, request: web.Request) -> web.Response:
        await self._access.require(request, "change_retention")
        kind = request.match_info["kind"]
        if kind not in KINDS:
            raise Refused("no_such_kind")
        found = await self._parts.rules.versions(kind)
        shown = [VersionAnswer(days=each.days, at=each.at, by=each.by) for each in found]
        return _json(VersionsAnswer(kind=kind, versions=shown))

    async def due(self, request: web.Request) -> web.Response:
        await self._access.require(request, "change_retention")
        return _json(DueAnswer.of(await self._sweep.due(self._parts.clock.wall())))

    # What is on hold ------------------------------------------------------------------------------------------------

    async def holds(self, request: web.Request) -> web.Response:
        await self._access.require(request, "place_holds")
        asked = read_query(request, HoldsQuery)
        found = await self._parts.holds.find(
            released=asked.released, after=read_cursor(asked.after), limit=asked.limit + 1
        )
        page = found[: asked.limit]
        recordings = await self._parts.retention.held(limit=200) if asked.after is None else []
        return _json(
            HoldsAnswer(
                holds=[HoldAnswer.of(each, self._parts.because(each.because_sealed, each.id)) for each in page],
                next=_cursor(page[-1].placed_at, page[-1].id) if len(found) > asked.limit else None,
                recordings=[HeldRecording.of(each) for each in recordings],
            )
        )

    async def place(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "place_holds")
        asked = await read_json(request, HoldRequest)
        id = self._parts.new_id()
        hold = Hold(
            id=id,
            placed_at=self._parts.clock.wall(),
            placed_by=caller.id,
            because_sealed=self._parts.sealed.seal(asked.because, hold_place(id)),
            patient=asked.patient,
            session=asked.session,
            therapist=asked.therapist,
            since=asked.since,
            until=asked.until,
        )
        await self._record(
            "hold.place",
            caller,
            patient=asked.patient,
            session=asked.session,
            subject=id,
            therapist=asked.therapist,
            everything=asked.everything,
        )
        await self._parts.holds.place(hold)
        return _json(HoldAnswer.of(hold, asked.because), status=201)

    async def release(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "place_holds")
        hold = await self._parts.holds.get(request.match_info["hold"])
        if hold.released_at is not None:
            raise Refused("released_already")
        await self._record("hold.release", caller, patient=hold.patient, session=hold.session, subject=hold.id)
        await self._parts.holds.release(hold.id, by=caller.id, now=self._parts.clock.wall())
        return web.Response(status=204)

    # Deletion -------------------------------------------------------------------------------------------------------

    async def delete_patient(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "delete_records")
        asked = await read_json(request, DeletePatientRequest)
        if asked.confirm != asked.patient:
            raise Refused("patient_not_confirmed")
        who = await self._subject(asked.patient, asked.sessions)
        deleted = await self._deletion.of_patient(who, Actor(caller.kind, caller.id), asked.reason)
        return _json(DeletionAnswer.of(deleted.proof, asked.reason, deleted.scrubbed))

    async def delete_record(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "delete_records")
        asked = await read_json(request, DeleteRecordRequest)
        deleted = await self._deletion.of_record(asked.kind, asked.id, Actor(caller.kind, caller.id), asked.reason)
        return _json(DeletionAnswer.of(deleted.proof, asked.reason, deleted.scrubbed))

    async def proofs(self, request: web.Request) -> web.Response:
        await self._access.require(request, "delete_records")
        asked = read_query(request, ProofsQuery)
        parts = self._parts
        hmac = None if asked.patient is None else parts.signer.patient(asked.patient)
        found = await parts.proofs.find(
            patient_hmac=hmac, after=read_cursor(asked.after), limit=min(asked.limit, 199) + 1
        )
        page = found[: min(asked.limit, 199)]
        return _json(
            ProofsAnswer(
                proofs=[DeletionAnswer.of(each, parts.reason(each.reason_sealed, each.id)) for each in page],
                next=_cursor(page[-1].at, page[-1].id) if len(found) > len(page) else None,
                public_key=base64.b64encode(parts.signer.public).decode(),
            )
        )

    # A patient's export ---------------------------------------------------------------------------------------------

    async def export(self, request: web.Request) -> web.StreamResponse:
        caller = await self._access.require(request, "export_patient")
        asked = await read_json(request, ExportRequest)
        try:
            recipient = None if not asked.recipient else Recipient.parse(asked.recipient)
        except BadKeyText:
            raise Refused("bad_recipient") from None
        who = await self._subject(asked.patient, asked.sessions)
        await self._record(
            "patient.export", caller, patient=asked.patient, encrypted=recipient is not None, notes=asked.notes
        )
        wanted = Wanted(who, asked.notes, recipient, self._brand)
        name = "records.zip" if recipient is None else "records.zip.age"
        response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{name}"'})
        response.content_type = "application/zip" if recipient is None else "application/octet-stream"
        return await _sent(request, response, export(self._parts, wanted, self._entropy))

    # Backups --------------------------------------------------------------------------------------------------------

    async def backups(self, request: web.Request) -> web.Response:
        await self._access.require(request, "change_retention")
        asked = read_query(request, PageQuery)
        return _json(BackupsAnswer(runs=[RunAnswer.of(each) for each in await self._parts.runs.newest(asked.limit)]))

    async def _subject(self, patient: str, sessions: tuple[str, ...]) -> Subject:
        who = await self._parts.whose(patient)
        return dataclasses.replace(who, sessions=who.sessions | (frozenset(sessions) - who.shared))

    async def _record(
        self,
        kind: str,
        caller: Caller,
        *,
        patient: str | None = None,
        session: str | None = None,
        subject: str | None = None,
        **details: str | int | bool | None,
    ) -> None:
        await self._parts.audit.record(
            kind, caller.kind, caller.id, patient=patient, session=session, subject=subject, **details
        )


async def _sent(request: web.Request, response: web.StreamResponse, pieces: AsyncIterator[bytes]) -> web.StreamResponse:
    """The first piece is there before anything is said. What fails after that cuts the connection: half an archive is
    none, and must not look like one."""
    first = await anext(pieces, b"")
    await response.prepare(request)
    whole = False
    try:
        await _write(response, first)
        async for piece in pieces:
            await _write(response, piece)
        await response.write_eof()
        whole = True
    except (ConnectionError, TimeoutError):
        log.info("an export was not taken to its end")
    except ClinicError as error:
        log.error("an export was cut: the records cannot be read on", error_type=type(error).__name__)
    finally:
        if not whole and request.transport is not None:
            request.transport.abort()
    return response


async def _write(response: web.StreamResponse, piece: bytes) -> None:
    async with asyncio.timeout(STANDS_STILL):
        await response.write(piece)


def _cursor(at: float, id: str) -> str:
    return f"{round(at * 1000)}.{id}"


def read_cursor(text: str | None) -> tuple[float, str] | None:
    """Raises Refused: `bad_request`."""
    if text is None:
        return None
    at, dot, last = text.partition(".")
    if not (at.isascii() and at.isdecimal() and len(at) <= 15 and dot):
        raise Refused("bad_request", "after: This is not the place of a page.")
    return int(at) / 1000, last


def _json(answer: BaseModel, status: int = 200) -> web.Response:
    return web.json_response(text=answer.model_dump_json(), status=status)
