"""The wire between a browser and the service's web port, to be cut and mended. Media does not go through it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from tests.browser.service import Service, free_ports


class Wire:
    """Passes TCP on to the service. Use as `async with Wire(service) as wire` and open `wire.url`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        [self.port] = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self._whole = True
        self._passing: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *error: object) -> None:
        self.cut()
        self._server.close()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Ends every connection at once, without a word, and takes no new one."""
        self._whole = False
        for writer in self._passing:
            writer.transport.abort()

    def mend(self) -> None:
        self._whole = True

    def link(self, link: str) -> str:
        """A link to the service, so that it leads through this wire."""
        return link.replace(self._service.url, self.url, 1)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._service.port)
        self._passing |= {writer, far_writer}
        try:
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))
        finally:
            self._passing -= {writer, far_writer}
            writer.transport.abort()
            far_writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
