"""Safeguards, looked at one by one: whether each stands where the law wants one, with its paragraph of 45 CFR part 164.

Changes nothing but what opening a database changes. Not here: ports and disks (`machine.py`), what a clinic must do
itself (docs/hipaa.md).
"""

from __future__ import annotations

import contextlib
import stat
import time
from collections.abc import AsyncIterator, Callable

from sqlalchemy import make_url

from clinic import ClinicError, Database
from clinic.keeping.holds import LegalHolds
from clinic.keeping.rules import RetentionRules
from clinic.keeping.runs import Runs
from clinic.keeping.unused import looked_after
from recording import core_dumps
from signaling import keys
from therabook import audit_served, keeping_served, recordings, restore_checks
from therabook.doctor.findings import Finding, Mark
from therabook.settings import BadSettings, Settings, is_loopback

DAY = 86_400.0

LONGEST_IDLE = 15
"""Minutes. What NIST SP 800-66r2 and auditors take for reasonable where patients' records are on the screen."""

DRILL_DAYS = 183
"""Twice a year."""

UNUSED_DAYS = 90

PARAGRAPHS = {
    "database": "164.308(a)(7)(i)",
    "clock_here": "164.312(b)",
    "swap": "164.312(a)(2)(iv)",
    "certificate_file": "164.312(e)(1)",
    "space_data": "164.308(a)(7)(i)",
}
"""Of what `machine.py` finds."""


async def examine(settings: Settings, now: Callable[[], float] = time.time) -> list[Finding]:
    found = [
        *of_settings(settings),
        key_files(settings),
        core_dump(core_dumps.forbid),
        await audit_log(settings),
    ]
    return found + await _of_records(settings, now())


def of_settings(settings: Settings) -> list[Finding]:
    return [
        tls(settings),
        end_to_end(settings),
        database_tls(settings),
        mail(settings),
        at_rest(settings),
        *_sign_in(settings),
        witness(settings),
    ]


def tls(settings: Settings) -> Finding:
    def found(mark: Mark, said: str, advice: str = "") -> Finding:
        return Finding("tls", "TLS", mark, said, advice, paragraph="164.312(e)(1)")

    if settings.tls == "files":
        return found("good", "Pages and sockets are encrypted on their way.")
    if settings.tls == "self-signed":
        return found("warn", "The certificate is one of its own, which nobody can check.", "Set tls = files.")
    if is_loopback(settings.host):
        return found("good", "Served to this machine only; the proxy in front of it does the encryption.")
    if settings.trusted_proxies:
        said = "Served without TLS; a proxy is trusted, and must be all that can reach it."
        return found("warn", said, "Let it listen on 127.0.0.1, or set tls = files.")
    return found("bad", "Served to the network without encryption.", "Set tls = files, or host = 127.0.0.1.")


def end_to_end(settings: Settings) -> Finding:
    id, name, paragraph = "end_to_end", "End-to-end", "164.312(e)(2)(ii)"
    if settings.encryption == "required":
        return Finding(id, name, "good", "Nobody joins whose browser does not encrypt.", paragraph=paragraph)
    said = "A session with somebody whose browser cannot encrypt goes on without."
    return Finding(id, name, "warn", said, "Set encryption = required.", paragraph=paragraph)


def database_tls(settings: Settings) -> Finding:
    id, name, paragraph = "database_way", "Way to the database", "164.312(e)(1)"
    for url in (settings.database_url, settings.audit_url):
        parsed = None if url is None else make_url(url.get_secret_value())
        if parsed is None or parsed.host is None or is_loopback(parsed.host) or parsed.host.startswith("/"):
            continue
        if not {"ssl", "sslmode"} & set(parsed.query):
            said = "The database is on another machine, and its URL does not ask for TLS."
            return Finding(id, name, "bad", said, "Add ?ssl=verify-full to the URL.", paragraph=paragraph)
    return Finding(id, name, "good", "On this machine, or encrypted.", paragraph=paragraph)


def mail(settings: Settings) -> Finding:
    id, name, paragraph = "mail", "Mail", "164.312(e)(1)"
    if settings.smtp_host is None:
        return Finding(id, name, "none", "No mail is sent.", paragraph=paragraph)
    if settings.smtp_security != "off":
        return Finding(id, name, "good", "Handed to the mail server encrypted.", paragraph=paragraph)
    if is_loopback(settings.smtp_host):
        return Finding(id, name, "good", "Handed to a mail server on this machine.", paragraph=paragraph)
    said = "Addresses of patients go to the mail server without encryption."
    return Finding(id, name, "bad", said, "Set smtp_security = starttls or tls.", paragraph=paragraph)


