"""The audit log, from settings to what the server wants: its database, its key, its witness, and what a start and a
stop tell it.

If the log cannot be opened the service starts all the same: people in sessions must be able to go on. Then
`Audit.record` refuses, so records stay closed, and what calls tell is written as soon as it can be.
Not here: the log (`clinic/audit`), and who else tells it something.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
from pathlib import Path

import aiohttp
import structlog
from pydantic import SecretStr

from clinic import ClinicError, Database, open_database, sqlite_url
from clinic.audit.log import MIGRATIONS, AuditLog
from clinic.audit.notes import BadNote, PublicKey, Signer
from signaling import keys
from signaling.audit_port import Audit
from signaling.witnessing import Witnessing
from therabook import VERSION
from therabook.settings import BadSettings, Settings

log = structlog.get_logger("audit")

KEYS = ("signing-key", "api-key", "receipt-key", "recordings-key", "records-key", "audit-key", "usage-key")
"""Files in the data folder whose making is an event."""

LAST_SETTINGS = "audit-settings"
"""The file that remembers what the settings of the last start were, as hashes."""


def database(settings: Settings) -> Database:
    """Raises clinic.BadDatabase."""
    if settings.audit_url is not None:
        return open_database(settings.audit_url.get_secret_value(), MIGRATIONS)
    keys.make_folder(settings.data_dir)
    return open_database(sqlite_url((settings.data_dir / "audit.db").absolute()), MIGRATIONS)


def signer(settings: Settings) -> Signer:
    """Raises signaling.keys.BadKey."""
    key = keys.audit_key(settings.data_dir).get_secret_value()
    if settings.audit_origin is not None:
        return Signer(settings.audit_origin, key)
    public = Signer("unnamed", key).public.key
    return Signer(f"therabook/{hashlib.sha256(public).hexdigest()[:16]}", key)


def audit_log(settings: Settings) -> AuditLog:
    """Not opened yet. Raises clinic.BadDatabase, signaling.keys.BadKey."""
    return AuditLog(database(settings), signer(settings), (settings.data_dir / "audit-head").absolute())


async def opened(audit_log: AuditLog) -> bool:
    """Says so if it cannot be opened now; appending tries again."""
    try:
        head = await audit_log.open()
    except ClinicError as error:
        log.error("the audit log cannot be opened: calls go on, records stay closed", why=str(error))
        return False
    log.info("audit log", origin=audit_log.public_key.name, events=head.size)
    return True


def witnessing(settings: Settings, audit_log: AuditLog, audit: Audit, http: aiohttp.ClientSession) -> Witnessing | None:
    """Raises BadSettings."""
    if settings.audit_witness_url is None or settings.audit_witness_key is None:
        return None
    try:
        key = PublicKey.read(settings.audit_witness_key)
    except BadNote as error:
        raise BadSettings(f"audit_witness_key: {error}") from None
    return Witnessing(
        audit_log,
        settings.audit_witness_url,
        key,
        http,
        settings.audit_witness_seconds,
        lambda: audit.told("alert.raise", "server", "witness", rule="audit_witness_contradicts"),
    )


def missing_keys(settings: Settings) -> set[str]:
    """Those that are not made yet: to be asked before they are."""
    return {name for name in KEYS if not (settings.data_dir / name).exists()}


def tell_start(audit: Audit, settings: Settings, missing: set[str], web_digest: str) -> None:
    """What begins: the service, its keys, its settings, the code that it hands to browsers."""
    now = _settings_now(settings)
    whole = hashlib.sha256("".join(f"{name} {now[name]}\n" for name in sorted(now)).encode()).hexdigest()
    audit.told("server.start", "server", "service", version=VERSION, settings=whole)
    for name in sorted(missing - missing_keys(settings)):
        audit.told("key.change", "server", "service", subject=name, what="made")
    before = _settings_before(settings)
    changed = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
    if before and changed:
        # an event has room for a few names; the rest of them are counted
        audit.told("config.change", "server", "service", names=",".join(changed[:6]), count=len(changed))
    if now != before:
        _remember(settings, now)
    audit.told("code.served", "server", "service", digest=web_digest)


async def tell_stop(audit: Audit) -> None:
    """The last word, after everything else has ended."""
    audit.told("server.stop", "server", "service")
    if not await audit.flush():
        log.error("events could not be written any more", count=audit.unwritten)


def _settings_now(settings: Settings) -> dict[str, str]:
    """Each as a hash that only this server can make: a short secret could be guessed from a plain one."""
    key = hashlib.sha256(b"audit settings" + keys.audit_key(settings.data_dir).get_secret_value()).digest()
    return {
        name: hmac.new(key, f"{name}={_plain(getattr(settings, name))}".encode(), hashlib.sha256).hexdigest()[:32]
        for name in type(settings).model_fields
    }


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _settings_before(settings: Settings) -> dict[str, str]:
    try:
        told = json.loads((settings.data_dir / LAST_SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in told.items()} if isinstance(told, dict) else {}


def _remember(settings: Settings, now: dict[str, str]) -> None:
    path: Path = settings.data_dir / LAST_SETTINGS
    draft = path.with_name(f".{path.name}.draft")
    with contextlib.suppress(OSError):  # then the next start tells of the change once more
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(now, file, indent=1)
        draft.replace(path)
