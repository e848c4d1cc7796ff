"""Streams: what is opened in the vault goes to a browser, piece by piece, as fast as that takes it.

Reading and decrypting happen on threads of their own. A stream holds one piece and the few chunks that its reader
keeps, however long the file is. A client that goes away, or stands still for too long, has its file closed at once. A
file that turns out to be damaged in the middle ends with its connection: what a browser got is then known to be too
short, and never looks whole. Not here: who may, and which file it is (`recordings_files.py`).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import structlog
from aiohttp import web

from recording.age import AgeError, Plaintext, Truncated
from signaling.refusals import Refused

log = structlog.get_logger("recordings")

PIECE = 256 * 1024
"""Bytes read at once. Larger costs memory for each stream, smaller costs a change of threads for less."""

STREAMS = 48
"""At once, on the whole server: some 30 MB."""

STREAMS_EACH = 8
"""For one person: a player asks for several parts of a film at once when it seeks."""

THREADS = 4
"""That read and decrypt. A thread gives out some hundred megabytes a second, or waits for a slow disk."""

STANDS_STILL = 900.0
"""Seconds in which a client takes nothing, before its connection is closed. A player that is paused takes nothing, and
asks again when it goes on."""

UNREADABLE = (AgeError, OSError)
"""What reading raises for a file that is damaged, or gone with its disk."""

T = TypeVar("T")


@dataclass
class Live:
    """A stream that goes on."""

    who: str
    recording: str
    ended: bool = False
    """It goes no further: what it shows was deleted, or the server stops."""


@dataclass(frozen=True)
class Sent:
    """[start, end) of a file, on its way."""

    file: Plaintext
    start: int
    end: int
    live: Live
    before: Callable[[], Awaitable[None]]
    """Is waited for when there is something to send, and before any of it is sent."""


class Streams:
    """`close` ends all, and takes no more."""

    def __init__(self, *, most: int = STREAMS, each: int = STREAMS_EACH) -> None:
        self._most = most
        self._each = each
        self._live: list[Live] = []
        self._closed = False
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="recordings")

    @property
    def count(self) -> int:
        return len(self._live)

    @contextmanager
    def taken(self, who: str, recording: str) -> Iterator[Live]:
        """A place for one stream of a recording to somebody. Raises Refused: `too_many_streams`, `restarting`."""
        if self._closed:
            raise Refused("restarting")
        if len(self._live) >= self._most or Counter(live.who for live in self._live)[who] >= self._each:
            raise Refused("too_many_streams", retry_after=2.0)
        live = Live(who, recording)
        self._live.append(live)
        try:
            yield live
        finally:
            self._live.remove(live)

    def end(self, recording: str) -> None:
        """Every stream of it ends within a piece."""
        for live in self._live:
            live.ended = live.ended or live.recording == recording

    def close(self) -> None:
        self._closed = True
        for live in self._live:
            live.ended = True
        self._threads.shutdown(wait=False)

    @asynccontextmanager
    async def opened(self, opening: AbstractContextManager[Plaintext]) -> AsyncIterator[Plaintext]:
        """The same, opened on one of the threads. Raises what opening raises."""
        try:
            file = await self._on_thread(opening.__enter__)
        except asyncio.CancelledError:
            opening.__exit__(None, None, None)  # it was opened all the same
            raise
        try:
            yield file
        finally:
            opening.__exit__(None, None, None)

    async def send(self, request: web.Request, response: web.StreamResponse, sent: Sent) -> web.StreamResponse:
        """`response` has its headers, and nothing of it was sent yet. Raises AgeError, OSError if the first piece
        cannot be read, and what `before` raises; nothing afterwards."""
        response.content_length = sent.end - sent.start
        if request.method == "HEAD":
            await response.prepare(request)
            return response
        at, piece = sent.start, await self._read(sent, sent.start)
        await sent.before()
        try:
            await response.prepare(request)
            while piece and not sent.live.ended and await _taken(response, piece):
                at += len(piece)
                # whoever ended it may have closed the threads too
                piece = b"" if sent.live.ended else await self._read(sent, at)
        except ConnectionError:
            pass  # the client has gone away
        except UNREADABLE as error:
            log.error("a stream was cut: its file cannot be read on", error_type=type(error).__name__)
        finally:
            # nothing more may come on this connection, or it would be taken for the rest of the file
            if at < sent.end and request.transport is not None:
                request.transport.abort()
        return response

    async def _read(self, sent: Sent, at: int) -> bytes:
        size = min(PIECE, sent.end - at)
        if size <= 0:
            return b""
        piece = await self._on_thread(lambda: sent.file.read_at(at, size))
        if not piece:
            raise Truncated("The file is shorter than it was.")
        return piece

    async def _on_thread(self, work: Callable[[], T]) -> T:
        """When it is cancelled it waits all the same: what it works with is closed afterwards."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            if not future.cancelled():
                future.exception()  # nobody else will look at it
            raise


async def _taken(response: web.StreamResponse, piece: bytes) -> bool:
    """False: the client has gone away, or takes nothing."""
    try:
        async with asyncio.timeout(STANDS_STILL):
            await response.write(piece)
    except (ConnectionError, TimeoutError):
        return False
    return True
