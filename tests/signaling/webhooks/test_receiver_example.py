"""The receiver in deploy/ is run as a clinic would run it: it takes what is genuine, once, and says what is missing."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from signaling.outward import signed_headers
from tests.signaling.webhooks.delivering import SECRET, Office
from tests.sources import ROOT


class Example:
    def __init__(self, process: asyncio.subprocess.Process, port: int, books: Path) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{port}/webhooks"
        self._books = books

    async def says(self) -> str:
        assert self._process.stdout is not None
        return (await asyncio.wait_for(self._process.stdout.readline(), 20)).decode()

    def kept(self) -> list[tuple[str, int]]:
        with sqlite3.connect(self._books) as books:
            return books.execute("SELECT session, sequence FROM event ORDER BY rowid").fetchall()


@asynccontextmanager
async def an_example(folder: Path) -> AsyncIterator[Example]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    books = folder / "webhooks.db"
    environment = {"WEBHOOK_SECRET": SECRET.get_secret_value(), "WEBHOOK_DATABASE": str(books)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-u", str(ROOT / "deploy/webhook-receiver/receiver.py"), str(port)),
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
    )
    example = Example(process, port, books)
    try:
        while "Running on" not in await example.says():
            pass
        yield example
    finally:
        process.kill()
        await process.wait()


async def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    async with aiohttp.ClientSession() as http, http.post(url, data=body, headers=headers) as answer:
        return answer.status


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_it_takes_what_we_send_once_and_in_order(office: Office, tmp_path: Path) -> None:
    office.now = time.time()
    async with an_example(tmp_path) as example:
        await office.endpoint(example.url)
        for _ in range(3):
            office.feed.tell("person.joined", "session-1", role="patient")
        await office.settle()
        assert example.kept() == [("session-1", 1), ("session-1", 2), ("session-1", 3)]
        assert await office.store.replay("endpoint-1", office.now, 60.0, since=0.0) == (3, False)
        await office.settle()
        assert len(example.kept()) == 3, "known by their ids"
        states = await office.states()
        assert set(states.values()) == {"delivered"}


async def test_it_takes_nothing_that_was_altered_overheard_or_made_up(tmp_path: Path) -> None:
    now = int(time.time())
    body = b'{"id":"event-1","type":"session.ended","session":"s","sequence":1,"timestamp":"","data":{}}'
    good = signed_headers([SECRET], "event-1", now, body)
    async with an_example(tmp_path) as example:
        assert await post(example.url, body.replace(b"ended", b"begun"), good) == 401
        assert await post(example.url, body, good | {"webhook-id": "event-2"}) == 401
        assert await post(example.url, body, good | {"webhook-timestamp": str(now + 1)}) == 401
        assert await post(example.url, body, good | {"webhook-timestamp": "now"}) == 401
        assert await post(example.url, body, {"Content-Type": "application/json"}) == 401
        assert await post(example.url, body, signed_headers([SECRET], "event-1", now - 3600, body)) == 401
        assert example.kept() == []
        assert await post(example.url, body, good) == 200
        later = body.replace(b'"event-1"', b'"event-3"').replace(b'"sequence":1', b'"sequence":3')
        assert await post(example.url, later, signed_headers([SECRET], "event-3", now, later)) == 200
        said = [await example.says() for _ in range(3)]
        assert any("missing 1 of s" in line for line in said)
