"""Janus' VideoRoom, from Debian's package: each handle with a thread of its own, as it comes, or all on one event loop,
which is its better set-up.

Configured for no other purpose than forwarding: one plugin, one transport, no recording, no bandwidth limit. Its ICE
is lite, as ours; so is LiveKit's.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench import description
from bench.client import Client, Identity, connect, publishing
from bench.description import Line
from bench.errors import Failed, NotAvailable
from bench.processes import BUILD, Cores, Program, run
from bench.systems import Entry
from bench.traffic import Receiving, Traffic

PORT = 18188
FIRST_SSRC = 200_000
START_SECONDS = 10.0
ANSWER_SECONDS = 20.0

GENERAL = """
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{libraries}/plugins"
    transports_folder = "{libraries}/transports"
    events_folder = "{libraries}/events"
    loggers_folder = "{libraries}/loggers"
    debug_level = 2
    debug_colors = false
    session_timeout = 0
    {loops}
}}
media: {{ ipv6 = false }}
nat: {{ ice_lite = true, ice_enforce_list = "{address}", full_trickle = false }}
plugins: {{ disable = "{other_plugins}" }}
transports: {{ disable = "{other_transports}" }}
events: {{ broadcast = false }}
"""

TRANSPORT = """
general: {{ json = "compact", http = true, port = {port}, ip = "127.0.0.1", https = false }}
admin: {{ admin_http = false }}
"""


class Janus:
    def __init__(self, address: str, cores: Cores, event_loops: int) -> None:
        self._address = address
        self._identity = Identity()
        folder = BUILD / "janus" / (f"loops-{event_loops}" if event_loops else "default")
        _configure(folder, address, event_loops)
        self._program = Program(["janus", "-F", str(folder)], cores, folder / "log")
        self._events: dict[int, list[dict[str, Any]]] = {}
        self._http = http.client.HTTPConnection("127.0.0.1", PORT, timeout=ANSWER_SECONDS)
        self._session = self._begin_session()

    @property
    def pid(self) -> int:
        return self._program.pid

    def open_rooms(self, rooms: int, subscribers: int, traffic: Traffic) -> None:
        handles = [self._attach() for _ in range(rooms)]
        clients = [Client(self._identity, self._address) for _ in range(rooms)]
        for number, (handle, client) in enumerate(zip(handles, clients, strict=True)):
            room = {"room": number + 1, "publishers": 1, "bitrate": 0, "videocodec": "vp8", "permanent": False}
            self._message(handle, {"request": "create", **room})
            offer = description.offer(client.local, [Line("sendonly", ssrc=FIRST_SSRC + number)])
            join = {"request": "joinandconfigure", "ptype": "publisher", "room": number + 1, "video": True}
            self._message(handle, join, {"type": "offer", "sdp": offer, "trickle": False})
        answers = [self._event(handle, lambda data: data.get("videoroom") == "joined") for handle in handles]
        remotes = [description.read(answer["jsep"]["sdp"]) for answer in answers]
        connect(list(zip(clients, remotes, strict=True)))
        for number, (client, remote, answer) in enumerate(zip(clients, remotes, answers, strict=True)):
            publisher = publishing(client.endpoint(), remote, FIRST_SSRC + number)
            traffic.add_publisher(publisher)
            feed = answer["plugindata"]["data"]["id"]
            for viewer in self._subscribe(number + 1, feed, subscribers):
                traffic.add_subscriber(viewer, publisher)

    def close(self) -> None:
        self._http.close()
        self._program.stop()

    def _subscribe(self, room: int, feed: int, count: int) -> list[Receiving]:
        handles = [self._attach() for _ in range(count)]
        for handle in handles:
            self._message(handle, {"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": feed}]})
        pairs = []
        for handle in handles:
            event = self._event(handle, lambda data: data.get("videoroom") == "attached")
            client, remote = Client(self._identity, self._address), description.read(event["jsep"]["sdp"])
            answer = {"type": "answer", "sdp": description.answer(client.local, remote), "trickle": False}
            self._message(handle, {"request": "start", "room": room}, answer)
            pairs.append((client, remote))
        connect(pairs)
        made = []
        for client, remote in pairs:
            media = remote.media[0]
            ssrc = media.ssrcs[0]
            made.append(Receiving(client.endpoint(), ssrc, media.rtx_of.get(ssrc, 0)))
        return made

    # Its API: one session, a handle for each connection -------------------------------------------------------------

    def _begin_session(self) -> int:
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                answer = self._post("/janus", {"janus": "create"})
                return int(answer["data"]["id"])
            except OSError:
                self._http.close()
                if not self._program.running or time.monotonic() > until:
                    raise Failed(f"Janus didn't start: {self._program.last_words()}") from None
                time.sleep(0.1)

    def _attach(self) -> int:
        answer = self._post(f"/janus/{self._session}", {"janus": "attach", "plugin": "janus.plugin.videoroom"})
        return int(answer["data"]["id"])

    def _message(self, handle: int, body: dict[str, Any], jsep: dict[str, Any] | None = None) -> None:
        request = {"janus": "message", "body": body, **({"jsep": jsep} if jsep else {})}
        self._post(f"/janus/{self._session}/{handle}", request)

    def _event(self, handle: int, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first event of a handle whose data are `wanted`. Raises Failed on an error in its place."""
        until = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < until:
            for event in self._events.pop(handle, []):
                data = event.get("plugindata", {}).get("data", {})
                if "error" in data:
                    raise Failed(f"Janus: {data['error']}")
                if wanted(data):
                    return event
            for event in self._request("GET", f"/janus/{self._session}?maxev=50", None):
                if "sender" in event:
                    self._events.setdefault(event["sender"], []).append(event)
        raise Failed("Janus: no answer")

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._request("POST", path, {**body, "transaction": secrets.token_hex(6)})
        if answer.get("janus") == "error":
            raise Failed(f"Janus: {answer['error']['reason']}")
        return answer

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        self._http.request(method, path, json.dumps(body) if body is not None else None)
        return json.loads(self._http.getresponse().read())


