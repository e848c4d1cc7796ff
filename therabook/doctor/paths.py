"""The ways to the media port, each tried with what a call begins with: a connectivity check (RFC 8445) that only the
server which was asked can answer. Over UDP, over TCP (RFC 6544), and through a TURN server (RFC 8656).

No media is sent. Not here: where offer and answer go (`remote.py`).
"""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import ssl
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Literal

from aioice import stun, turn

PATIENCE = 5.0
"""Seconds for each way. A check that is lost is repeated; a round trip takes half a second at most."""

REPEATS = (0.0, 0.1, 0.3, 0.7, 1.5, 3.0)
"""Seconds after which the check is sent again."""

LARGEST = 4096

Trouble = Literal["silent", "refused", "unknown_name", "tls", "credential", "not_relayed", "failed"]
"""Why a way does not lead there. `silent`: nothing came back. `not_relayed`: the TURN server took us, and nothing came
back through it."""


@dataclass(frozen=True)
class Tried:
    seconds: float | None
    """From the check to its answer; None: none came."""
    trouble: Trouble | None = None
    detail: str = ""


@dataclass(frozen=True)
class Candidate:
    transport: str
    host: str
    port: int


@dataclass(frozen=True)
class Target:
    """The media server, as one answer describes it."""

    name: str
    """That checks carry: whose they are, and from whom."""
    password: str
    candidates: tuple[Candidate, ...]

    def over(self, transport: str) -> tuple[Candidate, ...]:
        return tuple(each for each in self.candidates if each.transport == transport)


class Probe:
    """Our side of an offer and its answer."""

    def __init__(self) -> None:
        self._ufrag = secrets.token_hex(4)
        self._password = secrets.token_hex(12)
        # nobody shakes hands with us: connectivity checks come before that
        self._fingerprint = ":".join(f"{byte:02X}" for byte in secrets.token_bytes(32))

    def offer(self) -> str:
        lines = [
            "v=0",
            "o=- 1 1 IN IP4 0.0.0.0",
            "s=-",
            "t=0 0",
            "a=group:BUNDLE 0",
            "m=audio 9 UDP/TLS/RTP/SAVPF 111",
            "c=IN IP4 0.0.0.0",
            "a=mid:0",
            f"a=ice-ufrag:{self._ufrag}",
            f"a=ice-pwd:{self._password}",
            f"a=fingerprint:sha-256 {self._fingerprint}",
            "a=setup:actpass",
            "a=recvonly",
            "a=rtcp-mux",
            "a=rtpmap:111 opus/48000/2",
        ]
        return "\r\n".join(lines) + "\r\n"

    def target(self, answer: str) -> Target | None:
        """None: this is no answer of a media server."""
        ufrag = re.search(r"^a=ice-ufrag:(\S+)", answer, re.M)
        password = re.search(r"^a=ice-pwd:(\S+)", answer, re.M)
        if ufrag is None or password is None:
            return None
        found = re.findall(r"^a=candidate:\S+ \d+ (\w+) \d+ (\S+) (\d{1,5}) ", answer, re.M)
        candidates = tuple(Candidate(transport.lower(), host, int(port)) for transport, host, port in found)
        return Target(f"{ufrag[1]}:{self._ufrag}", password[1], candidates)


async def over_udp(target: Target) -> Tried:
    return await _first([_udp(each, target) for each in target.over("udp")])


async def over_tcp(target: Target) -> Tried:
    return await _first([_tcp(each, target) for each in target.over("tcp")])


@dataclass(frozen=True)
class Relay:
    """A TURN server's URL (RFC 7065), read."""

    host: str
    port: int
    transport: str
    tls: bool

    @classmethod
    def parse(cls, url: str) -> Relay | None:
        match = re.fullmatch(r"(turns?):(\[[0-9A-Fa-f:.]+\]|[^:?\[\]]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?", url)
        if match is None:
            return None
        tls = match[1] == "turns"
        transport = "tcp" if tls else match[4] or "udp"
        return cls(match[2].strip("[]"), int(match[3] or (5349 if tls else 3478)), transport, tls)


