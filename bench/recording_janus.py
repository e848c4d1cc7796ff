"""Janus' VideoRoom with calls of two, sound and picture, and its own recording of what they send: packets as they come,
into .mjr files, in clear.

Each person has two connections there, one to send on and one to receive on. Not here: how Janus is started and spoken
to (`systems/janus.py`).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench import description
from bench.client import Client, connect, publishing
from bench.description import Line
from bench.errors import Failed
from bench.processes import Cores
from bench.recording_films import Cast
from bench.recording_playing import Playing
from bench.systems.janus import Janus
from bench.traffic import Endpoint, Receiving, Sending

FIRST_SSRC = 500_000
SOUND, PICTURE = range(2)
"""Places of the m-lines in what is sent."""


class RecordingJanus(Janus):
    def __init__(self, address: str, cores: Cores, folder: Path, event_loops: int) -> None:
        """`folder`: where its recordings go; what is there is deleted."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        super().__init__(address, cores, event_loops)
        self.folder = folder
        self._rooms: list[tuple[int, int]] = []
        """The room's number, and a handle to speak of it."""

    @property
    def pids(self) -> dict[str, int]:
        return {"server": self.pid}

    def open_calls(self, count: int, playing: Playing, cast: Sequence[Cast]) -> None:
        """Connected, seeing and hearing each other, and added to `playing`. Raises Failed."""
        for number in range(1, count + 1):
            handle = self._attach()
            room = {"room": number, "publishers": 2, "bitrate": 0, "videocodec": "vp8", "audiocodec": "opus"}
            files = {"permanent": False, "rec_dir": str(self.folder), "record": False}
            self._message(handle, {"request": "create", **room, **files})
            self._rooms.append((number, handle))
            sent = [self._publish(number, 2 * number + which) for which in range(2)]
            for which, (_, sending) in enumerate(sent):
                films = cast[which % len(cast)]
                playing.add_person(list(zip(sending, films.films, strict=True)))
            for which in range(2):
                feed, sending = sent[1 - which]
                for receiving, each in zip(self._watch(number, feed), sending, strict=True):
                    playing.add_receiving(receiving, each)

    def record(self) -> None:
        self._switch(True)

    def stop(self) -> None:
        self._switch(False)

    def _switch(self, on: bool) -> None:
        for room, handle in self._rooms:
            self._message(handle, {"request": "enable_recording", "room": room, "record": on})

    def _publish(self, room: int, number: int) -> tuple[int, tuple[Sending, Sending]]:
        """What others subscribe to, and what is to be sent: sound and picture."""
        handle, client = self._attach(), Client(self._identity, self._address)
        lines = [Line("sendonly", "audio", FIRST_SSRC + 2 * number), Line("sendonly", ssrc=FIRST_SSRC + 2 * number + 1)]
        join = {"request": "joinandconfigure", "ptype": "publisher", "room": room, "audio": True, "video": True}
        offer = {"type": "offer", "sdp": description.offer(client.local, lines), "trickle": False}
        self._message(handle, join, offer)
        event = self._event(handle, lambda data: data.get("videoroom") == "joined")
        remote = description.read(event["jsep"]["sdp"])
        connect([(client, remote)])
        endpoint = client.endpoint()
        ids = remote.media[SOUND].extensions
        sound = Sending(
            endpoint,
            lines[SOUND].ssrc,
            description.OPUS,
            str(SOUND),
            ids.get(description.MID_URI, 0),
            ids.get(description.TRANSPORT_URI, 0),
        )
        feed: int = event["plugindata"]["data"]["id"]
        return feed, (sound, publishing(endpoint, remote, lines[PICTURE].ssrc, PICTURE))

    def _watch(self, room: int, feed: int) -> list[Receiving]:
        """Sound and picture of somebody."""
        handle, client = self._attach(), Client(self._identity, self._address)
        self._message(handle, {"request": "join", "ptype": "subscriber", "room": room, "streams": [{"feed": feed}]})
        event = self._event(handle, lambda data: data.get("videoroom") == "attached")
        remote = description.read(event["jsep"]["sdp"])
        if [media.kind for media in remote.media] != ["audio", "video"]:
            raise Failed(f"Janus offers {[media.kind for media in remote.media]} in place of sound and picture")
        # numbers and m-lines are those of its offer, so ours to receive the same is an answer
        lines = [Line("recvonly", media.kind) for media in remote.media]
        answer = {"type": "answer", "sdp": description.offer(client.local, lines), "trickle": False}
        self._message(handle, {"request": "start", "room": room}, answer)
        connect([(client, remote)])
        endpoint = client.endpoint()
        return [_receiving(endpoint, media) for media in remote.media]


def _receiving(endpoint: Endpoint, media: description.Media) -> Receiving:
    return Receiving(endpoint, media.ssrcs[0], media.rtx_of.get(media.ssrcs[0], 0))


STARTS: dict[str, Callable[[str, Cores, Path], RecordingJanus]] = {
    "janus": partial(RecordingJanus, event_loops=0),
    "janus, event_loops=1": partial(RecordingJanus, event_loops=1),
}
