"""Notes over HTTP: written, read and deleted by their author; by emergency access read, and nothing else.

No key of the clinic's software reads them, and no role reads others'. Not here: how they are kept (`clinic/notes`).
"""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web
from pydantic import BaseModel

from clinic.notes.notes import Notes
from clinic.notes.records import Note, NoteVersion
from signaling.api_access import ApiAccess, Caller
from signaling.appointments.desk import Desk
from signaling.appointments.faults import asking
from signaling.bodies import read_json
from signaling.notes.messages import (
    LARGEST_BODY,
    NoteAnswer,
    NoteChange,
    NoteRequest,
    NotesAnswer,
    VersionAnswer,
    VersionsAnswer,
)
from signaling.refusals import Refused


class NotesApi:
    def __init__(self, desk: Desk, notes: Notes, access: ApiAccess) -> None:
        self._desk = desk
        self._notes = notes
        self._access = access

    async def of_appointment(self, request: web.Request) -> web.Response:
        caller = await self._reader(request)
        appointment = request.match_info["appointment"]
        with asking():
            whole = await self._desk.appointments.get(appointment)
            if not caller.emergency and whole.appointment.therapist != caller.id:
                # whoever took over from another therapist reads their own notes only
                found = await self._notes.of_appointment(appointment, caller.id)
                if not found:
                    raise Refused("no_such_appointment")
            else:
                found = await self._notes.of_appointment(appointment, None if caller.emergency else caller.id)
            if found:
                await self._desk.record("note.view", caller, whole, count=len(found), **_why(caller))
        return _json(NotesAnswer(notes=[self._answer(note, version) for note, version in found]))

    async def write(self, request: web.Request) -> web.Response:
        caller = await self._writer(request)
        asked = await read_json(request.clone(client_max_size=LARGEST_BODY), NoteRequest)
        now = self._desk.clock.wall()
        with asking():
            whole = await self._desk.appointments.get(request.match_info["appointment"])
            if whole.appointment.therapist != caller.id:
                raise Refused("no_such_appointment")
            note = Note(self._desk.new_id(), whole.appointment.id, caller.id, made_at=now, changed_at=now)
            version = NoteVersion(note.id, 1, now, self._seal(note.id, 1, asked.content))
            await self._desk.record("note.write", caller, whole, subject=note.id, version=1)
            await self._notes.write(note, version)
        return _json(self._answer(note, version), status=201)

    async def show(self, request: web.Request) -> web.Response:
        caller = await self._reader(request)
        note, version = await self._own(caller, request)
        await self._record("note.view", caller, note)
        return _json(self._answer(note, version))

    async def versions(self, request: web.Request) -> web.Response:
        caller = await self._reader(request)
        note, _ = await self._own(caller, request)
        await self._record("note.view", caller, note, what="versions")
        with asking("no_such_note"):
            kept = await self._notes.versions(note.id)
        versions = [VersionAnswer(version=each.version, at=each.at, content=self._opened(each)) for each in kept]
        return _json(VersionsAnswer(id=note.id, versions=versions))

    async def rewrite(self, request: web.Request) -> web.Response:
        caller = await self._writer(request)
        asked = await read_json(request.clone(client_max_size=LARGEST_BODY), NoteChange)
        note, _ = await self._own(replace(caller, emergency=False), request)
        number = asked.version + 1
        await self._record("note.write", caller, note, version=number)
        version = NoteVersion(note.id, number, self._desk.clock.wall(), self._seal(note.id, number, asked.content))
        with asking("no_such_note"):
            note = await self._notes.rewrite(version)
        return _json(self._answer(note, version))

    async def delete(self, request: web.Request) -> web.Response:
        caller = await self._writer(request)
        note, _ = await self._own(replace(caller, emergency=False), request)
        await self._record("note.delete", caller, note)
        with asking("no_such_note"):
            await self._notes.delete(note.id, self._desk.clock.wall())
        return web.Response(status=204)

    # Who ------------------------------------------------------------------------------------------------------------

    async def _reader(self, request: web.Request) -> Caller:
        caller = await self._access.require(request, "read_notes", own=True)
        if caller.kind != "staff":
            raise Refused("not_allowed")
        return caller

    async def _writer(self, request: web.Request) -> Caller:
        caller = await self._access.require(request, "write_notes")
        if caller.kind != "staff":
            raise Refused("not_allowed")
        return caller

    async def _own(self, caller: Caller, request: web.Request) -> tuple[Note, NoteVersion]:
        """Raises Refused; of others' notes it is not said that they exist."""
        with asking("no_such_note"):
            note, version = await self._notes.get(request.match_info["note"])
        if note.author != caller.id and not caller.emergency:
            raise Refused("no_such_note")
        return note, version

    # ------------------------------------------------------------------------------------------------------------------

    async def _record(self, kind: str, caller: Caller, note: Note, **details: str | int) -> None:
        with asking():
            whole = await self._desk.appointments.get(note.appointment_id)
        await self._desk.record(kind, caller, whole, subject=note.id, **details, **_why(caller))

    def _seal(self, note: str, version: int, content: str) -> bytes:
        return self._desk.people.seal(content, f"note/{note}/{version}")

    def _opened(self, version: NoteVersion) -> str:
        return self._desk.people.opened(version.content_sealed, f"note/{version.note_id}/{version.version}") or ""

    def _answer(self, note: Note, version: NoteVersion) -> NoteAnswer:
        return NoteAnswer(
            id=note.id,
            appointment=note.appointment_id,
            author=note.author,
            version=version.version,
            made_at=note.made_at,
            changed_at=version.at,
            content=self._opened(version),
        )


def _why(caller: Caller) -> dict[str, str]:
    return {"why": "emergency"} if caller.emergency else {}


def _json(answer: BaseModel, status: int = 200) -> web.Response:
    return web.json_response(text=answer.model_dump_json(), status=status)
