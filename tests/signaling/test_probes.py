"""Probes: what is sent comes back through the real media server, and nothing about them is without bounds."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from signaling import probes
from tests.sfu.offers import audio, call_offer, offer, video
from tests.sfu.stage import _for_aiortc
from tests.signaling.numbered import PATTERN_BYTES, Sends, find
from tests.signaling.server import Server, a_server

WITHIN = 20.0
LISTENS = offer(audio("0", "recvonly"))
NONE: dict[str, str | None] = {"microphone": None, "camera": None, "screen": None}


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with a_server(tmp_path, media_loopback=True) as server:
        yield server


async def ask(
    server: Server, sdp: str = LISTENS, sources: dict[str, str | None] = NONE, token: str | None = None
) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token or server.token('patient')}"}
    body = {"offer": {"sdp": sdp, "sources": sources}}
    async with server.http.post(f"{server.url}/api/probe", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def peers(server: Server) -> int:
    async with server.http.get(f"{server.url}/metrics") as answer:
        text = await answer.text()
    return int(float(re.findall(r'^therabook_media_total{what="peers"} (\S+)', text, re.M)[0]))


async def test_what_a_probe_sends_comes_back_and_nobody_else_gets_it(server: Server) -> None:
    pattern = secrets.token_bytes(PATTERN_BYTES)
    received: list[bytes] = []
    overheard: list[bytes] = []
    one, other = (
        await _connected(server, pattern, received),
        await _connected(server, secrets.token_bytes(32), overheard),
    )
    try:
        async with asyncio.timeout(WITHIN):
            while len(find(b"".join(received), pattern)["microphone"]) < 20:  # noqa: ASYNC110 - packets are not told of
                await asyncio.sleep(0.05)
        assert not find(b"".join(overheard), pattern)["microphone"]
    finally:
        await asyncio.gather(one.close(), other.close())


async def test_a_probe_is_over_when_its_page_says_goodbye(server: Server) -> None:
    for _ in range(probes.MOST_EACH - 1):
        await ask(server)
    pc = await _connected(server, secrets.token_bytes(32), [])
    assert (await ask(server))[0] == 429
    await pc.close()
    async with asyncio.timeout(WITHIN):
        while await peers(server) == probes.MOST_EACH:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    assert (await ask(server))[0] == 200


async def test_a_probe_that_stays_is_ended(server: Server) -> None:
    status, answer = await ask(server)
    assert (status, answer["seconds"]) == (200, probes.SECONDS)
    assert await peers(server) == 1
    server.clock.ahead = probes.SECONDS + 1
    async with asyncio.timeout(WITHIN):
        while await peers(server):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)


async def test_one_link_has_only_so_many_probes_at_once(server: Server) -> None:
    statuses = [(await ask(server))[0] for _ in range(probes.MOST_EACH + 1)]
    assert statuses == [200] * probes.MOST_EACH + [429]
    server.clock.ahead = probes.SECONDS + 1
    async with asyncio.timeout(WITHIN):
        while await peers(server):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.05)
    assert (await ask(server))[0] == 200


async def test_all_links_together_have_only_so_many(server: Server) -> None:
    statuses = []
    for number in range(probes.MOST + 1):
        statuses.append((await ask(server, token=server.token("patient", user=f"user-{number}")))[0])
    assert statuses == [200] * probes.MOST + [429]


async def test_probes_of_one_link_are_limited_over_time(server: Server) -> None:
    token = server.token("patient")
    statuses = []
    for _ in range(probes.EACH.burst // probes.MOST_EACH + 1):
        statuses += [(await ask(server, token=token))[0] for _ in range(probes.MOST_EACH)]
        server.clock.ahead += probes.SECONDS + 0.5
        async with asyncio.timeout(WITHIN):
            while await peers(server):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
    # the rate has given some back meanwhile
    assert statuses.count(200) <= probes.EACH.burst + probes.EACH.per_second * server.clock.ahead


async def test_without_a_link_there_is_no_probe(server: Server) -> None:
    assert (await ask(server, token="nonsense"))[0] == 401
    assert await peers(server) == 0


@pytest.mark.parametrize(
    ("sdp", "sources"),
    [
        ("v=0\r\n", NONE),
        (call_offer(), NONE),
        (offer(audio("0", "sendonly")), NONE | {"camera": "0"}),
        (offer(audio("0", "recvonly")), NONE | {"microphone": "0"}),
        (offer(audio("0", "sendonly")), NONE | {"microphone": "7"}),
    ],
    ids=["no SDP", "more than a call of one", "a camera that is sound", "sends what it receives", "no such line"],
)
async def test_an_offer_that_makes_no_sense_is_refused_and_leaves_nothing(
    server: Server, sdp: str, sources: dict[str, str | None]
) -> None:
    status, answer = await ask(server, sdp, sources)
    assert (status, answer["code"]) in [(400, "bad_offer"), (413, "too_large")]
    assert await peers(server) == 0


async def test_a_picture_may_be_sent_too(server: Server) -> None:
    sdp = offer(video("0", "sendonly", more="a=ssrc:1 cname:c\n"), video("1", "recvonly"))
    status, answer = await ask(server, sdp, NONE | {"camera": "0"})
    assert status == 200
    assert [slot["mid"] for slot in answer["answer"]["slots"]] == ["1"]


async def _connected(server: Server, pattern: bytes, received: list[bytes]) -> RTCPeerConnection:
    pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    pc.addTransceiver(Sends("microphone", pattern), direction="sendonly")
    back = pc.addTransceiver("audio", direction="recvonly").receiver
    goes_on = back._handle_rtp_packet

    async def take(packet: Any, arrival_time_ms: int) -> None:
        received.append(bytes(packet.payload))
        await goes_on(packet, arrival_time_ms=arrival_time_ms)

    back._handle_rtp_packet = take  # type: ignore[method-assign]
    await pc.setLocalDescription(await pc.createOffer())
    status, said = await ask(server, pc.localDescription.sdp, NONE | {"microphone": "0"})
    assert status == 200, said
    await pc.setRemoteDescription(RTCSessionDescription(_for_aiortc(said["answer"]["sdp"]), "answer"))
    async with asyncio.timeout(WITHIN):
        while pc.connectionState != "connected":  # noqa: ASYNC110 - aiortc tells it by a synchronous callback
            await asyncio.sleep(0.01)
    return pc
