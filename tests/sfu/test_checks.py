"""What checks change: names and generations, which address speaks for whom, which is sent to, and how much is taken."""

from __future__ import annotations

import random

import pytest

from sfu.core import Engine
from tests.sfu.lite import HERE, PASSWORD, SECOND, THERE, Lite, Names, port

REMEMBERED = 256
"""Transactions of each peer."""

ADDRESSES = 8
"""Of each peer."""


# Names and generations ------------------------------------------------------------------------------------------


def test_a_peer_without_credentials_is_found_by_nobody() -> None:
    lite = Lite()
    peer = lite.engine.add_peer()
    assert not lite.answers(Names(peer, "ours").check())
    assert lite.engine.heard_at(peer) == 0


@pytest.mark.parametrize(
    ("ours", "theirs", "password"),
    [
        ("our", "theirs", PASSWORD),
        ("o" * 33, "theirs", PASSWORD),
        ("ours", "the", PASSWORD),
        ("ours", "t" * 257, PASSWORD),
        ("ours", "theirs", "p" * 21),
        ("ours", "theirs", "p" * 257),
        ("ou:rs", "theirs", PASSWORD),
        ("oürs", "theirs", PASSWORD),
    ],
)
def test_credentials_that_can_not_be_are_refused_without_being_told(ours: str, theirs: str, password: str) -> None:
    lite = Lite()
    with pytest.raises(ValueError, match="names and passwords") as caught:
        lite.open(ours, theirs, password)
    for secret in (ours, theirs, password):
        assert secret not in str(caught.value)


def test_a_name_has_one_peer() -> None:
    lite = Lite()
    first = lite.open("ours")
    with pytest.raises(ValueError, match="in use"):
        lite.open("ours", "others")
    with pytest.raises(ValueError, match="in use"):
        lite.restart(first.peer, "ours")
    assert lite.answers(first.check())


def test_two_peers_are_told_apart() -> None:
    lite = Lite()
    one, other = lite.open("ours1"), lite.open("ours2", password="another+password/0123456789")
    assert lite.answers(one.check(), HERE)
    assert lite.answers(other.check(), THERE)
    assert lite.takes_from(HERE) == one.peer
    assert lite.takes_from(THERE) == other.peer
    assert not lite.answers(Names(other.peer, "ours1", password=other.password).check(), port(1))


def test_after_a_restart_the_old_generation_answers_until_the_new_one_is_used() -> None:
    lite = Lite()
    old = lite.open("old1")
    new = lite.restart(old.peer, "new1", "theirs2", "the+new+password/0123456789")
    assert lite.answers(old.check())
    assert lite.answers(old.check())
    assert lite.answers(new.check())
    assert not lite.answers(old.check())
    assert lite.count("dropped_stun_unknown") == 1
    assert lite.answers(new.check())


def test_a_generation_that_was_never_used_is_void_at_the_next_restart() -> None:
    lite = Lite()
    used = lite.open("used")
    assert lite.answers(used.check())
    skipped = lite.restart(used.peer, "skipped")
    new = lite.restart(used.peer, "newest")
    assert not lite.answers(skipped.check())
    assert lite.answers(used.check())
    assert lite.answers(new.check())
    assert not lite.answers(used.check())


def test_each_generation_is_answered_under_its_own_password() -> None:
    lite = Lite()
    old = lite.open("old1")
    new = lite.restart(old.peer, "new1", password="the+new+password/0123456789")
    assert not lite.answers(Names(old.peer, "old1", password=new.password).check())
    assert not lite.answers(Names(old.peer, "new1", password=old.password).check())
    assert lite.answers(old.check())
    assert lite.answers(new.check())


def test_restarts_without_end_leave_no_names_behind() -> None:
    lite = Lite(max_peers=1)
    names = lite.open("first")
    for number in range(5000):
        names = lite.restart(names.peer, f"again{number}")
    assert lite.answers(names.check())


def test_a_removed_peer_takes_its_names_and_addresses_along() -> None:
    lite = Lite(max_peers=1)
    for number in range(2000):
        names = lite.open("same-name")
        lite.restart(names.peer, f"again{number}")
        if number % 100 == 0:
            assert lite.answers(names.check())
            assert lite.takes_from(HERE) == names.peer
        lite.engine.remove_peer(names.peer)
        assert lite.takes_from(HERE) is None
    assert not lite.answers(names.check())


