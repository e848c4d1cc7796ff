"""Recordings over HTTP: finding them, what is known of one, and what may be done with it.

Each answer begins with the question who asks (`recordings_access.py`). What changes something is logged, with
pseudonyms. Not here: their files (`recordings_files.py`), the addresses (`recordings_routes.py`).
"""

from __future__ import annotations

from typing import Literal, Protocol

import structlog
from aiohttp import web
from pydantic import BaseModel

from clinic import Job, Jobs, JobState, RecordingState
from recording.compose import Words
from signaling import chapters
from signaling.archive import Archive, check_over
from signaling.bodies import read_json, read_query
from signaling.clock import Clock
from signaling.pseudonyms import Pseudonyms
from signaling.recordings_access import RecordingsAccess, Visitor
from signaling.recordings_answers import (
    CheckedAnswer,
    JobStarted,
    ListAnswer,
    ListedRecording,
    ProofAnswer,
    VerifyAnswer,
    WholeAnswer,
)
from signaling.recordings_questions import DeleteRequest, HoldRequest, JobRequest, ListQuery
from signaling.refusals import Refused
from signaling.streams import Streams

log = structlog.get_logger("recordings")


class Composer(Protocol):
    """Makes films and mixes of recordings, when it comes to it."""

    async def ask(self, recording: str, kind: Literal["compose", "audio"], *, names: bool, time: bool) -> str:
        """The id of the job. Raises clinic.ClinicError, KeyUnavailable where nobody here can open the tracks."""


