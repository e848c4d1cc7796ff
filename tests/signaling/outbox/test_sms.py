"""SMS, with a real receiver: signed or as a form, and failures told apart."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from signaling.outbox.sending import FailedForGood, FailedNow, Provider
from signaling.outbox.sms import FormSms, SignedSms
from signaling.outward import Outward, sign, written_secret
from tests.signaling.outbox.letters import CLINIC, LINK, NOW, letter, wording
from tests.signaling.receiver import Receiver, a_receiver

SECRET = written_secret(bytes(range(32)))
TOKEN = SecretStr("token & secret")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as receiver:
        yield receiver


@pytest.fixture
async def outward() -> AsyncIterator[Outward]:
    outward = Outward(private=True)
    yield outward
    await outward.close()


def form(outward: Outward, receiver: Receiver, user: str | None = "account") -> FormSms:
    more = {"From": "+15550100"}
    return FormSms(outward, receiver.url, to="To", text="Body", more=more, user=user, secret=TOKEN)


async def send(provider: Provider, to: str = "+1 (555) 01-02.03") -> None:
    one = letter("reminder", to=to)
    await provider.send(one, wording().say(one.kind, one.facts))


async def test_a_signed_sms_can_be_checked_by_who_gets_it(outward: Outward, receiver: Receiver) -> None:
    await send(SignedSms(outward, receiver.url, SECRET, lambda: NOW))
    (got,) = receiver.requests
    told = json.loads(got.body)
    assert (told["id"], told["to"]) == ("message-1", "+1555010203")
    assert told["text"].startswith(f"{CLINIC}: reminder of your appointment on ")
    assert told["text"].endswith(LINK)
    assert set(told) == {"id", "to", "text"}
    assert got.headers["webhook-id"] == "message-1"
    assert got.headers["webhook-timestamp"] == str(int(NOW))
    assert got.headers["webhook-signature"] == sign([SECRET], "message-1", int(NOW), got.body)


async def test_a_form_is_sent_with_a_user_or_with_a_token(outward: Outward, receiver: Receiver) -> None:
    await send(form(outward, receiver))
    await send(form(outward, receiver, user=None))
    first, second = receiver.requests
    fields = parse_qs(first.body.decode())
    assert (fields["To"], fields["From"]) == (["+1555010203"], ["+15550100"])
    assert fields["Body"][0].endswith(LINK)
    pair = base64.b64decode(first.headers["Authorization"].removeprefix("Basic ")).decode()
    assert pair == f"account:{TOKEN.get_secret_value()}"
    assert second.headers["Authorization"] == f"Bearer {TOKEN.get_secret_value()}"
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == "message-1"


@pytest.mark.parametrize(
    ("answer", "failure", "code"),
    [
        (400, FailedForGood, "answer 400"),
        (422, FailedForGood, "answer 422"),
        (401, FailedNow, "answer 401"),
        (429, FailedNow, "answer 429"),
        (500, FailedNow, "answer 500"),
        (503, FailedNow, "answer 503"),
        ("redirect", FailedNow, "answer 307"),
        ("reset", FailedNow, "connection"),
    ],
)
async def test_what_may_pass_is_told_from_what_will_not(
    outward: Outward, receiver: Receiver, answer: int | str, failure: type[Exception], code: str
) -> None:
    receiver.answers = [answer]
    with pytest.raises(failure, match=code):
        await send(form(outward, receiver))


@pytest.mark.parametrize("to", ["", "12", "+49 170 abc", "alex@example.org", "+1;ext=2", "9" * 21, "+", "++1555"])
async def test_what_is_no_number_is_not_sent(outward: Outward, receiver: Receiver, to: str) -> None:
    with pytest.raises(FailedForGood, match="number"):
        await send(form(outward, receiver), to)
    assert receiver.requests == []


def test_an_address_or_a_secret_that_cannot_be_used_is_refused_at_the_start() -> None:
    outside = Outward(private=False)
    for url in ("http://sms.example.org/", "https://127.0.0.1/"):
        with pytest.raises(ValueError, match="address"):
            SignedSms(outside, url, SECRET, lambda: NOW)
    with pytest.raises(ValueError, match="a secret is"):
        SignedSms(outside, "https://sms.example.org/", SecretStr("short"), lambda: NOW)