def at_rest(settings: Settings) -> Finding:
    id, name, paragraph = "at_rest", "Encryption at rest", "164.312(a)(2)(iv)"
    wanted = ["records-key"]
    if settings.recordings_key == "file" and settings.recordings_key_file is None:
        wanted.append("recordings-key")
    missing = [each for each in wanted if not (settings.data_dir / each).exists()]
    started = (settings.data_dir / "clinic.db").exists() or settings.database_url is not None
    if missing and started:
        said = f"{' and '.join(missing)} not there: what it sealed cannot be opened."
        return Finding(id, name, "bad", said, "Bring back your copy.", paragraph=paragraph)
    if missing:
        return Finding(id, name, "none", "Keys will be made at the first start.", paragraph=paragraph)
    said = f"Recordings and names are sealed (key: {settings.recordings_key})."
    return Finding(id, name, "good", said, paragraph=paragraph)


def _sign_in(settings: Settings) -> list[Finding]:
    required = settings.staff_second_factor == "required"
    second = Finding(
        "second_factor",
        "Second factor",
        "good" if required else "bad",
        "Nobody signs in without one." if required else "Staff can sign in with a password alone.",
        "" if required else "Set staff_second_factor = required.",
        paragraph="164.312(d)",
    )
    minutes = settings.staff_idle_minutes
    idle = Finding(
        "idle_logoff",
        "Automatic logoff",
        "good" if minutes <= LONGEST_IDLE else "warn",
        f"After {minutes} minutes in which somebody does nothing.",
        "" if minutes <= LONGEST_IDLE else f"Set staff_idle_minutes to {LONGEST_IDLE} or less.",
        paragraph="164.312(a)(2)(iii)",
    )
    return [second, idle]


def witness(settings: Settings) -> Finding:
    id, name, paragraph = "witness", "Witness of the log", "164.312(c)(1)"
    if settings.audit_witness_url is not None:
        return Finding(id, name, "good", "Another machine signs the audit log's heads too.", paragraph=paragraph)
    said = "Whoever owns this machine could replace the whole audit log."
    return Finding(
        id, name, "warn", said, "Set up a witness on another machine (docs/audit-log.md).", paragraph=paragraph
    )


def key_files(settings: Settings) -> Finding:
    id, name, paragraph = "key_files", "Key files", "164.312(a)(1)"
    try:
        entries = [settings.data_dir, *settings.data_dir.iterdir()]
        readable = [
            each.name for each in entries if stat.S_IMODE(each.lstat().st_mode) & 0o077 and not each.is_symlink()
        ]
    except FileNotFoundError:
        return Finding(id, name, "none", "There is no data folder yet.", paragraph=paragraph)
    except OSError as error:
        return Finding(id, name, "bad", f"The data folder cannot be read: {error.strerror}.", paragraph=paragraph)
    if readable:
        said = f"Others can read {', '.join(sorted(readable)[:5])} in the data folder."
        return Finding(id, name, "bad", said, f"Run: chmod -R go= {settings.data_dir}", paragraph=paragraph)
    return Finding(id, name, "good", "Nobody but the service's user can read them.", paragraph=paragraph)


def core_dump(forbid: Callable[[], None]) -> Finding:
    """`forbid` is tried on this process: what works here works for the service."""
    id, name, paragraph = "core_dumps", "Core dumps", "164.312(a)(1)"
    try:
        forbid()
    except (OSError, AttributeError):
        said = "They cannot be forbidden here: keys in memory could be written to a file."
        return Finding(id, name, "bad", said, "Run the service on Linux.", paragraph=paragraph)
    return Finding(id, name, "good", "The service forbids them for itself.", paragraph=paragraph)


async def audit_log(settings: Settings) -> Finding:
    id, name, paragraph = "audit_log", "Audit log", "164.312(b)"
    if settings.audit_url is None and not (settings.data_dir / "audit.db").exists():
        return Finding(id, name, "none", "Will be made at the first start.", paragraph=paragraph)
    if not (settings.data_dir / "audit-key").exists():
        said = "Its key is not there: nothing can be written to it, so records stay closed."
        return Finding(id, name, "bad", said, "Bring back your copy of audit-key.", paragraph=paragraph)
    try:
        log = audit_served.audit_log(settings)
        try:
            head = await log.open()
            report = await restore_checks.verified(log) if head.size else None
        finally:
            await log.close()
    except (ClinicError, keys.BadKey, OSError) as error:
        advice = "Records stay closed until it is mended (docs/audit-log.md)."
        return Finding(id, name, "bad", f"Cannot be written: {error}.", advice, paragraph=paragraph)
    if report is not None and not report.sound:
        said = f"It is not what was signed: {report.problems[0]}."
        return Finding(id, name, "bad", said, "Keep a copy, and find out who changed it.", paragraph=paragraph)
    return Finding(id, name, "good", f"{head.size} events, as they were signed.", paragraph=paragraph)


