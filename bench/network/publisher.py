"""A simulated browser that sends: a camera in one or more encodings, and a microphone.

Its bit rate is the least of what it believes its uplink carries (`Uplink`), what the server asks for at most (REMB)
and what its encodings take; it is shared as browsers share it: the smallest encoding first. Packets are paced at two
and a half times the rate. It answers NACK by RTX and PLI by a key frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bench.network import media, rtcp
from bench.network.encoder import Encoder
from bench.network.rate import SECOND
from bench.network.sealed import HEADERS, LEVEL_ID, MID_ID, REPAIRED_RID_ID, RID_ID, Sealed
from sfu.core import Estimator

PACING = 2.5
PACE_US = 5_000
OVERHEAD = 1.04
"""RTP, its extensions and the seal, to what the encoder makes."""

COPIES_FROM = 0.01
LOSS_MEMORY = 4
"""Reports."""

KEPT = 2_000
"""Packets of each encoding that can be sent again."""

CAMERA_MID, MICROPHONE_MID = "1", "0"
RID_PACKETS = 30
"""At the beginning of an encoding its packets name it."""

SOUND_BYTES = 80
"""20 ms of Opus at 32 kbit/s."""


class Uplink(Protocol):
    """What a sender believes its uplink carries."""

    def sent(self, number: int, size: int, now: int) -> None: ...

    def feedback(self, part: bytes, now: int) -> None: ...

    def target(self, now: int) -> float: ...

    def probe(self, now: int, wanted: float) -> int:
        """Bytes that are to be sent now besides, to find out about more."""


class Ramp:
    """An uplink that carries everything, found out as fast as browsers do: twice as much each second."""

    FIRST_BPS = 300_000.0

    def __init__(self, most_bps: float) -> None:
        self._most = most_bps
        self._begun_at: int | None = None

    def sent(self, number: int, size: int, now: int) -> None:
        if self._begun_at is None:
            self._begun_at = now

    def feedback(self, part: bytes, now: int) -> None:
        """It needs none."""

    def target(self, now: int) -> float:
        since = 0 if self._begun_at is None else now - self._begun_at
        return float(min(self.FIRST_BPS * 2 ** min(since / SECOND, 10), self._most))

    def probe(self, now: int, wanted: float) -> int:
        return 0


class Estimated:
    """A narrow one, found out about as browsers do, by this project's own estimator."""

    FIRST_BPS = 300_000.0

    def __init__(self) -> None:
        self._estimator = Estimator(self.FIRST_BPS)

    def sent(self, number: int, size: int, now: int) -> None:
        self._estimator.sent(number, size, now)

    def feedback(self, part: bytes, now: int) -> None:
        self._estimator.feedback(part, now)

    def target(self, now: int) -> float:
        self._estimator.pass_time(now)
        return float(self._estimator.bitrate)

    def probe(self, now: int, wanted: float) -> int:
        return int(self._estimator.probe_wanted(now, round(wanted)))


@dataclass
class Encoding:
    """One of a camera's."""

    rid: str
    ssrc: int
    rtx_ssrc: int
    encoder: Encoder
    lines: int = 720
    """Its height."""
    least_bps: float = 30_000.0
    """Below, it is not sent while another is."""
    wanted: bool = True
    seq: int = 0
    rtx_seq: int = 0
    tl0: int = 0
    packets: int = 0
    octets: int = 0
    timestamp: int = 0
    kept: dict[int, tuple[int, bytes, bool]] = field(default_factory=dict)


@dataclass
class _Waiting:
    encoding: Encoding
    seq: int
    again: bool