@pytest.mark.parametrize("seed", range(3))
def test_names_that_come_and_go_never_hide_one_another(seed: int) -> None:
    chance, lite = random.Random(seed), Lite(max_peers=64)
    known: dict[str, Names] = {}
    for number in range(1500):
        if len(known) == 64 or (known and chance.random() < 0.45):
            gone = known.pop(chance.choice(list(known)))
            lite.engine.remove_peer(gone.peer)
            assert not lite.answers(gone.check(), port(number))
        else:
            name = f"{chance.getrandbits(72):018x}"
            known[name] = lite.open(name)
        if number % 100 == 0:
            lite.wait(60)
            for each, names in enumerate(known.values()):
                assert lite.answers(names.check(), port(10_000 + each)), f"seed {seed}"


# Addresses ------------------------------------------------------------------------------------------------------


def test_an_address_speaks_for_a_peer_after_its_check_and_not_before() -> None:
    lite = Lite()
    names = lite.open()
    assert lite.takes_from(HERE) is None
    assert not lite.answers(names.forged())
    assert lite.takes_from(HERE) is None
    assert lite.sends_to(names) is None
    assert lite.answers(names.check())
    assert lite.takes_from(HERE) == names.peer
    assert lite.sends_to(names) == HERE
    assert lite.takes_from(THERE) is None


def test_when_a_peer_was_last_heard_is_when_its_last_check_was_verified() -> None:
    lite = Lite()
    names = lite.open()
    assert lite.engine.heard_at(names.peer) == 0
    lite.answers(names.check())
    heard_at = lite.now
    lite.wait(3)
    lite.answers(names.forged())
    lite.takes_from(HERE)
    assert lite.engine.heard_at(names.peer) == heard_at
    lite.answers(names.check())
    assert lite.engine.heard_at(names.peer) == lite.now
    with pytest.raises(KeyError):
        lite.engine.heard_at(99)


def test_a_copied_check_from_another_address_is_refused() -> None:
    lite = Lite()
    names = lite.open()
    copied = names.check(nominate=True)
    assert lite.answers(copied, HERE)
    assert not lite.answers(copied, THERE)
    assert lite.takes_from(THERE) is None
    assert lite.sends_to(names) == HERE
    assert lite.answers(copied, HERE), "a repetition is no copy"


def test_so_many_checks_are_remembered_and_no_more() -> None:
    lite = Lite()
    names = lite.open()
    first = names.check()
    assert lite.answers(first, HERE)
    for _ in range(REMEMBERED - 1):
        lite.wait(1)
        assert lite.answers(names.check(), HERE)
    assert not lite.answers(first, THERE)
    lite.wait(1)
    assert lite.answers(names.check(), HERE)
    assert lite.answers(first, THERE), "the ring has come round"


def test_an_address_in_use_is_not_given_to_another_peer() -> None:
    lite = Lite(address_hold=15 * SECOND)
    victim, thief = lite.open("victim"), lite.open("thief")
    assert lite.answers(victim.check())
    lite.wait(14)
    assert not lite.answers(thief.check(nominate=True))
    assert lite.count("dropped_stun_claimed") == 1
    assert lite.takes_from(HERE) == victim.peer
    assert lite.sends_to(thief) is None
    assert lite.engine.heard_at(thief.peer) == 0
    assert lite.answers(victim.check())
    lite.wait(14)
    assert not lite.answers(thief.check())
    lite.wait(1)
    assert lite.answers(thief.check())
    assert lite.takes_from(HERE) == thief.peer
    assert lite.sends_to(victim) is None
    assert not lite.answers(victim.check())


def test_a_refused_claim_does_not_make_the_honest_check_a_copy() -> None:
    lite = Lite()
    victim, other = lite.open("victim"), lite.open("other")
    assert lite.answers(victim.check(), HERE)
    check = other.check()
    assert not lite.answers(check, HERE), "taken on the way, sent with a forged source"
    assert lite.answers(check, THERE)


def test_an_address_is_free_once_its_peer_is_gone() -> None:
    lite = Lite()
    first, second = lite.open("first"), lite.open("second")
    assert lite.answers(first.check())
    lite.engine.remove_peer(first.peer)
    assert lite.answers(second.check())
    assert lite.takes_from(HERE) == second.peer


def test_the_addresses_of_one_peer_are_bounded_and_the_ones_in_use_stay() -> None:
    lite = Lite()
    names = lite.open()
    assert lite.answers(names.check(nominate=True), HERE)
    for number in range(1, 500):
        lite.wait(0.1)
        assert lite.answers(names.check(), port(number))
        assert lite.answers(names.check(), port(1)), "one that is in use is not the oldest"
        if number % 40 == 0:
            assert lite.answers(names.check(), HERE)
    spoken_for = [number for number in range(1, 500) if lite.takes_from(port(number)) == names.peer]
    assert spoken_for == [1, *range(494, 500)]
    assert len(spoken_for) + 1 == ADDRESSES
    assert lite.sends_to(names) == HERE


# Selection ------------------------------------------------------------------------------------------------------


