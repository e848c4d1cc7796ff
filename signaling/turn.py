"""TURN servers (RFC 8656), for networks that let nothing else through, and the credentials with which people use them.

A credential is good for a few minutes: its name is when it ends and something random, its password an HMAC of that with
a secret which the TURN server has too (coturn's `use-auth-secret`). It names nobody, and nothing has to be told to the
TURN server when one is handed out. What was begun with it goes on when it has ended.

Not here: who gets one (`ice_api.py`), where a TURN server may relay to (`deploy/turn`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

LIFETIME = 300
"""Seconds in which something can be begun with a credential. Shorter, and it ends while somebody looks at the preview;
longer, and one that was copied is worth more."""

URL = re.compile(r"(?:turn:[^\s?/@#]+(?:\?transport=(?:udp|tcp))?|turns:[^\s?/@#]+(?:\?transport=tcp)?)")
"""RFC 7065, as far as browsers take it: TLS over TCP, no DTLS."""


@dataclass(frozen=True)
class Credential:
    username: str
    password: str = field(repr=False)


class TurnServers:
    """All of them share one secret. Without `urls` there are none."""

    def __init__(self, urls: Sequence[str] = (), secret: SecretStr | None = None) -> None:
        self.urls = tuple(urls)
        self._secret = secret

    def __bool__(self) -> bool:
        return bool(self.urls)

    def credential(self, now: float, new_id: Callable[[], str]) -> Credential:
        """`now`: seconds since 1970, by the TURN server's clock too."""
        username = f"{int(now) + LIFETIME}:{new_id()}"
        key = b"" if self._secret is None else self._secret.get_secret_value().encode()
        # SHA-1, because that is what TURN servers know; as an HMAC it is as good as it was (RFC 6151, RFC 6194)
        digest = hmac.new(key, username.encode(), hashlib.sha1).digest()
        return Credential(username, base64.b64encode(digest).decode())
