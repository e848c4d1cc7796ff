"""The flooder sends what it is told to, as much of it, and sealed so that it opens."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from pylibsrtp import Error, Policy, Session

from bench.attacks import ATTACKS, Attack, Seal
from bench.client import PROFILE, client_socket, session
from bench.flood import HEADERS, Flood, Volley
from bench.place import LOOPBACK
from bench.traffic import Endpoint, Setting, Traffic
from tests.bench.test_attacks import KNOWN

KEY = bytes(range(PROFILE.key_length + PROFILE.salt_length))
MANY = 40
UDP = [each for each in ATTACKS if not each.load(KNOWN).frames]


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Whom it comes from, and whom it reaches."""
    source, target = client_socket(LOOPBACK), client_socket(LOOPBACK)
    source.connect(target.getsockname())
    yield source, target
    source.close()
    target.close()


def sent(
    attack: Attack, source: socket.socket, target: socket.socket, total: int = MANY
) -> tuple[dict[str, int], list[bytes]]:
    endpoint = Endpoint(source, session(KEY, Policy.SSRC_ANY_OUTBOUND), session(KEY, Policy.SSRC_ANY_INBOUND))
    volley = Volley(total, 20_000, 1e9, [source], target.getsockname(), endpoint, KNOWN.slot_ssrc)
    traffic = Traffic()
    with Flood(attack.load(KNOWN), volley) as flood:
        traffic.run(Setting(1, 0.1, spin=False, measured=False), flood)
        counts = flood.counts
    traffic.close()
    received = []
    while True:
        try:
            received.append(target.recv(70_000))
        except BlockingIOError:
            return counts, received


@pytest.mark.parametrize("attack", UDP, ids=lambda each: each.name)
def test_everything_arrives_and_what_is_sealed_opens(attack: Attack, pair: tuple[socket.socket, socket.socket]) -> None:
    counts, received = sent(attack, *pair)
    assert counts["sent"] == len(received) == MANY
    assert counts["bytes_sent"] == sum(len(packet) + HEADERS for packet in received)
    ammunition = attack.load(KNOWN)
    if ammunition.seal is Seal.CLEAR:
        return
    receiver = session(KEY, Policy.SSRC_ANY_INBOUND)
    opened = sum(opens(receiver, packet, ammunition.seal) for packet in received)
    assert opened == (1 if ammunition.copies else MANY - counts["unsealed"])
    assert counts["unsealed"] <= MANY // 3


def opens(receiver: Session, packet: bytes, seal: Seal) -> bool:
    try:
        receiver.unprotect(packet) if seal is Seal.RTP else receiver.unprotect_rtcp(packet)
    except Error:
        return False
    return True


def test_no_two_are_alike_where_they_are_to_be_random(pair: tuple[socket.socket, socket.socket]) -> None:
    attack = next(each for each in ATTACKS if each.name == "random bytes")
    _, received = sent(attack, *pair)
    assert len(set(received)) == MANY


def test_it_keeps_to_its_rate(pair: tuple[socket.socket, socket.socket]) -> None:
    counts, _ = sent(UDP[0], *pair, total=1_000_000)
    assert counts["sent"] <= 20_000 * 0.11


def test_connections_are_begun_and_ended() -> None:
    attack = next(each for each in ATTACKS if each.load(KNOWN).frames)
    with socket.create_server((LOOPBACK, 0), backlog=64) as listening:
        source = client_socket(LOOPBACK)
        volley = Volley(3000, 100_000, 1e9, [source], listening.getsockname())
        traffic = Traffic()
        with Flood(attack.load(KNOWN), volley) as flood:
            traffic.run(Setting(1, 0.1, spin=False, measured=False), flood)
            counts = flood.counts
        traffic.close()
        source.close()
    assert counts["connections"] > 0
    assert counts["sent"] > 0
