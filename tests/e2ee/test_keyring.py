"""Which keys there are, whose, and for how long."""

from __future__ import annotations

import pytest

from recording.e2ee import BadKey, CannotOpen, KeyRing, Reason, Secret, Sender
from recording.e2ee.keyring import MOST_KEYS, STAYS
from tests.e2ee.made_up import KEY, KEY_ID, NUMBER, OTHER_KEY


def key(number: int) -> Secret:
    return Secret(number.to_bytes(32, "big"))


def opened(ring: KeyRing, data: bytes, now: float = 0.0, sender: int = NUMBER) -> bytes | Reason:
    try:
        return ring.open(sender, data, b"", now)
    except CannotOpen as error:
        return error.reason


def test_the_key_before_stays_for_ten_seconds_after_the_next_is_used() -> None:
    ring = KeyRing()
    before, after = Sender(KEY_ID, KEY), Sender(KEY_ID + 1, OTHER_KEY)
    ring.add(NUMBER, KEY_ID, KEY)
    ring.add(NUMBER, KEY_ID + 1, OTHER_KEY)
    assert opened(ring, before.seal(b"a"), 1000.0) == b"a"  # others do not have the next one yet
    assert opened(ring, after.seal(b"b"), 1000.0) == b"b"
    assert opened(ring, before.seal(b"c"), 1000.0 + STAYS - 0.1) == b"c"
    assert opened(ring, after.seal(b"d"), 1000.0 + STAYS - 0.1) == b"d"
    assert opened(ring, before.seal(b"e"), 1000.0 + STAYS) is Reason.NO_KEY
    assert opened(ring, after.seal(b"f"), 1000.0 + STAYS) == b"f"
    assert (len(ring), KEY_ID in ring, KEY_ID + 1 in ring) == (1, False, True)


def test_a_forged_frame_under_the_next_key_retires_nothing() -> None:
    ring = KeyRing()
    ring.add(NUMBER, KEY_ID, KEY)
    ring.add(NUMBER, KEY_ID + 1, OTHER_KEY)
    assert opened(ring, Sender(KEY_ID + 1, KEY).seal(b"x")) is Reason.FORGED
    ring.expire(10 * STAYS)
    assert KEY_ID in ring


def test_a_late_frame_of_the_key_before_does_not_retire_the_newest() -> None:
    ring = KeyRing()
    first, second = Sender(KEY_ID, KEY), Sender(KEY_ID + 1, OTHER_KEY)
    ring.add(NUMBER, KEY_ID, KEY)
    ring.add(NUMBER, KEY_ID + 1, OTHER_KEY)
    opened(ring, second.seal(b"x"), 0.0)
    opened(ring, first.seal(b"x"), 5.0)
    ring.expire(10 * STAYS)
    assert (KEY_ID in ring, KEY_ID + 1 in ring) == (False, True)


def test_whoever_has_gone_is_heard_for_ten_seconds_more() -> None:
    ring, sender = KeyRing(), Sender(KEY_ID, KEY)
    ring.add(NUMBER, KEY_ID, KEY)
    ring.add(9, 9 * 256, OTHER_KEY)
    ring.retire(NUMBER, -STAYS)
    ring.retire(NUMBER, -1.0)
    ring.retire(12345, 0.0)
    assert opened(ring, sender.seal(b"a"), -0.1) == b"a"
    assert opened(ring, sender.seal(b"b"), 0.0) is Reason.NO_KEY
    assert len(ring) == 1


def test_the_same_key_again_keeps_what_it_has_opened() -> None:
    """Whoever came back gives it once more: no frame can be shown twice for that, and it does not go."""
    ring, sender = KeyRing(), Sender(KEY_ID, KEY)
    frame = sender.seal(b"a")
    ring.add(NUMBER, KEY_ID, KEY)
    assert opened(ring, frame) == b"a"
    ring.retire(NUMBER, 0.0)
    ring.add(NUMBER, KEY_ID, KEY)
    assert opened(ring, frame, 2 * STAYS) is Reason.REPLAYED
    assert opened(ring, sender.seal(b"b"), 2 * STAYS) == b"b"


def test_another_key_under_the_same_id_takes_its_place() -> None:
    ring = KeyRing()
    ring.add(NUMBER, KEY_ID, KEY)
    ring.add(NUMBER, KEY_ID, OTHER_KEY)
    assert opened(ring, Sender(KEY_ID, KEY).seal(b"a")) is Reason.FORGED
    assert opened(ring, Sender(KEY_ID, OTHER_KEY).seal(b"a")) == b"a"
    assert len(ring) == 1


def test_a_key_is_its_senders_to_give() -> None:
    ring = KeyRing()
    for sender, key_id in ((NUMBER, KEY_ID + 256), (NUMBER, KEY_ID - 1), (0, 5), (65_536, 65_536 * 256), (-1, -256)):
        with pytest.raises(BadKey):
            ring.add(sender, key_id, KEY)
    for length in (0, 16, 31, 33):
        with pytest.raises(BadKey):
            ring.add(NUMBER, KEY_ID, Secret(bytes(length)))
    assert len(ring) == 0
    ring.add(65_535, 65_535 * 256 + 255, KEY)
    assert opened(ring, Sender(65_535 * 256 + 255, KEY).seal(b"a"), sender=65_535) == b"a"


def test_only_so_many_keys_of_one_sender_are_kept() -> None:
    ring = KeyRing()
    for epoch in range(256):
        ring.add(NUMBER, KEY_ID + epoch, key(epoch))
        ring.add(3, 3 * 256, KEY)
    assert len(ring) == MOST_KEYS + 1
    assert opened(ring, Sender(KEY_ID + 255, key(255)).seal(b"a")) == b"a"
    assert opened(ring, Sender(KEY_ID + 256 - MOST_KEYS, key(256 - MOST_KEYS)).seal(b"a")) == b"a"
    assert opened(ring, Sender(KEY_ID + 255 - MOST_KEYS, key(255 - MOST_KEYS)).seal(b"a")) is Reason.NO_KEY
    ring.add(NUMBER, KEY_ID, key(0))  # the epochs begin again
    assert opened(ring, Sender(KEY_ID, key(0)).seal(b"a")) == b"a"


def test_everything_is_forgotten_and_overwritten() -> None:
    ring = KeyRing()
    ring.add(NUMBER, KEY_ID, KEY)
    ring.add(3, 3 * 256, OTHER_KEY)
    frame = Sender(KEY_ID, KEY).seal(b"a")
    kept = [each for keys in ring._senders.values() for each in keys.values()]
    shown = f"{ring} {ring!r} {kept}"
    for secret in (KEY, OTHER_KEY):
        assert bytes(secret.reveal()).hex() not in shown
        assert repr(bytes(secret.reveal()))[2:-1] not in shown
    ring.forget()
    assert len(ring) == 0
    assert opened(ring, frame) is Reason.NO_KEY
    for each in kept:
        assert bytes(each.receiver._key._salt) == bytes(12)
        assert each.receiver._key._cipher is None
    assert bytes(KEY.reveal()) == bytes(range(32))  # the giver's is the giver's
    ring.add(NUMBER, KEY_ID, KEY)
    assert opened(ring, frame) == b"a"
