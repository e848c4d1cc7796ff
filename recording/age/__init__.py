"""age v1 (https://age-encryption.org/v1), the format of everything at rest: any age tool opens an exported file.

By hand on `cryptography`, X25519 keys only. Written as a stream, read anywhere. Not here: passphrases, plug-ins,
armor, files and folders.
"""

from __future__ import annotations

from recording.age.errors import AgeError, BadKeyText, Damaged, NoKeyFits, NotAgeFile, Truncated
from recording.age.header import MAX_HEADER, rewrap
from recording.age.kdf import Entropy
from recording.age.reader import Keys, Plaintext, PlaintextFile, ReadAt, Reader, open_bytes, ranges_of
from recording.age.stream import CHUNK
from recording.age.writer import Data, Encryptor, Sealer, Writer, seal_bytes
from recording.age.x25519 import Identity, Recipient

__all__ = [
    "CHUNK",
    "MAX_HEADER",
    "AgeError",
    "BadKeyText",
    "Damaged",
    "Data",
    "Encryptor",
    "Entropy",
    "Identity",
    "Keys",
    "NoKeyFits",
    "NotAgeFile",
    "Plaintext",
    "PlaintextFile",
    "ReadAt",
    "Reader",
    "Recipient",
    "Sealer",
    "Truncated",
    "Writer",
    "open_bytes",
    "ranges_of",
    "rewrap",
    "seal_bytes",
]
