"""`therabook backup` and `therabook restore`: both databases, keys and settings in one encrypted file, and back in a
measured time.

Not here: how it is done (`backup.py`, `restore.py`), and what is looked at afterwards (`restore_checks.py`).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr

from clinic import ClinicError, ShredProof
from clinic.audit.events import Event
from clinic.keeping import here, office
from clinic.keeping.again import delete_again
from clinic.keeping.records import DeletionProof, Run
from clinic.records import DeletedKey
from recording.age import BadKeyText, Identity, Recipient
from signaling.keeping.proof import from_json, is_genuine
from therabook import backup as backups
from therabook import recordings, restore_checks
from therabook.backup_format import BadBackup
from therabook.flags import flags_for, settings_from
from therabook.operator import Operator, carry_out, sentences, who
from therabook.restore import Restored
from therabook.restore import restore as bring_back
from therabook.settings import PREFIX, BadSettings, Settings

FOR_BACKUPS = (
    "data_dir",
    "recordings_dir",
    "recordings_key",
    "recordings_key_file",
    "audit_origin",
    "backup_recipients",
)
"""The settings that decide what there is to copy; databases' URLs have no flag."""

HOURS = 72
"""Within so many a clinic should work again: the proposed rule of January 2025, 45 CFR 164.308(a)(13)(ii)(B)."""

LARGEST_PROOFS = 1 << 28
LARGEST_KEY = 65_536

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("to", type=_FILE)
@click.option("--recipient", multiple=True, metavar="age1...", help="Besides those of the settings.")
@click.option("--keys/--no-keys", default=True, help="The keys of the data folder too. Without them keep other copies.")
@click.option("--recordings-to", type=_FILE, metavar="FOLDER", help="Copy recordings' files there, each once.")
@flags_for(FOR_BACKUPS)
def backup(
    config: Path | None, to: Path, recipient: tuple[str, ...], keys: bool, recordings_to: Path | None, **flags: Any
) -> None:
    """Write a backup to TO, a file that is not there yet, or a folder. The service may run meanwhile.

    It is encrypted for the holder of an age key whose secret half is not on this machine (age-keygen makes one):
    databases, keys, and the file of --config. Recordings' files are encrypted already; --recordings-to copies new ones.
    """
    settings = settings_from(config, flags)
    recipients = _recipients([*settings.backup_recipients, *recipient])
    config = config or _config_from_environment()
    file = to / f"therabook-{datetime.now(UTC):%Y%m%d-%H%M%S}.age" if to.is_dir() else to

    async def work(operator: Operator) -> backups.Made:
        wanted = backups.Wanted(
            databases={"clinic": operator.store, "audit": operator.log.database},
            data_dir=settings.data_dir,
            keys=keys,
            settings_file=config,
            recordings=recordings.folder(settings),
            copies=recordings_to,
        )
        began = time.time()
        try:
            made = await backups.make(wanted, file, recipients, os.urandom)
        except BaseException:
            await operator.parts.runs.keep(Run("backup", began, time.time() - began, 0, False))
            raise
        details = {"rows": made.rows, "keys": keys, "copied": made.copied}
        await operator.parts.runs.keep(Run("backup", began, made.seconds, made.size, True, details))
        await _tell(operator, "backup.make", size=made.size, rows=made.rows, keys=keys, sha256=made.sha256)
        return made

    made = carry_out(settings, work)
    click.echo(f"{file}  {made.size:,} bytes  {made.rows:,} rows  {made.seconds:.1f} s")
    click.echo(f"SHA-256 {made.sha256}")
    if recordings_to is not None:
        click.echo(f"{made.copied} files of recordings copied, {made.there} were there.")


@click.command()
@click.argument("file", type=_FILE)
@click.option("--identity", type=_FILE, required=True, metavar="FILE", help="The secret age key.")
@click.option("--to", type=_FILE, metavar="FOLDER", help="Where to restore to: empty, or not there yet.")
@click.option("--recordings-from", type=_FILE, metavar="FOLDER", help="Where --recordings-to has copied files to.")
@click.option("--into-databases", is_flag=True, help="Into the (empty) databases of the settings, not files in --to.")
@click.option(
    "--proofs", type=_FILE, metavar="FILE", help="Delete again what was deleted since (records proofs --json)."
)
@click.option("--drill", is_flag=True, help="Restore to a folder that is deleted afterwards, and say how long it took.")
@flags_for(FOR_BACKUPS)
def restore(
    config: Path | None,
    file: Path,
    identity: Path,
    to: Path | None,
    recordings_from: Path | None,
    into_databases: bool,
    proofs: Path | None,
    drill: bool,
    **flags: Any,
) -> None:
    """Bring a backup back, look whether all of it is there, and say how long it took. Exits with 1 if it is not.

    The result is a data folder: start the service with --data-dir FOLDER. Whatever was deleted with proof after the
    backup was made is in it again, unless --proofs names it.
    """
    if drill == (to is not None) or (drill and into_databases):
        raise click.UsageError("say either --to FOLDER or --drill, which restores into files")
    settings = settings_from(config, flags)
    secret = _identity(identity)
    into = _urls(settings) if into_databases else {}
    began, steady = time.time(), time.monotonic()
    folder = to or Path(
        tempfile.mkdtemp(prefix=".drill-", dir=settings.data_dir if settings.data_dir.is_dir() else None)
    )
    size = file.stat().st_size if file.exists() else 0
    well = False
    try:

        async def run() -> list[restore_checks.Checked]:
            restored = await bring_back(file, [secret], folder, into=into, copies=recordings_from)
            try:
                if proofs is not None:
                    await _delete_again(restored, proofs)
                return await restore_checks.look(restored, settings)
            finally:
                for database in restored.databases.values():
                    await database.close()

        checked = sentences(run)
        well = restore_checks.well(checked)
    finally:
        seconds = time.monotonic() - steady
        if drill:
            shutil.rmtree(folder, ignore_errors=True)
            _keep_drill(settings, Run("drill", began, seconds, size, well))
    for each in checked:
        click.echo(f"{each.what:<14}{'-' if each.well is None else 'good' if each.well else 'WRONG':<7}{each.said}")
    click.echo(f"Restored in {seconds:.1f} s, of {HOURS} hours that it may take: {seconds / (HOURS * 36):.4f}%.")
    if not well:
        raise click.exceptions.Exit(1)
    if not drill:
        elsewhere = {} if into_databases else {"database_url": None, "audit_url": None}
        _tell_restored(settings.model_copy(update={"data_dir": folder, **elsewhere}), size, seconds)


