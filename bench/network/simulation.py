"""A case, simulated: simulated browsers around the real engine, joined by links, on one simulated clock. No sockets, no
sleeping: a minute takes seconds, and the same seed gives the same run.

Each call has two people: one who sends from a good network, and one who receives behind the bottleneck. Not here: what
they do (`publisher.py`, `subscriber.py`), what it is worth (`score.py`).
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from functools import partial

from aioice import stun

from bench.network import media, rtcp
from bench.network.cases import OWN_DELAY_MS, Case, Flow
from bench.network.clock import START, Clock
from bench.network.encoder import FRAME_US, Encoder
from bench.network.link import Line, Path, Queue
from bench.network.others import Other
from bench.network.playout import Sound
from bench.network.publisher import CAMERA_MID, MICROPHONE_MID, PACE_US, Encoding, Estimated, Publisher, Ramp, Uplink
from bench.network.rate import SECOND, Rate
from bench.network.sealed import HEADERS, LEVEL_ID, MID_ID, REPAIRED_RID_ID, RID_ID, TRANSPORT_ID, Sealed, srtp
from bench.network.subscriber import ASK_US, Slot, Subscriber
from sfu.core import Engine

TICK_US = 5_000
SAMPLE_US = 100_000
SOUND_US = 20_000
WIDE_BPS = 20e6
"""Of an uplink that is not what is tried."""

TOLD_US = 60_000
"""Until a publisher knows which encodings are wanted: it is told by message."""

RIDS = ("q", "h", "f")
SMALLER_BPS = {"q": 150_000.0, "h": 500_000.0}
LEAST_BPS = {"q": 30_000.0, "h": 150_000.0, "f": 600_000.0}
"""As the web client and its browser have them."""

PASSWORD = "the+servers+password/0123"  # noqa: S105 - between simulated ends


@dataclass
class Person:
    """Somebody at the engine."""

    sealed: Sealed
    address: bytes
    peer: int
    up: Path
    down: Path
    publisher: Publisher | None = None
    subscriber: Subscriber | None = None


@dataclass
class Viewed:
    """One direction of a call, as it was received. Times are of the case, from 0."""

    flow: Flow
    publisher: Publisher
    subscriber: Subscriber
    slot: Slot
    sound: Sound
    is_back: bool
    """Against the direction that is tried."""
    peer: int
    """Whose slots these are, for the engine."""
    tracks: tuple[int, int]
    """Camera and microphone, likewise."""
    estimates: list[tuple[int, float]] = field(default_factory=list)


@dataclass
class Measured:
    case: Case
    seed: int
    views: list[Viewed]
    waited: list[tuple[int, int]]
    """(when, how long) of each packet of a call in the bottleneck's queue."""
    downloaded: dict[int, int]
    """Bytes of others, in each `subscriber.BIN_US`."""
    counters: dict[str, int]

    @property
    def forth(self) -> list[Viewed]:
        return [view for view in self.views if not view.is_back]

    @property
    def back(self) -> list[Viewed]:
        return [view for view in self.views if view.is_back]


