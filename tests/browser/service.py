"""The real service, started as a person would start it: `therabook serve` as a process of its own on free ports."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp

from signaling.keys import signing_key
from signaling.tokens import JoinClaims, Tokens

COMMAND = Path(sys.executable).with_name("therabook")
ROOT = Path(__file__).parents[2]
"""Found first by the command, so that what is tested is always what stands beside the tests."""


class Service:
    """A running `therabook serve` with a data folder and a log file of its own."""

    def __init__(self, folder: Path, *flags: str, demo: bool = True, command: Sequence[str] = ()) -> None:
        """`command`: what is started instead of `therabook`. `{port}` in a flag is where it listens."""
        self._flags = ("--demo", *flags) if demo else flags
        self._command = command or ([str(COMMAND)] if COMMAND.exists() else [sys.executable, "-m", "therabook"])
        self._process: asyncio.subprocess.Process | None = None
        self.port, self.media_port = free_ports(2)
        self._flags = tuple(flag.replace("{port}", str(self.port)) for flag in self._flags)
        self.data = folder / "data"
        self.log = folder / "service.log"
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Starts it and waits until it is ready; raises with its log when it is not within a minute."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                "serve",
                *("--port", str(self.port)),
                *("--media-port", str(self.media_port)),
                *("--data-dir", str(self.data)),
                *self._flags,
                stdout=log,
                stderr=log,
                env=os.environ | {"THERABOOK_DEBUG": "1", "PYTHONPATH": str(ROOT)},
            )
        async with aiohttp.ClientSession() as client:
            for _ in range(600):
                if self._process.returncode is not None:
                    break
                with suppress(aiohttp.ClientError):
                    async with client.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)
        await self.stop()
        raise RuntimeError(f"the service did not start:\n{self.said()}")

    async def stop(self) -> int | None:
        """Asks it to end as an operator would (SIGTERM) and returns its exit code."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                process.kill()
                await process.wait()
                raise RuntimeError(f"the service did not end within 10 s of SIGTERM:\n{self.said()}") from None
        return process.returncode

    async def kill(self) -> None:
        """Ends it as a power cut would."""
        process, self._process = self._process, None
        assert process is not None
        process.kill()
        await process.wait()

    def said(self) -> str:
        """All that it has logged."""
        return self.log.read_text(errors="replace")

    async def get(self, path: str) -> str:
        async with aiohttp.ClientSession() as client, client.get(self.url + path) as answer:
            answer.raise_for_status()
            return await answer.text()

    async def token(self, role: str, session: str, *, user: str = "", **more: Any) -> str:
        """A token as the clinic's own server asks for one."""
        request = {"user_id": user or f"{role}-{os.urandom(4).hex()}", "role": role, "room_id": session, **more}
        headers = {"Authorization": f"Bearer {(self.data / 'api-key').read_text().strip()}"}
        async with (
            aiohttp.ClientSession() as client,
            client.post(f"{self.url}/api/token", json=request, headers=headers) as answer,
        ):
            said = await answer.json()
            assert answer.status == 200, said
            return str(said["token"])

    def expired_token(self) -> str:
        """A token of this service that was good until a minute ago."""
        now = time.time()
        claims = JoinClaims(jti="expired-token", exp=int(now - 60), room="s-expired", sub="somebody", role="patient")
        return Tokens(signing_key(self.data)).sign(claims, now - 3600)

    async def link(self, role: str, session: str, **more: Any) -> str:
        """The link that a clinic sends to a person of that role. Everyone in a session needs one of their own."""
        page = "therapy" if role == "therapist" else "secure-therapy"
        return f"{self.url}/video-call/{page}#token={await self.token(role, session, **more)}"


def free_ports(count: int) -> list[int]:
    """Ports that are free for both TCP and UDP."""
    ports: list[int] = []
    held: list[socket.socket] = []
    try:
        while len(ports) < count:
            stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.append(stream)
            stream.bind(("0.0.0.0", 0))
            port = stream.getsockname()[1]
            datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            held.append(datagram)
            with suppress(OSError):
                datagram.bind(("0.0.0.0", port))
                ports.append(port)
    finally:
        for each in held:
            each.close()
    return ports
