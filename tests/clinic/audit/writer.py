"""A process that appends to a log until it is killed: `python -m tests.clinic.audit.writer URL FOLDER PREFIX`.

Says the subject of each event once it was acknowledged; several at once wait for theirs.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path

from clinic.audit.log import AuditLog
from tests.clinic.audit.made_up import a_log, event

AT_ONCE = 8


async def write(log: AuditLog, prefix: str) -> None:
    await log.open()

    async def one(number: int) -> None:
        for count in itertools.count():
            subject = f"{prefix}-{number}-{count}"
            await log.append([event(count, subject=subject)])
            print(subject, flush=True)

    await asyncio.gather(*(one(number) for number in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(write(a_log(sys.argv[1], Path(sys.argv[2])), sys.argv[3]))
