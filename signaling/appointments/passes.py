"""Passes: what leads to an appointment and says nothing of anybody: session ids, links, and ids of tokens.

All are made from ids in the database with a key that is not in it. So the secret of a link can be made again when
somebody is reminded, and the database has only its hash: who reads the database opens no visit, and who guesses has
2^256 to guess from. Not here: whether a link is still good.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable

from pydantic import SecretBytes, SecretStr

PAGE = "/visit"
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


class Passes:
    def __init__(self, key: SecretBytes, base: Callable[[], str]) -> None:
        """`base`: how people reach this server, as https://video.example.org."""
        self._key = key
        self._base = base

    def session(self, appointment: str) -> str:
        """The session that an appointment becomes: the same whenever it is asked, and no way back from it."""
        return "v-" + base64.b32encode(self._derive("session", appointment)[:15]).decode().lower()

    def secret(self, link: str) -> SecretStr:
        """256 bits, for the fragment of an address."""
        return SecretStr(base64.urlsafe_b64encode(self._derive("link", link)).rstrip(b"=").decode())

    def address(self, link: str) -> SecretStr:
        """The page with the link's secret behind `#`, which browsers send to nobody."""
        return SecretStr(f"{self._base()}{PAGE}#{self.secret(link).get_secret_value()}")

    def token(self, appointment: str, account: str) -> str:
        """The id of tokens with which somebody of the clinic comes to an appointment. Always the same, so that their
        second device can take over from the first, and removal holds."""
        return base64.urlsafe_b64encode(self._derive("token", f"{appointment}/{account}")[:15]).decode()

    def _derive(self, what: str, of: str) -> bytes:
        return hmac.new(self._key.get_secret_value(), f"therabook {what}\0{of}".encode(), hashlib.sha256).digest()


def looks_like_a_link(text: str) -> bool:
    return SECRET.fullmatch(text) is not None


def digest(secret: str) -> str:
    """What the database has of it."""
    return hashlib.sha256(secret.encode()).hexdigest()
