"""`therabook audit`: the audit log at the machine where it is; its verifier and its witness anywhere.

Not here: the verifier (`therabook/audit_verify`), the witness (`therabook/audit_witness.py`), the log (`clinic/audit`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import click

from clinic import ClinicError, Unknown
from clinic.audit import exports
from clinic.audit.events import Event
from clinic.audit.log import AuditLog
from clinic.audit.records import Entry
from signaling import keys
from signaling.csv_text import csv_line
from therabook import audit_served, logs
from therabook import audit_witness as witnesses
from therabook.audit_verify import command as verifier
from therabook.flags import flags_for, settings_from
from therabook.settings import Settings

FOR_AUDIT = ("data_dir", "audit_origin")
"""The settings that decide where the log is and what it is called; `audit_url` has no flag."""

COLUMNS = ("seq", "at", "kind", "actor_kind", "actor", "session", "patient", "subject", "details")
AT_ONCE = 1000
DEFAULT_PORT = 8099

Answer = TypeVar("Answer")

_FILE = click.Path(path_type=Path)
_TIME = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"])
_WITNESS = click.option(
    "--witness", type=_FILE, multiple=True, metavar="FILE", help="Heads as a witness has kept them: its state file."
)
_WITNESS_KEY = click.option(
    "--witness-key", multiple=True, metavar="KEY", help="The witness's public key: it must have signed them."
)


@click.group()
def audit() -> None:
    """Look at the audit log, export it, and check what was exported."""


@audit.command()
@flags_for(FOR_AUDIT)
def head(config: Path | None, **flags: Any) -> None:
    """Print the newest signed head: all that was ever logged, in one hash. Whoever keeps it can't be fooled later."""
    found = _run(settings_from(config, flags), lambda log: log.head())
    if not found.size:
        raise click.ClickException("Nothing has been logged yet.")
    click.echo(found.note, nl=False)


@audit.command()
@flags_for(FOR_AUDIT)
def key(config: Path | None, **flags: Any) -> None:
    """Print the log's public key, which whoever verifies has to know."""
    try:
        click.echo(str(audit_served.signer(settings_from(config, flags)).public))
    except (keys.BadKey, OSError) as error:
        raise click.ClickException(str(error)) from None


@audit.command()
@click.argument("seq", type=click.IntRange(min=0))
@flags_for(FOR_AUDIT)
def proof(config: Path | None, seq: int, **flags: Any) -> None:
    """Print the proof that event SEQ is in the log: one line, which `therabook audit verify` checks."""

    async def prove(log: AuditLog) -> str:
        return exports.proof(await log.inclusion(seq), str(log.public_key))

    click.echo(_run(settings_from(config, flags), prove))


@audit.command()
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@click.option("--since", type=_TIME, help="From this time on (UTC).")
@click.option("--until", type=_TIME, help="Up to this time (UTC).")
@click.option("--out", type=_FILE, metavar="FILE", help="Where to write it. Default: printed.")
@flags_for(FOR_AUDIT)
def export(
    config: Path | None, form: str, since: datetime | None, until: datetime | None, out: Path | None, **flags: Any
) -> None:
    """Write events to a file. jsonl can be verified by anybody, a part of the log too; csv is for reading.

    That it was exported is logged too.
    """

    async def write(log: AuditLog) -> None:
        part = since is not None or until is not None
        await _log(log, "audit.export", format=form, part=part)
        first, last = await log.between(_seconds(since), _seconds(until)) if part else (0, (await log.head()).size)
        if first == last:
            raise Unknown("there are no events of that time")
        with _written(out) as file:
            async for line in exports.lines(log, first, last) if form == "jsonl" else _csv(log, first, last):
                file.write(line + "\n")

    _run(settings_from(config, flags), write)


@audit.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--key", metavar="KEY", help="The log's public key, as the clinic told it: NAME+HASH+KEY.")
@_WITNESS
@_WITNESS_KEY
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@flags_for(FOR_AUDIT)
def verify(
    config: Path | None,
    file: Path | None,
    key: str | None,
    witness: tuple[Path, ...],
    witness_key: tuple[str, ...],
    as_json: bool,
    **flags: Any,
) -> None:
    """Check an export or a proof, offline. Exits with 1 if it is not what was signed, with 2 if it can't be read.

    Without FILE: the log of this machine. Get the key from the clinic in another way than the file; without it only
    that the file fits together is shown.
    """
    if file is not None:
        raise SystemExit(verifier.check(file, key, witness, witness_key, as_json=as_json))
    settings = settings_from(config, flags)
    with tempfile.NamedTemporaryFile("w", prefix="audit-", suffix=".jsonl") as written:
        key = _run(settings, lambda log: _whole(log, written)) if key is None else key
        written.flush()
        raise SystemExit(verifier.check(Path(written.name), key, witness, witness_key, as_json=as_json))


