"""Handshakes: what two who follow the rules get of each other, and what somebody who does not gets from them."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from recording.e2ee import (
    Agreed,
    BadMessage,
    DoesNotFit,
    Handshake,
    Have,
    Missing,
    Name,
    NotAgreed,
    Refusal,
    Refused,
    Secret,
    SenderKey,
    hpke,
)
from recording.e2ee.handshake import MOST_NONCES
from recording.e2ee.messages import LONGEST, Commit, Reveal, Sealed, read_message, write_message
from recording.e2ee.transcript import commitment, sealing_info
from tests.e2ee.made_up import ADA, BOB, EVE, KEY, KEY_ID, OTHER_KEY, SESSION, chance, seeded
from tests.e2ee.sides import Pair, Side


def agreed_pair() -> tuple[Handshake, Handshake]:
    pair = Pair()
    pair.finish()
    return pair.sides["ada"].handshake, pair.sides["bob"].handshake


def why(handshake: Handshake, message: bytes) -> Refusal:
    """The message is refused, and has changed nothing."""
    before = state_of(handshake)
    with pytest.raises(Refused) as refused:
        handshake.take(message)
    assert state_of(handshake) == before
    return refused.value.why


def state_of(handshake: Handshake) -> dict[str, Any]:
    return {key: value for key, value in vars(handshake).items() if key != "_entropy"}


def test_names_and_keys_arrive() -> None:
    ada, bob = agreed_pair()
    assert bob.take(ada.seal_name("Ada")) == ([], [Name("Ada")])
    assert bob.take(ada.seal_key(KEY_ID, KEY)) == ([], [SenderKey(KEY_ID, KEY, 0)])
    assert ada.take(bob.seal_have(KEY_ID)) == ([], [Have(KEY_ID)])
    assert bob.take(ada.seal_key(KEY_ID + 1, OTHER_KEY)) == ([], [SenderKey(KEY_ID + 1, OTHER_KEY, 1)])
    assert ada.take(bob.seal_name("Bob")) == ([], [Name("Bob")])


def test_nothing_is_sealed_before_both_agree() -> None:
    ada = Handshake(SESSION, "ada", "bob", ADA, chance(1))
    attempts: list[Callable[[], bytes]] = [
        lambda: ada.seal_name("Ada"),
        lambda: ada.seal_key(KEY_ID, KEY),
        lambda: ada.seal_have(KEY_ID),
    ]
    for attempt in attempts:
        with pytest.raises(NotAgreed):
            attempt()
    with pytest.raises(ValueError, match="themselves"):
        Handshake(SESSION, "ada", "ada", ADA, chance(1))
    for names in (("x" * 65_536, "a", "b"), ("s", "x" * 65_536, "b"), ("s", "a", "x" * 65_536), ("s", "a", "\ud800")):
        with pytest.raises(ValueError):  # noqa: PT011 - two kinds of it
            Handshake(*names, ADA, chance(1))


def test_what_is_no_name_or_key_uses_up_no_number() -> None:
    ada, bob = agreed_pair()
    with pytest.raises(BadMessage):
        ada.seal_name(" ")
    with pytest.raises(BadMessage):
        ada.seal_key(0, KEY)
    with pytest.raises(BadMessage):
        ada.seal_key(KEY_ID, Secret(b"short"))
    assert bob.take(ada.seal_key(KEY_ID, KEY)).events == [SenderKey(KEY_ID, KEY, 0)]


def test_sealed_messages_come_once_and_in_order_and_what_is_missing_is_told() -> None:
    ada, bob = agreed_pair()
    messages = [ada.seal_have(KEY_ID + count) for count in range(6)]
    assert bob.take(messages[0]).events == [Have(KEY_ID)]
    assert why(bob, messages[0]) is Refusal.REPLAYED
    assert bob.take(messages[3]).events == [Missing(2), Have(KEY_ID + 3)]
    for late in messages[:4]:
        assert why(bob, late) is Refusal.REPLAYED
    assert bob.take(messages[4]).events == [Have(KEY_ID + 4)]
    assert why(bob, renumbered(messages[5], 6)) is Refusal.FORGED
    assert why(bob, renumbered(messages[2], 5)) is Refusal.FORGED
    assert bob.take(messages[5]).events == [Have(KEY_ID + 5)]


def renumbered(message: bytes, sequence: int) -> bytes:
    return json.dumps(json.loads(message) | {"sequence": sequence}).encode()


def test_an_older_key_is_refused_though_it_is_sealed_anew() -> None:
    ada, bob = agreed_pair()
    bob.take(ada.seal_key(KEY_ID, KEY))
    ada._keys_sent = 0
    assert why(bob, ada.seal_key(KEY_ID, OTHER_KEY)) is Refusal.REPLAYED


def test_what_was_sealed_is_for_one_receiver_in_one_handshake() -> None:
    ada, bob = agreed_pair()
    sealed = ada.seal_name("Ada")
    assert why(ada, sealed) is Refusal.FORGED  # sent back
    carol = Pair()
    carol.sides["bob"] = Side("bob", "ada", EVE, 77)
    carol.sides["ada"].out.clear()
    carol.sides["ada"].say_again()
    while any(side.out for side in carol.sides.values()):
        carol.deliver("ada")
        carol.deliver("bob")
    assert why(carol.sides["bob"].handshake, sealed) is Refusal.FORGED
    again = Pair()
    again.new_page("ada", lost=True)
    again.finish()
    assert why(again.sides["bob"].handshake, sealed) is Refusal.FORGED
    assert bob.take(sealed).events == [Name("Ada")]


def test_only_who_revealed_a_key_can_seal_with_it() -> None:
    """Eve knows all that the server knows."""
    ada, bob = agreed_pair()
    assert ada._peer is not None
    assert bob._peer is not None
    info = sealing_info(SESSION, "ada", "bob", bob._peer.nonce, ada._peer.nonce)
    plaintext = b'{"kind":"name","name":"Eve"}'
    for sender in (None, EVE):
        forged = hpke.seal(BOB.public, info, bytes(8), plaintext, chance(5), sender)
        assert why(bob, write_message(Sealed(forged.enc, forged.ciphertext, 0))) is Refusal.FORGED
    real = hpke.seal(BOB.public, info, bytes(8), plaintext, chance(5), ADA)
    assert bob.take(write_message(Sealed(real.enc, real.ciphertext, 0))).events == [Name("Eve")]


def test_what_is_sealed_must_make_sense() -> None:
    _, bob = agreed_pair()
    assert bob._peer is not None
    info = sealing_info(SESSION, "ada", "bob", bob._peer.nonce, bob._nonce)
    for plaintext in (b"", b"{}", b'{"kind":"commit"}', b'{"kind":"have","kid":1}', b"[" * 2000, b"\xff"):
        sealed = hpke.seal(BOB.public, info, bytes(8), plaintext, chance(6), ADA)
        assert why(bob, write_message(Sealed(sealed.enc, sealed.ciphertext, 0))) is Refusal.MALFORMED
    off_the_curve = Sealed(b"\x04" + bytes(64), bytes(40), 0)
    assert why(bob, write_message(off_the_curve)) is Refusal.MALFORMED


def revealing(seed: int = 1) -> tuple[Handshake, Reveal]:
    """Bob, who has Ada's commitment, and what she reveals for it."""
    ada, bob = Handshake(SESSION, "ada", "bob", ADA, chance(seed)), Handshake(SESSION, "bob", "ada", BOB, chance(9))
    (answer,) = bob.take(ada.messages()[0]).send
    (reveal,) = ada.take(answer).send
    read = read_message(reveal)
    assert isinstance(read, Reveal)
    return bob, read


