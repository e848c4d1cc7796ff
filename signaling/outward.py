"""Requests that the server makes to addresses which somebody typed in: webhooks, and what sends SMS.

Where a request goes is checked when its socket is made, with the address that it is made for: a name that means
something else a moment later (DNS rebinding) changes nothing. No redirects, no proxies of the environment, a bounded
time and a bounded answer. Not here: what is sent, and when it is sent again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import aiohttp
from aiohttp import AddrInfoType
from pydantic import SecretBytes, SecretStr

LONGEST_URL = 1000
LARGEST_ANSWER = 4096
"""Bytes of an answer that are read. Nothing is learned from more."""

TIMEOUT = 15.0
"""Seconds for a request, finding and connecting included."""

SECRET_PREFIX = "whsec_"  # noqa: S105 (how the standard marks one)
SHORTEST_SECRET = 24
LONGEST_SECRET = 64
"""Bytes of a secret, as the Standard Webhooks specification wants them."""

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")
"""NAT64 (RFC 6052): an IPv4 address is in the last 32 bits."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    """Its beginning."""

    @property
    def taken(self) -> bool:
        """A redirect is no yes: who sent it has not read what came."""
        return 200 <= self.status < 300


class Unreachable(Exception):
    """Nothing was answered. `why`: `address`, `name`, `connection`, `tls`, `timeout` or `answer`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Forbidden(OSError):
    """This address is none that the server connects to."""


class Outward:
    def __init__(self, *, private: bool, trust: ssl.SSLContext | None = None, timeout: float = TIMEOUT) -> None:
        """`private`: addresses inside of the clinic's own network too, and there also without TLS. `trust`: in place
        of the system's list of authorities."""
        self._private = private
        self._trust = trust
        self._timeout = timeout
        self._http: dict[str, aiohttp.ClientSession] = {}

    def check(self, url: str) -> str:
        """The same address. Raises ValueError with a sentence, if nothing is sent to such a one."""
        if len(url) > LONGEST_URL or not _VISIBLE.fullmatch(url):
            raise ValueError(f"an address of visible characters, at most {LONGEST_URL} of them")
        try:
            parts = urlsplit(url)
            host, _port = parts.hostname, parts.port
        except ValueError:
            raise ValueError("this is no address") from None
        if parts.scheme != "https" and not (parts.scheme == "http" and self._private):
            raise ValueError("the address must begin with https://")
        if not host or parts.username is not None or parts.password is not None or "#" in url or "\\" in url:
            raise ValueError("the address must be as https://host/path, without a user and without #")
        address = _parsed(host)
        if address is not None and not allowed(address, private=self._private):
            raise ValueError("this address is inside of a network: see the setting webhook_private_addresses")
        if parts.scheme == "http" and address is not None and allowed(address, private=False):
            raise ValueError("the address must begin with https://")
        return url

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Raises Unreachable."""
        try:
            self.check(url)
        except ValueError:
            raise Unreachable("address") from None
        try:
            async with self._session(urlsplit(url).scheme).post(
                url,
                data=body,
                headers={"User-Agent": "Webhook", "Accept-Encoding": "identity", **headers},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self._timeout),
            ) as answer:
                return Answer(answer.status, await _beginning(answer.content))
        except TimeoutError:
            raise Unreachable("timeout") from None
        except aiohttp.ClientConnectorDNSError:
            raise Unreachable("name") from None
        except aiohttp.ClientConnectorError as error:
            forbidden = isinstance(error.os_error, Forbidden)
            unsafe = isinstance(error, aiohttp.ClientSSLError)
            raise Unreachable("address" if forbidden else "tls" if unsafe else "connection") from None
        except aiohttp.ClientSSLError:
            raise Unreachable("tls") from None
        except aiohttp.ClientConnectionError:
            raise Unreachable("connection") from None
        except (aiohttp.ClientError, OSError, ValueError):
            raise Unreachable("answer") from None

    async def close(self) -> None:
        for http in self._http.values():
            await http.close()

    def _session(self, scheme: str) -> aiohttp.ClientSession:
        if scheme not in self._http:
            connector = aiohttp.TCPConnector(
                ssl=self._trust if self._trust is not None else True,
                socket_factory=partial(self._socket, plain=scheme == "http"),
                force_close=True,
                use_dns_cache=False,
            )
            self._http[scheme] = aiohttp.ClientSession(
                connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._http[scheme]

    def _socket(self, info: AddrInfoType, *, plain: bool) -> socket.socket:
        """`plain`: without TLS, which does not leave the clinic's network."""
        family, kind, protocol, _, address = info
        parsed = _parsed(str(address[0]))
        if parsed is None or not allowed(parsed, private=self._private) or (plain and allowed(parsed, private=False)):
            raise Forbidden("an address that is not connected to")
        return socket.socket(family=family, type=kind, proto=protocol)


def allowed(address: Address, *, private: bool) -> bool:
    """Whether the server connects there. With `private` also to its own network and to itself; never to link-local
    addresses (where clouds hand out their machines' keys), to all, to nobody."""
    inner = _inner(address)
    if inner is not None:
        return allowed(inner, private=private)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if address.is_loopback or address.is_private:
        return private
    return address.is_global and not address.is_reserved


def sign(secrets: Sequence[SecretStr], id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each secret, as the Standard Webhooks specification says.

    HMAC-SHA256 over id, timestamp (seconds since 1970) and body, with dots in between."""
    signed = f"{id}.{timestamp}.".encode("ascii") + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(key_of(secret).get_secret_value(), signed, hashlib.sha256)).decode()
        for secret in secrets
    )


def signed_headers(secrets: Sequence[SecretStr], id: str, timestamp: int, body: bytes) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secrets, id, timestamp, body),
    }


def key_of(secret: SecretStr) -> SecretBytes:
    """The bytes of a secret that is written as `whsec_` and base64. Raises ValueError."""
    text = secret.get_secret_value()
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(SECRET_PREFIX) or not SHORTEST_SECRET <= len(key) <= LONGEST_SECRET:
        raise ValueError(f"a secret is {SECRET_PREFIX} and base64 of {SHORTEST_SECRET} to {LONGEST_SECRET} bytes")
    return SecretBytes(key)


def written_secret(key: bytes) -> SecretStr:
    """As people hand it on."""
    return SecretStr(SECRET_PREFIX + base64.b64encode(key).decode())


async def _beginning(content: aiohttp.StreamReader) -> bytes:
    read = bytearray()
    while len(read) < LARGEST_ANSWER:
        piece = await content.read(LARGEST_ANSWER - len(read))
        if not piece:
            break
        read += piece
    return bytes(read)


def _parsed(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 address leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return None
