"""Bytes that nobody may see: they do not print or pickle themselves, and can be overwritten.

Not here: what they are the key of. Copies that other libraries make are theirs to overwrite; OpenSSL does.
"""

from __future__ import annotations

import hmac
from typing import NoReturn


class Secret:
    """Holds a copy of its own, until it is `overwrite`n."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._data = bytearray(data)

    def reveal(self) -> memoryview:
        """The bytes themselves, without a copy. Zeros once they were overwritten."""
        return memoryview(self._data).toreadonly()

    def overwrite(self) -> None:
        self._data[:] = bytes(len(self._data))

    def __len__(self) -> int:
        return len(self._data)

    def __eq__(self, other: object) -> bool:
        """In a time that tells nothing of where they differ."""
        return hmac.compare_digest(self._data, other._data) if isinstance(other, Secret) else NotImplemented

    def __repr__(self) -> str:
        return f"Secret({len(self._data)} bytes)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written down")