# What the records say -------------------------------------------------------------------------------------------------


async def _of_records(settings: Settings, now: float) -> list[Finding]:
    if settings.database_url is None and not (settings.data_dir / "clinic.db").exists():
        return []
    try:
        async with _opened(settings) as store:
            runs = Runs(store)
            return [
                await backup(runs, settings.backup_days, now),
                await drill(runs, now),
                await retention(keeping_served.rules(settings, store)),
                await holds(LegalHolds(store)),
                *await accounts(store, now),
            ]
    except (ClinicError, BadSettings):
        said = "The records cannot be read, so backups, retention and accounts were not looked at."
        advice = "Look at the database first."
        return [Finding("records", "Records", "bad", said, advice, paragraph="164.308(a)(7)(i)")]


async def backup(runs: Runs, days: int, now: float) -> Finding:
    id, name, paragraph = "backup", "Backup", "164.308(a)(7)(ii)(A)"
    last = await runs.last("backup")
    advice = "Run `therabook backup` every day (docs/keeping.md)."
    if last is None:
        return Finding(id, name, "bad", "None was ever made.", advice, paragraph=paragraph)
    old = (now - last.at) / DAY
    mark: Mark = "good" if old <= days else "bad"
    said = f"The last one is {old:.1f} days old."
    return Finding(id, name, mark, said, "" if mark == "good" else advice, paragraph=paragraph)


async def drill(runs: Runs, now: float) -> Finding:
    id, name, paragraph = "drill", "Restore drill", "164.308(a)(7)(ii)(D)"
    last = await runs.last("drill", well=False)
    advice = "Run `therabook restore FILE --identity KEY --drill`."
    if last is None:
        return Finding(id, name, "warn", "It was never tried to restore a backup.", advice, paragraph=paragraph)
    if not last.well:
        return Finding(id, name, "bad", "The last one failed.", advice, paragraph=paragraph)
    old = (now - last.at) / DAY
    hours = last.seconds / 3600
    if hours > 72:
        return Finding(id, name, "bad", f"It took {hours:.0f} hours, more than 72.", advice, paragraph=paragraph)
    mark: Mark = "good" if old <= DRILL_DAYS else "warn"
    said = f"{old:.0f} days ago a backup was restored in {last.seconds:.0f} s."
    return Finding(id, name, mark, said, "" if mark == "good" else advice, paragraph=paragraph)


async def retention(rules: RetentionRules) -> Finding:
    id, name, paragraph = "retention", "Retention", "164.316(b)(2)(i)"
    days = await rules.days()
    if days["recordings"] is None:
        said = "Recordings are kept for ever. Documentation is kept for six years at least."
        return Finding(id, name, "warn", said, "Decide how long (recordings_keep_days).", paragraph=paragraph)
    said = f"Recordings go after {days['recordings']} days; documentation stays for six years at least."
    return Finding(id, name, "good", said, paragraph=paragraph)


async def holds(legal: LegalHolds) -> Finding:
    id, name, paragraph = "holds", "Legal holds", "164.316(b)(2)(i)"
    count = await legal.count()
    everything = [each for each in await legal.find(limit=200) if _is_everything(each)]
    if everything:
        said = "Everything is on hold: nothing is deleted, whatever its time."
        return Finding(id, name, "warn", said, "Release it when the case is over.", paragraph=paragraph)
    return Finding(id, name, "good", f"{count} stand." if count else "There are none.", paragraph=paragraph)


def _is_everything(hold: object) -> bool:
    return all(getattr(hold, name) is None for name in ("patient", "session", "therapist", "since", "until"))


async def accounts(store: Database, now: float) -> list[Finding]:
    found = await looked_after(store, now - UNUSED_DAYS * DAY)
    users: Mark = "none" if not found.accounts else "warn" if found.unused else "good"
    said = {
        "none": "Nobody has an account yet.",
        "good": f"{found.accounts} people have accounts, each of their own.",
        "warn": f"{found.unused} of {found.accounts} accounts were not used for {UNUSED_DAYS} days.",
    }[users]
    advice = "Disable them." if users == "warn" else ""
    return [
        Finding("accounts", "Accounts", users, said, advice, paragraph="164.312(a)(2)(i)"),
        Finding(
            "emergencies",
            "Emergency access",
            "warn" if found.emergencies else "good",
            f"{found.emergencies} times it was taken, and nobody has looked at that."
            if found.emergencies
            else "Nothing waits to be looked at.",
            "Look at it on the staff pages." if found.emergencies else "",
            paragraph="164.312(a)(2)(ii)",
        ),
    ]


@contextlib.asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    store = recordings.database(settings)
    try:
        yield store
    finally:
        await store.close()
