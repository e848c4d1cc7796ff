"""`therabook doctor`: asks the right parts, prints what they found, and says by its exit code if anything is broken.

Without an address it looks at this machine, with the settings of the server on it, and at that server as people reach
it. With an address, or a link into a session, it looks at that server from here.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import aiohttp
import click

from signaling import keys
from signaling.ids import new_id, new_session_id
from signaling.tokens import JoinClaims, Tokens
from therabook.doctor import machine, remote, safeguards
from therabook.doctor.findings import Finding, as_json, as_text, failed
from therabook.links import base_url
from therabook.settings import Settings

FOR_DOCTOR = (
    "host",
    "port",
    "tls",
    "tls_cert",
    "public_url",
    "data_dir",
    "media_host",
    "media_port",
    "media_threads",
    "recordings_dir",
    "turn_urls",
    "turn_secret_file",
    "recordings_key",
    "recordings_key_file",
    "recordings_keep_days",
    "encryption",
    "trusted_proxies",
    "retention",
    "backup_days",
    "staff_second_factor",
    "staff_idle_minutes",
    "audit_origin",
    "smtp_host",
    "smtp_security",
    "smtp_from",
    "audit_witness_url",
    "audit_witness_key",
)
"""The settings that it looks at."""

TOKEN_SECONDS = 300


def run(settings: Settings, address: str | None, *, form: str, insecure: bool) -> int:
    """Prints what was found; returns the exit code. Raises click.ClickException if `address` is none."""
    about, findings = asyncio.run(_look(settings, address, insecure))
    click.echo(as_json(about, findings) if form == "json" else as_text(about, findings))
    return 1 if failed(findings) else 0


async def _look(settings: Settings, address: str | None, insecure: bool) -> tuple[str, list[Finding]]:
    tls = _context(insecure)
    if address is None:
        base = base_url(settings)
        local = f"{'http' if settings.tls == 'off' else 'https'}://{_own_host(settings)}:{settings.port}"
        running = await _answers(local)
        found = [
            replace(each, paragraph=safeguards.PARAGRAPHS.get(each.id, ""))
            for each in await machine.examine(settings, running)
        ]
        found += await safeguards.examine(settings)
        if running or settings.public_url is not None:
            found += await remote.examine(remote.Server(base, _own_token(settings), tls))
        return f"This machine, and {base} as seen from it", found
    base, token = _read(address)
    if not token and settings.api_key is not None:
        token = await remote.token_for(base, settings.api_key.get_secret_value(), tls, new_session_id()) or ""
    return f"{base} as seen from this machine", await remote.examine(remote.Server(base, token, tls))


def _read(address: str) -> tuple[str, str]:
    """(the server's address, the token in the link)."""
    parts = urlsplit(address if "://" in address else f"https://{address}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.ClickException("give the server's address, as https://video.example.org, or a link into a session")
    token = parse_qs(parts.fragment).get("token", [""])[0]
    return f"{parts.scheme}://{parts.netloc}", token


def _own_token(settings: Settings) -> str:
    """One for this machine's own server. Empty where there is no key yet, or it is not ours to read."""
    if not (settings.data_dir / "signing-key").exists():
        return ""
    now = time.time()
    claims = JoinClaims(
        jti=new_id(), exp=int(now) + TOKEN_SECONDS, room=new_session_id(), sub="doctor", role="observer"
    )
    try:
        return Tokens(keys.signing_key(settings.data_dir)).sign(claims, now)
    except (keys.BadKey, OSError):
        return ""


async def _answers(base: str) -> bool:
    """Whether a server of ours listens here; which certificate it has does not matter for that."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http,
            http.get(f"{base}/healthz", ssl=False) as answer,
        ):
            return answer.status == 200 and "version" in await answer.json()
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return False


def _own_host(settings: Settings) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(settings.host, settings.host)
    return f"[{host}]" if ":" in host else host


def _context(insecure: bool) -> ssl.SSLContext:
    made = ssl.create_default_context()
    if insecure:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    return made