class Simulation:
    def __init__(self, case: Case, seed: int) -> None:
        self.case = case
        self._seed = seed
        self._chance = random.Random(seed)  # noqa: S311 - chance from a seed, no secret
        self._clock = Clock()
        self._engine = Engine(max_peers=64, seed=seed + 1)
        self._people: dict[bytes, Person] = {}
        self._views: list[Viewed] = []
        self._cameras: dict[int, Publisher] = {}
        self._others: list[Other] = []
        self._bottleneck = Queue(_shifted(case.down), round(case.queue_ms * 1000))
        self._way_back = None if case.up is None else Queue(_shifted(case.up), round(case.queue_ms * 1000))
        self._media_waited: list[tuple[int, int]] = []
        for number, flow in enumerate(case.flows):
            self._open(number, flow)
        if case.downloads is not None:
            for number in range(case.downloads.count):
                path = Path(self._bottleneck, Line(round(case.delay_ms * 1000)), seed * 1000 + 900 + number)
                self._others.append(Other(self._clock, self._chance, path, case.downloads))
        self._clock.every(TICK_US, self._engine.tick, START)
        self._clock.every(SAMPLE_US, self._sample, START)

    def run(self) -> Measured:
        end = START + round(self.case.seconds * SECOND)
        self._clock.run(end, self._deliver)
        for view in self._views:
            view.subscriber.finish(end)
        downloaded: Counter[int] = Counter()
        for other in self._others:
            downloaded.update(other.carried)
        counters = self._engine.counters()
        return Measured(self.case, self._seed, self._views, self._media_waited, downloaded, counters)

    # People

    def _open(self, number: int, flow: Flow) -> None:
        case = self.case
        delay = round(1000 * (case.delay_ms if flow.delay_ms is None else flow.delay_ms))
        jitter = round(case.jitter_ms * 1000)
        near = Line(round(OWN_DELAY_MS * 1000))
        down = Line(delay, jitter, case.loss, _spans(case.outages_down))
        up = Line(delay, jitter, case.loss, _spans(case.outages_up))
        seed = self._seed * 1000 + number * 10
        sender = self._join(2 * number + 1, Path(None, near, seed + 1), Path(None, near, seed + 2))
        viewer = self._join(2 * number + 2, Path(self._way_back, up, seed + 3), Path(self._bottleneck, down, seed + 4))
        begins = START + round(flow.begins * SECOND)
        self._view(sender, viewer, flow, begins, Ramp(WIDE_BPS), False)
        if case.both_ways:
            self._view(viewer, sender, flow, begins, Estimated(), True)

    def _join(self, name: int, up: Path, down: Path) -> Person:
        engine, now = self._engine, START
        address = Engine.udp_address("127.0.0.1", 20_000 + name)
        peer = engine.add_peer()
        engine.set_credentials(peer, f"person{name}", "page", PASSWORD)
        engine.process([(_check(f"person{name}:page"), address)], now)
        engine.set_extensions(
            peer, mid=MID_ID, rid=RID_ID, repaired_rid=REPAIRED_RID_ID, transport_cc=TRANSPORT_ID, audio_level=LEVEL_ID
        )
        sealed = Sealed(name, self._seed * 100 + name, lambda data, now: self._up(person, data, now))
        person = self._people[address] = Person(sealed, address, peer, up, down)
        engine.set_keys(peer, srtp(sealed.up_key, outbound=False), srtp(sealed.down_key, outbound=True))
        self._clock.every(PACE_US, sealed.feed_back, now + 1000 * name % PACE_US)
        return person

    def _view(self, sender: Person, viewer: Person, flow: Flow, begins: int, uplink: Uplink, is_back: bool) -> None:
        """The one sees and hears the other from `begins` on."""
        case, engine, clock = self.case, self._engine, self._clock
        name = sender.sealed.name
        encodings = self._encodings(name)
        publisher = sender.publisher = Publisher(sender.sealed, encodings, uplink, case.sound_bytes)
        camera = engine.add_track(sender.peer, CAMERA_MID, "video", media.VIDEO_CODECS)
        engine.set_ceilings(sender.peer, True)
        if len(encodings) > 1:
            engine.name_layers(camera, [each.rid for each in encodings])
        else:
            engine.add_ssrc(camera, encodings[0].ssrc, encodings[0].rtx_ssrc)
        self._cameras[camera] = publisher
        microphone = engine.add_track(sender.peer, MICROPHONE_MID, "audio", media.AUDIO_CODECS)
        engine.add_ssrc(microphone, publisher.voice_ssrc)
        round_trip = 2 * viewer.down.line.delay_us
        subscriber = viewer.subscriber = Subscriber(viewer.sealed, round_trip)
        slot_ssrc = 1000 * viewer.sealed.name + 500
        slot = subscriber.add_slot(slot_ssrc, slot_ssrc + 1)
        sound = subscriber.add_sound(slot_ssrc + 2)
        picture = engine.add_slot(viewer.peer, slot_ssrc, slot_ssrc + 1, media.VIDEO_CODECS, TRANSPORT_ID)
        voice = engine.add_slot(viewer.peer, slot_ssrc + 2, 0, media.HEARD_CODECS, TRANSPORT_ID)
        engine.connect(picture, camera)
        engine.connect(voice, microphone)
        view = Viewed(flow, publisher, subscriber, slot, sound, is_back, viewer.peer, (camera, microphone))
        self._views.append(view)
        publisher.camera_on = case.camera
        offset = self._chance.randrange(FRAME_US)
        clock.every(FRAME_US, publisher.picture, begins + offset)
        clock.every(SOUND_US, publisher.sound, begins + offset % SOUND_US)
        clock.every(PACE_US, publisher.pace, begins)
        clock.every(SECOND // 5, publisher.share, begins)
        clock.every(SECOND, publisher.report, begins + offset)
        clock.every(ASK_US, subscriber.ask, begins)
        clock.every(SOUND_US, subscriber.play, begins)
        clock.every(SECOND, subscriber.report, begins + SECOND // 2)
        for begin, end in flow.pauses:
            for at, on in ((begin, False), (end, True)):
                clock.at(START + round(at * SECOND), partial(self._switch, view, on))

    def _switch(self, view: Viewed, on: bool, now: int) -> None:
        """Camera and microphone. Everybody is told so, and misses nothing."""
        for track in view.tracks:
            self._engine.pause_track(track, not on)
        view.publisher.camera_on = view.publisher.microphone_on = on
        view.sound.switch(on)
        if on:
            view.slot.pictures.freezes.resume()
            for each in view.publisher.encodings:
                each.encoder.want_key()
        view.publisher.share(now)

    def _encodings(self, name: int) -> list[Encoding]:
        case, made = self.case, []
        for place, rid in enumerate(RIDS[-case.encodings :]):
            most = min(SMALLER_BPS.get(rid, case.most_kbit * 1000), case.most_kbit * 1000)
            encoder = Encoder(self._seed * 100 + 10 * name + place, most)
            ssrc = 1000 * name + 10 * place + 2
            lines = case.lines >> (case.encodings - 1 - place)
            least = LEAST_BPS[rid] if place else 0.0
            made.append(Encoding(rid, ssrc, ssrc + 1, encoder, lines, least, wanted=place == case.encodings - 1))
        return made

    # Packets

    def _up(self, person: Person, data: bytes, now: int) -> None:
        arrives = person.up.send(now, len(data) + HEADERS)
        if arrives is not None:
            self._clock.at(arrives, lambda then: self._engine.process([(data, person.address)], then))

    def _deliver(self) -> None:
        """What the engine has to send goes on its way."""
        for data, address in self._engine.drain():
            person = self._people.get(address)
            if person is None or data[0] < 128:
                continue
            now = self._clock.now
            queue = person.down.queue
            count = len(queue.waited) if queue is not None else 0
            arrives = person.down.send(now, len(data) + HEADERS)
            if queue is not None and len(queue.waited) > count:
                at, waited = queue.waited[-1]
                self._media_waited.append((at - START, waited))
            if arrives is not None:
                self._clock.at(arrives, partial(_receive, person, data))

    def _sample(self, now: int) -> None:
        """Notes what the engine believes, and passes on what it wants."""
        for view in self._views:
            stats = self._engine.peer_stats(view.peer)
            view.estimates.append((now - START, float(stats.get("estimate_bps", 0))))
        for event in self._engine.take_events():
            if event[0] == "wanted":
                _, _, track, layers = event
                self._clock.at(now + TOLD_US, partial(want, self._cameras[track], layers))


def want(publisher: Publisher, layers: int, now: int) -> None:
    """The server says which encodings somebody looks at: a bit for each."""
    for place, each in enumerate(publisher.encodings):
        wanted = bool(layers >> place & 1)
        if wanted and not each.wanted:
            each.encoder.want_key()
        each.wanted = wanted
    publisher.share(now)


def _receive(person: Person, data: bytes, now: int) -> None:
    is_rtcp, opened = person.sealed.open(data, now)
    if not opened:
        return
    if not is_rtcp:
        if person.subscriber is not None:
            person.subscriber.receive(opened, now)
        return
    for part in rtcp.parts(opened):
        if part.kind == rtcp.SENDER_REPORT and person.subscriber is not None:
            person.subscriber.reported(part, now)
        if person.publisher is not None:
            person.publisher.told(part, now)


def _spans(spans: tuple[tuple[float, float], ...]) -> tuple[tuple[int, int], ...]:
    return tuple((START + round(begin * SECOND), START + round(end * SECOND)) for begin, end in spans)


def _shifted(rate: Rate) -> Rate:
    """From the case's clock to the engine's."""
    return Rate(((0, rate.steps[0][1]), *((at + START, each) for at, each in rate.steps[1:])))


def _check(username: str) -> bytes:
    """A connectivity check, with which a browser's address becomes known."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, bytes(12))
    message.attributes["USERNAME"] = username
    message.attributes["ICE-CONTROLLING"] = 7
    message.attributes["PRIORITY"] = 1845494271
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(PASSWORD.encode())
    return bytes(message)
