"""`therabook recordings`: list, verify, export, compose, recover and shred, at the machine where they are.

Who may run it has the clinic's key anyway. Not here: what any of it does (`signaling/vault.py`).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import click

from clinic import ClinicError, Job, JobKind, Jobs, JobState, Recording, ShredProof, Viewing, Viewings
from clinic.records import ViewingKind
from recording.age import AgeError, BadKeyText, Recipient
from recording.keys import BadKeyFile, ClinicKey, KeyRefused, KeyUnavailable
from recording.storage import StorageError
from signaling import keys
from signaling.audit_port import Audit
from signaling.capture_books import Books
from signaling.clock import Clock
from signaling.compose_work import LEASE, ComposeWork
from signaling.ids import new_id
from signaling.recovery import recover
from signaling.refusals import Refused
from signaling.told_keys import ToldKeys
from signaling.vault import Vault
from therabook import audit_served, recordings
from therabook.settings import BadSettings, Settings
from therabook.told_operator import operator

T = TypeVar("T")

FOR_RECORDINGS = (
    "data_dir",
    "recordings_dir",
    "recordings_bucket",
    "recordings_bucket_endpoint",
    "recordings_bucket_region",
    "recordings_key",
    "recordings_key_file",
    "recordings_public_key",
    "recordings_key_url",
    "recordings_key_name",
)
"""The settings that decide where recordings are and what opens them."""


@dataclass(frozen=True)
class Opened:
    vault: Vault
    books: Books
    viewings: Viewings
    jobs: Jobs
    audit: Audit

    async def tell(self, kind: str, recording: str | None = None, **details: Any) -> None:
        """The audit log, before it is done. Raises Refused, and clinic.Unknown if there is no such recording."""
        known = None if recording is None else (await self.vault.recordings.get(recording)).recording
        await self.audit.record(
            kind,
            "operator",
            operator(),
            session=None if known is None else known.session,
            subject=None if known is None else known.id,
            **details,
        )


@asynccontextmanager
async def _open(settings: Settings, identity: Path | None) -> AsyncIterator[Opened]:
    """`identity`: the clinic's secret key, where the server has the public half only."""
    store = recordings.database(settings)
    log = audit_served.audit_log(settings)
    audit = Audit(log.append, Clock())
    try:
        await store.upgrade()
        async with aiohttp.ClientSession() as http:
            own = _brought(identity) if identity else recordings.key_provider(settings, http, time.time)
            provider = ToldKeys(own, audit, Clock())
            books = recordings.books(settings, store, provider)
            vault = recordings.vault(settings, store, provider)
            yield Opened(vault, books, Viewings(store), Jobs(store), audit)
            await audit.flush()
    finally:
        await log.close()
        await store.close()


def _brought(identity: Path) -> ClinicKey:
    if not identity.exists():
        raise BadSettings(f"{identity}: there is no such file")
    return ClinicKey.from_file(identity, os.urandom)


def carry_out(settings: Settings, identity: Path | None, work: Callable[[Opened], Awaitable[T]]) -> T:
    """Raises click.ClickException with a sentence for whatever can go wrong."""

    async def run() -> T:
        async with _open(settings, identity) as opened:
            return await work(opened)

    try:
        return asyncio.run(run())
    except (
        BadSettings,
        BadKeyFile,
        keys.BadKey,
        ClinicError,
        KeyUnavailable,
        KeyRefused,
        AgeError,
        StorageError,
    ) as error:
        raise click.ClickException(str(error)) from None
    except Refused as refused:
        raise click.ClickException(refused.error) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'cannot'}: {error.strerror or error}") from None


