"""A small WebDriver BiDi client (w3c.github.io/webdriver-bidi) for Debian's Firefox, which needs no other driver.

Firefox has no camera that plays a file. Its fake camera paints the whole picture in one strong colour that changes
with every frame, its fake microphone plays a steady tone of a pitch that is set here.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
from contextlib import nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp

from tests.browser.content import FIREFOX as CONTENT
from tests.browser.content import Content
from tests.browser.networks import Place
from tests.browser.person import RECOGNISE, Person, eventually
from tests.browser.service import free_ports

FIREFOX = os.environ.get("FIREFOX") or shutil.which("firefox-esr") or "/usr/bin/firefox-esr"

PREFERENCES: dict[str, object] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "remote.prefs.recommended": True,
}

GIVEN_UP = ("Firefox can’t establish a connection to the server at ws", "The connection to ws")
"""What Firefox calls an error where a page closes a socket that is still connecting. Ours opens a second one beside one
that may be dead, and closes it when the first says something."""


class FirefoxPerson(Person):
    """One person at one Firefox with one tab. Use as `async with FirefoxPerson(name, folder) as person`."""

    def __init__(
        self, name: str, folder: Path, place: Place | None = None, content: Content = CONTENT, /, **preferences: object
    ) -> None:
        """`place`: a network of its own. `content`: one of those that Firefox can play."""
        super().__init__(name, content)
        self._profile = folder / f"firefox-{content.pitch}"
        self._place = place
        pitch = {"media.navigator.audio.fake_frequency": content.pitch}
        self._preferences = PREFERENCES | pitch | preferences
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def __aenter__(self) -> FirefoxPerson:
        self._profile.mkdir(parents=True)
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in self._preferences.items())
        (self._profile / "user.js").write_text("".join(lines))
        [port] = free_ports(1)
        here = [] if self._place is None else self._place.command()
        self._process = await asyncio.create_subprocess_exec(
            *(*here, FIREFOX, "--headless", "--no-remote", "--profile", str(self._profile)),
            *("--remote-debugging-port", str(port), "--width", "1280", "--height", "800"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env=os.environ | {"HOME": str(self._profile), "MOZ_DISABLE_CONTENT_SANDBOX": "1"},
        )
        self._client = aiohttp.ClientSession()

        async def connect() -> aiohttp.ClientWebSocketResponse | None:
            with suppress(aiohttp.ClientError), nullcontext() if self._place is None else self._place.entered():
                return await self._client.ws_connect(f"ws://127.0.0.1:{port}/session", max_msg_size=0)
            return None

        self._socket = await eventually(connect, "Firefox opens its BiDi socket", seconds=60)
        self._reader = asyncio.create_task(self._read())
        await self.call("session.new", capabilities={})
        tree = await self.call("browsingContext.getTree")
        self._tab = tree["contexts"][0]["context"]
        await self.call("session.subscribe", events=["log.entryAdded"])
        await self.prepare(RECOGNISE)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(ConnectionError, RuntimeError, TimeoutError):
            await asyncio.wait_for(self.call("browser.close"), 5)
        self._reader.cancel()
        await self._client.close()
        try:
            await asyncio.wait_for(self._process.wait(), 10)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Sends one command and returns its result; raises RuntimeError with Firefox's own words."""
        number = next(self._ids)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        return await asyncio.wait_for(answer, 30)

    async def _read(self) -> None:
        async for message in self._socket:
            said = json.loads(message.data)
            if said.get("method") == "log.entryAdded" and said["params"]["level"] == "error":
                text = str(said["params"]["text"])
                if not text.startswith(GIVEN_UP):
                    self.errors.append(text)
            answer = self._answers.pop(said["id"], None) if "id" in said and said["id"] is not None else None
            if answer is None or answer.done():
                continue
            if said["type"] == "success":
                answer.set_result(said["result"])
            else:
                answer.set_exception(RuntimeError(f"{said['error']}: {said['message']}"))

    async def prepare(self, script: str) -> None:
        await self.call("script.addPreloadScript", functionDeclaration=f"() => {{ {script} }}")

    async def open(self, link: str) -> None:
        await self.call("browsingContext.navigate", context=self._tab, url=link, wait="complete")

    async def evaluate(self, function: str, *values: Any) -> Any:
        """Calls a JavaScript function in the page; arguments and result are JSON."""
        wrapped = f"async (values) => JSON.stringify(await ({function})(...JSON.parse(values)) ?? null)"
        result = await self.call(
            "script.callFunction",
            functionDeclaration=wrapped,
            arguments=[{"type": "string", "value": json.dumps(values)}],
            target={"context": self._tab},
            awaitPromise=True,
            userActivation=False,
        )
        if result["type"] != "success":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    async def find(self, role: str, name: str) -> str | None:
        """The shared id of the first element of this role and accessible name, if there is one."""
        locator = {"type": "accessibility", "value": {"role": role, "name": name}}
        found = await self.call("browsingContext.locateNodes", context=self._tab, locator=locator)
        return str(found["nodes"][0]["sharedId"]) if found["nodes"] else None

    async def press(self, name: str) -> None:
        await self._click("button", name)

    async def _click(self, role: str, name: str) -> None:
        """A real click in the middle of what has this name."""
        node = await eventually(lambda: self.find(role, name), f"Firefox shows the {role} {name!r}")
        origin = {"type": "element", "element": {"sharedId": node}}
        moves: list[dict[str, object]] = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        await self._act({"type": "pointer", "id": "mouse", "actions": moves})

    async def fill(self, name: str, text: str) -> None:
        await self._click("textbox", name)
        keys = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        await self._act({"type": "key", "id": "keyboard", "actions": keys})

    async def _act(self, *actions: dict[str, object]) -> None:
        await self.call("input.performActions", context=self._tab, actions=list(actions))
