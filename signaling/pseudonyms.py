"""Pseudonyms: how a session is named in logs, where its own name may say who meets there.

A keyed hash, because clinics choose session ids, and what people choose can be guessed from a bare hash.
"""

from __future__ import annotations

import hashlib
import hmac

from pydantic import SecretBytes


class Pseudonyms:
    def __init__(self, key: SecretBytes) -> None:
        self._key = hashlib.sha256(b"therabook pseudonyms\x00" + key.get_secret_value()).digest()

    def of(self, identifier: str) -> str:
        """12 hexadecimal digits: enough to follow one session through a day's log."""
        return hmac.new(self._key, identifier.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:12]
