"""Wires between browsers and the service, to be cut and mended: one to the web port and one to the media port."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from sfu.addresses import advertised, machine_addresses
from sfu.config import MediaConfig
from tests.browser.service import Service, free_ports

Address = tuple[str, int]


class Wire:
    """To the web port; media does not go through it. Use as `async with Wire(service) as wire` and open `wire.url`."""

    def __init__(self, service: Service) -> None:
        self._service = service
        [self.port] = free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self._whole = True
        self._passing: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
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
            await asyncio.gather(_copy(reader, far_writer, self._hears()), _copy(far_reader, writer, self._hears()))
        finally:
            self._passing -= {writer, far_writer}
            writer.transport.abort()
            far_writer.transport.abort()

    def _hears(self) -> Callable[[bytes], None]:
        """Is told what passes in one direction on one connection."""
        return lambda data: None


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hears: Callable[[bytes], None]) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            hears(data)
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def own_address() -> str:
    """Of this machine. Not the loopback, if there is another: Firefox takes none of those."""
    return advertised(MediaConfig(port=0), machine_addresses())[0]


class MediaWire:
    """To the media port: passes UDP on from an address of its own, which the service (started with `FLAGS`) tells its
    clients as its own. Use as `async with MediaWire(service)`."""

    ADDRESS = "127.0.0.2"

    @staticmethod
    def flags_for(address: str) -> tuple[str, ...]:
        return ("--media-host", "127.0.0.1", "--media-addresses", address)

    FLAGS = flags_for(ADDRESS)

    def __init__(self, service: Service, address: str = ADDRESS) -> None:
        self._address = address
        self._port = service.media_port
        self._whole = True
        self.dropped = 0
        """Datagrams, while it was cut."""
        self._to_service: dict[Address, asyncio.DatagramTransport] = {}
        self._new: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._to_clients, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(self._from_client), local_addr=(self._address, self._port)
        )
        self._opening = asyncio.create_task(self._open())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._opening.cancel()
        for transport in (self._to_clients, *self._to_service.values()):
            transport.close()

    def cut(self) -> None:
        self._whole = False

    def mend(self) -> None:
        self._whole = True

    def _from_client(self, data: bytes, client: Address) -> None:
        if not self._whole:
            self.dropped += 1
        elif client in self._to_service:
            self._to_service[client].sendto(data)
        else:
            self._new.put_nowait((data, client))

    def _from_service(self, data: bytes, client: Address) -> None:
        if self._whole:
            self._to_clients.sendto(data, client)
        else:
            self.dropped += 1

    async def _open(self) -> None:
        """Gives each new client a way to the service that is its own; its first datagrams wait for that."""
        while True:
            data, client = await self._new.get()
            if client not in self._to_service:
                await self._open_for(client)
            self._to_service[client].sendto(data)

    async def _open_for(self, client: Address) -> None:
        def received(data: bytes, _: Address) -> None:
            self._from_service(data, client)

        # from the wire's own address, of which the service tells the client: Firefox takes none of the loopback
        self._to_service[client], _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(received), local_addr=(self._address, 0), remote_addr=("127.0.0.1", self._port)
        )


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._received(data, addr)
