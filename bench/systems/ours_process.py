"""Our media server in a process of its own, on uvloop as in the service, told by JSON lines on standard input what to
do. It asks the server for levels and reports as often as the signaling does, so that this is paid for too.

`busy` keeps Python at work 5 ms in every 25, on the event loop, as a slow request handler would; `hold` keeps the GIL
from everybody else without any work; `tidy` gives back to the system what nobody uses, and says what is used. Started
with a 1 as its last argument it counts the calls and returns of Python code in each thread.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import sys
import threading
import time
from collections import Counter
from types import FrameType
from typing import Any

import uvloop

from sfu import MediaConfig, MediaServer, PeerError

LOOK_EVERY = 0.1
REPORT_EVERY_LOOKS = 10
"""As signaling/sessions.py does it."""

BUSY_SECONDS = 0.005
BUSY_EVERY = 0.025
HOLD_SECONDS = 0.1
HOLD_PAUSE = 0.01
LONGEST_LINE = 1 << 20
MEDIA = "media"
"""Name of the media threads."""


class Profile:
    """Counts calls and returns of Python code, by the name of the thread they happen in."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        threading.setprofile(self._note)

    def _note(self, frame: FrameType, event: str, argument: object) -> None:
        self.events[threading.current_thread().name] += 1


class Servant:
    """Carries out what the benchmark asks for."""

    def __init__(self, server: MediaServer, profile: Profile | None) -> None:
        self._server = server
        self._profile = profile
        self._busy = asyncio.Event()
        self._holds = 0
        self._looks = 0

    def carry_out(self, question: dict[str, Any]) -> dict[str, Any]:
        match question["do"]:
            case "open":
                opened = self._server.open_peer(question["offer"], question["sources"], question["room"])
                return {"peer": opened.peer, "sdp": opened.sdp}
            case "connect":
                self._server.connect(
                    question["publisher"], question["source"], question["subscriber"], question["slot"]
                )
            case "disconnect":
                self._server.disconnect(question["subscriber"], question["slot"])
            case "close":
                self._server.close_peer(question["peer"])
            case "counters":
                return {"counters": self._server.counters()}
            case "tidy":
                gc.collect()
                ctypes.CDLL(None).malloc_trim(0)
                return {"malloc_kb": _malloc_bytes() // 1024, "python_blocks": sys.getallocatedblocks()}
            case "threads":
                found = [each.native_id for each in threading.enumerate() if each.name == MEDIA]
                return {"media": found, "python": self._profile.events[MEDIA] if self._profile else 0}
            case "busy":
                (self._busy.set if question["on"] else self._busy.clear)()
            case "hold":
                threading.Thread(target=self._hold, args=(question["seconds"],), daemon=True).start()
            case "held":
                return {"holds": self._holds}
        return {}

    def _hold(self, seconds: float) -> None:
        """Asleep with the GIL: nobody else gets it, and the core is free all the same."""
        sleep = ctypes.PyDLL(None).usleep  # of all ways to call C this is the one that keeps the GIL
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            sleep(int(HOLD_SECONDS * 1e6))
            self._holds += 1
            time.sleep(HOLD_PAUSE)

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


async def serve(address: str, options: dict[str, Any], profiled: bool) -> None:
    profile = Profile() if profiled else None  # before the media threads start
    given = {"host": address, "port": 0, "addresses": (address,), "max_peers": 8192, **options}
    server = MediaServer(MediaConfig(**given), _ignore)
    await server.start()
    servant = Servant(server, profile)
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


def _malloc_bytes() -> int:
    """In use, of everything that malloc gave to anybody: mallinfo(3). 0 where the C library has no such thing."""
    names = ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"]

    class Info(ctypes.Structure):
        _fields_ = tuple((name, ctypes.c_size_t) for name in names)

    look = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if look is None:
        return 0
    look.restype = Info
    found = look()
    return int(found.uordblks + found.hblkhd)


def _ignore(event: object) -> None:
    """Who has connected and who is gone is seen from outside."""


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], json.loads(sys.argv[2]), sys.argv[3] == "1"))
