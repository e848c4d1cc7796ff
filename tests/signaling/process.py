"""The service as a process of its own, as an operator runs it, and clients that speak to it: with a folder for what is
temporary, a log, and whatever its environment is to be.

Not here: a server in the tests' own process (`server.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import aiohttp

from signaling import keys
from signaling.clock import Clock
from signaling.tokens import Tokens
from tests.browser.service import free_ports
from tests.signaling.server import MovingClock, Server
from tests.signaling.test_recorded_call import writer_of
from tests.sources import ROOT
from therabook.server import Running

STARTS = 90.0
"""Seconds: on a busy machine it makes its databases first."""
ENDS = 30.0
"""Seconds: it finishes its recordings first."""


class Process:
    def __init__(self, process: asyncio.subprocess.Process, server: Server, log: Path, temporary: Path) -> None:
        self.server = server
        self.log = log
        self.temporary = temporary
        """Its TMPDIR."""
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def writer(self) -> int:
        return writer_of(self.pid)

    def said(self) -> str:
        return _text(self.log)

    async def kill(self) -> None:
        """At once, as when its machine fails."""
        self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """As an operator does. Raises AssertionError if it does not end well."""
        if self._process.returncode is None:
            self._process.terminate()
        try:
            code = await asyncio.wait_for(self._process.wait(), ENDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
            raise AssertionError(f"it did not end in time:\n{self.said()}") from None
        assert code == 0, self.said()


@contextlib.asynccontextmanager
async def a_process(
    folder: Path,
    data: Path,
    *flags: str,
    enter: Sequence[str] = (),
    seen: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> AsyncIterator[Process]:
    """`enter`: a command that runs the one behind it, in a place of its own, from where `data` is seen; we see it as
    `seen`."""
    port, media_port = free_ports(2)
    temporary, log = folder / "tmp", folder / "service.log"
    temporary.mkdir(exist_ok=True)
    with log.open("ab") as file:
        process = await asyncio.create_subprocess_exec(
            *enter,
            *(sys.executable, "-m", "therabook", "serve"),
            *("--host", "127.0.0.1", "--port", str(port)),
            *("--media-host", "127.0.0.1", "--media-port", str(media_port)),
            *("--data-dir", str(data)),
            *("--encryption", "preferred"),  # aiortc's calls are in the clear
            *flags,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=ROOT,
            env=os.environ | {"THERABOOK_DEBUG": "1", "TMPDIR": str(temporary)} | dict(variables or {}),
        )
    async with aiohttp.ClientSession() as http:
        try:
            await _ready(http, port, process, log)
            signing_key = keys.signing_key(seen or data)
            clock = MovingClock()
            running = Running(port, media_port, Tokens(signing_key), Clock())
            server = Server(running, http, clock)
            yield Process(process, server, log, temporary)
            for socket in server.sockets:
                await socket.close()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


async def _ready(http: aiohttp.ClientSession, port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STARTS):
            while process.returncode is None:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)
    raise RuntimeError(f"the service did not start:\n{_text(log)}")


def _text(log: Path) -> str:
    return log.read_text(errors="replace")