def _configure(folder: Path, address: str, event_loops: int) -> None:
    libraries = _libraries()
    folder.mkdir(parents=True, exist_ok=True)

    def others(kind: str, kept: str) -> str:
        return ",".join(sorted(each.name for each in (libraries / kind).glob("*.so") if each.name != kept))

    general = GENERAL.format(
        folder=folder,
        libraries=libraries,
        address=address,
        loops=f"event_loops = {event_loops}" if event_loops else "",
        other_plugins=others("plugins", "libjanus_videoroom.so"),
        other_transports=others("transports", "libjanus_http.so"),
    )
    (folder / "janus.jcfg").write_text(general)
    (folder / "janus.transport.http.jcfg").write_text(TRANSPORT.format(port=PORT))
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")


def _libraries() -> Path:
    found = sorted(Path("/usr/lib").glob("*/janus"))
    if not found:
        raise NotAvailable("Janus' plugins aren't where Debian puts them")
    return found[0]


def _prepare() -> str:
    if shutil.which("janus") is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise NotAvailable("the Debian package janus isn't installed: sudo apt-get install janus")
        run(["apt-get", "update", "-q"])
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "install", "-y", "-q", "--no-install-recommends", "janus"], quiet)
    _libraries()
    return "Janus " + run(["dpkg-query", "--show", "--showformat=${Version}", "janus"]).strip()


def _start(event_loops: int, address: str, cores: Cores) -> Janus:
    return Janus(address, cores, event_loops)


ENTRIES = (
    Entry("janus", "blocking", partial(_start, 0), _prepare),
    Entry("janus, event_loops=1", "blocking", partial(_start, 1), _prepare),
)
