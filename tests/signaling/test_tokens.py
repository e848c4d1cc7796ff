"""Signing and reading tokens; what hostile ones meet at the socket is in `test_hostile_tokens.py`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pydantic import SecretBytes

from signaling.refusals import Refused
from signaling.tokens import LONGEST, Claims, JoinClaims, RecordingsClaims, ResumeClaims, Tokens
from tests.signaling.stage import code_of

NOW = 1_800_000_000.0
CLAIMS = JoinClaims(jti="token-id-1", exp=int(NOW) + 60, room="session-1", sub="user-1", role="patient", limit=3)


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(SecretBytes(b"k" * 32))


def test_what_was_signed_is_read(tokens: Tokens) -> None:
    assert tokens.read_join(tokens.sign(CLAIMS, NOW), NOW) == CLAIMS


def test_the_time_is_the_one_that_is_passed_in(tokens: Tokens) -> None:
    token = tokens.sign(CLAIMS, NOW)
    assert tokens.read_join(token, NOW + 59.9)
    with pytest.raises(Refused) as refused:
        tokens.read_join(token, NOW + 60)
    assert code_of(refused) == "token_expired"


def test_a_token_to_resume_that_expired_says_so(tokens: Tokens) -> None:
    claims = ResumeClaims(jti="token-id-1", exp=int(NOW), room="session-1", sub="person-1")
    with pytest.raises(Refused) as refused:
        tokens.read_resume(tokens.sign(claims, NOW - 10), NOW)
    assert code_of(refused) == "resume_expired"


def test_a_token_is_good_for_what_it_was_signed_for_only(tokens: Tokens) -> None:
    recordings = RecordingsClaims(jti="token-id-1", exp=int(NOW) + 60, sub="user-1", role="therapist", room="session-1")
    resume = ResumeClaims(jti="token-id-1", exp=int(NOW) + 60, room="session-1", sub="person-1")
    reading: dict[Claims, Callable[[str, float], Claims]] = {
        CLAIMS.model_copy(update={"role": "therapist"}): tokens.read_join,
        resume: tokens.read_resume,
        recordings: tokens.read_recordings,
    }
    for claims, own in reading.items():
        token = tokens.sign(claims, NOW)
        assert own(token, NOW) == claims
        for other in reading.values():
            if other != own:
                with pytest.raises(Refused) as refused:
                    other(token, NOW)
                assert code_of(refused) == "token_invalid"


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "é", "\x00", "eyJ.eyJ.eyJ", "a" * (LONGEST + 1), "\ud800"])
def test_what_is_no_token_is_refused(tokens: Tokens, text: str) -> None:
    with pytest.raises(Refused) as refused:
        tokens.read_join(text, NOW)
    assert code_of(refused) == "token_invalid"


def test_the_key_does_not_print_itself(tokens: Tokens) -> None:
    assert "kkkk" not in repr(vars(tokens))
