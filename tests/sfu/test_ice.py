from __future__ import annotations

import itertools
import re

from sfu.ice import ADDRESSES_PER_PEER, TRANSACTIONS, AddressBook, Credentials, LiteAgent
from tests.sfu.client import check

counter = itertools.count()

HERE, THERE = b"here", b"there"
SECOND = 1_000_000


def entropy(size: int) -> bytes:
    return next(counter).to_bytes(size, "big")


def credentials(remote: str = "theirs") -> Credentials:
    return Credentials.create(entropy, remote)


def checked(agent: LiteAgent, by: Credentials, address: bytes = HERE, transaction: bytes | None = None) -> bool:
    data = check(f"{by.ufrag}:{by.remote_ufrag}", by.password, transaction=transaction)
    found = agent.check(data, (by.ufrag, by.remote_ufrag), address)
    assert found is None or found[1] is by
    return found is not None


def test_credentials_are_long_enough_and_made_of_ice_characters() -> None:
    made = credentials()
    assert re.fullmatch(r"[A-Za-z0-9+/]{12}", made.ufrag)
    assert re.fullmatch(r"[A-Za-z0-9+/]{32}", made.password)


def test_credentials_are_not_printable() -> None:
    made = credentials()
    assert made.ufrag not in repr(made)
    assert made.password not in repr(made)


def test_a_restart_is_another_name_or_another_password() -> None:
    agent = LiteAgent(credentials("theirs"), "password")
    assert not agent.is_restart("theirs", "password")
    assert agent.is_restart("others", "password")
    assert agent.is_restart("theirs", "another")


def test_after_a_restart_the_old_credentials_answer_until_the_new_ones_are_used() -> None:
    old, new = credentials(), credentials("theirs2")
    agent = LiteAgent(old, "password")
    assert agent.restart(new, "password2") is None
    assert checked(agent, old)
    assert checked(agent, new)
    assert agent.settle() is old
    assert not checked(agent, old)
    assert checked(agent, new)


def test_a_generation_that_was_never_used_is_void_at_the_next_restart() -> None:
    used, skipped, new = credentials(), credentials("a"), credentials("b")
    agent = LiteAgent(used, "password")
    agent.restart(skipped, "password2")
    assert agent.restart(new, "password3") is skipped
    assert checked(agent, used)
    assert not checked(agent, skipped)
    assert checked(agent, new)


def test_the_other_sides_name_must_be_right_too() -> None:
    ours = credentials("theirs")
    agent = LiteAgent(ours, "password")
    data = check(f"{ours.ufrag}:somebody", ours.password)
    assert agent.check(data, (ours.ufrag, "somebody"), HERE) is None


def test_a_copied_check_from_another_address_is_refused() -> None:
    ours = credentials()
    agent = LiteAgent(ours, "password")
    assert checked(agent, ours, HERE, b"t" * 12)
    assert not checked(agent, ours, THERE, b"t" * 12)
    assert checked(agent, ours, HERE, b"t" * 12), "a repetition is no copy"


def test_what_is_remembered_of_checks_is_bounded() -> None:
    ours = credentials()
    agent = LiteAgent(ours, "password")
    for number in range(TRANSACTIONS + 50):
        assert checked(agent, ours, HERE, number.to_bytes(12, "big"))
    assert len(agent._seen) == TRANSACTIONS


def test_an_address_in_use_is_not_given_to_another_peer() -> None:
    book = AddressBook(15 * SECOND)
    assert book.claim(HERE, 1, 0)
    assert not book.claim(HERE, 2, 14 * SECOND)
    assert book.claim(HERE, 1, 14 * SECOND)
    assert not book.claim(HERE, 2, 28 * SECOND)
    assert book.claim(HERE, 2, 29 * SECOND)
    assert not book.claim(HERE, 1, 30 * SECOND)


def test_an_address_is_free_once_its_peer_is_gone() -> None:
    book = AddressBook(15 * SECOND)
    book.claim(HERE, 1, 0)
    book.claim(THERE, 1, 0)
    book.forget(1)
    book.forget(1)
    assert len(book) == 0
    assert book.claim(HERE, 2, 1)


def test_addresses_of_one_peer_are_bounded() -> None:
    book = AddressBook(15 * SECOND)
    for number in range(1000):
        assert book.claim(number.to_bytes(24, "big"), 1, number)
    assert len(book) == ADDRESSES_PER_PEER
    book.forget(1)
    assert len(book) == 0
