"""SMS, through whoever sends them for the clinic: a signed webhook of its own, or the form that most providers take.

Not here: what it says (`wording.py`), where requests may go (`outward.py`).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from pydantic import SecretStr

from signaling.outbox.letters import Letter
from signaling.outbox.sending import FailedForGood, FailedNow
from signaling.outbox.wording import Said
from signaling.outward import Answer, Outward, Unreachable, key_of, signed_headers

MAY_PASS = frozenset({401, 403, 404, 408, 409, 423, 425, 429})
"""Answers that say that something is set up wrongly or busy. Of the others, 4xx speak of this message."""

_NUMBER = re.compile(r"\+?[0-9]{3,20}")


class SignedSms:
    """A POST of JSON, signed as webhooks are (docs/webhooks.md):

    {"id": "MESSAGE", "to": "+15550100", "text": "..."}

    `id` is the same each time that the same message is sent."""

    def __init__(self, outward: Outward, url: str, secret: SecretStr, now: Callable[[], float]) -> None:
        """`now`: seconds since 1970. Raises ValueError for an address or a secret that cannot be used."""
        key_of(secret)
        self._outward = outward
        self._url = outward.check(url)
        self._secret = secret
        self._now = now

    async def send(self, letter: Letter, said: Said) -> None:
        """Raises FailedNow, FailedForGood."""
        body = json.dumps({"id": letter.id, "to": number(letter.to), "text": said.sms}, ensure_ascii=False).encode()
        headers = signed_headers([self._secret], letter.id, int(self._now()), body)
        await _post(self._outward, self._url, body, headers)


class FormSms:
    """A POST of a form with a number and a text, with a user and a password, or a token."""

    def __init__(
        self,
        outward: Outward,
        url: str,
        *,
        to: str,
        text: str,
        more: Mapping[str, str],
        user: str | None,
        secret: SecretStr | None,
    ) -> None:
        """`to`, `text`: what the fields are called. `more`: fields that are always sent, such as the sender.
        Without a user, the secret is sent as a bearer token. Raises ValueError for an address that cannot be used."""
        self._outward = outward
        self._url = outward.check(url)
        self._fields = to, text
        self._more = dict(more)
        self._user = user
        self._secret = secret

    async def send(self, letter: Letter, said: Said) -> None:
        """Raises FailedNow, FailedForGood."""
        to, text = self._fields
        body = urlencode(self._more | {to: number(letter.to), text: said.sms}).encode("ascii")
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": letter.id}
        if self._secret is not None:
            secret = self._secret.get_secret_value()
            pair = base64.b64encode(f"{self._user}:{secret}".encode()).decode()
            headers["Authorization"] = f"Bearer {secret}" if self._user is None else f"Basic {pair}"
        await _post(self._outward, self._url, body, headers)


def number(to: SecretStr) -> str:
    """As providers take it: digits, perhaps with a plus. Raises FailedForGood."""
    bare = re.sub(r"[\s()./-]", "", to.get_secret_value())
    if not _NUMBER.fullmatch(bare):
        raise FailedForGood("number")
    return bare


async def _post(outward: Outward, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    try:
        answer = await outward.post(url, body, headers)
    except Unreachable as error:
        raise FailedNow(error.why) from None
    if answer.taken:
        return answer
    if 400 <= answer.status < 500 and answer.status not in MAY_PASS:
        raise FailedForGood(f"answer {answer.status}")
    raise FailedNow(f"answer {answer.status}")