@pytest.mark.parametrize("field", ["public", "nonce"])
def test_what_does_not_fit_the_commitment_ends_the_handshake_and_is_told(field: str) -> None:
    for at in range(0, 32, 5):
        bob, reveal = revealing()
        values = {"public": reveal.public, "nonce": reveal.nonce}
        changed = bytearray(values[field])
        changed[at] ^= 1
        forged = Reveal(**values | {field: bytes(changed)}, answers=reveal.answers)
        assert bob.take(write_message(forged)) == ([], [DoesNotFit()])
        assert not bob.agreed
        assert why(bob, write_message(reveal)) is Refusal.UNEXPECTED  # it is over, for the true one too


def test_a_commitment_to_what_is_no_key_ends_the_handshake_and_is_told() -> None:
    bob = Handshake(SESSION, "bob", "ada", BOB, chance(9))
    public, nonce = b"\x04" + bytes(64), bytes(32)
    committed = commitment(SESSION, "ada", public, nonce)
    bob.take(write_message(Commit(committed, bob._mine)))
    assert bob.take(write_message(Reveal(public, nonce, bob._mine))).events == [DoesNotFit()]


def test_a_handshake_that_was_ended_can_begin_again_from_either_side() -> None:
    for who in ("ada", "bob"):
        pair = Pair()
        bob = pair.sides["bob"]
        bob.take(pair.sides["ada"].out.popleft())
        bob.take(write_message(Reveal(EVE.public.data, bytes(32), bob.handshake._mine)))
        assert bob.events == [DoesNotFit()]
        pair.sides[who].restart()
        pair.finish()


