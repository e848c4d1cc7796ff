"""What deploy/turn lets coturn do, tried with a real one in networks of the test's own: it relays to the media port,
and to nothing else."""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aioice import stun, turn
from pydantic import SecretStr

from signaling.turn import LIFETIME, TurnServers
from tests.networks import CLINIC, ELSEWHERE, Networks, networks
from tests.turn.coturn import SECRET, Coturn, program
from tests.turn.listener import Listener

MEDIA_PORT = 10000
OTHER_PORT = 9999
FORBIDDEN = 403
UNAUTHORIZED = 401
WAIT = 1.0
"""Seconds in which something that passes has long arrived."""

WAYS = {"UDP": ("udp", 3478, False), "TCP": ("tcp", 3478, False), "TLS": ("tcp", 443, True)}


@pytest.fixture(scope="module")
def places() -> Iterator[Networks]:
    program()
    with networks() as made:
        yield made


@pytest.fixture(scope="module")
def coturn(places: Networks) -> Iterator[Coturn]:
    running = Coturn(places.clinic, (CLINIC, MEDIA_PORT))
    running.guard()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def media(places: Networks) -> Iterator[Listener]:
    with Listener(places.clinic, CLINIC, MEDIA_PORT) as listening:
        yield listening


def relay(
    places: Networks,
    to: tuple[str, int],
    way: str = "UDP",
    *,
    now: float | None = None,
    secret: str = SECRET,
) -> bool:
    """From home through coturn to an address: whether an echo came back. Raises TransactionFailed."""
    credential = TurnServers(("turn:x",), SecretStr(secret)).credential(now or time.time(), lambda: "test")
    transport, port, tls = WAYS[way]

    async def go() -> bool:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        loop = asyncio.get_running_loop()
        echoed: asyncio.Future[bool] = loop.create_future()

        class Protocol(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
                if not echoed.done():
                    echoed.set_result(True)

            def error_received(self, exc: Exception) -> None:
                if not echoed.done():
                    echoed.set_exception(exc)

        opened, _ = await turn.create_turn_endpoint(
            Protocol,
            (CLINIC, port),
            credential.username,
            credential.password,
            transport=transport,
            ssl=context if tls else None,
        )
        try:
            opened.sendto(b"is anybody there", to)
            return await asyncio.wait_for(echoed, WAIT)
        except TimeoutError:
            return False
        finally:
            opened.close()
            await asyncio.sleep(0)

    return places.home.do(lambda: asyncio.run(go()))


@pytest.mark.parametrize("way", WAYS)
def test_the_media_port_is_reached_on_each_way(places: Networks, coturn: Coturn, media: Listener, way: str) -> None:
    assert relay(places, (CLINIC, MEDIA_PORT), way)


def test_another_port_of_the_same_machine_is_not(places: Networks, coturn: Coturn, media: Listener) -> None:
    with Listener(places.clinic, CLINIC, OTHER_PORT) as other:
        assert not relay(places, (CLINIC, OTHER_PORT))
        assert not other.heard
    # whoever tries loses their relay; nobody else does
    assert relay(places, (CLINIC, MEDIA_PORT))


def test_it_is_the_firewall_that_stops_that(places: Networks, coturn: Coturn) -> None:
    coturn.unguard()
    try:
        with Listener(places.clinic, CLINIC, OTHER_PORT) as other:
            assert relay(places, (CLINIC, OTHER_PORT))
            assert other.heard
    finally:
        coturn.guard()


@pytest.mark.parametrize("address", [ELSEWHERE, "127.0.0.1", "10.77.1.2", "0.0.0.0", "224.0.0.1"])
def test_another_machine_is_refused(places: Networks, coturn: Coturn, address: str) -> None:
    with Listener(places.elsewhere, ELSEWHERE, MEDIA_PORT) as other, pytest.raises(stun.TransactionFailed) as refused:
        relay(places, (address, MEDIA_PORT))
    assert refused.value.response.error_code == FORBIDDEN
    assert not other.heard


def test_even_a_coturn_that_were_taken_over_reaches_nothing_else(places: Networks, coturn: Coturn) -> None:
    """Whatever runs as its user: no connection of its own, no name server, no other machine."""
    with Listener(places.elsewhere, ELSEWHERE, MEDIA_PORT) as other:
        places.clinic.says(
            sys.executable,
            "-c",
            "import os, pwd, socket\n"
            "user = pwd.getpwnam('turnserver')\n"
            "os.setgroups([])\n"
            "os.setgid(user.pw_gid)\n"
            "os.setuid(user.pw_uid)\n"
            "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "try:\n"
            f"    s.sendto(b'x', ('{ELSEWHERE}', {MEDIA_PORT}))\n"
            "except PermissionError:\n"
            "    pass\n"
            "t = socket.socket()\n"
            "t.settimeout(1)\n"
            "try:\n"
            f"    t.connect(('{ELSEWHERE}', 80))\n"
            "except OSError as error:\n"
            "    assert not isinstance(error, ConnectionRefusedError), 'it got there'\n"
            "else:\n"
            "    raise SystemExit('connected')\n",
        )
        assert not other.heard


@pytest.mark.parametrize(
    ("now", "secret"),
    [(-LIFETIME - 5.0, SECRET), (0.0, "another-secret-altogether")],
    ids=["a credential that has ended", "one made with another secret"],
)
def test_without_a_good_credential_there_is_no_relay(
    places: Networks, coturn: Coturn, media: Listener, now: float, secret: str
) -> None:
    with pytest.raises(stun.TransactionFailed) as refused:
        relay(places, (CLINIC, MEDIA_PORT), now=time.time() + now, secret=secret)
    assert refused.value.response.error_code == UNAUTHORIZED


def test_one_person_has_only_so_many_relays(places: Networks, coturn: Coturn) -> None:
    quota = int(
        next(
            line for line in Path("deploy/turn/turnserver.conf").read_text().splitlines() if "user-quota" in line
        ).partition("=")[2]
    )
    credential = TurnServers(("turn:x",), SecretStr(SECRET)).credential(time.time(), lambda: "greedy")

    async def open_many() -> int:
        opened = []
        try:
            for _ in range(quota + 1):
                opened.append(
                    await turn.create_turn_endpoint(
                        asyncio.DatagramProtocol, (CLINIC, 3478), credential.username, credential.password
                    )
                )
        except stun.TransactionFailed:
            return len(opened)
        finally:
            for transport, _ in opened:
                transport.close()
            await asyncio.sleep(0.2)
        return len(opened)

    assert places.home.do(lambda: asyncio.run(open_many())) == quota
