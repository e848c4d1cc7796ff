"""Keys in the data folder: made at the first start, readable by nobody but the service's own user.

Values never travel as plain `bytes` or `str`, but as pydantic's secrets, which do not print themselves.
"""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

from pydantic import SecretBytes, SecretStr

from signaling.ids import new_id, new_secret

KEY_BYTES = 32


class BadKey(ValueError):
    """A key file cannot be used. `str()` names the file and says what to do, never what is in it."""


def signing_key(folder: Path) -> SecretBytes:
    """The key that signs tokens. Deleting the file makes all tokens that were ever handed out worthless."""
    text = _read_or_make(folder / "signing-key")
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        key = b""
    if len(key) < KEY_BYTES:
        raise BadKey(f"{folder / 'signing-key'} is damaged. Delete it to get a new one; all links are then void.")
    return SecretBytes(key)


def api_key(folder: Path) -> SecretStr:
    """The key for `POST /api/token`, for when the settings name none."""
    text = _read_or_make(folder / "api-key")
    if len(text) < KEY_BYTES:
        raise BadKey(f"{folder / 'api-key'} is too short. Delete it to get a new one.")
    return SecretStr(text)


def receipt_key(folder: Path) -> SecretBytes:
    """The key that signs people's answers to the question whether they may be recorded."""
    text = _read_or_make(folder / "receipt-key")
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadKey(f"{folder / 'receipt-key'} is damaged. Bring back your copy of it.")
    return SecretBytes(key)


def records_key(folder: Path) -> SecretBytes:
    """The key that seals names and addresses in the database, and under which logins are looked up. Without it, they
    are lost: keep a copy."""
    return _key(folder / "records-key")


def setup_token(folder: Path) -> SecretStr:
    """Whoever can read this file may become the first administrator."""
    return SecretStr(_read_or_make(setup_token_path(folder)))


def setup_token_path(folder: Path) -> Path:
    return folder / "setup-token"


def audit_key(folder: Path) -> SecretBytes:
    """The key that signs the audit log's heads (Ed25519). Another key is another log."""
    return _key(folder / "audit-key")


def _key(path: Path) -> SecretBytes:
    text = _read_or_make(path)
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadKey(f"{path} is damaged. Bring back your copy of it.")
    return SecretBytes(key)


def usage_key(folder: Path) -> SecretBytes:
    """The key that signs statements of minutes (Ed25519): 32 bytes."""
    text = _read_or_make(folder / "usage-key")
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadKey(f"{folder / 'usage-key'} is damaged. Bring back your copy of it.")
    return SecretBytes(key)


def make_folder(folder: Path) -> None:
    """The data folder, for the service's own user only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _read_or_make(path: Path) -> str:
    make_folder(path.parent)
    # Written whole under another name first: a crash, or a second process, must not leave or see half a key.
    if not path.exists():
        draft = path.with_name(f".{path.name}.{new_id()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(new_secret() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            draft.unlink()  # the other process was first: its key counts
        except OSError:
            draft.replace(path)  # a file system without hard links
        else:
            draft.unlink()
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise BadKey(f"{path} can be read by others (mode {mode:04o}). Run: chmod 600 {path}")
    return path.read_text(encoding="ascii", errors="replace").strip()