def test_what_may_be_lost_is_said_again_with_the_same_nonce_but_after_a_forgery_with_another() -> None:
    ada, bob = Handshake(SESSION, "ada", "bob", ADA, chance(1)), Handshake(SESSION, "bob", "ada", BOB, chance(9))
    (answer,) = bob.take(ada.messages()[0]).send
    ada.take(answer)
    nonce = ada._nonce
    assert len(ada.again()) == 2
    assert ada._nonce == nonce
    assert ada.take(write_message(Reveal(EVE.public.data, bytes(32), ada._mine))).events == [DoesNotFit()]
    (commit,) = ada.again()
    assert ada._nonce != nonce
    assert commit == ada.messages()[0]


def test_a_reveal_before_its_time_is_refused() -> None:
    bob, reveal = revealing()
    fresh = Handshake(SESSION, "bob", "ada", BOB, chance(9))
    assert why(fresh, write_message(reveal)) is Refusal.UNEXPECTED
    assert isinstance(bob.take(write_message(reveal)).events[0], Agreed)
    for again in (reveal, Reveal(EVE.public.data, bytes(32), reveal.answers)):
        assert why(bob, write_message(again)) is Refusal.UNEXPECTED
    assert why(fresh, write_message(Sealed(ADA.public.data, bytes(40), 0))) is Refusal.UNEXPECTED


def test_what_is_sent_back_is_refused() -> None:
    ada = Handshake(SESSION, "ada", "bob", ADA, chance(1))
    (own,) = ada.messages()
    assert why(ada, own) is Refusal.FORGED


def test_a_commitment_is_for_one_session_and_one_person() -> None:
    """Otherwise the server could give one person's to another."""
    for session, me in ((SESSION, "carol"), ("other session", "ada")):
        bob = Side("bob", "ada", BOB, 5)
        stranger = Side(me, "bob", ADA, 6)
        stranger.handshake._session = session
        stranger.restart()
        stranger.out = type(stranger.out)(stranger.handshake.messages())
        for _ in range(6):
            if stranger.out:
                bob.take(stranger.out.popleft())
            if bob.out:
                stranger.take(bob.out.popleft())
        assert [type(event) for event in bob.events] == [DoesNotFit]


def test_somebody_in_the_middle_gets_other_codes() -> None:
    """And has as many tries as there are nonces, no more."""
    codes: set[int] = set()
    for seed in range(100):
        ada, for_ada = Side("ada", "bob", ADA, 4 * seed), Side("bob", "ada", EVE, 4 * seed + 1)
        bob, for_bob = Side("bob", "ada", BOB, 4 * seed + 2), Side("ada", "bob", EVE, 4 * seed + 3)
        for one, other in ((ada, for_ada), (bob, for_bob)):
            while one.out or other.out:
                for sender, receiver in ((one, other), (other, one)):
                    if sender.out:
                        receiver.take(sender.out.popleft())
        assert ada.agreed is not None
        assert bob.agreed is not None
        assert for_ada.agreed is not None
        assert for_ada.agreed.code == ada.agreed.code
        assert ada.agreed.public == bob.agreed.public == EVE.public
        codes |= {ada.agreed.code, bob.agreed.code}
    assert len(codes) == 200
    for bit in range(32):
        assert 60 <= sum(code >> bit & 1 for code in codes) <= 140


