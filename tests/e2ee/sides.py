"""Two sides of a handshake and what is between them, without keys that differ from run to run."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable

from recording.e2ee import Agreed, Event, Handshake, PrivateKey, Refused
from tests.e2ee.made_up import ADA, BOB, SESSION, chance


class Side:
    """One person's page. What it reveals is looked at: rule 1 of `handshake.py` must hold whatever happens."""

    def __init__(self, me: str, other: str, identity: PrivateKey, seed: int) -> None:
        self.handshake = Handshake(SESSION, me, other, identity, chance(seed))
        self.events: list[Event] = []
        self.out: deque[bytes] = deque(self.handshake.messages())
        self.refused = 0
        self._heard: list[str] = []
        self._revealed: dict[str, str] = {}
        """Against which commitment each nonce was."""
        self._note(self.out)

    def take(self, message: bytes) -> None:
        fields = json.loads(message)
        if fields["kind"] == "commit":
            self._heard.append(fields.get("commitment", ""))
        try:
            taken = self.handshake.take(message)
        except Refused:
            self.refused += 1
            return
        self._note(taken.send)
        self.out += taken.send
        self.events += taken.events

    def restart(self) -> None:
        messages = self.handshake.restart()
        self._note(messages)
        self.out += messages

    def say_again(self, *, lost: bool = False) -> None:
        """`lost`: because what was sent and has not arrived never will."""
        if lost:
            self.out.clear()
        messages = self.handshake.again()
        self._note(messages)
        self.out += messages

    @property
    def agreed(self) -> Agreed | None:
        """With what, if it still holds."""
        last = [event for event in self.events if isinstance(event, Agreed)][-1:]
        return last[0] if last and self.handshake.agreed else None

    def _note(self, messages: Iterable[bytes]) -> None:
        for message in messages:
            fields = json.loads(message)
            if fields["kind"] == "reveal":
                against = fields["answers"]
                assert against in self._heard, "revealed before the other side had committed itself"
                assert self._revealed.setdefault(fields["nonce"], against) == against, "a nonce is revealed twice"


class Pair:
    """Ada and Bob, with a wire in each direction that keeps the order."""

    MOST, MOST_EACH = 20, 5
    """Messages after which two who are left alone must have come to an end, and so many more for each that was still on
    its way: those of pages that are gone are answered too."""

    def __init__(self) -> None:
        self.pages = 0
        self.sides = {"ada": self._page("ada"), "bob": self._page("bob")}

    def _page(self, me: str) -> Side:
        self.pages += 1
        return Side(me, other_of(me), ADA if me == "ada" else BOB, self.pages)

    def new_page(self, me: str, *, lost: bool) -> None:
        """`lost`: what the old page had sent, and was not delivered, is; otherwise it still comes."""
        still: deque[bytes] = deque() if lost else self.sides[me].out
        self.sides[me] = self._page(me)
        self.sides[me].out = still + self.sides[me].out

    def deliver(self, me: str, *, twice: bool = False) -> None:
        """The next message of `me`."""
        out = self.sides[me].out
        if out:
            message = out[0] if twice else out.popleft()
            self.sides[other_of(me)].take(message)

    def finish(self) -> None:
        """Everything arrives. Then both have agreed, with each other."""
        delivered = 0
        most = self.MOST + self.MOST_EACH * sum(len(side.out) for side in self.sides.values())
        while any(side.out for side in self.sides.values()):
            for me in self.sides:
                if self.sides[me].out:
                    self.deliver(me)
                    delivered += 1
            assert delivered <= most, "they never come to an end"
        ada, bob = self.sides["ada"].agreed, self.sides["bob"].agreed
        assert ada is not None
        assert bob is not None
        assert ada.code == bob.code
        assert (ada.public, bob.public) == (BOB.public, ADA.public)


def other_of(me: str) -> str:
    return "bob" if me == "ada" else "ada"
