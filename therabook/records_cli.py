"""`therabook records`: retention, legal holds, deletion with proof and a patient's export, at the machine where the
records are.

Not here: what any of it does (`signaling/keeping`).
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from clinic.keeping.kinds import KINDS
from clinic.keeping.records import DeletionProof, Due, Hold, RetentionRule, Subject
from clinic.records import ShredProof
from recording.age import BadKeyText, Recipient
from signaling.ids import new_id
from signaling.keeping.deletion import Deleted, Deletion
from signaling.keeping.export import Wanted, export
from signaling.keeping.parts import hold_place
from signaling.keeping.proof import as_json
from signaling.keeping.sweep import Sweep
from therabook.flags import flags_for, settings_from
from therabook.operator import Operator, carry_out, who
from therabook.recordings_cli import FOR_RECORDINGS

FOR_RECORDS = (*FOR_RECORDINGS, "audit_origin", "retention", "recordings_keep_days", "quality_keep_days", "brand_name")

_FILE = click.Path(path_type=Path)
_DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])
_SESSIONS = click.option("--session", "sessions", multiple=True, metavar="ID", help="A session that was theirs alone.")


@click.group()
def records() -> None:
    """Look after the clinic's records: how long they are kept, what is on hold, what was deleted."""


@records.command()
@flags_for(FOR_RECORDS)
def retention(config: Path | None, **flags: Any) -> None:
    """How long each kind of record is kept, and what would go now. Nothing goes."""

    async def work(operator: Operator) -> tuple[dict[str, int | None], dict[str, Due]]:
        return await operator.parts.rules.days(), await Sweep(operator.parts).due(time.time())

    days, due = carry_out(settings_from(config, flags), work)
    for name, kind in KINDS.items():
        kept = "for ever" if days[name] is None else f"{days[name]} days"
        over = due.get(name, Due(0, 0))
        held = f", {over.held} on hold" if over.held else ""
        click.echo(f"{name:<14}{kept:<12}{over.free:>7} go{held}  {kind.says}")


@records.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("days")
@flags_for(FOR_RECORDS)
def keep(config: Path | None, kind: str, days: str, **flags: Any) -> None:
    """Keep records of KIND for so many DAYS from now on; never: for ever."""
    if days != "never" and not days.isdecimal():
        raise click.UsageError("DAYS is a number, or never")
    wanted = None if days == "never" else int(days)

    async def work(operator: Operator) -> None:
        rule = RetentionRule(kind, wanted, time.time(), who())
        await operator.parts.rules.check(rule)
        await operator.audit.record("retention.change", "operator", who(), subject=kind, days=wanted)
        await operator.parts.rules.change(rule)

    carry_out(settings_from(config, flags), work)
    click.echo("Kept so from now on.")


@records.command()
@click.option("--because", required=True, metavar="TEXT", help="A case number or the like. Kept encrypted.")
@click.option("--patient", metavar="ID")
@click.option("--session", metavar="ID")
@click.option("--therapist", metavar="ID")
@click.option("--since", type=_DAY, help="Records from this day on (UTC).")
@click.option("--until", type=_DAY, help="Records up to this day (UTC).")
@click.option("--everything", is_flag=True, help="All records: stops all deletion.")
@flags_for(FOR_RECORDS)
def hold(
    config: Path | None,
    because: str,
    patient: str | None,
    session: str | None,
    therapist: str | None,
    since: datetime | None,
    until: datetime | None,
    everything: bool,
    **flags: Any,
) -> None:
    """Put records on legal hold: those for which all that is said is true are not deleted until it is released."""
    if any(each is not None for each in (patient, session, therapist, since, until)) == everything:
        raise click.UsageError("say what is to be held, or --everything")

    async def work(operator: Operator) -> str:
        id = new_id()
        sealed = operator.parts.sealed.seal(because, hold_place(id))
        placed = Hold(id, time.time(), who(), sealed, patient, session, therapist, _seconds(since), _seconds(until))
        await operator.audit.record(
            "hold.place", "operator", who(), patient=patient, session=session, subject=id, everything=everything
        )
        await operator.parts.holds.place(placed)
        return id

    click.echo(carry_out(settings_from(config, flags), work))


@records.command()
@click.argument("hold")
@flags_for(FOR_RECORDS)
def release(config: Path | None, hold: str, **flags: Any) -> None:
    """Release a legal hold."""

    async def work(operator: Operator) -> None:
        held = await operator.parts.holds.get(hold)
        await operator.audit.record("hold.release", "operator", who(), patient=held.patient, subject=hold)
        await operator.parts.holds.release(hold, by=who(), now=time.time())

    carry_out(settings_from(config, flags), work)
    click.echo("Released.")


@records.command()
@click.option("--released", is_flag=True, help="Also those that do not stand any more.")
@flags_for(FOR_RECORDS)
def holds(config: Path | None, released: bool, **flags: Any) -> None:
    """List legal holds, newest first, and recordings that are on hold by themselves."""

    async def work(operator: Operator) -> list[str]:
        parts = operator.parts
        found = await parts.holds.find(released=released, limit=200)
        lines = [
            f"{each.id}  {_day(each.placed_at)}  {_about(each)}  {parts.because(each.because_sealed, each.id)}"
            for each in found
        ]
        return lines + [
            f"{each.id}  {_day(each.held_at or 0.0)}  recording  {each.held_because}"
            for each in await parts.retention.held(limit=200)
        ]

    for line in carry_out(settings_from(config, flags), work):
        click.echo(line)