def _keep_drill(settings: Settings, run: Run) -> None:
    """With the records of the server here, for whoever asks when the last one was. It counts without them too."""
    try:

        async def work(operator: Operator) -> None:
            await operator.parts.runs.keep(run)
            await _tell(operator, "backup.restore", drill=True, well=run.well, seconds=round(run.seconds, 1))

        carry_out(settings, work)
    except click.ClickException as error:
        click.echo(f"That it was tried could not be kept: {error.message}", err=True)


def _tell_restored(moved: Settings, size: int, seconds: float) -> None:
    """In what was restored, as the first thing that happens to it. `moved`: settings that find it."""
    if not (moved.data_dir / "audit-key").exists():
        return

    async def work(operator: Operator) -> None:
        await operator.parts.runs.keep(Run("restore", time.time(), seconds, size, True))
        await _tell(operator, "backup.restore", drill=False, well=True, seconds=round(seconds, 1))

    carry_out(moved, work)


async def _tell(operator: Operator, kind: str, **details: str | int | float | bool) -> None:
    """A log that cannot be written must not keep from a backup, which is what may save it."""
    try:
        await operator.log.append([Event(kind, time.time(), "operator", who(), details=details)])
    except ClinicError as error:
        click.echo(f"Not logged: {error}", err=True)


async def _delete_again(restored: Restored, file: Path) -> None:
    deletions, shredded, public = read_proofs(file)
    wrong = [each.id for each in deletions if not is_genuine(each, public)]
    if wrong:
        raise BadBackup(f"{len(wrong)} of the proofs are not signed by the key that they name")
    store = restored.databases["clinic"]
    keys, records = await delete_again(
        store, [*here.kept_rows(store).values(), *office.kept_rows(store).values()], deletions, shredded
    )
    click.echo(f"Deleted again: {keys} keys, {records} records.")


def read_proofs(file: Path) -> tuple[list[DeletionProof], list[ShredProof], bytes]:
    """As `therabook records proofs --json` prints them. Raises BadBackup, OSError."""
    try:
        with file.open("rb") as opened:
            told = json.loads(opened.read(LARGEST_PROOFS))
        deletions = [from_json(each) for each in told["deletions"]]
        shredded = [
            ShredProof(
                recording_id=str(each["recording_id"]),
                person_id=None if each["person_id"] is None else str(each["person_id"]),
                at=float(each["at"]),
                by=str(each["by"]),
                reason=str(each["reason"]),
                keys=tuple(DeletedKey(key["of"], str(key["id"]), str(key["sha256"])) for key in each["keys"]),
            )
            for each in told["shredded"]
        ]
        return deletions, shredded, bytes.fromhex(told["public_key"])
    except (ValueError, KeyError, TypeError):
        raise BadBackup(f"{file} has no proofs in it, as `therabook records proofs --json` prints them") from None


def _recipients(texts: Sequence[str]) -> list[Recipient]:
    if not texts:
        raise click.ClickException(
            "say for whom to encrypt it: --recipient age1..., or backup_recipients in the settings. age-keygen makes a "
            "key; keep its secret half away from this machine"
        )
    try:
        return [Recipient.parse(text) for text in texts]
    except BadKeyText as error:
        raise click.ClickException(str(error)) from None


def _identity(path: Path) -> Identity:
    try:
        with path.open("rb") as file:
            lines = file.read(LARGEST_KEY).decode("ascii", "replace").splitlines()
        for line in lines:
            if line.startswith("AGE-SECRET-KEY-"):
                return Identity.parse(SecretStr(line))
    except BadKeyText as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    raise click.ClickException(f"{path}: no secret key, which begins with AGE-SECRET-KEY-1, is in this file")


def _urls(settings: Settings) -> dict[str, str]:
    """Of the databases that the settings name."""
    named = {"clinic": settings.database_url, "audit": settings.audit_url}
    found = {name: url.get_secret_value() for name, url in named.items() if url is not None}
    if not found:
        raise BadSettings("the settings name no databases (database_url, audit_url)")
    return found


def _config_from_environment() -> Path | None:
    given = os.environ.get(f"{PREFIX}CONFIG")
    return Path(given) if given else None
