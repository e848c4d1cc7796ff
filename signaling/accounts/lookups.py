"""How something is found that must not stand in the database: by a keyed hash of it.

The key is not in the database, so that nobody who reads that can try out e-mail addresses or recovery codes.
Tokens and secrets of 256 bits need no key (`digest`). Not here: what is sealed (`signaling/sealed_columns.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from pydantic import SecretBytes


class Lookups:
    def __init__(self, key: SecretBytes) -> None:
        self._key = hashlib.sha256(b"therabook lookups\x00" + key.get_secret_value()).digest()

    def login(self, login: str) -> str:
        return self._of("login", normal(login))

    def address(self, address: str) -> str:
        return self._of("address", address)

    def factor(self, account: str) -> str:
        """Under which tries of the second factor are counted."""
        return self._of("factor", account)

    def recovery(self, account: str, code: str) -> str:
        return self._of("recovery", account, "".join(each for each in code.lower() if each.isalnum()))

    def sign_on(self, issuer: str, subject: str) -> str:
        return self._of("sign-on", issuer, subject)

    def _of(self, *parts: str) -> str:
        # lengths, so that ("a", "bc") and ("ab", "c") differ
        content = b"".join(b"%d:%s" % (len(part.encode()), part.encode()) for part in parts)
        return hmac.new(self._key, content, hashlib.sha256).hexdigest()


def normal(login: str) -> str:
    """However somebody types it."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
