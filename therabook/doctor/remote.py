"""A server, looked at over the network from here: its pages, its socket, and each way to its media port.

Not here: how a way is tried (`paths.py`).
"""

from __future__ import annotations

import asyncio
import email.utils
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from therabook.doctor.findings import Finding
from therabook.doctor.paths import Probe, Relay, Target, Tried, over_tcp, over_turn, over_udp

PATIENCE = aiohttp.ClientTimeout(total=10)
SKEW = 30.0
"""Seconds between the clocks of which a warning is worth: TURN credentials are good for five minutes."""

ENDS_SOON = 14 * 24 * 3600.0

HOW_TO_GET_IN = "Give a link into a session instead of the address, in quotes, or the API key in THERABOOK_API_KEY."


@dataclass(frozen=True)
class Server:
    base: str
    """https://HOST, without a path."""
    token: str
    """Of a link into a session. Empty: there is none."""
    tls: ssl.SSLContext

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Origin": self.base}


async def examine(server: Server) -> list[Finding]:
    """Never raises for what the network does."""
    connector = aiohttp.TCPConnector(ssl=server.tls)
    async with aiohttp.ClientSession(connector=connector, timeout=PATIENCE) as http:
        pages, client = await _pages(server, http)
        found = [*pages, await _socket(server, http)]
        if client is None:
            return found
        if not server.token:
            return [
                *found,
                Finding("media", "Sound and picture", "none", "Not tested: that needs a token.", HOW_TO_GET_IN),
            ]
        return [*found, *await _media(server, http)]


async def _pages(server: Server, http: aiohttp.ClientSession) -> tuple[list[Finding], dict[str, Any] | None]:
    began = time.monotonic()
    try:
        async with http.get(f"{server.base}/api/client") as answer:
            client = await answer.json()
            status, date = answer.status, answer.headers.get("Date", "")
    except aiohttp.ClientConnectorCertificateError as error:
        return [_bad_certificate(error)], None
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        advice = (
            "Check the address, the name's DNS entry, and whether the server runs (`/healthz` on the server itself)."
        )
        return [Finding("pages", "Pages", "bad", f"{server.base} does not answer: {_why(error)}.", advice)], None
    if status != 200 or not isinstance(client, dict) or "brand" not in client:
        advice = "Is this the address of TheraBook Video, and does the proxy in front of it pass everything on?"
        return [Finding("pages", "Pages", "bad", f"Something else answers there (HTTP {status}).", advice)], None
    taken = round((time.monotonic() - began) * 1000)
    found = [Finding("pages", "Pages", "good", f"Answer within {taken} ms.", milliseconds=taken), _clock(date)]
    if server.base.startswith("https:"):
        found.append(await _certificate(server))
    return found, client


def _clock(date: str) -> Finding:
    try:
        there = email.utils.parsedate_to_datetime(date).timestamp()
    except ValueError:
        return Finding("clock", "Clocks", "none", "The server does not say its time.")
    ahead = time.time() - there
    if abs(ahead) <= SKEW:
        return Finding("clock", "Clocks", "good", "Both clocks agree.")
    said = f"This machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the server's."
    return Finding(
        "clock", "Clocks", "warn", said, "Have both set by NTP: links and TURN credentials end by the clock."
    )