@records.command()
@click.option("--patient", metavar="ID", help="Everything that is kept of a patient.")
@click.option("--record", nargs=2, metavar="KIND ID", help="One record.")
@_SESSIONS
@click.option("--reason", required=True, help="Kept with the proof, encrypted.")
@flags_for(FOR_RECORDS)
def delete(
    config: Path | None,
    patient: str | None,
    record: tuple[str, str] | None,
    sessions: tuple[str, ...],
    reason: str,
    **flags: Any,
) -> None:
    """Delete records, and print the proof. Documentation and what is on hold stays."""
    if (patient is None) == (record is None):
        raise click.UsageError("say either --patient or --record")
    click.confirm("Nothing brings it back. Delete it?", abort=True, err=True)

    async def work(operator: Operator) -> Deleted:
        deletion = Deletion(operator.parts)
        if record is not None:
            return await deletion.of_record(record[0], record[1], operator.actor, reason)
        return await deletion.of_patient(await _subject(operator, patient or "", sessions), operator.actor, reason)

    done = carry_out(settings_from(config, flags), work)
    click.echo(json.dumps(as_json(done.proof), indent=1))
    click.echo(f"{done.proof.count} records deleted; {sum(done.proof.left.values())} stay.", err=True)


@records.command()
@click.option("--json", "as_text", flag_value="json", help="All of them, for `therabook restore --proofs`.")
@click.option("--text", "as_text", flag_value="text", default=True, hidden=True)
@flags_for(FOR_RECORDS)
def proofs(config: Path | None, as_text: str, **flags: Any) -> None:
    """List what was deleted with proof, newest first."""

    async def work(operator: Operator) -> tuple[list[DeletionProof], list[ShredProof], bytes]:
        return await _all_deletions(operator), await _all_shredded(operator), operator.parts.signer.public

    deletions, shredded, public = carry_out(settings_from(config, flags), work)
    if as_text == "json":
        told = {
            "public_key": public.hex(),
            "deletions": [as_json(each) for each in deletions],
            "shredded": [dataclasses.asdict(each) for each in shredded],
        }
        click.echo(json.dumps(told, indent=1))
        return
    for each in deletions:
        counts = ", ".join(f"{len(hashes)} {kind}" for kind, hashes in each.deleted.items()) or "nothing"
        click.echo(f"{each.id}  {_day(each.at)}  {counts}; {sum(each.left.values())} stayed  by {each.by}")
    for shred in reversed(shredded):
        what = "recording" if shred.person_id is None else "one person of recording"
        click.echo(f"{shred.recording_id}  {_day(shred.at)}  {len(shred.keys)} keys of {what}  by {shred.by}")


@records.command("export")
@click.option("--patient", required=True, metavar="ID")
@_SESSIONS
@click.option("--to", type=_FILE, required=True, metavar="FILE", help="Where to write it: not there yet.")
@click.option("--recipient", metavar="age1...", help="Encrypt it for the holder of this age key.")
@click.option("--notes", is_flag=True, help="Psychotherapy notes too, to which nobody has a right.")
@flags_for(FOR_RECORDS)
def export_patient(
    config: Path | None,
    patient: str,
    sessions: tuple[str, ...],
    to: Path,
    recipient: str | None,
    notes: bool,
    **flags: Any,
) -> None:
    """Write everything that is kept of a patient to one archive."""
    settings = settings_from(config, flags)
    try:
        towards = Recipient.parse(recipient) if recipient is not None else None
    except BadKeyText as error:
        raise click.ClickException(str(error)) from None

    async def work(operator: Operator) -> None:
        who_it_is = await _subject(operator, patient, sessions)
        encrypted = towards is not None
        await operator.audit.record(
            "patient.export", "operator", who(), patient=patient, encrypted=encrypted, notes=notes
        )
        draft = to.with_name(f".{to.name}.{new_id()}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                wanted = Wanted(who_it_is, notes, towards, settings.brand_name)
                async for piece in export(operator.parts, wanted, os.urandom):
                    file.write(piece)
            os.link(draft, to)
        finally:
            draft.unlink(missing_ok=True)

    carry_out(settings, work)
    click.echo(to)


async def _subject(operator: Operator, patient: str, sessions: Sequence[str]) -> Subject:
    found = await operator.parts.whose(patient)
    return dataclasses.replace(found, sessions=found.sessions | (frozenset(sessions) - found.shared))


async def _all_deletions(operator: Operator) -> list[DeletionProof]:
    found: list[DeletionProof] = []
    after = None
    while page := await operator.parts.proofs.find(after=after, limit=200):
        found += page
        after = page[-1].at, page[-1].id
    return found


async def _all_shredded(operator: Operator) -> list[ShredProof]:
    found: list[ShredProof] = []
    last = 0
    while page := await operator.parts.proofs.shredded(after=last):
        found += [proof for _, proof in page]
        last = page[-1][0]
    return found


def _about(hold: Hold) -> str:
    parts = [f"{name} {value}" for name in ("patient", "session", "therapist") if (value := getattr(hold, name))]
    if hold.since is not None:
        parts.append(f"from {_day(hold.since)}")
    if hold.until is not None:
        parts.append(f"until {_day(hold.until)}")
    released = "  (released)" if hold.released_at is not None else ""
    return (" ".join(parts) or "everything") + released


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def _seconds(day: datetime | None) -> float | None:
    return None if day is None else day.replace(tzinfo=UTC).timestamp()
