"""The whole media server on this machine, with aiortc's peer connections as browsers."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import struct
from contextlib import ExitStack, suppress

import pytest
import uvloop

from sfu import (
    ConfigError,
    MediaConfig,
    MediaEvent,
    MediaServer,
    PeerConnected,
    PeerError,
    PeerLost,
)
from tests.sfu.client import Client
from tests.sfu.stage import WITHIN, Browser, Stage, Wire, sees, stage
from tests.sfu.test_dtls import null_hello


async def test_two_people_see_and_hear_each_other() -> None:
    async with stage() as on:
        one, other = await on.browser(60), await on.browser(200)
        on.plug(one, other)
        on.plug(other, one)
        await on.connected(one, other)
        await sees(other, 60)
        await sees(one, 200)
        async with asyncio.timeout(WITHIN):
            assert await one.hears() == pytest.approx(440, abs=20)
            assert await other.hears() == pytest.approx(440, abs=20)
        assert set(on.server.reports()) == {one.peer.peer, other.peer.peer}
        assert on.server.reports()[one.peer.peer].transport == "udp"
        assert on.server.counters()["rtp_forwarded"] > 0
        assert on.server.counters()["dropped_auth"] == 0


async def test_what_is_paused_is_not_forwarded() -> None:
    async with stage() as on:
        one, other = await on.browser(60), await on.browser(200)
        on.plug(one, other)
        await on.connected(one, other)
        await sees(other, 60)
        on.server.pause(one.peer.peer, "camera", True)
        on.server.pause(one.peer.peer, "microphone", True)
        before = on.server.counters()["dropped_paused"]
        await on.until(lambda: on.server.counters()["dropped_paused"] > before + 50)
        forwarded = on.server.counters()["rtp_forwarded"]
        await on.until(lambda: on.server.counters()["dropped_paused"] > before + 100)
        assert on.server.counters()["rtp_forwarded"] == forwarded
        on.server.pause(one.peer.peer, "camera", False)
        await on.until(lambda: on.server.counters()["rtp_forwarded"] > forwarded)


async def test_a_slot_shows_somebody_else_without_a_new_offer() -> None:
    async with stage() as on:
        first, second, viewer = await on.browser(40), await on.browser(220), await on.browser()
        on.plug(first, viewer)
        await on.connected(first, second, viewer)
        await sees(viewer, 40)
        on.plug(second, viewer)
        await sees(viewer, 220)


async def test_a_closed_page_is_noticed_at_once() -> None:
    async with stage() as on:
        one = await on.browser()
        await on.connected(one)
        await one.pc.close()
        await on.until(lambda: PeerLost(one.peer.peer, "closed") in on.events)


async def test_a_page_that_vanishes_is_noticed_after_the_silence() -> None:
    async with stage(silence_limit=1.5) as on:
        one = await on.browser()
        await on.connected(one)
        for transport in one.pc._RTCPeerConnection__iceTransports:  # type: ignore[attr-defined]
            for protocol in transport._connection._protocols:
                protocol.transport.abort()
        await on.until(lambda: any(isinstance(event, PeerLost) for event in on.events))
        assert on.events[-1] == PeerLost(one.peer.peer, "silent")


async def test_our_goodbye_closes_the_page_s_connection() -> None:
    async with stage() as on:
        one = await on.browser()
        await on.connected(one)
        on.server.close_peer(one.peer.peer)
        await on.until(lambda: one.pc.connectionState == "closed")
        assert not [event for event in on.events if isinstance(event, PeerLost)]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::"])
@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
async def test_every_way_in_leads_to_a_connection(kind: socket.SocketKind, host: str) -> None:
    async with stage(host=host) as on, asyncio.timeout(WITHIN):
        for way in ("127.0.0.1", "::1") if host == "::" else (host,):
            client = Client()
            answer = on.server.open_peer(client.offer(), {"microphone": "0"})
            client.accept(answer.sdp)
            wire = Wire(client, kind, way, on.server.ports[0])
            with wire.socket:
                await wire.open()
                assert await wire.check() == wire.socket.getsockname()[:2]
                await wire.shake()
                await on.until(lambda peer=answer.peer: PeerConnected(peer) in on.events)  # type: ignore[misc]
                transport = "udp" if kind == socket.SOCK_DGRAM else "tcp"
                assert on.server.reports()[answer.peer].transport == transport
                for datagram in client.dtls.close():
                    await wire.send(datagram)
                await on.until(lambda peer=answer.peer: PeerLost(peer, "closed") in on.events)  # type: ignore[misc]


async def test_a_connection_that_a_check_has_named_is_not_closed_for_strangers() -> None:
    """A server for one peer takes two connections; the oldest that no check has named makes room."""
    async with stage(max_peers=1) as on, asyncio.timeout(WITHIN):
        wire = await _tcp(on, Client())
        with wire.socket, ExitStack() as strangers:
            await wire.check()
            for _ in range(5):
                strangers.enter_context(socket.create_connection(("127.0.0.1", on.server.ports[0])))
            await on.until(lambda: on.server.counters()["dropped_connections"] == 4)
            await wire.check()


async def test_one_client_can_not_have_all_connections() -> None:
    """A server for five peers takes ten connections; eight of a client's are its addresses, the rest nobody's."""
    async with stage(max_peers=5) as on, asyncio.timeout(WITHIN):
        greedy, honest = Client(), Client(ufrag="honest")
        with ExitStack() as wires:
            for _ in range(10):
                wire = await _tcp(on, greedy)
                wires.enter_context(wire.socket)
                await wire.check()
            newcomer = await _tcp(on, honest)
            with newcomer.socket:
                await newcomer.check()


async def test_a_call_moves_to_another_network_and_stays_the_same_call() -> None:
    async with stage() as on, asyncio.timeout(WITHIN):
        client = Client()
        answer = on.server.open_peer(client.offer(), {"microphone": "0"})
        client.accept(answer.sdp)
        before = Wire(client, socket.SOCK_DGRAM, "127.0.0.1", on.server.ports[0])
        with before.socket:
            await before.open()
            await before.check()
            await before.shake()
            await on.until(lambda: on.events == [PeerConnected(answer.peer)])
        moved = Client(ufrag="moved", password="another+password/012345678")
        moved.dtls = client.dtls
        moved.accept(on.server.offer_again(answer.peer, moved.offer(), {"microphone": "0"}).sdp)
        after = Wire(moved, socket.SOCK_STREAM, "127.0.0.1", on.server.ports[0])
        with after.socket:
            await after.open()
            await after.check()
            assert on.server.reports()[answer.peer].transport == "tcp"
            on.server.close_peer(answer.peer)
            while not client.dtls.closed:  # the same keys as before
                client.dtls.feed(await after.receive())
        assert on.events == [PeerConnected(answer.peer)]


def test_it_runs_on_uvloop() -> None:
    async def call() -> None:
        async with stage() as on, asyncio.timeout(WITHIN):
            client = Client()
            answer = on.server.open_peer(client.offer(), {})
            client.accept(answer.sdp)
            wire = Wire(client, socket.SOCK_STREAM, "127.0.0.1", on.server.ports[0])
            with wire.socket:
                await wire.open()
                await wire.check()
                await wire.shake()
                await on.until(lambda: on.events == [PeerConnected(answer.peer)])

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(call())


async def test_strangers_disturb_nobody() -> None:
    async with stage() as on:
        one, other = await on.browser(60), await on.browser(200)
        on.plug(one, other)
        port = on.server.ports[0]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for number in range(300):
                for junk in (b"", b"\0", null_hello(), b"\x80" * 40, b"\0\1" + bytes(18), bytes([number % 256]) * 1400):
                    stranger.sendto(junk, ("127.0.0.1", port))
                if number % 50 == 0:
                    await asyncio.sleep(0.01)
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(struct.pack("!H", 3) + b"\x16\xfe\xfd" + b"\xff\xff" + bytes(100))
        await on.connected(one, other)
        await sees(other, 60)
        assert not [event for event in on.events if isinstance(event, PeerLost)]


async def test_connections_that_say_nothing_are_bounded_for_each_address() -> None:
    async with stage() as on, asyncio.timeout(WITHIN):
        silent = [socket.create_connection(("127.0.0.1", on.server.ports[0])) for _ in range(100)]
        try:
            await on.until(lambda: on.server.counters()["dropped_connections"] == 36)
            client = Client()
            client.accept(on.server.open_peer(client.offer(), {}).sdp)
            for each in silent[:10]:
                each.close()
            while True:  # as browsers try again: the server has yet to notice that they are closed
                wire = Wire(client, socket.SOCK_STREAM, "127.0.0.1", on.server.ports[0])
                with wire.socket, suppress(OSError, AssertionError):
                    await wire.open()
                    await wire.check()
                    break
        finally:
            for each in silent:
                each.close()


async def test_an_offer_that_is_refused_changes_nothing() -> None:
    async with stage() as on:
        with pytest.raises(PeerError):
            on.server.open_peer("v=0\r\n", {})
        assert on.server.counters()["peers"] == 0


async def test_udp_and_tcp_share_a_port() -> None:
    async with stage() as on:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, pytest.raises(OSError, match="in use"):
            udp.bind(("127.0.0.1", on.server.ports[0]))
        with socket.create_connection(("127.0.0.1", on.server.ports[0]), timeout=5):
            pass


async def test_a_port_that_is_taken_is_said_so() -> None:
    async with stage() as on:
        second = MediaServer(MediaConfig(host="127.0.0.1", port=on.server.ports[0]), on.events.append)
        with pytest.raises(ConfigError, match=str(on.server.ports[0])):
            await second.start()
        await second.close()


async def test_without_udp_only_tcp_is_opened() -> None:
    async with stage(udp=False) as on:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", on.server.ports[0]))
        one = Browser(1)
        on.browsers.append(one)
        await one.pc.setLocalDescription(await one.pc.createOffer())
        assert " udp " not in on.server.open_peer(one.pc.localDescription.sdp, {}).sdp


async def test_rooms_are_spread_over_threads_and_stay_there() -> None:
    async with stage(threads=2) as on:
        assert len(set(on.server.ports)) == 2
        answers = [on.server.open_peer(Client().offer(), {"microphone": "0"}, room) for room in "aabbcc"]
        ports = [int(found[1]) for answer in answers if (found := re.search(r"candidate.* (\d+) typ host", answer.sdp))]
        assert ports[0] == ports[1] != ports[2] == ports[3]
        assert ports[4] == ports[5]
        on.server.connect(answers[0].peer, "microphone", answers[1].peer, answers[1].slots[0].mid)
        with pytest.raises(PeerError) as caught:
            on.server.connect(answers[0].peer, "microphone", answers[2].peer, answers[2].slots[0].mid)
        assert caught.value.code == "other_room"
        for answer in answers[:2]:
            on.server.close_peer(answer.peer)
        assert on.server.counters()["peers"] == 4
        again = on.server.open_peer(Client().offer(), {}, "d")
        assert f" {ports[0]} typ host" in again.sdp or ports[4] == ports[0]


async def test_a_call_on_the_second_thread_plays_like_one_on_the_first() -> None:
    async with stage(threads=2) as on:
        await on.browser(10)
        pair = []
        for luma in (60, 200):
            on.browsers.append(Browser(luma))
            await on.browsers[-1].join(on.server, "another room")
            pair.append(on.browsers[-1])
        on.plug(*pair)
        on.plug(pair[1], pair[0])
        await sees(pair[1], 60)
        await sees(pair[0], 200)


async def test_the_whole_server_has_room_for_so_many_and_no_more() -> None:
    async with stage(threads=2, max_peers=3) as on:
        for room in "abc":
            on.server.open_peer(Client().offer(), {}, room)
        with pytest.raises(PeerError) as caught:
            on.server.open_peer(Client().offer(), {}, "d")
        assert caught.value.code == "too_many_peers"


def two_ports() -> tuple[socket.socket, int]:
    """A port that is taken, and the one before it, which is not."""
    while True:
        held, before = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1] - 1
        with before, suppress(OSError):
            before.bind(("127.0.0.1", port))
            return held, port
        held.close()


async def test_a_second_port_that_is_taken_leaves_the_first_free() -> None:
    held, port = two_ports()
    with held, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        second = MediaServer(MediaConfig(host="127.0.0.1", port=port, threads=2), list[MediaEvent]().append)
        with pytest.raises(ConfigError, match=str(port + 1)):
            await second.start()
        udp.bind(("127.0.0.1", port))


async def test_a_listener_that_fails_does_not_hide_other_events(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[MediaEvent] = []
    both = asyncio.Event()

    def listen(event: MediaEvent) -> None:
        heard.append(event)
        if len(heard) == 2:
            both.set()
        raise RuntimeError("secret")

    server = MediaServer(MediaConfig(host="127.0.0.1", port=0), listen)
    await server.start()
    browsers = [Browser(1), Browser(2)]
    try:
        for browser in browsers:
            await browser.join(server)
        async with asyncio.timeout(WITHIN):
            await both.wait()
    finally:
        for browser in browsers:
            await browser.pc.close()
        await server.close()
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


async def test_a_whole_call_logs_no_address_and_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="sfu"):
        async with stage() as on:
            one = await on.browser()
            await on.connected(one)
            await one.pc.close()
            await on.until(lambda: any(isinstance(event, PeerLost) for event in on.events))
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("sfu"))
    assert "Media" in ours
    assert "127.0.0.1" not in ours
    assert one.peer.peer not in ours


async def test_everything_is_given_back() -> None:
    def descriptors() -> set[str]:
        return {os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if _is_open(fd)}

    before = descriptors()
    for _ in range(3):
        server = MediaServer(MediaConfig(host="127.0.0.1", port=0), lambda event: None)
        await server.start()
        await server.close()
        await server.close()
    del server
    assert len(descriptors()) <= len(before)


async def _tcp(on: Stage, client: Client) -> Wire:
    if not client.server_ufrag:
        client.accept(on.server.open_peer(client.offer(), {}).sdp)
    wire = Wire(client, socket.SOCK_STREAM, "127.0.0.1", on.server.ports[0])
    await wire.open()
    return wire


def _is_open(fd: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{fd}")
