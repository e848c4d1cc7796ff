"""Our media server in a process of its own, on uvloop as in the service, told by JSON lines on standard input what to
do. It asks the server for levels and reports as often as the signaling does, so that this is paid for too.

`busy` keeps Python at work 5 ms in every 25, on the event loop, as a slow request handler would.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import uvloop

from sfu import MediaConfig, MediaServer, PeerError

LOOK_EVERY = 0.1
REPORT_EVERY_LOOKS = 10
"""As signaling/sessions.py does it."""

BUSY_SECONDS = 0.005
BUSY_EVERY = 0.025
LONGEST_LINE = 1 << 20


class Servant:
    """Carries out what the benchmark asks for."""

    def __init__(self, server: MediaServer) -> None:
        self._server = server
        self._busy = asyncio.Event()
        self._looks = 0

    def carry_out(self, question: dict[str, Any]) -> dict[str, Any]:
        server, kind = self._server, question["do"]
        if kind == "open":
            opened = server.open_peer(question["offer"], question["sources"], question.get("room", ""))
            return {"peer": opened.peer, "sdp": opened.sdp}
        if kind == "connect":
            server.connect(question["publisher"], "camera", question["subscriber"], question["slot"])
        elif kind == "close":
            server.close_peer(question["peer"])
        elif kind == "busy":
            if question["on"]:
                self._busy.set()
            else:
                self._busy.clear()
        elif kind == "counters":
            return {"counters": server.counters()}
        return {}

    async def look(self) -> None:
        while True:
            self._looks += 1
            self._server.levels()
            if self._looks % REPORT_EVERY_LOOKS == 0:
                self._server.reports()
            await asyncio.sleep(LOOK_EVERY)

    async def work(self) -> None:
        while await self._busy.wait():
            until = time.monotonic() + BUSY_SECONDS
            while time.monotonic() < until:
                sum(range(100))
            await asyncio.sleep(BUSY_EVERY - BUSY_SECONDS)


async def serve(address: str, options: dict[str, Any]) -> None:
    server = MediaServer(MediaConfig(host=address, port=0, addresses=(address,), max_peers=8192, **options), _ignore)
    await server.start()
    servant = Servant(server)
    tasks = [asyncio.create_task(servant.look()), asyncio.create_task(servant.work())]
    questions = asyncio.StreamReader(limit=LONGEST_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(questions), sys.stdin)
    while line := await questions.readline():
        try:
            answer = servant.carry_out(json.loads(line))
        except PeerError as error:
            answer = {"error": f"{error.code}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for task in tasks:
        task.cancel()
    await server.close()


def _ignore(event: object) -> None:
    """Who has connected and who is gone is seen from outside."""


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], json.loads(sys.argv[2])))