def test_there_are_only_so_many_tries() -> None:
    ada = Handshake(SESSION, "ada", "bob", ADA, chance(1))
    revealed = set()
    refusals = []
    for seed in range(3 * MOST_NONCES):
        eve = Side("bob", "ada", EVE, 1000 + seed)
        eve.out.extend(ada.messages())
        try:
            (answer,) = ada.take(eve.handshake.messages()[0]).send
            eve.take(answer)
            (reveal,) = ada.take(eve.handshake.messages()[0]).send
        except Refused as error:
            refusals.append(error.why)
            continue
        revealed.add(json.loads(reveal)["nonce"])
    assert len(revealed) == MOST_NONCES
    assert refusals == [Refusal.TOO_OFTEN] * 2 * MOST_NONCES
    with pytest.raises(Refused):
        ada.restart()


def test_what_both_agreed_on_outlives_one_try_too_many() -> None:
    pair = Pair()
    for _ in range(MOST_NONCES - 1):
        pair.sides["ada"].restart()
    pair.sides["ada"].out.clear()
    pair.sides["ada"].say_again()
    pair.finish()
    ada, bob = (pair.sides[who].handshake for who in ("ada", "bob"))
    assert why(ada, write_message(Commit(bytes(32)))) is Refusal.TOO_OFTEN
    assert bob.take(ada.seal_name("Ada")).events == [Name("Ada")]


def test_large_and_senseless_messages_are_refused() -> None:
    ada, bob = agreed_pair()
    for handshake in (ada, Handshake(SESSION, "ada", "bob", ADA, chance(1))):
        for size in (LONGEST + 1, 10**6):
            assert why(handshake, b" " * size) is Refusal.TOO_LONG
        for data in (b"", b" " * LONGEST, b"[" * LONGEST, b"\xff", b'{"kind":"name","name":"Ada"}'):
            assert why(handshake, data) is Refusal.MALFORMED
    assert bob.take(ada.seal_name("x" * 60)).events == [Name("x" * 60)]


def test_every_message_is_small_enough_for_the_server() -> None:
    ada, _ = agreed_pair()
    longest = [*ada.messages(), ada.seal_name("\U0001f642" * 60), ada.seal_key(KEY_ID, KEY), ada.seal_have(KEY_ID)]
    assert max(map(len, longest)) * 4 / 3 < 4096 / 3


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_done_to_messages_nothing_comes_that_was_not_sent(seed: int) -> None:
    """The server changes, repeats, swaps and leaves out: people still get only what the others sealed, if anything."""
    with seeded(seed) as random:
        for _ in range(12):
            pair = Pair()
            sides = pair.sides
            seen: list[bytes] = []
            for _ in range(50):
                me, other = random.choice([("ada", "bob"), ("bob", "ada")])
                if sides[me].handshake.agreed and random.random() < 0.3:
                    sides[me].out.append(sides[me].handshake.seal_name(me.title()))
                if sides[me].out:
                    seen.append(sides[me].out.popleft())
                    if random.random() < 0.8:
                        sides[other].take(seen[-1])
                if seen and random.random() < 0.3:
                    sides[other].take(random.choice(seen))
                if seen and random.random() < 0.1:
                    fields = json.loads(random.choice(seen))
                    donor = json.loads(random.choice(seen))
                    name = random.choice(list(donor))
                    sides[other].take(json.dumps(fields | {name: donor[name]}).encode())
            for me, other in (("ada", "bob"), ("bob", "ada")):
                for event in sides[me].events:
                    assert event == Name(other.title()) or isinstance(event, Agreed | DoesNotFit | Missing)
                    if isinstance(event, Agreed):
                        assert event.public == (BOB if me == "ada" else ADA).public


def test_identities_and_keys_do_not_print_themselves() -> None:
    ada, bob = agreed_pair()
    taken = bob.take(ada.seal_key(KEY_ID, KEY))
    shown = f"{ada} {ada!r} {taken} {taken.events}"
    value = ADA._key.private_numbers().private_value
    assert f"{value:x}" not in shown
    assert bytes(KEY.reveal()).hex() not in shown
    with pytest.raises(TypeError):
        pickle.dumps(ada)
