"""Recordings, from settings to what the parts want: the clinic's key, its rules, its words, its database.

Not here: what any of them does.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretBytes

from clinic import Consents, Database, Jobs, Recordings, Retention, open_database, sqlite_url
from recording.age import BadKeyText, Recipient
from recording.keys import BadKeyFile, ClinicKey, KeyProvider, SealedKey, TransitKey, WebhookKey
from recording.storage import Address, BadBucket, Bucket, Storage, Uploads
from signaling import keys
from signaling.capture_books import Books
from signaling.clock import Clock
from signaling.compose_work import ComposeWork
from signaling.composing import Composing, Tell
from signaling.ids import new_id
from signaling.offload import Offload
from signaling.receipts import Receipts
from signaling.recording_rules import WORDS, ConsentPolicy, Words
from signaling.vault import Vault
from therabook.settings import BadSettings, Settings

CREDENTIAL = "recordings-key"
LARGEST_TEXT = 20_000
"""Bytes of the question: it has to be read on a phone."""


def folder(settings: Settings) -> Path:
    return (settings.recordings_dir or settings.data_dir / "recordings").absolute()


def database(settings: Settings) -> Database:
    """Raises clinic.BadDatabase."""
    if settings.database_url is not None:
        return open_database(settings.database_url.get_secret_value())
    return open_database(sqlite_url((settings.data_dir / "clinic.db").absolute()))


def books(settings: Settings, store: Database, provider: KeyProvider) -> Books:
    """Raises signaling.keys.BadKey."""
    return Books(
        recordings=Recordings(store),
        consents=Consents(store),
        keys=provider,
        receipts=Receipts(keys.receipt_key(settings.data_dir)),
        entropy=os.urandom,
        keep_days=settings.recordings_keep_days,
    )


def storage(settings: Settings) -> Storage:
    """Asks nothing of the bucket yet. Raises BadSettings."""
    if settings.recordings_bucket is None:
        return Storage(folder(settings))
    try:
        address = Address.parse(
            settings.recordings_bucket,
            endpoint=settings.recordings_bucket_endpoint,
            region=settings.recordings_bucket_region,
            key_id=settings.recordings_bucket_key_id,
            secret=settings.recordings_bucket_secret,
        )
        return Storage(folder(settings), Bucket(address))
    except BadBucket as error:
        raise BadSettings(f"recordings_bucket: {error}") from None


def offload(
    settings: Settings, store: Database, files: Storage, clock: Clock, random: Callable[[], float]
) -> Offload | None:
    """None where there is no bucket."""
    if files.bucket is None:
        return None
    return Offload(
        recordings=Recordings(store),
        storage=files,
        uploads=Uploads(files, files.bucket),
        clock=clock,
        random=random,
        keep_local=settings.recordings_bucket_keep_local,
    )


def vault(settings: Settings, store: Database, provider: KeyProvider, files: Storage | None = None) -> Vault:
    """`files`: the one `storage` of a service. Raises BadSettings."""
    place = files or storage(settings)
    return Vault(Recordings(store), Retention(store), provider, place.folder, os.urandom, place)


def composing(settings: Settings, store: Database, vault: Vault, clock: Clock, tell: Tell) -> Composing:
    files = vault.files
    work = ComposeWork(vault, Jobs(store), clock, bring=files.bring, give_back=files.give_back)
    return Composing(work=work, new_id=new_id, tell=tell, automatic=settings.recordings_compose)


def key_provider(settings: Settings, http: aiohttp.ClientSession, now: Callable[[], float]) -> KeyProvider:
    """Raises BadSettings, OSError."""
    try:
        match settings.recordings_key:
            case "file":
                file = settings.recordings_key_file or settings.data_dir / "recordings-key"
                return ClinicKey.from_file(file, os.urandom)
            case "credential":
                given = os.environ.get("CREDENTIALS_DIRECTORY")
                if given is None:
                    raise BadSettings("recordings_key: systemd has handed over no credentials")
                return ClinicKey.from_credential(Path(given), CREDENTIAL, os.urandom)
            case "sealed":
                if settings.recordings_public_key is None:
                    raise BadSettings("recordings_key = sealed needs recordings_public_key")
                return SealedKey(Recipient.parse(settings.recordings_public_key), os.urandom)
            case "vault" | "webhook":
                return _key_service(settings, http, now)
    except (BadKeyFile, BadKeyText, ValueError) as error:
        raise BadSettings(f"recordings_key: {error}") from None


def _key_service(settings: Settings, http: aiohttp.ClientSession, now: Callable[[], float]) -> KeyProvider:
    if settings.recordings_key_url is None or settings.recordings_key_secret is None:
        raise BadSettings(f"recordings_key = {settings.recordings_key} needs recordings_key_url and its secret")
    if settings.recordings_key == "vault":
        return TransitKey(
            http, settings.recordings_key_url, settings.recordings_key_secret, settings.recordings_key_name
        )
    secret = SecretBytes(settings.recordings_key_secret.get_secret_value().encode())
    return WebhookKey(http, settings.recordings_key_url, secret, settings.recordings_key_name, now)


def consent_policy(settings: Settings) -> ConsentPolicy:
    """Raises BadSettings."""
    try:
        return ConsentPolicy(
            base=settings.consent_rule,
            table=_places(settings.consent_places),
            words=words(settings.consent_text, "consent_text", WORDS),
        )
    except ValueError as error:
        raise BadSettings(f"consent: {error}") from None


def _places(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"consent_places: {error.strerror}") from None


def words(file: Path | None, setting: str, default: Words) -> Words:
    """What people agree to: the file's first line is the title. Raises BadSettings."""
    if file is None:
        return default
    try:
        text = file.read_bytes()[: LARGEST_TEXT + 1].decode("utf-8").strip()
    except OSError as error:
        raise BadSettings(f"{setting}: {error.strerror}") from None
    if len(text.encode()) > LARGEST_TEXT:
        raise BadSettings(f"{setting}: longer than {LARGEST_TEXT} bytes")
    title, _, body = text.partition("\n")
    return Words(title.strip(), "\n".join(line.strip() for line in body.splitlines() if line.strip()))
