"""The digest of the web client: of a checkout, and of what a server hands out to browsers.

Whoever does not trust a server compares the two: a server that served another client could read what is said in spite
of end-to-end encryption (docs/e2ee.md). Whether the checkout is to be trusted is not its business.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import click

from signaling.static import PLACEHOLDER, read_tree

PAGES = {"index.html": "video-call/therapy", "recordings.html": "recordings", "check.html": "check"}
"""Where pages are served; other files stand under `static/HASH/`."""

PATIENCE = 20.0
"""Seconds for one file."""


@dataclass(frozen=True)
class Compared:
    digest: str
    """Of the checkout."""
    files: int
    differing: list[str]
    """What the server hands out otherwise than it is in the checkout, or not at all."""


def show(web: Path, *, files: bool, served: str | None) -> int:
    """Prints the digest. Returns 1 if what is served differs, or cannot be had."""
    try:
        tree = read_tree(web)
    except OSError as error:
        raise click.ClickException(str(error)) from None
    click.echo(tree.digest)
    if files:
        click.echo(tree.manifest, nl=False)
    if served is None:
        return 0
    try:
        compared = compare(web, served)
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise click.ClickException(f"{served} cannot be asked: {type(error).__name__}") from None
    for name in compared.differing:
        click.echo(f"differs: {name}", err=True)
    if compared.differing:
        click.echo(f"{len(compared.differing)} of {compared.files} files are served otherwise.", err=True)
        return 1
    click.echo(f"All {compared.files} files are served as they are here.", err=True)
    return 0


def compare(web: Path, address: str) -> Compared:
    """Fetches each file of `web` from the server at `address`, as browsers do. Raises OSError, aiohttp.ClientError."""
    return asyncio.run(_compare(web, address.rstrip("/")))


async def _compare(web: Path, address: str) -> Compared:
    tree = read_tree(web)
    wanted = {name: digest for digest, name in (line.split("  ", 1) for line in tree.manifest.splitlines())}
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    async with aiohttp.ClientSession(timeout=timeout) as http:

        async def fetch(path: str) -> bytes:
            async with http.get(f"{address}/{path}", allow_redirects=False) as answer:
                return await answer.read() if answer.status == 200 else b""

        # what the server says of itself is not believed, but it says where its files stand
        claimed = (await fetch("web-digest"))[: len(tree.hash)]
        place = claimed.decode("ascii", "replace") if claimed.isalnum() else tree.hash
        differing = []
        for name, digest in wanted.items():
            body = await fetch(PAGES.get(name, f"static/{place}/{name}"))
            if not _is(body, place, digest):
                differing.append(name)
    return Compared(tree.digest, len(wanted), differing)


def _is(body: bytes, place: str, digest: str) -> bool:
    # in pages the server has filled in the address of the rest
    candidates = (body, body.replace(place.encode(), PLACEHOLDER))
    return any(hashlib.sha256(each).hexdigest() == digest for each in candidates)
