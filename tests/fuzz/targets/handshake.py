"""Messages of a handshake (`recording/e2ee`): one is taken as it was sent, or refused and has changed nothing.

Input: a byte that says how far the handshake is (0 begun, 1 committed, 2 agreed; 3: what was sealed), and a message.
"""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterator

from recording.e2ee import (
    Agreed,
    BadMessage,
    DoesNotFit,
    Handshake,
    Have,
    Missing,
    Name,
    PrivateKey,
    Refused,
    Secret,
    SenderKey,
)
from recording.e2ee.messages import Content, read_content, read_message, write_content, write_message
from tests.fuzz.target import TOKENS, Target

ADA, BOB = (PrivateKey.derive(bytes([number]) * 32) for number in (1, 2))
SENT: list[Content] = [Name("Ada"), SenderKey(1792, Secret(bytes(32)), 0), Have(1792)]
BEGUN, COMMITTED, AGREED, SEALED = range(4)


def _handshake(me: str, other: str, identity: PrivateKey, seed: int) -> Handshake:
    return Handshake("session", me, other, identity, random.Random(seed).randbytes)


def _until(stage: int) -> tuple[Handshake, Handshake, list[bytes]]:
    """Ada, Bob, who is so far, and what she would send him next. The same each time."""
    ada, bob = _handshake("ada", "bob", ADA, 1), _handshake("bob", "ada", BOB, 2)
    send = ada.messages()
    if stage >= COMMITTED:
        send = ada.take(bob.take(send[0]).send[0]).send
    if stage >= AGREED:
        ada.take(bob.take(send[0]).send[0])
        send = [ada.seal_name("Ada"), ada.seal_key(1792, Secret(bytes(32))), ada.seal_have(1792)]
    return ada, bob, send


def run(data: bytes) -> Hashable:
    stage, data = data[0] % 4 if data else BEGUN, data[1:]
    if stage == SEALED:
        return _content(data)
    _, bob, _ = _until(stage)
    before = _state(bob)
    try:
        taken = bob.take(data)
    except Refused as error:
        assert _state(bob) == before, "a message that was refused has changed something"
        return stage, error.why
    read = read_message(data)
    assert read_message(write_message(read)) == read
    for event in taken.events:
        if isinstance(event, Agreed):
            assert event.public == ADA.public, "agreed with somebody else"
        else:
            assert event in SENT or isinstance(event, DoesNotFit | Missing), "something is opened that nobody sealed"
    assert stage == AGREED or not any(event in SENT for event in taken.events)
    return stage, len(taken.send), tuple(type(event).__name__ for event in taken.events)


def _state(handshake: Handshake) -> dict[str, object]:
    return {key: value for key, value in vars(handshake).items() if key != "_entropy"}


def _content(data: bytes) -> Hashable:
    try:
        content = read_content(data)
    except BadMessage as error:
        return str(error)
    assert read_content(write_content(content)) == content, "what was read is not what is written"
    return type(content).__name__


def seeds() -> Iterator[bytes]:
    for stage in (BEGUN, COMMITTED, AGREED):
        ada, _, send = _until(stage)
        for message in [*send, *ada.messages(), *ada.restart()]:
            yield bytes([stage]) + message
    for content in SENT:
        yield bytes([SEALED]) + write_content(content)


TARGET = Target(
    "handshake",
    run,
    seeds,
    words=(
        *(
            b'"kind":',
            b'"commit"',
            b'"reveal"',
            b'"sealed"',
            b'"name"',
            b'"key"',
            b'"have"',
            b'"answers":',
            b'"sequence":',
        ),
        *(b'"\\ud800"', b"1e999", b"NaN", b"null", b"true", b"1.0", b"-1", b"9007199254740992", b"\xff", b"[" * 300),
        *(b'"' + b"A" * 43 + b'"', b'"' + b"a" * 61 + b'"'),
    ),
    shape=TOKENS,
    watched=tuple(f"recording/e2ee/{each}.py" for each in ("handshake", "messages", "transcript", "hpke")),
)