@audit.command("go-on")
@click.option("--because", required=True, metavar="TEXT", help="Logged. No names.")
@flags_for(FOR_AUDIT)
def go_on(config: Path | None, because: str, **flags: Any) -> None:
    """Take the database as it is, after an older one was put back on purpose (a restored backup).

    The service refuses to log where the database has less than was signed. Stop it first. The head of what is lost is
    kept beside the new one, and the log says how many events are missing. A witness will not go along: it needs a new
    log, with another audit_origin.
    """
    click.confirm("Events that were signed are missing from now on. Go on without them?", abort=True, err=True)

    async def go(log: AuditLog) -> None:
        lost = await log.go_on_after_loss()
        missing = 0 if lost is None else int(lost.name.rpartition("-")[2]) - (await log.head()).size
        await log.append(
            [Event("audit.gap", time.time(), "operator", "cli", details={"count": missing, "because": because})]
        )
        click.echo(f"{missing} events are missing. The head over them is kept in {lost}." if lost else "Nothing was.")

    _run(settings_from(config, flags), go)


@audit.command()
@click.option("--listen", default=f"127.0.0.1:{DEFAULT_PORT}", show_default=True, metavar="HOST:PORT")
@click.option("--state", type=_FILE, required=True, metavar="FILE", help="What it has signed; its key is beside it.")
@click.option("--name", default="witness", show_default=True, help="How its key is called.")
@click.option(
    "--log", "known", multiple=True, required=True, metavar="KEY", help="A log's key (`therabook audit key`)."
)
def witness(listen: str, state: Path, name: str, known: tuple[str, ...]) -> None:
    """Sign the heads of audit logs, on a machine that the clinic's server has no power over, until stopped.

    It refuses a head that does not go on from what it has signed before: a log that was rewritten, cut or put back.
    """
    logs.set_up(debug=False, form="auto")
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise click.UsageError("--listen takes HOST:PORT")
    try:
        signs, public = witnesses.make(name, list(known), state)
    except witnesses.BadWitness as error:
        raise click.ClickException(str(error)) from None

    def started(port: int) -> None:
        click.echo(f"Witness at {host}:{port}. Settings of the clinic's server:")
        click.echo(f"  audit_witness_url = http://{host}:{port}\n  audit_witness_key = {public}")

    try:
        asyncio.run(witnesses.serve(signs, host.strip("[]"), int(port), started))
    except OSError as error:
        raise click.ClickException(f"{listen}: {error.strerror or error}") from None


# What the commands are made of --------------------------------------------------------------------------------------


def _run(settings: Settings, work: Callable[[AuditLog], Awaitable[Answer]]) -> Answer:
    async def run() -> Answer:
        log = audit_served.audit_log(settings)
        try:
            await log.database.upgrade()
            return await work(log)
        finally:
            await log.close()

    try:
        return asyncio.run(run())
    except (ClinicError, keys.BadKey) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'audit'}: {error.strerror or error}") from None


async def _log(log: AuditLog, kind: str, **details: str | bool) -> None:
    """What the operator does. A log that cannot be written must still be shown: that is when somebody asks."""
    try:
        await log.append([Event(kind, time.time(), "operator", "cli", details=details)])
    except ClinicError as error:
        click.echo(f"Not logged: {error}", err=True)


async def _whole(log: AuditLog, file: IO[str]) -> str:
    """All of it into a file; the log's key. Says which events are filed under what they do not say."""
    end = (await log.head()).size
    for first in range(0, end, AT_ONCE):
        for seq in await log.misfiled(first, min(end, first + AT_ONCE)):
            click.echo(f"WRONG:     event {seq} is found by other words than it says", err=True)
    for day in await log.miscounted():
        date = datetime.fromtimestamp(day * 86_400, UTC).date()
        click.echo(f"WRONG:     reports count other events of {date} than there are", err=True)
    async for line in exports.lines(log):
        file.write(line + "\n")
    return str(log.public_key)


async def _csv(log: AuditLog, first: int, last: int) -> AsyncIterator[str]:
    yield csv_line(COLUMNS).rstrip("\r\n")
    for each in range(first, last, AT_ONCE):
        for entry in await log.entries(each, min(each + AT_ONCE, last)):
            yield _csv_line(entry)


def _csv_line(entry: Entry) -> str:
    event = entry.event
    at = datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds")
    details = json.dumps(event.details, ensure_ascii=False) if event.details else None
    cells = (entry.seq, at, event.kind, event.actor_kind, event.actor, event.session, event.patient, event.subject)
    return csv_line([*cells, details]).rstrip("\r\n")


@contextlib.contextmanager
def _written(out: Path | None) -> Iterator[IO[str]]:
    """The file, readable by its owner only; nothing of it if something fails."""
    if out is None:
        yield sys.stdout
        return
    draft = out.with_name(f".{out.name}.draft")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            yield file
        draft.replace(out)
    finally:
        draft.unlink(missing_ok=True)


def _seconds(time: datetime | None) -> float | None:
    return None if time is None else time.replace(tzinfo=UTC).timestamp()
