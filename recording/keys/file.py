"""The clinic's key in a file: made at the first start, or handed over by systemd as a credential. The default.

The file is one that `age -i` takes: whoever has it can open everything that was recorded, without this software.
Not here: where the file lies (the settings say), and copies of it, which the clinic must keep.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from pydantic import SecretBytes, SecretStr

from recording.age import AgeError, BadKeyText, Entropy, Identity, open_bytes, seal_bytes
from recording.keys.provider import KeyRefused, bind, release

MAX_FILE = 4096
"""Bytes. A key file is a tenth of that."""


class BadKeyFile(ValueError):
    """A key file cannot be used. `str()` names the file and says what to do, never what is in it."""


class ClinicKey:
    """An age identity: wrapped secrets are small age files to its recipient."""

    can_unwrap = True

    def __init__(self, identity: Identity, entropy: Entropy, kind: str = "key") -> None:
        self.recipient = identity.recipient
        self._identity = identity
        self._entropy = entropy
        self._kind = kind

    @classmethod
    def from_file(cls, path: Path, entropy: Entropy) -> ClinicKey:
        """Makes the file if there is none. Raises BadKeyFile, OSError."""
        if not path.exists():
            _make(path, Identity.generate(entropy), draft=path.with_name(f".{path.name}.{entropy(6).hex()}"))
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise BadKeyFile(f"{path} can be read by others (mode {mode:04o}). Run: chmod 600 {path}")
        return cls(_read(path), entropy, "file")

    @classmethod
    def from_credential(cls, folder: Path, name: str, entropy: Entropy) -> ClinicKey:
        """From what `LoadCredential=` or `LoadCredentialEncrypted=` has put into $CREDENTIALS_DIRECTORY, which systemd
        itself protects. Never made here. Raises BadKeyFile, OSError."""
        path = folder / name
        if not name or path.parent != folder or name in (".", ".."):
            raise BadKeyFile("The name of a credential is a file name without folders.")
        if not path.exists():
            raise BadKeyFile(f"systemd has handed over no credential {name}. Add LoadCredential={name}:FILE.")
        return cls(_read(path), entropy, "credential")

    def describe(self) -> str:
        return f"{self._kind} {self.recipient}"

    async def wrap(self, secret: SecretBytes, context: str) -> bytes:
        return seal_bytes(bind(secret, context).get_secret_value(), [self.recipient], self._entropy)

    async def unwrap(self, wrapped: bytes, context: str) -> SecretBytes:
        try:
            bound = SecretBytes(open_bytes(wrapped, [self._identity]))
        except AgeError as error:
            raise KeyRefused(f"The clinic's key does not open this recording's key. {error}") from None
        return release(bound, context)


def _make(path: Path, identity: Identity, draft: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Written whole under another name first, as `signaling/keys.py` does. And the folder is synced too: recordings
    # must not outlive the only key to them.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(
            "# The clinic's key for recordings. Whoever has it can open all of them; without it nobody can.\n"
            "# Keep a copy of this file in another place.\n"
            f"# public key: {identity.recipient}\n"
            f"{identity.text().get_secret_value()}\n"
        )
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        draft.unlink()  # another process was first: its key counts
    except OSError:
        draft.replace(path)  # a file system without hard links
    else:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> Identity:
    with path.open("rb") as file:
        text = file.read(MAX_FILE + 1).decode("ascii", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(text) > MAX_FILE or len(lines) != 1:
        raise BadKeyFile(f"{path} is not a key file: it must hold one line AGE-SECRET-KEY-1... Bring back your copy.")
    try:
        return Identity.parse(SecretStr(lines[0]))
    except BadKeyText as error:
        raise BadKeyFile(f"{path} cannot be used. {error} Bring back your copy.") from None
