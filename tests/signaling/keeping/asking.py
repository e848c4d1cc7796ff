"""A server with records of patients, and somebody with a key of the clinic's who asks it about keeping."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinic import Consents, Qualities, Quality, Viewing
from signaling import keys
from tests.clinic.made_up import TEXT, consent
from tests.signaling.kept import SESSION, START, Answer, Kept
from tests.signaling.server import API_KEY, Server, a_server

KEY = {"Authorization": f"Bearer {API_KEY}"}


@dataclass
class Office:
    server: Server
    kept: Kept

    async def asks(self, method: str, path: str, json: object = None, headers: dict[str, str] | None = None) -> Answer:
        """`path` is below /api/keeping."""
        more: dict[str, Any] = {} if json is None else {"json": json}
        url = f"{self.server.url}/api/keeping{path}"
        async with self.server.http.request(method, url, headers=KEY if headers is None else headers, **more) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def gets(self, path: str) -> Answer:
        return await self.asks("GET", path)

    async def posts(self, path: str, json: object = None) -> Answer:
        return await self.asks("POST", path, {} if json is None else json)

    @property
    def qualities(self) -> Qualities:
        return Qualities(self.kept.database)

    async def fill(self) -> None:
        """What there is of a session with a recording: connections, answers, and who watched: one person,
        and the server itself."""
        await self.qualities.keep(
            [
                Quality(SESSION, f"seat-{number}", START + number, "patient", START + 60, True, {"n": number})
                for number in range(3)
            ]
        )
        await self.qualities.keep([Quality("another", "seat-9", START, "patient", START + 60, True, {})])
        consents = Consents(self.kept.database)
        await consents.keep_text(TEXT)
        await consents.keep(consent(recording_id="rec-1", session=SESSION, at=START))
        await self.kept.viewings.keep(Viewing("rec-1", "dr-blue", "therapist", "played", START + 100))


@asynccontextmanager
async def an_office(folder: Path, **settings: Any) -> AsyncIterator[Office]:
    keys.make_folder(folder / "data")
    kept = Kept(folder)
    try:
        await kept.database.upgrade()
        await kept.add()
        async with a_server(folder, **settings) as server:
            office = Office(server, kept)
            await office.fill()
            # the server's own restore test, which comes at its start: from now on nobody but the tests changes anything
            async with asyncio.timeout(30):
                while True:
                    if "restore test" in [each.who for each in await kept.viewings.of_recording("rec-1")]:
                        break
                    await asyncio.sleep(0.02)
            yield office
    finally:
        await kept.database.close()
