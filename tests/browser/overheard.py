"""All that a service receives: heard on the wires in front of it, and opened as the service does, with its own keys of
SRTP. What of that is a frame is put together.

Not here: what a frame shows (`decoded.py`), and what the service has in memory (`tests/leaks/memory.py`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from recording.frames import CODECS, Codec, Depacketizer, depacketizer
from recording.rtp import is_rtcp
from tests.browser.person import Person
from tests.browser.service import Service
from tests.browser.srtp_keys import opener
from tests.browser.wire import Address, MediaWire, Wire

OFFERS = "() => window.recognise.connections.map(connection => connection.localDescription?.sdp ?? '')"

Heard = tuple[Address, bytes]
"""From whom, and what."""

Stream = tuple[Address, int]
"""From where, and under which SSRC."""


class OverheardService(Service):
    """Behind a wire, and it writes its keys of SRTP down."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.srtp_keys = folder / "srtp-keys"
        command = (sys.executable, "-m", "tests.browser.srtp_keys", str(self.srtp_keys))
        super().__init__(folder, *MediaWire.FLAGS, *flags, demo=False, command=command)


@asynccontextmanager
async def an_overheard_service(folder: Path, *flags: str) -> AsyncIterator[OverheardService]:
    service = OverheardService(folder, *flags)
    try:
        await service.start()
        yield service
    finally:
        code = await service.stop()
    assert code == 0, service.said()


class HearingMediaWire(MediaWire):
    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.heard: list[Heard] = []
        """In the order in which it came."""

    def _from_client(self, data: bytes, client: Address) -> None:
        self.heard.append((client, data))
        super()._from_client(data, client)


class HearingWire(Wire):
    """To the web port: what passed in either direction on each connection."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self._passed: list[bytearray] = []

    def _hears(self) -> Callable[[bytes], None]:
        passed = bytearray()
        self._passed.append(passed)
        return passed.extend

    def everything(self) -> bytes:
        """As it passed, and of sockets what was said in them."""
        return b"\0".join([*self._passed, *(_said(bytes(each)) for each in self._passed)])


def _said(passed: bytes) -> bytes:
    """The payloads of WebSocket frames (RFC 6455, section 5.2) behind the HTTP head with which the connection began."""
    head, _, rest = passed.partition(b"\r\n\r\n")
    if b"upgrade: websocket" not in head.lower():
        return b""
    found = []
    at = 0
    while at + 2 <= len(rest):
        masked, length = rest[at + 1] >> 7, rest[at + 1] & 0x7F
        at += 2
        if length > 125:
            wide = 2 if length == 126 else 8
            length = int.from_bytes(rest[at : at + wide], "big")
            at += wide
        mask = rest[at : at + 4] if masked else bytes(4)
        at += 4 * masked
        payload = rest[at : at + length]
        at += length
        key = (mask * (len(payload) // 4 + 1))[: len(payload)]
        found.append(bytes(one ^ other for one, other in zip(payload, key, strict=True)))
    return b"\n".join(found)


@dataclass(frozen=True)
class Offered:
    """What a page has said of a connection."""

    whose: Person
    ufrag: str
    """By which its datagrams are known (RFC 8445)."""
    codecs: dict[int, str]
    """By payload type, "rtx" among them."""


async def offered_by(*people: Person) -> list[Offered]:
    return [
        Offered(someone, re.findall(r"^a=ice-ufrag:(\S+)", sdp, re.MULTILINE)[0], _codecs(sdp))
        for someone in people
        for sdp in await someone.evaluate(OFFERS)
        if sdp
    ]


def _codecs(sdp: str) -> dict[int, str]:
    return {int(number): name for number, name in re.findall(r"^a=rtpmap:(\d+) ([^/\s]+)", sdp, re.MULTILINE)}


@dataclass(frozen=True)
class Sent:
    """One frame, as the service can put it together."""

    at: int
    """The place of its last packet in what was heard."""
    whose: Person
    stream: Stream
    codec: Codec
    data: bytes


class Overheard:
    """What was heard of media, opened."""

    def __init__(self, heard: list[Heard], keys: Path, offered: Iterable[Offered]) -> None:
        self.packets: list[bytes] = []
        """All, in clear, headers and reports too."""
        self.unopened = 0
        """Packets."""
        self.lost = 0
        """Packets that were heard only when they were sent again."""
        self.frames: list[Sent] = []
        self._clients = {
            client: each
            for each in offered
            for client, datagram in heard
            if datagram[:1] <= b"\x03" and f":{each.ufrag}".encode() in datagram  # RFC 7983: STUN
        }
        self._streams: dict[Stream, _Stream] = {}
        self._seen: set[bytes] = set()
        self._open = opener(keys)
        for at, (client, datagram) in enumerate(heard):
            if datagram and 128 <= datagram[0] <= 191:
                self._take(at, client, datagram)

    def streams(self, someone: Person, codec: Codec) -> list[list[Sent]]:
        """The frames of each stream of theirs in it."""
        by_stream: dict[Stream, list[Sent]] = {}
        for frame in self.frames:
            if frame.whose is someone and frame.codec == codec:
                by_stream.setdefault(frame.stream, []).append(frame)
        return list(by_stream.values())

    def _take(self, at: int, client: Address, datagram: bytes) -> None:
        packet = self._open(datagram)
        if packet is None:
            self.unopened += 1
            return
        self.packets.append(packet)
        payload = b"" if is_rtcp(packet) else _payload(packet)
        if not payload:
            return
        offered = self._clients[client]
        name = offered.codecs[packet[1] & 0x7F]
        if name == "rtx":
            self.lost += payload[2:] not in self._seen
            return  # again what was sent before, but for what the wire has lost
        self._seen.add(payload)
        codec = next(each for each in CODECS.values() if each.lower() == name.lower())
        stream = client, int.from_bytes(packet[8:12], "big")
        data = self._streams.setdefault(stream, _Stream(codec)).take(packet, payload)
        if data:
            self.frames.append(Sent(at, offered.whose, stream, codec, data))


class _Stream:
    def __init__(self, codec: Codec) -> None:
        # each packet of sound is a frame; of what is encrypted nothing more is to be read
        self._depacketizer: Depacketizer | None = None if codec == "opus" else depacketizer(codec)
        self._due: int | None = None

    def take(self, packet: bytes, payload: bytes) -> bytes | None:
        """The frame that ends with it, if one does."""
        if self._depacketizer is None:
            return payload
        sequence = int.from_bytes(packet[2:4], "big")
        if self._due not in (None, sequence):
            self._depacketizer.gap()
        self._due = (sequence + 1) & 0xFFFF
        frame = self._depacketizer.push(int.from_bytes(packet[4:8], "big"), packet[1] > 0x7F, payload)
        return frame.data if frame is not None else None


def _payload(packet: bytes) -> bytes:
    """RFC 3550, section 5.1. Empty: padding."""
    at = 12 + 4 * (packet[0] & 0x0F)
    if packet[0] & 0x10:
        at += 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big")
    return packet[at : len(packet) - packet[-1] if packet[0] & 0x20 else None]
