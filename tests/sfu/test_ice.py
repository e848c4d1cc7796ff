from __future__ import annotations

import itertools
import re

from sfu.ice import Credentials

counter = itertools.count()


def entropy(size: int) -> bytes:
    return next(counter).to_bytes(size, "big")


def credentials() -> Credentials:
    return Credentials.create(entropy, "theirs", "password")


def test_credentials_are_long_enough_and_made_of_ice_characters() -> None:
    made = credentials()
    assert re.fullmatch(r"[A-Za-z0-9+/]{12}", made.ufrag)
    assert re.fullmatch(r"[A-Za-z0-9+/]{32}", made.password)


def test_credentials_are_not_printable() -> None:
    made = credentials()
    for secret in (made.ufrag, made.password, made.remote_ufrag, made.remote_password):
        assert secret not in repr(made)


def test_a_restart_is_another_name_or_another_password() -> None:
    made = credentials()
    assert not made.is_restart("theirs", "password")
    assert made.is_restart("others", "password")
    assert made.is_restart("theirs", "another")
