"""What commands do at the machine itself, with the databases of the server there, told to its audit log.

Not here: any command.
"""

from __future__ import annotations

import asyncio
import getpass
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import aiohttp
import click

from clinic import ClinicError, Database
from clinic.audit.log import AuditLog
from recording.age import AgeError
from recording.keys import BadKeyFile, KeyRefused, KeyUnavailable
from recording.storage import StorageError
from signaling import keys
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.keeping.parts import Actor, Parts
from signaling.refusals import Refused
from therabook import audit_served, keeping_served, recordings
from therabook.backup_format import BadBackup
from therabook.settings import BadSettings, Settings

T = TypeVar("T")

FAULTS = (
    BadSettings,
    BadBackup,
    BadKeyFile,
    keys.BadKey,
    ClinicError,
    KeyUnavailable,
    KeyRefused,
    AgeError,
    StorageError,
)


@dataclass(frozen=True)
class Operator:
    store: Database
    log: AuditLog
    audit: Audit
    parts: Parts

    @property
    def actor(self) -> Actor:
        return Actor("operator", who())


@asynccontextmanager
async def operating(settings: Settings) -> AsyncIterator[Operator]:
    """Raises FAULTS, OSError."""
    store = recordings.database(settings)
    log = audit_served.audit_log(settings)
    clock = Clock()
    try:
        await store.upgrade()
        await log.database.upgrade()
        async with aiohttp.ClientSession() as http:
            vault = recordings.vault(settings, store, recordings.key_provider(settings, http, time.time))
            audit = Audit(log.append, clock)
            parts = keeping_served.parts(settings, store, vault, audit, clock, audit_database=log.database)
            yield Operator(store, log, audit, parts)
    finally:
        await store.close()
        await log.close()


def carry_out(settings: Settings, work: Callable[[Operator], Awaitable[T]]) -> T:
    """Raises click.ClickException with a sentence for whatever can go wrong."""

    async def run() -> T:
        async with operating(settings) as operator:
            return await work(operator)

    return sentences(run)


def sentences(run: Callable[[], Awaitable[T]]) -> T:
    async def awaited() -> T:
        return await run()

    try:
        return asyncio.run(awaited())
    except Refused as refused:
        raise click.ClickException(refused.error) from None
    except FAULTS as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'cannot'}: {error.strerror or error}") from None


def who() -> str:
    return f"command line, {getpass.getuser()}"
