"""A process that writes to a database until it is killed: `python -m tests.clinic.writer URL PREFIX`.

Says `opening` before it touches the database, then the id of each recording that was kept.
"""

from __future__ import annotations

import asyncio
import itertools
import sys

from clinic import Recordings, open_database
from tests.clinic.made_up import captured


async def write(url: str, prefix: str) -> None:
    print("opening", flush=True)
    database = open_database(url)
    await database.upgrade()
    print("ready", flush=True)
    recordings = Recordings(database)
    for number in itertools.count():
        await captured(recordings, f"{prefix}{number}")
        print(f"{prefix}{number}", flush=True)


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], sys.argv[2]))
