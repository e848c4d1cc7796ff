"""Streams, over real connections: how fast, how much at once, and how they end."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from recording.age import Damaged, Plaintext
from signaling import streams as s
from signaling.headers import errors_and_counts
from signaling.metrics import Metrics
from signaling.streams import PIECE, Sent, Streams
from tests.signaling.kept import until

LARGE = 256 * 1024 * 1024
BLOCK = bytes(range(256)) * 1024


@dataclass
class Pattern:
    """A large file that lies nowhere."""

    size: int = LARGE
    damaged_at: int | None = None
    given: int = 0
    opened: int = 0
    closed: int = 0
    failing: bool = False
    sizes: list[int] = field(default_factory=list)

    def read_at(self, offset: int, size: int) -> bytes:
        end = min(offset + size, self.size)
        if self.damaged_at is not None and end > self.damaged_at:
            raise Damaged("Chunk 3 of the file is not as it was written.", 3)
        self.given += end - offset
        self.sizes.append(size)
        return bytes((BLOCK * (2 + size // len(BLOCK)))[offset % len(BLOCK) :][: end - offset])

    @contextlib.contextmanager
    def open(self) -> Iterator[Plaintext]:
        self.opened += 1
        if self.failing:
            raise Damaged("The header was changed after it was written.")
        try:
            yield self
        finally:
            self.closed += 1


class Place:
    """A server that streams one file to whoever asks, and counts what came before it."""

    def __init__(self, file: Pattern, streams: Streams) -> None:
        self.file = file
        self.streams = streams
        self.noted = 0
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        with self.streams.taken(request.headers.get("Who", "somebody"), "rec-1") as live:
            async with self.streams.opened(self.file.open()) as file:
                sent = Sent(file, 0, file.size, live, self._note)
                return await self.streams.send(request, web.StreamResponse(), sent)

    async def _note(self) -> None:
        self.noted += 1


@contextlib.asynccontextmanager
async def serving(file: Pattern, **limits: int) -> AsyncIterator[Place]:
    place = Place(file, Streams(**limits))
    app = web.Application(middlewares=[errors_and_counts(Metrics())])
    app.router.add_get("/", place.answer)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        place.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        yield place
    finally:
        place.streams.close()
        await runner.cleanup()


async def test_a_whole_file_arrives_as_it_is() -> None:
    file = Pattern(size=3 * PIECE + 11)
    async with serving(file) as place, aiohttp.ClientSession() as http, http.get(place.url) as answer:
        body = await answer.read()
        assert body == file.read_at(0, file.size)
        assert answer.headers["Content-Length"] == str(file.size)
        await until(lambda: place.streams.count == 0)
        assert (file.opened, file.closed, place.noted) == (1, 1, 1)


async def test_no_more_is_read_than_a_client_takes() -> None:
    file = Pattern()
    async with serving(file) as place, aiohttp.ClientSession() as http:
        async with http.get(place.url) as answer:
            await answer.content.readexactly(1024)
            assert max(file.sizes) <= PIECE
            answer.close()
        await until(lambda: place.streams.count == 0)
        # what the sockets of both sides hold, which the system grows as it likes
        assert file.given < LARGE // 4


async def test_a_client_that_goes_away_frees_everything() -> None:
    file = Pattern()
    async with serving(file) as place, aiohttp.ClientSession() as http:
        for _ in range(3):
            async with http.get(place.url) as answer:
                await answer.content.readexactly(10)
                assert place.streams.count == 1
                answer.close()
            await until(lambda: place.streams.count == 0)
        assert (file.opened, file.closed) == (3, 3)


async def test_a_client_that_stands_still_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s, "STANDS_STILL", 0.1)
    file = Pattern()
    async with serving(file) as place, aiohttp.ClientSession() as http, http.get(place.url) as answer:
        await until(lambda: file.closed == 1)
        assert place.streams.count == 0
        with pytest.raises(aiohttp.ClientError):
            await answer.read()


async def test_a_file_that_is_damaged_in_the_middle_ends_with_its_connection() -> None:
    file = Pattern(size=8 * PIECE, damaged_at=5 * PIECE)
    async with serving(file) as place, aiohttp.ClientSession() as http, http.get(place.url) as answer:
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientError):
            await answer.read()
        await until(lambda: place.streams.count == 0)
        assert file.closed == 1


@pytest.mark.parametrize("file", [Pattern(failing=True), Pattern(damaged_at=100)], ids=["opening", "first piece"])
async def test_of_a_file_that_cannot_be_opened_nothing_is_sent_and_nothing_noted(file: Pattern) -> None:
    async with serving(file) as place, aiohttp.ClientSession() as http, http.get(place.url) as answer:
        assert answer.status == 500
        assert place.noted == 0
        assert place.streams.count == 0


async def test_nothing_is_sent_if_it_cannot_be_noted_who_sees_it() -> None:
    file = Pattern(size=10)
    async with serving(file) as place, aiohttp.ClientSession() as http:

        async def away() -> None:
            raise LookupError

        place._note = away  # type: ignore[method-assign]
        async with http.get(place.url) as answer:
            assert answer.status == 500
            assert file.read_at(0, 10) not in await answer.read()


async def test_head_is_told_of_the_file_and_nothing_is_read_or_noted() -> None:
    file = Pattern()
    async with serving(file) as place, aiohttp.ClientSession() as http, http.head(place.url) as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (200, str(LARGE))
        assert (file.given, place.noted) == (0, 0)


async def test_one_person_has_so_many_streams_and_all_together_so_many() -> None:
    file = Pattern()
    async with serving(file, most=3, each=2) as place, aiohttp.ClientSession() as http:
        answers = [await http.get(place.url, headers={"Who": who}) for who in ("one", "one", "one", "two", "three")]
        assert [answer.status for answer in answers] == [200, 200, 429, 200, 429]
        assert (await answers[2].json())["code"] == "too_many_streams"
        for answer in answers:
            answer.close()
        await until(lambda: place.streams.count == 0)
        async with http.get(place.url, headers={"Who": "one"}) as answer:
            assert answer.status == 200
            answer.close()


async def test_what_is_deleted_is_not_shown_to_its_end() -> None:
    file = Pattern()
    async with serving(file) as place, aiohttp.ClientSession() as http, http.get(place.url) as answer:
        await answer.content.readexactly(10)
        place.streams.end("rec-2")
        await answer.content.readexactly(4 * PIECE)
        place.streams.end("rec-1")
        with pytest.raises(aiohttp.ClientError):
            await answer.read()
        await until(lambda: file.closed == 1)


async def test_a_server_that_stops_ends_its_streams_and_begins_none() -> None:
    file = Pattern()
    async with serving(file) as place, aiohttp.ClientSession() as http, http.get(place.url) as answer:
        await answer.content.readexactly(10)
        place.streams.close()
        with pytest.raises(aiohttp.ClientError):
            await answer.read()
        async with http.get(place.url) as later:
            assert (later.status, (await later.json())["code"]) == (503, "restarting")
