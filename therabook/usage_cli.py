"""`therabook usage`: minutes of sessions at the machine whose database knows them, and the check of a signed statement,
which needs neither.

Not here: the same over HTTP (`signaling/usage/api.py`).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from clinic import ClinicError
from clinic.usage.codes import CodeTables
from clinic.usage.records import Wanted, WholeSitting
from clinic.usage.store import LARGEST_PAGE, Usages
from signaling import keys
from signaling.csv_text import csv_text
from signaling.usage import listing, printed, statement
from signaling.usage.answers import MONTH, SessionsAnswer, SittingAnswer, sitting_answer
from signaling.usage.api import days_of
from signaling.usage.codes import CodesVersion, versions
from therabook import recordings
from therabook.flags import flags_for, settings_from
from therabook.settings import Settings
from therabook.usage_served import letterhead, signing_key

FOR_USAGE = ("data_dir", "time_zone", "clinic_name", "clinic_address")


class Month(click.ParamType[str]):
    name = "YYYY-MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch(MONTH, str(value)):
            self.fail("write a month as 2027-01", param, ctx)
        return str(value)


_MONTH = click.option("--month", type=Month(), required=True, help="Of which month, as the clinic's calendar says.")
_THERAPIST = click.option("--therapist", metavar="ID", help="Only sessions of this therapist.")
_PATIENT = click.option("--patient", metavar="ID", help="Only sessions of this patient.")
_TO = click.option("--to", type=click.Path(path_type=Path), metavar="FILE", help="Where to write it. Default: printed.")


@click.group()
def usage() -> None:
    """Say how long sessions really were, and sign or check statements of it."""


@usage.command()
@_MONTH
@_THERAPIST
@_PATIENT
@_TO
@click.option("--json", "form", flag_value="json", help="For programs.")
@click.option("--csv", "form", flag_value="csv", help="For spreadsheets.")
@click.option("--pdf", "form", flag_value="pdf", help="For print; with --to.")
@click.option("--text", "form", flag_value="text", default=True, hidden=True)
@flags_for(FOR_USAGE)
def report(
    config: Path | None,
    month: str,
    therapist: str | None,
    patient: str | None,
    to: Path | None,
    form: str,
    **flags: Any,
) -> None:
    """Sessions of a month with their minutes of two-way media, gaps and suggested codes."""
    if form == "pdf" and to is None:
        raise click.UsageError("say with --to where the PDF is to go")
    settings = settings_from(config, flags)
    found, known = _found(settings, _wanted(month, therapist, patient))
    now = time.time()
    told = [sitting_answer(each, known, now) for each in found]
    head = letterhead(settings)
    title = f"Sessions {month}"
    if form == "json":
        _write(to, SessionsAnswer(sessions=told, after=None).model_dump_json(indent=2).encode() + b"\n")
    elif form == "csv":
        table = listing.sittings(title, told, head.zone, known[-1].codes.currency)
        _write(to, csv_text(table.header, table.rows).encode())
    elif form == "pdf":
        about = [(text, value) for text, value in (("Therapist", therapist), ("Patient", patient)) if value]
        _write(to, printed.statement(head, title, about, told, now))
    else:
        _write(to, "".join(f"{line}\n" for line in _lines(told, head)).encode())


@usage.command("statement")
@_MONTH
@_THERAPIST
@_PATIENT
@_TO
@flags_for(FOR_USAGE)
def make_statement(
    config: Path | None, month: str, therapist: str | None, patient: str | None, to: Path | None, **flags: Any
) -> None:
    """A signed statement of a month's minutes, which anybody can check with `therabook usage verify`.

    It holds no head of the audit log: ask the service for one that does (GET /api/usage/statement).
    """
    settings = settings_from(config, flags)
    found, known = _found(settings, _wanted(month, therapist, patient), spans=True)
    made = statement.document(
        found,
        known,
        clinic=letterhead(settings).clinic,
        month=month,
        therapist=therapist,
        patient=patient,
        made_at=time.time(),
        audit_head=None,
    )
    try:
        _write(to, statement.sign(made, signing_key(settings)))
    except (keys.BadKey, OSError) as error:
        raise click.ClickException(str(error)) from None


@usage.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--key", metavar="HEX", help="The clinic's public key: `therabook usage key`, or GET /api/usage/key.")
def verify(file: Path, key: str | None) -> None:
    """Check a statement: its signature, and that its spans add up. Exits with 1 if it is not good."""
    try:
        found = statement.verify(file.read_bytes(), key)
    except statement.BadStatement as error:
        click.echo(f"NOT GOOD: {error}.")
        raise SystemExit(1) from None
    made = datetime.fromtimestamp(found.made_at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    click.echo(f"Good: {found.sittings} sessions, {found.minutes} minutes, {found.month}, {found.clinic}, made {made}.")
    if key is None:
        click.echo(f"Signed by the key {found.key}. Ask the clinic, by another way, whether it is theirs.")
    if found.audit_head is not None:
        click.echo(f"It names this head of the audit log:\n{found.audit_head}")


@usage.command("key")
@flags_for(("data_dir",))
def show_key(config: Path | None, **flags: Any) -> None:
    """Print the public key that statements are checked with. Made at its first use."""
    try:
        click.echo(statement.public_key(signing_key(settings_from(config, flags))))
    except (keys.BadKey, OSError) as error:
        raise click.ClickException(str(error)) from None


def _wanted(month: str, therapist: str | None, patient: str | None) -> Wanted:
    first, last = days_of(month)
    return Wanted(first_day=first, last_day=last, therapist=therapist, patient=patient)


def _found(settings: Settings, wanted: Wanted, *, spans: bool = False) -> tuple[list[WholeSitting], list[CodesVersion]]:
    """In the order of time."""
    try:
        return asyncio.run(_read(settings, wanted, spans=spans))
    except ClinicError as error:
        raise click.ClickException(str(error)) from None


async def _read(settings: Settings, wanted: Wanted, *, spans: bool) -> tuple[list[WholeSitting], list[CodesVersion]]:
    store = recordings.database(settings)
    try:
        await store.upgrade()
        found: list[WholeSitting] = []
        after = None
        while True:
            page = await Usages(store).find(wanted, after=after, limit=LARGEST_PAGE, spans=spans)
            found += page.sittings
            after = page.after
            if after is None:
                return found[::-1], versions(await CodeTables(store).all())
    finally:
        await store.close()


def _lines(told: Sequence[SittingAnswer], head: printed.Letterhead) -> list[str]:
    lines = [
        f"{listing.clock(each.started_at, head.zone)}  {each.minutes:4} min  {each.gap_s // 60:3} min gaps  "
        f"{each.modality or '-':5}  {listing.codes(each.suggestions) or '-':14} {each.therapist or '-'}  "
        f"{' '.join(each.patients) or '-'}  {each.session}"
        for each in told
    ]
    total = sum(each.minutes for each in told)
    return [*lines, f"{len(told)} sessions, {total} minutes. {listing.SUGGESTED}"]


def _write(to: Path | None, data: bytes) -> None:
    if to is None:
        click.echo(data, nl=False)
        return
    try:
        to.write_bytes(data)
    except OSError as error:
        raise click.ClickException(f"{to}: {error.strerror}") from None