def test_media_goes_where_the_client_last_nominated() -> None:
    lite = Lite()
    names = lite.open()
    assert lite.answers(names.check(), HERE)
    assert lite.sends_to(names) == HERE, "somewhere to shake hands, until the client decides"
    assert lite.answers(names.check(), THERE)
    assert lite.sends_to(names) == HERE
    assert lite.answers(names.check(nominate=True), THERE)
    assert lite.sends_to(names) == THERE


def test_a_client_whose_address_changes_under_it_is_followed() -> None:
    lite = Lite()
    names = lite.open()
    assert lite.answers(names.check(), HERE)
    lite.wait(5)
    assert lite.answers(names.check(), HERE)
    lite.wait(7)
    assert lite.answers(names.check(), THERE)
    assert lite.sends_to(names) == HERE, "it may only be trying another path"
    lite.wait(0.001)
    assert lite.answers(names.check(), THERE)
    assert lite.sends_to(names) == THERE
    assert lite.answers(names.check(), HERE)
    assert lite.sends_to(names) == THERE


def test_a_peer_whose_address_was_taken_over_is_sent_to_where_it_was_heard_last() -> None:
    lite = Lite(address_hold=2 * SECOND)
    names, other = lite.open("first"), lite.open("other")
    assert lite.answers(names.check(nominate=True), HERE)
    for number in (1, 3, 2):
        lite.wait(1)
        assert lite.answers(names.check(), port(number))
    assert lite.sends_to(names) == HERE
    assert lite.answers(other.check(), HERE)
    assert lite.sends_to(names) == port(2)
    assert lite.takes_from(port(2)) == names.peer


# Floods ---------------------------------------------------------------------------------------------------------


def test_a_flood_of_strangers_names_keeps_nobody_out() -> None:
    lite = Lite()
    known = lite.open("known")
    assert lite.answers(known.check(), HERE)
    stranger = Names(0, "nobody").check()
    for round_ in range(100):
        newcomer = lite.open(f"new{round_}")
        lite.engine.process([(stranger, port(1 + at % 60_000)) for at in range(1000)], lite.now)
        assert lite.answers(newcomer.check(), port(round_))
        lite.engine.remove_peer(newcomer.peer)
    assert lite.count("dropped_stun_unknown") == 100_000
    assert lite.answers(known.check(), HERE)
    assert lite.engine.take_events() == []


def test_a_flood_in_the_name_of_one_peer_keeps_no_other_out_and_does_not_cut_it_off() -> None:
    lite = Lite()
    known = lite.open("known")
    assert lite.answers(known.check(), HERE)
    forged = known.forged()
    for round_ in range(100):
        newcomer = lite.open(f"new{round_}")
        lite.engine.process([(forged, port(1 + at % 60_000)) for at in range(1000)], lite.now)
        assert lite.answers(newcomer.check(), port(round_))
        lite.engine.remove_peer(newcomer.peer)
        if round_ % 10 == 0:
            assert lite.answers(known.check(), HERE)
    # all at one moment, for which there were 10,000; the first was the honest one
    assert lite.count("dropped_stun_unverified") == 9_999
    assert lite.count("dropped_stun_rate") == 90_001
    lite.wait(1)
    assert lite.answers(known.check(), THERE), "it may move as soon as the flood is over"


def test_a_flood_with_a_peers_own_address_as_forged_source_does_not_cut_it_off() -> None:
    """What is not authenticated never counts towards ending a call."""
    lite = Lite()
    known, other = lite.open("known"), lite.open("other")
    assert lite.answers(known.check(), HERE)
    for _ in range(20):
        lite.wait(0.5)
        for forged in (known.forged(), other.forged(), Names(0, "nobody").check()):
            lite.engine.process([(forged, HERE)] * 2000, lite.now)
        assert lite.answers(known.check(), HERE)
        assert lite.answers(other.check(), THERE)
        lite.wait(1)


def test_a_peer_that_checks_without_end_is_answered_fifty_times_a_second() -> None:
    """Also if it is everywhere at once: its checks may have forged sources, and our answers shall flood nobody."""
    for addresses in ([HERE] * 500, [port(number) for number in range(1, 501)]):
        lite = Lite()
        names, other = lite.open("names"), lite.open("other")
        assert sum(lite.answers(names.check(), address) for address in addresses) == 50
        assert lite.count("dropped_stun_rate") == 450
        assert lite.answers(other.check(), THERE)
        lite.wait(1)
        assert lite.answers(names.check(), addresses[0])


def test_ipv6_and_ipv4_addresses_are_different_ones() -> None:
    lite = Lite()
    one, other = lite.open("one1"), lite.open("two2")
    assert lite.answers(one.check(), Engine.udp_address("192.0.2.7", 4000))
    assert lite.answers(other.check(), Engine.udp_address("::c000:207", 4000))
