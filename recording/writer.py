"""The writer as the server sees it: a process of its own, which is given what was heard and says what became of it.

A process, so that neither a disk that hangs nor a fault in a media library holds up or ends a call. Nothing here waits
for it: what it does not take waits in memory, up to a limit, and beyond that is dropped and told. When it dies it is
started again; what it had written can be read and finished (`recording/sealed`).

Not here: what is written (`writing.py`), whose it is and when (`signaling/captures.py`).
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from recording.wire import (
    FACT,
    BrokenWire,
    DiskHangs,
    Done,
    Fact,
    Frames,
    Order,
    UseKey,
    heard_frame,
    key_frame,
    order_frame,
    read_fact,
)

logger = logging.getLogger(__name__)

MOST_WAITING = 256 * 1024 * 1024
"""Bytes that wait for the writer: 50 recordings of two cameras for 10 s. Larger rides out longer troubles."""

SILENT = 2.0
"""Seconds without an answer until it is told that nothing is written. Shorter, and a busy machine is taken for one."""

PAUSE = 0.5
"""Seconds before a writer that died soon after its start is started again, so that one that cannot live does not use up
a core. Any other is started again at once: until then nothing is recorded."""

LIVES = 10.0
"""Seconds after which one is known to be able to live."""

LAST_WORDS = 10.0
"""Seconds that the writer has at the end to finish its files."""

READ = 65_536

ROOT = str(Path(__file__).resolve().parent.parent)
COMMAND = (sys.executable, "-m", "recording.writing")


class Writer:
    """`start`, then orders and batches, then `close`. All of it belongs to the thread of one event loop.

    `on_fact` gets what the writer says, and that it says nothing: as `DiskHangs`. `on_death` is called when it has died
    unasked: everything that it was told is void. `on_revival` is called when there is one again that answers: what it
    is given while it comes up waits in memory, which is not kept. Only `look` calls any of them from within.
    """

    def __init__(
        self,
        on_fact: Callable[[Fact], None],
        on_death: Callable[[], None],
        on_revival: Callable[[], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._on_fact = on_fact
        self._on_death = on_death
        self._on_revival = on_revival
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._living: asyncio.Task[None] | None = None
        self._closing = False
        self._sent = 0
        self._done = 0
        self._born_at = 0.0
        self._comes_up = False
        """It was started again and has said nothing yet."""
        self._owes_since: float | None = None
        """When it was last heard of, while there are batches of which it has not said that they are done."""
        self._looked_at = 0.0
        self._disk_hangs = self._told_hangs = False

    @property
    def behind(self) -> int:
        """Batches that it was given and has not yet written."""
        return self._sent - self._done

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Raises OSError if there can be no process."""
        await self._spawn()
        self._living = asyncio.get_running_loop().create_task(self._live())

    def order(self, order: Order) -> None:
        self._send(order_frame(order))

    def use_key(self, order: UseKey) -> None:
        frame = key_frame(order)
        self._send(frame)
        frame[:] = bytes(len(frame))

    def heard(self, listener: int, packets: bytes) -> bool:
        """What a listener heard. False if it was dropped, because too much waits already or nobody is there."""
        transport = self._transport()
        if transport is None or transport.get_write_buffer_size() > MOST_WAITING:
            return False
        if not self.behind:
            self._owes_since = _now()
        self._sent += 1
        self._send(heard_frame(listener, packets))
        return True

    def look(self) -> None:
        """To be called several times a second: tells when the writer, or its disk, does not answer, and when it does
        again. What comes meanwhile is kept."""
        now = _now()
        if self._owes_since is not None and now - self._looked_at > SILENT / 2:
            self._owes_since = now  # it was we who stood still
        self._looked_at = now
        silent = self._owes_since is not None and now - self._owes_since > SILENT
        if (hangs := silent or self._disk_hangs) != self._told_hangs:
            self._told_hangs = hangs
            self._tell(DiskHangs(hangs))

    async def close(self) -> None:
        """Lets it finish what it has. Open tracks are finished too."""
        self._closing = True
        process = self._process
        if process is not None and process.stdin is not None:
            process.stdin.close()
            try:
                await asyncio.wait_for(process.wait(), LAST_WORDS)
            except TimeoutError:
                logger.error("The writer did not end in time; what it has not written is recovered at the next start")
                process.kill()
        if self._living is not None:
            await self._living

    async def _spawn(self) -> None:
        # of the server's own variables, which hold secrets, it needs none
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH", "TZ") if name in os.environ}
        self._sent = self._done = 0
        self._owes_since, self._disk_hangs = None, False
        self._born_at = _now()
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**kept, "PYTHONPATH": ROOT},
        )

    async def _live(self) -> None:
        while True:
            if self._closing and self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()  # it was being started when it was no longer wanted
            await self._listen()
            process, self._process = self._process, None
            code = await process.wait() if process is not None else None
            if self._closing:
                return
            logger.error("The writer of recordings died (%s); it is started again", code)
            self._on_death()
            await self._revive()

    async def _revive(self) -> None:
        pause = PAUSE if _now() - self._born_at < LIVES else 0.0
        while not self._closing and self._process is None:
            await asyncio.sleep(pause)
            pause = PAUSE
            if self._closing:
                return
            try:
                await self._spawn()
                self._comes_up = True
                self._sent = 1
                self._send(heard_frame(0, b""))  # an empty batch, which it answers
            except OSError as error:
                logger.error("The writer of recordings cannot be started: %s", type(error).__name__)

    async def _listen(self) -> None:
        """Until it says no more."""
        process = self._process
        if process is None or process.stdout is None:
            return
        frames = Frames()
        while data := await process.stdout.read(READ):
            try:
                for kind, body in frames.feed(data):
                    if kind == FACT:
                        self._take(read_fact(body))
            except BrokenWire:
                logger.error("The writer of recordings said what makes no sense; it is ended")
                process.kill()
                return

    def _take(self, fact: Fact) -> None:
        if isinstance(fact, DiskHangs):
            self._disk_hangs = fact.hangs
            self.look()
            return
        if isinstance(fact, Done):
            self._done = fact.batch
            self._owes_since = _now() if self.behind else None
            if self._comes_up:
                self._comes_up = False
                self._on_revival()
        self._tell(fact)

    def _tell(self, fact: Fact) -> None:
        try:
            self._on_fact(fact)
        except Exception as error:  # noqa: BLE001 - one fact that is not understood must not end the others'
            logger.error("A listener failed on %s: %s", type(fact).__name__, type(error).__name__)

    def _transport(self) -> asyncio.WriteTransport | None:
        process = self._process
        if process is None or process.stdin is None or process.stdin.transport.is_closing():
            return None
        return process.stdin.transport

    def _send(self, frame: bytes | bytearray) -> None:
        transport = self._transport()
        if transport is not None:
            transport.write(frame)


def _now() -> float:
    return asyncio.get_running_loop().time()