async def _certificate(server: Server) -> Finding:
    address = urlsplit(server.base)
    try:
        async with asyncio.timeout(10):
            _, writer = await asyncio.open_connection(address.hostname, address.port or 443, ssl=server.tls)
    except (OSError, TimeoutError) as error:
        return Finding("certificate", "Certificate", "bad", f"No TLS connection: {_why(error)}.")
    try:
        shown = writer.get_extra_info("peercert")
    finally:
        writer.close()
    if not shown:
        return Finding("certificate", "Certificate", "none", "Not checked, as was asked.")
    left = ssl.cert_time_to_seconds(shown["notAfter"]) - time.time()
    days = int(left // 86400)
    if left < ENDS_SOON:
        advice = "Renew it, and see that this happens by itself: browsers refuse the page when it has ended."
        return Finding("certificate", "Certificate", "warn", f"Ends in {days} days.", advice)
    return Finding("certificate", "Certificate", "good", f"Good for {days} days.")


def _bad_certificate(error: aiohttp.ClientConnectorCertificateError) -> Finding:
    reason = getattr(error.certificate_error, "verify_message", "") or "it cannot be verified"
    advice = (
        "Install one for this name; a firewall that opens TLS puts its own in its place, and must leave this alone."
    )
    return Finding("pages", "Pages", "bad", f"The certificate is not accepted: {reason}.", advice)


async def _socket(server: Server, http: aiohttp.ClientSession) -> Finding:
    began = time.monotonic()
    try:
        async with http.ws_connect(f"{server.base}/socket", headers={"Origin": server.base}):
            taken = round((time.monotonic() - began) * 1000)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        advice = (
            "Without it nobody can join. Let the proxy in front of the server pass WebSockets on (Upgrade and "
            "Connection headers, Host unchanged), and firewalls that look into TLS leave this address alone."
        )
        return Finding("websocket", "WebSocket", "bad", f"Does not open: {_why(error)}.", advice)
    return Finding("websocket", "WebSocket", "good", f"Opens within {taken} ms.", milliseconds=taken)


async def _media(server: Server, http: aiohttp.ClientSession) -> list[Finding]:
    probe = Probe()
    said = await _ask(server, http, "/api/probe", {"offer": {"sdp": probe.offer(), "sources": {}}})
    if isinstance(said, str):
        return [Finding("media", "Sound and picture", "bad", f"The server does not let us try: {said}")]
    target = probe.target(str(said.get("answer", {}).get("sdp", "")))
    if target is None:
        return [Finding("media", "Sound and picture", "bad", "The server's answer cannot be read.")]
    ice = await _ask(server, http, "/api/ice", None)
    urls: list[tuple[str, str, str]] = []
    if not isinstance(ice, str):
        urls = [
            (url, each["username"], each["credential"]) for each in ice.get("ice_servers", []) for url in each["urls"]
        ]
    udp, tcp, *relayed = await asyncio.gather(
        over_udp(target), over_tcp(target), *(_relay(url, user, word, target, server.tls) for url, user, word in urls)
    )
    turned = list(zip([url for url, _, _ in urls], relayed, strict=True))
    return judge(target, udp, tcp, turned)


def judge(target: Target, udp: Tried, tcp: Tried, turned: Sequence[tuple[str, Tried]]) -> list[Finding]:
    """What was tried, as findings: what is missing counts only as far as nothing else does its work."""
    ports = {each.transport: each.port for each in target.candidates}
    relays = any(tried.seconds is not None for _, tried in turned)
    direct = udp.seconds is not None or tcp.seconds is not None
    found = [
        _direct("udp", "UDP", udp, ports.get("udp"), tcp.seconds is not None or relays),
        _direct("ice_tcp", "TCP", tcp, ports.get("tcp"), udp.seconds is not None or relays),
    ]
    if not turned:
        advice = "" if direct else "Set one up (deploy/turn): where both are blocked, only TURN over TLS gets through."
        found.append(Finding("turn", "TURN", "none" if direct else "bad", "No TURN server is set up.", advice))
    return found + [_turned(url, tried, direct or relays) for url, tried in turned]


def _direct(id: str, name: str, tried: Tried, port: int | None, otherwise: bool) -> Finding:
    title = f"{name} to the media port"
    if tried.seconds is not None:
        taken = round(tried.seconds * 1000)
        return Finding(id, title, "good", f"Answers within {taken} ms.", milliseconds=taken)
    said = f"Port {port}: {_sentence(tried)}" if port else _sentence(tried)
    if name == "UDP":
        effect = "Calls take TCP or TURN instead and suffer sooner." if otherwise else "No call gets through this way."
    else:
        effect = "Where UDP is blocked, this way is missing." if otherwise else "No call gets through this way."
    advice = f"{effect} Let {name} to port {port or '10000'} of the server through, here and there."
    return Finding(id, title, "warn" if otherwise else "bad", said, advice)


def _turned(url: str, tried: Tried, otherwise: bool) -> Finding:
    relay = Relay.parse(url)
    way = "TLS" if relay and relay.tls else relay.transport.upper() if relay else "?"
    id, title = f"turn_{way.lower()}", f"TURN over {way}"
    if tried.seconds is not None:
        taken = round(tried.seconds * 1000)
        return Finding(id, title, "good", f"Relays to the media port within {taken} ms.", milliseconds=taken)
    advice = {
        "credential": "turn_secret and static-auth-secret must be the same secret, and both clocks right.",
        "not_relayed": "It must be allowed to relay to the media address (allowed-peer-ip) and port (turn.nft).",
        "tls": "It needs a certificate for its name that browsers accept.",
        "unknown_name": "Check the name in turn_urls and its DNS entry.",
    }.get(tried.trouble or "", "Check that it runs, and that firewalls here and there let this port through.")
    return Finding(id, title, "warn" if otherwise else "bad", _sentence(tried), advice)


async def _relay(url: str, username: str, password: str, target: Target, tls: ssl.SSLContext) -> Tried:
    relay = Relay.parse(url)
    if relay is None:
        return Tried(None, "failed", "the URL cannot be read")
    return await over_turn(relay, username, password, target, tls)


async def _ask(server: Server, http: aiohttp.ClientSession, path: str, body: object) -> dict[str, Any] | str:
    """What it answers, or a sentence about why it does not."""
    try:
        async with http.post(server.base + path, headers=server.headers, json=body) as answer:
            said = await answer.json()
            if not isinstance(said, dict):
                return "its answer cannot be read."
            return said if answer.status == 200 else str(said.get("error", f"HTTP {answer.status}"))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return f"{_why(error)}."


async def token_for(base: str, api_key: str, tls: ssl.SSLContext, session: str) -> str | None:
    """A token of the shortest life, for the server's API key. None: it was refused."""
    asked = {"user_id": "doctor", "role": "observer", "room_id": session, "expires_in": 300}
    connector = aiohttp.TCPConnector(ssl=tls)
    try:
        async with (
            aiohttp.ClientSession(connector=connector, timeout=PATIENCE) as http,
            http.post(f"{base}/api/token", json=asked, headers={"Authorization": f"Bearer {api_key}"}) as answer,
        ):
            return str((await answer.json())["token"]) if answer.status == 200 else None
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError):
        return None


def _sentence(tried: Tried) -> str:
    sentences = {
        "silent": "no answer comes; a firewall on the way, or at the server, drops it.",
        "refused": "refused; nothing listens there, or a firewall refuses it.",
        "unknown_name": "the name is unknown here.",
        "tls": "TLS fails.",
        "credential": "it does not accept the credential.",
        "not_relayed": "it takes us, but nothing comes back from the media port through it.",
        "failed": "it cannot be reached.",
    }
    said = sentences[tried.trouble or "failed"]
    return f"{said[0].upper()}{said[1:-1]} ({tried.detail})." if tried.detail else f"{said[0].upper()}{said[1:]}"


def _why(error: BaseException) -> str:
    """In plain words, without the address that some texts hold."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"HTTP {error.status}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or type(error.os_error).__name__
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return type(error).__name__