class Publisher:
    def __init__(self, sealed: Sealed, encodings: Sequence[Encoding], uplink: Uplink, sound_bytes: int) -> None:
        self.encodings = list(encodings)
        self.uplink = uplink
        self.voice_ssrc = 1000 * sealed.name + 1
        self.ceiling: float | None = None
        """The server's REMB."""
        self.camera_on = self.microphone_on = True
        self.sounds = 0
        self.copies = False
        """Whether sound is sent with in-band FEC: as browsers, only if it is told of loss."""
        self.targets: list[tuple[int, float]] = []
        self._sealed = sealed
        self._sound_bytes = sound_bytes
        self._sound_octets = 0
        self._loss = 0.0
        self._queue: deque[_Waiting] = deque()
        self._budget = 0.0
        self._by_ssrc = {each.ssrc: each for each in self.encodings}
        # what the estimator counts is what RTP knows of
        sealed.sent = lambda number, size, now: uplink.sent(number, size - HEADERS, now)

    @property
    def target(self) -> float:
        """Of the pictures, at the last look."""
        return sum(each.encoder.target for each in self.encodings)

    def share(self, now: int) -> None:
        """Gives each encoding its rate. A few times a second, and after each feedback."""
        left = self.uplink.target(now)
        if self.ceiling is not None:
            left = min(left, self.ceiling)
        left = (left - self._sound_bps()) / OVERHEAD
        alone = sum(each.wanted for each in self.encodings) == 1
        for each in self.encodings:
            each.encoder.target = 0.0
            if each.wanted and self.camera_on and (left >= each.least_bps or (alone and left > 0)):
                each.encoder.target = min(left, each.encoder.most_bps)
                left -= each.encoder.target
        self.targets.append((now, self.target))

    def picture(self, now: int) -> None:
        """Each `encoder.FRAME_US`."""
        for each in self.encodings:
            frame = each.encoder.picture(now)
            if frame is None:
                continue
            if frame.key or media.TEMPORAL[frame.number % len(media.TEMPORAL)] == 0:
                each.tl0 += 1
            each.timestamp = now * media.VIDEO_CLOCK // SECOND
            packets = media.cut(self._sealed.name, frame.number, frame.key, frame.size, now, each.tl0, each.lines)
            for index, payload in enumerate(packets):
                each.kept[each.seq] = (each.timestamp, payload, index == len(packets) - 1)
                each.kept.pop(each.seq - KEPT, None)
                self._queue.append(_Waiting(each, each.seq, False))
                each.seq += 1

    def sound(self, now: int) -> None:
        """Each 20 ms."""
        if not self.microphone_on:
            return
        payload = media.sound(self._sealed.name, self.sounds, now, self._sound_bytes, self.copies)
        timestamp = self.sounds * media.AUDIO_CLOCK // 50
        level = bytes([LEVEL_ID << 4, 20])
        self._sealed.send_rtp(media.OPUS_PT, False, self.sounds, timestamp, self.voice_ssrc, payload, now, level)
        self.sounds += 1
        self._sound_octets += len(payload)

    def pace(self, now: int) -> None:
        """Each `PACE_US`."""
        rate = max(self.target, 50_000.0) * PACING / 8
        # a queue of more than two seconds is emptied faster, as browsers do
        waiting = len(self._queue) * media.PACKET_BYTES
        rate = max(rate, waiting / 2)
        self._budget = min(self._budget + rate * PACE_US / SECOND, rate * 2 * PACE_US / SECOND)
        while self._queue and self._budget > 0:
            self._budget -= self._send(self._queue.popleft(), now)
        most = sum(each.encoder.most_bps for each in self.encodings if each.wanted) * OVERHEAD
        self._fill(self.uplink.probe(now, most + self._sound_bps()), now)

    def report(self, now: int) -> None:
        """Each second: sender reports, by which the server knows our clock."""
        told = b"".join(
            rtcp.sender_report(each.ssrc, now, now * media.VIDEO_CLOCK // SECOND, each.packets, each.octets)
            for each in self.encodings
            if each.packets
        )
        if self.sounds:
            timestamp = self.sounds * media.AUDIO_CLOCK // 50
            told += rtcp.sender_report(self.voice_ssrc, now, timestamp, self.sounds, self._sound_octets)
        if told:
            self._sealed.send_rtcp(told, now)

    def told(self, part: rtcp.Part, now: int) -> None:
        """RTCP from the server."""
        about = int.from_bytes(part.data[8:12], "big") if len(part.data) >= 12 else 0
        if part.kind == rtcp.RTPFB and part.count == rtcp.TRANSPORT:
            self.uplink.feedback(part.data, now)
            self.share(now)
        elif part.kind == rtcp.RTPFB and part.count == rtcp.NACK and about in self._by_ssrc:
            self._repeat(self._by_ssrc[about], rtcp.missing(part))
        elif part.kind == rtcp.PSFB and part.count == rtcp.PLI and about in self._by_ssrc:
            self._by_ssrc[about].encoder.want_key()
        elif part.kind in (rtcp.SENDER_REPORT, rtcp.RECEIVER_REPORT):
            lost = [share for ssrc, share in rtcp.losses(part) if ssrc == self.voice_ssrc]
            for share in lost:
                self._loss += (share - self._loss) / LOSS_MEMORY
            self.copies = self._loss >= COPIES_FROM
        elif (ceiling := rtcp.ceiling(part)) is not None:
            self.ceiling = ceiling
            self.share(now)

    def _repeat(self, encoding: Encoding, numbers: Sequence[int]) -> None:
        for number in numbers:
            seq = encoding.seq - ((encoding.seq - number) & 0xFFFF)
            if seq in encoding.kept:
                self._queue.appendleft(_Waiting(encoding, seq, True))

    def _fill(self, left: int, now: int) -> None:
        """With the newest packets once more, which do no harm."""
        newest = [(each, seq) for each in self.encodings for seq in list(each.kept)[-24:]]
        while left > 0 and newest:
            encoding, seq = newest.pop()
            left -= self._send(_Waiting(encoding, seq, True), now)

    def _send(self, waiting: _Waiting, now: int) -> int:
        each = waiting.encoding
        if waiting.seq not in each.kept:
            return 0
        timestamp, payload, marker = each.kept[waiting.seq]
        first = each.packets < RID_PACKETS and len(self.encodings) > 1
        if waiting.again:
            each.rtx_seq += 1
            again = (waiting.seq & 0xFFFF).to_bytes(2, "big") + payload
            rid = _names(REPAIRED_RID_ID, each.rid) if first else b""
            return self._sealed.send_rtp(
                media.VP8_RTX_PT, marker, each.rtx_seq, timestamp, each.rtx_ssrc, again, now, rid
            )
        each.packets += 1
        each.octets += len(payload)
        rid = _names(RID_ID, each.rid) if first else b""
        return self._sealed.send_rtp(media.VP8_PT, marker, waiting.seq, timestamp, each.ssrc, payload, now, rid)

    def _sound_bps(self) -> float:
        return (self._sound_bytes + 50) * 8 * 50 if self.microphone_on else 0.0


def _names(number: int, rid: str) -> bytes:
    """Header extensions that say which encoding of which m-line this is."""
    return b"".join(
        bytes([extension << 4 | len(text) - 1]) + text.encode()
        for extension, text in ((MID_ID, CAMERA_MID), (number, rid))
    )
