"""Datagrams that go into a handshake: before an honest client comes, while it shakes hands, and after (`sfu/dtls.py`).

Until a handshake is done anyone can forge what a client says, so the honest one gets through all the same.

Input: a script. The operation's low two bits say when its datagram comes, the next three how long after the one before.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from sfu import records
from sfu.dtls import MAX_OUT, DtlsServer, DtlsState, Fingerprint, Identity
from tests.fuzz.target import STEPS, Target, join_steps, split_steps
from tests.fuzz.world import PAUSES_US
from tests.sfu.client import DtlsClient, fingerprint
from tests.sfu.handshake import message, record

MOST = 24
"""Datagrams of one input: fewer than handshakes that may be begun for one peer."""

BEFORE, AMID, AFTER = range(3)
PATIENCE = 12
"""How often the client repeats itself, a second apart."""

IDENTITY = Identity.generate()
EXPECTED = (Fingerprint(*fingerprint().split(" ")),)


class _Exchange:
    def __init__(self, steps: list[bytes]) -> None:
        self.server = DtlsServer(IDENTITY, EXPECTED)
        self.now = 1_000_000
        self._steps = steps

    def state(self) -> DtlsState:
        return self.server.state

    def forge(self, when: int) -> None:
        """The hostile datagrams of that time. What they bring about is not the client's."""
        for step in self._steps:
            if step[0] & 3 == when:
                self.now += PAUSES_US[step[0] >> 2 & 7]
                self.give([step[1:]])

    def give(self, datagrams: list[bytes]) -> list[bytes]:
        for datagram in datagrams:
            self.server.receive(datagram, self.now)
        self.server.tick(self.now)
        out = self.server.take()
        assert len(out) <= MAX_OUT
        assert all(0 < len(each) <= records.MTU for each in out)
        return out

    def shake(self, client: DtlsClient, *, amid: bool) -> bool:
        """Whether it came to an end."""
        going = flight = client.start()
        for _ in range(PATIENCE):
            while going:
                flight = going
                answers = self.give(going)
                if amid:
                    self.forge(AMID)
                    amid = False
                for answer in answers:
                    client.feed(answer)
                going = client.take()
            if client.done:
                return True
            self.now += 1_000_000
            going = flight
        return False


def run(data: bytes) -> Hashable:
    steps = split_steps(data)[:MOST]
    exchange = _Exchange(steps)
    exchange.forge(BEFORE)
    assert exchange.state() is DtlsState.WAITING, "a handshake was ended by somebody who took no part in it"
    client = DtlsClient()
    if not exchange.shake(client, amid=True):
        # what is forged amid a handshake can spoil it, in any implementation; then the client begins again
        assert any(step[0] & 3 == AMID for step in steps), "the honest client doesn't get through"
        assert exchange.state() is DtlsState.WAITING
        client = DtlsClient()
        assert exchange.shake(client, amid=False), "the honest client doesn't get through the second time"
    assert exchange.state() is DtlsState.CONNECTED
    assert exchange.server.srtp is not None
    exchange.forge(AFTER)
    assert exchange.state() is DtlsState.CONNECTED, "a call was ended by somebody who has no keys"
    exchange.give(client.close())
    assert exchange.state() is DtlsState.CLOSED
    return exchange.server.dropped.bit_length()


def seeds() -> Iterator[bytes]:
    # as `DtlsClient` begins, but the same each time
    hello = bytes.fromhex(
        "fefd" + "5a" * 32 + "0000" + "0014c02bc02fcca9cca8c009c013c00ac014009c002f" + "0100"
        "003a" + "00170000" + "ff01000100" + "000a00080006001d00170018" + "000b00020100" + "000e0009000600080007000100"
        "000d000a0008040308040401" + "0501"
    )
    begin = record(22, message(1, 0, hello))
    null = record(22, message(1, 0, b"\xfe\xfd" + b"\x11" * 32 + bytes(2) + b"\x00\x02\x00\x00\x01\x00"))
    finished = record(22, bytes(48), 1)
    keys = record(22, message(16, 2, b"\x41\x04" + bytes(64))) + record(20, b"\x01") + finished
    alert = record(21, b"\x02\x28") + record(21, bytes(26), 1)
    for when in (BEFORE, AMID, AFTER):
        yield join_steps([bytes([when]) + each for each in (begin, null, alert)])
        yield join_steps([bytes([when]) + begin, bytes([when | 4 << 2]) + begin, bytes([when]) + keys])
    yield join_steps([bytes([BEFORE]) + begin.replace(b"\x5a" * 32, bytes([each]) * 32) for each in range(8)])
    first = record(22, message(1, 0, hello[:50], len(hello)))
    yield join_steps([bytes([BEFORE]) + first, bytes([BEFORE]) + record(22, message(1, 0, hello[50:], len(hello), 50))])


TARGET = Target("dtls", run, seeds, shape=STEPS, brief=120, watched=("sfu/dtls.py", "sfu/records.py"))