class RecordingsApi:
    def __init__(
        self,
        *,
        archive: Archive,
        access: RecordingsAccess,
        jobs: Jobs,
        composer: Composer,
        streams: Streams,
        clock: Clock,
        pseudonyms: Pseudonyms,
        words: Words | None = None,
    ) -> None:
        """`words`: what chapters are called."""
        self._archive = archive
        self._vault = archive.vault
        self._access = access
        self._jobs = jobs
        self._composer = composer
        self._streams = streams
        self._clock = clock
        self._pseudonyms = pseudonyms
        self._words = words or Words()

    async def find(self, request: web.Request) -> web.Response:
        visitor = await self._access.visitor(request, "list")
        asked = read_query(request, ListQuery)
        await self._archive.tell(visitor, "recording.list")
        page = await self._vault.recordings.find(
            session=asked.search,
            only=visitor.room,
            among=visitor.own,
            since=asked.since,
            until=asked.until,
            states=_states(asked.state),
            after=asked.after,
            limit=asked.limit,
        )
        work = await self._jobs.of_recordings([each.id for each in page.recordings if each.state in _WORKED_ON])
        listed = [ListedRecording.listed(each, work.get(each.id, ())) for each in page.recordings]
        return _json(ListAnswer(recordings=listed, next=page.next))

    async def show(self, request: web.Request) -> web.Response:
        visitor = await self._access.visitor(request, "list")
        whole = await self._archive.whole(visitor, request.match_info["recording"])
        recording = whole.recording.id
        await self._archive.tell(visitor, "recording.view", whole.recording, how="looked_at")
        seen = visitor.may("see_viewings")
        viewings = await self._archive.viewings.of_recording(recording) if seen else None
        proofs = await self._vault.retention.proofs(recording)
        return _json(WholeAnswer.of(whole, await self._archive.names(visitor, whole), viewings, proofs))

    async def chapters(self, request: web.Request) -> web.Response:
        visitor = await self._access.visitor(request, "play")
        whole = await self._archive.whole(visitor, request.match_info["recording"])
        await self._archive.tell(visitor, "recording.view", whole.recording, how="chapters")
        text = chapters.as_webvtt(whole, await self._archive.names(visitor, whole), self._words)
        return web.Response(text=text, content_type=chapters.MEDIA_TYPE, charset="utf-8")

    async def make(self, request: web.Request) -> web.Response:
        visitor = await self._access.visitor(request, "compose")
        asked = await read_json(request, JobRequest)
        whole = await self._archive.whole(visitor, request.match_info["recording"])
        check_over(whole)
        if any(job.kind == asked.kind and _goes_on(job) for job in whole.jobs):
            raise Refused("job_already")
        recording = whole.recording.id
        await self._archive.tell(visitor, "recording.compose", whole.recording, how=asked.kind)
        job = await self._composer.ask(recording, asked.kind, names=asked.names, time=asked.time)
        self._note("work was asked for", visitor, recording, kind=asked.kind)
        return _json(JobStarted(job=job), status=202)

    async def hold(self, request: web.Request) -> web.Response:
        visitor = await self._access.visitor(request, "hold")
        asked = await read_json(request, HoldRequest)
        recording = (await self._archive.whole(visitor, request.match_info["recording"])).recording
        if recording.state is RecordingState.SHREDDED:
            raise Refused("deleted")
        if recording.held_by is not None:
            raise Refused("on_hold_already")
        await self._archive.tell(visitor, "recording.hold", recording, how="placed")
        now = self._clock.wall()
        await self._vault.retention.hold(recording.id, by=visitor.who, because=asked.because, now=now)
        self._note("put on hold", visitor, recording.id)
        return web.Response(status=204)

    async def release(self, request: web.Request) -> web.Response:
        visitor = await self._access.visitor(request, "hold")
        recording = (await self._archive.whole(visitor, request.match_info["recording"])).recording
        if recording.held_by is None:
            raise Refused("not_on_hold")
        await self._archive.tell(visitor, "recording.hold", recording, how="released")
        await self._vault.retention.release(recording.id)
        self._note("released from hold", visitor, recording.id)
        return web.Response(status=204)

    async def delete(self, request: web.Request) -> web.Response:
        """Of a person who is shown at the moment, too: whoever plays it sees its end."""
        visitor = await self._access.visitor(request, "delete")
        asked = await read_json(request, DeleteRequest)
        whole = await self._archive.whole(visitor, request.match_info["recording"])
        recording = whole.recording
        check_over(whole)
        if recording.held_by is not None:
            raise Refused("on_hold")
        if asked.person is not None:
            person = next((each for each in whole.people if each.person_id == asked.person), None)
            if person is None:
                raise Refused("no_such_person")
            if person.wrapped_key is None:
                raise Refused("deleted")
        if asked.confirm != recording.session:
            raise Refused("not_confirmed")
        whose = "everybody" if asked.person is None else asked.person
        await self._archive.tell(visitor, "recording.delete", recording, of=whose)
        now = self._clock.wall()
        proof = await self._vault.shred(recording.id, asked.person, by=visitor.who, reason=asked.reason, now=now)
        self._streams.end(recording.id)
        self._note("deleted", visitor, recording.id, keys=len(proof.keys), whole=asked.person is None)
        return _json(ProofAnswer.of(proof))

    async def verify(self, request: web.Request) -> web.Response:
        """A restore test: reads every byte of each track."""
        visitor = await self._access.visitor(request, "verify")
        recording = (await self._archive.whole(visitor, request.match_info["recording"])).recording
        with self._streams.taken(visitor.who, recording.id):
            await self._archive.keep_viewing(visitor, recording, "verified")
            checked = await self._vault.verify(recording.id)
        answer = [CheckedAnswer(track=each.track, bytes=each.bytes, problem=each.problem) for each in checked]
        return _json(VerifyAnswer(tracks=answer, well=all(each.problem is None for each in checked)))

    def _note(self, event: str, visitor: Visitor, recording: str, **more: str | int) -> None:
        who, what = self._pseudonyms.of(visitor.who), self._pseudonyms.of(recording)
        log.info(event, who=who, role=visitor.role, recording=what, **more)


_WORKED_ON = (RecordingState.CAPTURED, RecordingState.COMPOSING)
"""Where there can be work that goes on."""


def _goes_on(job: Job) -> bool:
    return job.state in (JobState.WAITING, JobState.RUNNING)


def _states(text: str) -> list[RecordingState]:
    try:
        return [RecordingState(each.strip()) for each in text.split(",") if each.strip()]
    except ValueError:
        raise Refused("bad_request", "state: There is no such state.") from None


def _json(answer: BaseModel, status: int = 200) -> web.Response:
    return web.json_response(text=answer.model_dump_json(), status=status)
