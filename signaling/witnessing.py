"""Shows the audit log's heads to a witness: a program on another machine, which signs what contradicts nothing that it
has signed before. What it signed is kept with the log, and goes with every export.

As C2SP tlog-witness says: `POST URL/add-checkpoint` with the size that the witness knows, the proof that the log goes
on from there, and the signed head; the answer is the witness's signature. 409: it knows another size.
Not here: the witness (`therabook/audit_witness.py`), and what follows when it contradicts.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import aiohttp
import structlog

from clinic import ClinicError, Conflict
from clinic.audit.log import AuditLog
from clinic.audit.notes import BadNote, Note, PublicKey, encoded
from clinic.audit.records import Head, Witnessed

log = structlog.get_logger("audit")

PATIENCE = aiohttp.ClientTimeout(total=15)
LONGEST_ANSWER = 4096


class Contradiction(Exception):
    """The witness has signed what does not go together with this log: one of the two was changed."""


class Away(Exception):
    """The witness cannot be asked now, or does not say what a witness says."""


class Witnessing:
    """One witness. It is never waited for: the log goes on without it, and what it signs later covers all before."""

    def __init__(
        self,
        audit_log: AuditLog,
        url: str,
        key: PublicKey,
        http: aiohttp.ClientSession,
        every: float,
        contradicted: Callable[[], None],
    ) -> None:
        """`every`: seconds. `contradicted` is called once for each time that it begins to be so."""
        self._log = audit_log
        self._url = url.rstrip("/") + "/add-checkpoint"
        self._key = key
        self._http = http
        self._every = every
        self._contradicted = contradicted
        self._size: int | None = None
        """Of the newest head that the witness has signed."""
        self.state = "new"
        """`new`, `signed`, `away` or `contradicts`."""

    async def run(self) -> None:
        """Asks regularly, until cancelled."""
        while True:
            with contextlib.suppress(ClinicError):  # the log is away: whoever writes says so
                await self.ask()
            await asyncio.sleep(self._every)

    async def ask(self) -> None:
        """Once, if there is something new. Raises ClinicError."""
        head = await self._log.head()
        if self._size is None:
            kept = [each.size for each in await self._log.witnessed() if each.witness == self._key.name]
            self._size = max(kept, default=0)
        if head.size == self._size and (self.state == "signed" or head.size == 0):
            return
        try:
            await self._show(head, min(self._size, head.size))
        except Away as error:
            self._become("away", why=str(error))
        except Contradiction as error:
            if self.state != "contradicts":
                self._contradicted()
            self._become("contradicts", why=str(error))
        else:
            self._size = head.size
            self._become("signed")

    async def _show(self, head: Head, old: int) -> None:
        status, answer = await self._post(head, old)
        if status == 409:
            known = answer.strip()
            if not known.isascii() or not known.isdigit() or len(known) > 18:
                raise Away("it answers what no witness answers")
            if int(known) > head.size:
                raise Contradiction(f"it has signed {known} events, and the log holds {head.size}")
            status, answer = await self._post(head, int(known))
        if status in (409, 422):
            raise Contradiction("the log does not go on from what it has signed")
        if status != 200:
            raise Away(f"it answers with {status}")
        note = head.note + answer
        try:
            at = self._key.check(Note.read(note))
        except BadNote:
            raise Away("its answer is not signed with its key") from None
        with contextlib.suppress(Conflict):  # signed once more, after it was asked twice
            await self._log.keep_witnessed(Witnessed(head.size, self._key.name, float(at or 0), note))

    async def _post(self, head: Head, old: int) -> tuple[int, str]:
        proof = await self._log.consistency(old, head.size)
        body = f"old {old}\n" + "".join(f"{encoded(each)}\n" for each in proof) + f"\n{head.note}"
        try:
            async with self._http.post(
                self._url, data=body.encode(), timeout=PATIENCE, allow_redirects=False
            ) as answer:
                text = await answer.content.read(LONGEST_ANSWER)
                return answer.status, text.decode("utf-8", "replace")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Away(type(error).__name__) from None

    def _become(self, state: str, why: str = "") -> None:
        if state == self.state:
            return
        self.state = state
        if state == "signed":
            log.info("the audit log's head is witnessed")
        elif state == "away":
            log.warning("the audit log's witness cannot be asked", why=why)
        else:
            log.error("the audit log's witness contradicts it", why=why)