def show_list(settings: Settings, session: str) -> None:
    async def work(opened: Opened) -> list[Recording]:
        await opened.tell("recording.list")
        found: list[Recording] = []
        page = await opened.vault.recordings.find(session=session)
        found += page.recordings
        while page.next is not None:
            page = await opened.vault.recordings.find(session=session, after=page.next)
            found += page.recordings
        return found

    for each in carry_out(settings, None, work):
        began = datetime.fromtimestamp(each.started_at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        lasted = "" if each.ended_at is None else _minutes(each.ended_at - each.started_at)
        held = "  on hold" if each.held_by is not None else ""
        click.echo(f"{each.id}  {began}  {lasted:>8}  {each.state.value:9}  {each.session}{held}")


def verify(settings: Settings, recording: str, identity: Path | None) -> None:
    """Exits with 1 if anything can't be read."""

    async def work(opened: Opened) -> bool:
        await opened.tell("recording.verify", recording)
        well = True
        for each in await opened.vault.verify(recording):
            click.echo(f"{each.track}  {each.bytes:>12,} bytes  {each.problem or 'can be read'}")
            well = well and each.problem is None
        await _note(opened, recording, "verified")
        return well

    if not carry_out(settings, identity, work):
        raise click.exceptions.Exit(1)


def export(settings: Settings, recording: str, to: Path, recipient: str | None, identity: Path | None) -> None:
    """In clear without a recipient."""
    try:
        towards = Recipient.parse(recipient) if recipient is not None else None
    except BadKeyText as error:
        raise click.ClickException(str(error)) from None

    async def work(opened: Opened) -> list[Path]:
        # first who takes it, then what is taken
        how: ViewingKind = "downloaded_clear" if towards is None else "downloaded_sealed"
        await opened.tell("recording.export", recording, how=how)
        await _note(opened, recording, how)
        return await opened.vault.export(recording, to, towards)

    for path in carry_out(settings, identity, work):
        click.echo(path)


def compose(
    settings: Settings, recording: str, identity: Path | None, kind: JobKind, *, names: bool, shown_time: bool
) -> None:
    """In this process, whether the service runs or not."""

    async def work(opened: Opened) -> JobState:
        await opened.tell("recording.compose", recording, how=kind)
        now = time.time()
        wanted = Job(new_id(), kind, recording, now, {"names": names, "time": shown_time})
        job = await opened.jobs.begin(wanted, now, LEASE)
        try:
            files = opened.vault.files
            work = ComposeWork(opened.vault, opened.jobs, Clock(), bring=files.bring, give_back=files.give_back)
            state = await work.do(job, None, _tenths())
            if state is JobState.WAITING:
                (failed,) = [each for each in await opened.jobs.of_recording(recording) if each.id == job.id]
                raise click.ClickException(failed.error or "It could not be kept.")
            return state
        finally:
            # unless it is done: nobody else is to go on with it
            await opened.jobs.cancel(job)

    if carry_out(settings, identity, work) is JobState.DONE:
        click.echo("Made, and kept with the recording.")
    else:
        raise click.ClickException("Somebody in it was deleted meanwhile. Nothing was kept.")


def _tenths() -> Callable[[float], None]:
    """Says how far it is, ten times."""
    said = -1

    def progress(part: float) -> None:
        nonlocal said
        if int(part * 10) > said:
            said = int(part * 10)
            click.echo(f"{said * 10}%", err=True)

    return progress


def recover_all(settings: Settings, identity: Path | None) -> None:
    done = carry_out(
        settings,
        identity,
        lambda opened: recover(opened.books, opened.vault.folder, time.time(), opened.vault.files),
    )
    click.echo(f"{done.recordings} recordings: {done.tracks} tracks recovered, {done.lost} without anything in them")


def shred(settings: Settings, recording: str, person: str | None, reason: str) -> None:
    async def work(opened: Opened) -> ShredProof:
        await opened.tell("recording.delete", recording, of=person or "everybody")
        return await opened.vault.shred(recording, person, by=_who(), reason=reason, now=time.time())

    proof = carry_out(settings, None, work)
    click.echo(f"{len(proof.keys)} keys deleted. SHA-256 of what they were wrapped in:")
    for key in proof.keys:
        click.echo(f"{key.of} {key.id}  {key.sha256}")


def hold(settings: Settings, recording: str, because: str) -> None:
    async def work(opened: Opened) -> None:
        await opened.tell("recording.hold", recording, how="placed")
        await opened.vault.retention.hold(recording, by=_who(), because=because, now=time.time())

    carry_out(settings, None, work)
    click.echo("On hold: nothing of it is deleted until it is released.")


def release(settings: Settings, recording: str) -> None:
    async def work(opened: Opened) -> None:
        await opened.tell("recording.hold", recording, how="released")
        await opened.vault.retention.release(recording)

    carry_out(settings, None, work)
    click.echo("Released.")


async def _note(opened: Opened, recording: str, kind: ViewingKind) -> None:
    await opened.viewings.keep(Viewing(recording, _who(), "operator", kind, time.time()))


def _who() -> str:
    return f"command line, {operator()}"


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