async def over_turn(relay: Relay, username: str, password: str, target: Target, tls: ssl.SSLContext) -> Tried:
    """Through it to the media port."""
    began = time.monotonic()
    answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    check = _check(target)
    try:
        async with asyncio.timeout(PATIENCE):
            transport, _ = await turn.create_turn_endpoint(
                lambda: _Answers(check, target, answered),
                (relay.host, relay.port),
                username,
                password,
                ssl=tls if relay.tls else None,
                transport=relay.transport,
            )
    except stun.TransactionFailed as error:
        return Tried(None, "credential", f"{error.response.error_code}")
    except (OSError, TimeoutError, stun.TransactionError) as error:
        return Tried(None, *_trouble(error))
    try:
        for candidate in target.over("udp"):
            transport.sendto(bytes(check), (candidate.host, candidate.port))
        async with asyncio.timeout(PATIENCE):
            await answered
        return Tried(time.monotonic() - began)
    except (TimeoutError, ConnectionError, stun.TransactionError):
        return Tried(None, "not_relayed")
    finally:
        transport.close()


async def _first(tries: list[Coroutine[Any, Any, Tried]]) -> Tried:
    """Of the addresses that the server names, one is enough."""
    if not tries:
        return Tried(None, "failed", "the server names no address for it")
    tasks = [asyncio.ensure_future(each) for each in tries]
    try:
        for done in asyncio.as_completed(tasks):
            tried = await done
            if tried.seconds is not None:
                return tried
    finally:
        for task in tasks:
            task.cancel()
    return tasks[0].result()


async def _udp(candidate: Candidate, target: Target) -> Tried:
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[None] = loop.create_future()
    check = _check(target)
    try:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Answers(check, target, answered), remote_addr=(candidate.host, candidate.port)
        )
    except OSError as error:
        return Tried(None, *_trouble(error))
    began = time.monotonic()
    timers = [loop.call_later(after, transport.sendto, bytes(check)) for after in REPEATS]
    try:
        async with asyncio.timeout(PATIENCE):
            await answered
        return Tried(time.monotonic() - began)
    except (OSError, TimeoutError) as error:
        return Tried(None, *_trouble(error))
    finally:
        for timer in timers:
            timer.cancel()
        transport.close()


async def _tcp(candidate: Candidate, target: Target) -> Tried:
    check = _check(target)
    data = bytes(check)
    began = time.monotonic()
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(candidate.host, candidate.port)
            writer.write(len(data).to_bytes(2, "big") + data)
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                if _answers(await reader.readexactly(length), check, target):
                    return Tried(time.monotonic() - began)
    except (OSError, TimeoutError, EOFError) as error:
        return Tried(None, *_trouble(error))
    finally:
        if writer is not None:
            writer.close()


class _Answers(asyncio.DatagramProtocol):
    """Waits for the answer to one check."""

    def __init__(self, check: stun.Message, target: Target, answered: asyncio.Future[None]) -> None:
        self._check = check
        self._target = target
        self._answered = answered

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self._answered.done() and _answers(data, self._check, self._target):
            self._answered.set_result(None)

    def error_received(self, exc: Exception) -> None:
        if not self._answered.done():
            self._answered.set_exception(exc)


def _check(target: Target) -> stun.Message:
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes["USERNAME"] = target.name
    message.attributes["PRIORITY"] = 1845494271
    message.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(target.password.encode())
    message.add_fingerprint()
    return message


def _answers(data: bytes, check: stun.Message, target: Target) -> bool:
    """Whether this is the answer, from somebody who knows the password."""
    try:
        message = stun.parse_message(data)
    except ValueError:
        return False
    return (
        message.transaction_id == check.transaction_id
        and message.message_class == stun.Class.RESPONSE
        and message.check_message_integrity(target.password.encode())
    )


def _trouble(error: Exception) -> tuple[Trouble, str]:
    kinds: list[tuple[type[Exception] | tuple[type[Exception], ...], Trouble]] = [
        (ssl.SSLError, "tls"),
        (ssl.CertificateError, "tls"),
        (socket.gaierror, "unknown_name"),
        (ConnectionRefusedError, "refused"),
        ((TimeoutError, stun.TransactionTimeout), "silent"),
    ]
    for kind, trouble in kinds:
        if isinstance(error, kind):
            detail = getattr(error, "verify_message", "") or getattr(error, "reason", "") if trouble == "tls" else ""
            return trouble, str(detail or "")
    return "failed", type(error).__name__
