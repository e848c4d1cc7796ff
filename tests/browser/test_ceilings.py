"""What a browser makes of being told what to send at most, and what it sees of a picture whose frames are left out: two
bare pages at the media server itself, with estimates that the test sets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sfu import LayersWanted, MediaConfig, MediaEvent, MediaServer, PeerAnswer
from tests.browser.conftest import Launch
from tests.browser.content import DOCTOR
from tests.browser.firefox import FirefoxPerson
from tests.browser.person import eventually

BARE = Path(__file__).with_name("bare.js").read_text().strip().removesuffix(";")
BARE = BARE[BARE.index("async (") :]

ENCODINGS = [
    {"rid": "q", "scaleResolutionDownBy": 4, "maxBitrate": 150_000, "active": False, "scalabilityMode": "L1T3"},
    {"rid": "h", "scaleResolutionDownBy": 2, "maxBitrate": 500_000, "active": False, "scalabilityMode": "L1T3"},
    {"rid": "f", "scaleResolutionDownBy": 1, "maxBitrate": 2_500_000, "active": True, "scalabilityMode": "L1T3"},
]

Evaluate = Callable[..., Awaitable[Any]]

pytestmark = pytest.mark.timeout(120)


class Pair:
    """A page that sends and one that receives, through a media server in this process."""

    def __init__(self) -> None:
        self.server = MediaServer(MediaConfig(port=0, loopback=True), self._told)
        self._wanted: tuple[str, ...] = ("f",)
        self._sender: Evaluate
        self._viewer: Evaluate
        self._events: list[MediaEvent] = []

    async def open(self, sender: Evaluate, viewer: Evaluate) -> None:
        await self.server.start()
        self._sender, self._viewer = sender, viewer
        self.publisher = await self._join(sender, sends=True)
        self.subscriber = await self._join(viewer, sends=False)
        [slot] = self.subscriber.slots
        self.server.connect(self.publisher.peer, "camera", self.subscriber.peer, slot.mid)

    async def _join(self, page: Evaluate, sends: bool) -> PeerAnswer:
        sdp = await page(BARE, {"encodings": ENCODINGS, "sends": sends})
        if not sends:
            # so that the estimate is the test's
            sdp = "".join(f"{line}\r\n" for line in sdp.splitlines() if "transport-" not in line)
        answer = self.server.open_peer(sdp, {"camera": "0"} if sends else {})
        await page("sdp => window.pc.setRemoteDescription({ type: 'answer', sdp })", answer.sdp)
        return answer

    def _told(self, event: MediaEvent) -> None:
        self._events.append(event)

    async def obey(self) -> None:
        """What our client does with what is wanted."""
        for event in self._events:
            if isinstance(event, LayersWanted) and event.peer == self.publisher.peer:
                await self._sender("rids => window.want(rids)", list(event.layers["camera"]))
        self._events.clear()

    def carries(self, bps: int) -> None:
        """From now on, to the viewer."""
        [thread] = self.server._threads
        thread._engine.set_estimate(thread.plane._peers[self.subscriber.peer].handle, bps)

    def shows(self, height: int) -> None:
        self.server.show(self.subscriber.peer, self.subscriber.slots[0].mid, height)

    async def rates(self, seconds: float = 2.0) -> tuple[dict[str, float], dict[str, float]]:
        """Bits a second of each encoding; bits and frames a second, height and key frames asked for of what is seen."""
        first, seen_first = await self._sender("() => window.look()"), await self._viewer("() => window.look()")
        for _ in range(int(seconds * 10)):
            await asyncio.sleep(0.1)
            await self.obey()
        last, seen = await self._sender("() => window.look()"), await self._viewer("() => window.look()")
        sent = {
            rid: 8 * (each["bytes"] - first["sent"].get(rid, {"bytes": 0})["bytes"]) / (last["at"] - first["at"])
            for rid, each in last["sent"].items()
        }
        passed, now, before = (
            seen["at"] - seen_first["at"],
            seen["seen"],
            seen_first["seen"] or {"bytes": 0, "frames": 0},
        )
        return sent, {
            "bps": 8 * (now["bytes"] - before["bytes"]) / passed,
            "fps": (now["frames"] - before["frames"]) / passed,
            "height": now["height"],
            "plis": now["plis"],
        }

    async def until(self, right: Callable[[dict[str, float], dict[str, float]], bool], what: str) -> None:
        last: object = None

        async def look() -> bool:
            nonlocal last
            last = await self.rates(1.5)
            return right(*last)

        try:
            await eventually(look, what, seconds=30)
        except AssertionError as error:
            raise AssertionError(f"{error}; last seen: {last}") from None


@pytest_asyncio.fixture(loop_scope="session")
async def pair() -> AsyncIterator[Pair]:
    made = Pair()
    yield made
    await made.server.close()


@pytest_asyncio.fixture(loop_scope="session")
async def chromium(browser_of: Launch) -> AsyncIterator[Evaluate]:
    """Opens bare pages; the last line of `page.evaluate` is what it returns."""
    browser = await browser_of(DOCTOR)
    context = await browser.new_context()

    async def make() -> Evaluate:
        page = await context.new_page()

        async def evaluate(function: str, value: Any = None) -> Any:
            return await page.evaluate(f"value => ({function})(value)", value)

        return evaluate

    yield make
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def fox(tmp_path: Path) -> AsyncIterator[FirefoxPerson]:
    async with FirefoxPerson("Fay Fox", tmp_path) as person:
        yield person


async def test_chromium_sends_what_its_only_viewer_can_take_in_one_encoding(pair: Pair, chromium: Evaluate) -> None:
    await pair.open(await chromium(), await chromium())
    await pair.until(lambda sent, seen: sent["f"] > 1_200_000 and seen["height"] >= 540, "it begins in full")
    _, before = await pair.rates(1)
    pair.carries(600_000)
    await pair.until(lambda sent, seen: 350_000 < sent["f"] < 700_000, "it follows")
    _, narrow = await pair.rates(2)
    assert narrow["fps"] > 12
    assert narrow["plis"] == before["plis"], "no frame was missed"
    pair.carries(150_000)
    await pair.until(lambda sent, seen: 50_000 < sent["f"] < 190_000 and seen["height"] < 540, "with a smaller picture")
    pair.carries(0)
    await pair.until(lambda sent, seen: sent["f"] > 1_000_000, "and grows again when nothing holds it back")
    sent, _ = await pair.rates(1)
    assert not sent.get("q")
    assert not sent.get("h")


async def test_chromium_shows_what_is_left_of_a_picture_and_all_of_it_again(pair: Pair, chromium: Evaluate) -> None:
    """Its sender is not told, so only frames can be left out."""
    await pair.open(await chromium(), await chromium())
    await pair.until(lambda sent, seen: seen["fps"] > 25 and sent["f"] > 1_000_000, "all frames")
    [thread] = pair.server._threads
    thread._engine.set_ceilings(thread.plane._peers[pair.publisher.peer].handle, False)
    _, before = await pair.rates(1)
    pair.carries(int(0.5 * before["bps"]))
    await pair.until(lambda sent, seen: 5 < seen["fps"] < 20, "fewer frames")
    pair.carries(0)
    await pair.until(lambda sent, seen: seen["fps"] > 25, "all frames again")
    _, after = await pair.rates(1)
    assert after["plis"] == before["plis"], "without a key frame"


async def test_chromium_changes_between_sizes_as_the_tile_does(pair: Pair, chromium: Evaluate) -> None:
    await pair.open(await chromium(), await chromium())
    await pair.until(lambda sent, seen: seen["height"] >= 540, "in full")
    pair.shows(90)
    await pair.until(lambda sent, seen: 0 < seen["height"] <= 180 and not sent["f"], "small, and nothing else is sent")
    pair.shows(0)
    await pair.until(lambda sent, seen: not any(sent.values()), "nothing")
    pair.shows(720)
    await pair.until(lambda sent, seen: seen["height"] > 180 and seen["fps"] > 10, "in full again")


async def test_firefox_sends_what_its_only_viewer_can_take(pair: Pair, chromium: Evaluate, fox: FirefoxPerson) -> None:
    await fox.open("about:blank")

    async def page(function: str, value: Any = None) -> Any:
        return await fox.evaluate(f"text => ({function})(JSON.parse(text))", json.dumps(value))

    await pair.open(page, await chromium())
    await pair.until(lambda sent, seen: sent["f"] > 1_000_000, "it begins in full")
    pair.carries(500_000)
    await pair.until(lambda sent, seen: 200_000 < sent["f"] < 620_000, "it follows")
    pair.carries(0)
    await pair.until(lambda sent, seen: sent["f"] > 900_000, "and grows again")
