"""Films, mixes and tracks over HTTP: played in a page, part by part, or taken away, encrypted or in clear.

Who sees or takes something is kept before the first byte of it leaves. Not here: how bytes get to a browser
(`streams.py`), which part is asked for (`byte_ranges.py`), everything else about recordings (`recordings_api.py`).
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from aiohttp import web

from clinic.records import ViewingKind
from recording.age import BadKeyText, Plaintext, Recipient
from signaling.archive import Archive, Kept
from signaling.bodies import read_form_or_json
from signaling.byte_ranges import NotSatisfiable, wanted
from signaling.headers import problem
from signaling.recordings_access import RecordingsAccess, Visitor
from signaling.recordings_questions import DownloadRequest
from signaling.refusals import Refused
from signaling.sealing import sealing
from signaling.streams import Sent, Streams
from signaling.told_keys import recipient_of

SEALED_TYPE = "application/octet-stream"

UNFINISHED = (
    "A crash has interrupted this track, and this server cannot finish it. Whoever has the clinic's secret key takes "
    "it out with: therabook recordings export --identity."
)


class RecordingsFiles:
    def __init__(self, archive: Archive, access: RecordingsAccess, streams: Streams) -> None:
        self._archive = archive
        self._access = access
        self._streams = streams

    async def play_output(self, request: web.Request) -> web.StreamResponse:
        visitor = await self._access.visitor(request, "play")
        return await self._play(request, visitor, await self._output(request, visitor))

    async def play_track(self, request: web.Request) -> web.StreamResponse:
        visitor = await self._access.visitor(request, "play")
        return await self._play(request, visitor, await self._track(request, visitor))

    async def download_output(self, request: web.Request) -> web.StreamResponse:
        visitor = await self._access.visitor(request, "download_sealed")
        return await self._download(request, visitor, await self._output(request, visitor))

    async def download_track(self, request: web.Request) -> web.StreamResponse:
        visitor = await self._access.visitor(request, "download_sealed")
        return await self._download(request, visitor, await self._track(request, visitor))

    async def output_key(self, request: web.Request) -> web.Response:
        visitor = await self._access.visitor(request, "download_sealed")
        return await self._key(visitor, await self._output(request, visitor))

    async def track_key(self, request: web.Request) -> web.Response:
        visitor = await self._access.visitor(request, "download_sealed")
        return await self._key(visitor, await self._track(request, visitor))

    async def _output(self, request: web.Request, visitor: Visitor) -> Kept:
        whole = await self._archive.whole(visitor, request.match_info["recording"])
        return self._archive.output(whole, request.match_info["output"])

    async def _track(self, request: web.Request, visitor: Visitor) -> Kept:
        whole = await self._archive.whole(visitor, request.match_info["recording"])
        return self._archive.track(whole, request.match_info["track"])

    async def _play(self, request: web.Request, visitor: Visitor, kept: Kept) -> web.StreamResponse:
        recording = kept.recording.id
        with self._streams.taken(visitor.who, recording) as live:
            identity = await kept.identity()
            async with self._streams.opened(kept.open(identity)) as file:
                tag = f'"{kept.id}-{file.size}"'
                headers = {"Accept-Ranges": "bytes", "ETag": tag, "Content-Type": kept.media_type}
                # of a HEAD request a range says nothing (RFC 9110, section 14.2)
                asked = request.headers.get("Range") if request.method == "GET" else None
                try:
                    part = wanted(asked, request.headers.get("If-Range"), tag, file.size)
                except NotSatisfiable:
                    refused = problem(Refused("bad_range"))
                    refused.headers["Content-Range"] = f"bytes */{file.size}"
                    return refused
                if part is not None:
                    headers["Content-Range"] = part.header()
                start, end = (part.start, part.end) if part is not None else (0, file.size)
                response = web.StreamResponse(status=206 if part is not None else 200, headers=headers)
                sent = Sent(file, start, end, live, lambda: self._archive.keep_played(visitor, kept.recording, kept.id))
                return await self._streams.send(request, response, sent)

    async def _download(self, request: web.Request, visitor: Visitor, kept: Kept) -> web.StreamResponse:
        asked = await read_form_or_json(request, DownloadRequest)
        if asked.form == "sealed":
            opening = await self._sealed(kept, asked.recipient)
            return await self._take(request, visitor, kept, opening, "downloaded_sealed", asked.only_check)
        self._access.require(visitor, "download_clear")
        if asked.confirm != kept.recording.session:
            raise Refused("not_confirmed")
        opening = kept.open(await kept.identity())
        return await self._take(request, visitor, kept, opening, "downloaded_clear", asked.only_check)

    async def _sealed(self, kept: Kept, recipient: str | None) -> AbstractContextManager[Plaintext]:
        """Behind a header for that recipient; where nothing can be opened here, as it lies there."""
        vault = self._archive.vault
        clinics = recipient_of(vault.keys)
        try:
            towards = Recipient.parse(recipient) if recipient else clinics
        except BadKeyText as error:
            raise Refused("bad_recipient", str(error)) from None
        if towards is None:
            raise Refused("recipient_needed")
        if not vault.keys.can_unwrap:
            if towards != clinics or not kept.whole:
                raise Refused("needs_clinic_key", None if kept.whole else UNFINISHED)
            return vault.as_it_lies(kept.recording.id, kept.id)
        identity = await kept.identity()
        if not kept.whole:
            return sealing(kept.open(identity), towards, vault.entropy)
        return vault.resealed(kept.recording.id, kept.id, identity, towards)

    async def _take(
        self,
        request: web.Request,
        visitor: Visitor,
        kept: Kept,
        opening: AbstractContextManager[Plaintext],
        kind: ViewingKind,
        only_check: bool,
    ) -> web.StreamResponse:
        recording, sealed = kept.recording.id, kind == "downloaded_sealed"
        name = f"{kept.filename}.age" if sealed else kept.filename
        headers = {"Content-Type": SEALED_TYPE if sealed else kept.media_type} | _attached(name)
        with self._streams.taken(visitor.who, recording) as live:
            async with self._streams.opened(opening) as file:
                if only_check:
                    return web.Response(status=204)

                async def keep() -> None:
                    await self._archive.keep_viewing(visitor, kept.recording, kind, file=kept.id)

                sent = Sent(file, 0, file.size, live, keep)
                return await self._streams.send(request, web.StreamResponse(headers=headers), sent)

    async def _key(self, visitor: Visitor, kept: Kept) -> web.Response:
        """What opens the file as it lies there, wrapped to the clinic's key: for where that one is not here."""
        if self._archive.vault.keys.can_unwrap:
            raise Refused("no_such_file")
        await self._archive.keep_viewing(visitor, kept.recording, "downloaded_sealed", file=kept.id, key=True)
        headers = {"Content-Type": SEALED_TYPE} | _attached(f"{kept.filename}.key.age")
        return web.Response(body=kept.wrapped_key, headers=headers)


def _attached(name: str) -> dict[str, str]:
    """`name`: letters, digits, dots, dashes and underscores."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
