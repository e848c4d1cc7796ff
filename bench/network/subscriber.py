"""A simulated browser that receives: it puts frames together, asks for what is missing, tells what arrived, and knows
what could be seen and heard (`playout.py`).

As browsers do it: a gap is asked for at once, then again after each round trip, ten times; what never comes ends in a
request for a key frame, at the latest when no frame was complete for three seconds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from bench.network import media, rtcp
from bench.network.media import Piece
from bench.network.playout import Pictures, Sound
from bench.network.rate import SECOND
from bench.network.sealed import HEADERS, Sealed, payload_of

TRIES = 10
STUCK_US = 3 * SECOND
KEY_AGAIN_US = 200_000
"""Between requests for a key frame that does not come: a round trip at the least."""

ASK_US = 20_000
BIN_US = 100_000


@dataclass
class Stream:
    """What is known of an incoming SSRC, for reports."""

    ssrc: int
    first: int = -1
    highest: int = -1
    received: int = 0
    expected_before: int = 0
    received_before: int = 0
    last_report: int = 0
    last_report_at: int = 0

    def take(self, seq: int) -> int:
        """Returns the number without its wrap."""
        if self.highest < 0:
            self.first = self.highest = 65536 + seq
        at = self.highest + (seq - self.highest + 0x8000) % 0x10000 - 0x8000
        self.highest = max(self.highest, at)
        self.received += 1
        return at

    def block(self, now: int) -> rtcp.Block:
        expected = self.highest - self.first + 1
        expected_now, received_now = expected - self.expected_before, self.received - self.received_before
        self.expected_before, self.received_before = expected, self.received
        lost_now = max(expected_now - received_now, 0)
        share = min(lost_now * 256 // expected_now, 255) if expected_now > 0 else 0
        since = (now - self.last_report_at) * 65536 // SECOND if self.last_report else 0
        return rtcp.Block(self.ssrc, share, expected - self.received, self.highest, self.last_report, since)


@dataclass
class _Gap:
    since: int
    ask_at: int
    tries: int = 0


@dataclass
class Slot:
    """One in which a picture plays."""

    ssrc: int
    rtx_ssrc: int
    stream: Stream = field(init=False)
    pictures: Pictures = field(default_factory=Pictures)
    packets: dict[int, Piece] = field(default_factory=dict)
    gaps: dict[int, _Gap] = field(default_factory=dict)
    next_seq: int | None = None
    starts: list[int] = field(default_factory=list)
    """Where key frames begin that have not been shown."""
    complete_at: int = 0
    key_asked_at: int = 0
    frames: int = 0
    keys: int = 0

    def __post_init__(self) -> None:
        self.stream = Stream(self.ssrc)


class Subscriber:
    def __init__(self, sealed: Sealed, round_trip_us: int) -> None:
        self.slots: dict[int, Slot] = {}
        self.sounds: dict[int, Sound] = {}
        self.useful: defaultdict[int, int] = defaultdict(int)
        """Bytes on the wire in each `BIN_US`, of packets that were needed."""
        self.every: defaultdict[int, int] = defaultdict(int)
        """And of all that arrived: repeats that came twice, probes, padding, control."""
        self.sound_bytes: defaultdict[int, int] = defaultdict(int)
        self._sealed = sealed
        self._round_trip = round_trip_us
        self._by_ssrc: dict[int, tuple[Slot, bool]] = {}
        self._voices: dict[int, Stream] = {}

    def add_slot(self, ssrc: int, rtx_ssrc: int) -> Slot:
        slot = self.slots[ssrc] = Slot(ssrc, rtx_ssrc)
        self._by_ssrc[ssrc], self._by_ssrc[rtx_ssrc] = (slot, False), (slot, True)
        return slot

    def add_sound(self, ssrc: int) -> Sound:
        sound = self.sounds[ssrc] = Sound()
        self._voices[ssrc] = Stream(ssrc)
        return sound

    def receive(self, packet: bytes, now: int) -> None:
        """An opened RTP packet."""
        ssrc = int.from_bytes(packet[8:12], "big")
        seq = int.from_bytes(packet[2:4], "big")
        size = len(packet) + 16 + HEADERS
        place = now // BIN_US
        self.every[place] += size
        if ssrc in self._by_ssrc:
            slot, again = self._by_ssrc[ssrc]
            if self._picture(slot, packet, seq, again, now):
                self.useful[place] += size
        elif ssrc in self._voices:
            self._voices[ssrc].take(seq)
            self._sound(self.sounds[ssrc], packet, size, now)

    def reported(self, part: rtcp.Part, now: int) -> None:
        """A sender report."""
        ssrc = int.from_bytes(part.data[4:8], "big")
        known = self._by_ssrc.get(ssrc)
        stream = self._voices.get(ssrc) if known is None else known[0].stream
        if stream is not None:
            stream.last_report = int.from_bytes(part.data[10:14], "big")
            stream.last_report_at = now

    def play(self, now: int) -> None:
        """Each 20 ms."""
        for sound in self.sounds.values():
            sound.play(now)

    def report(self, now: int) -> None:
        """Each second."""
        streams = [slot.stream for slot in self.slots.values()] + list(self._voices.values())
        blocks = [stream.block(now) for stream in streams if stream.highest >= 0]
        if blocks:
            self._sealed.send_rtcp(rtcp.receiver_report(1, blocks), now)

    def ask(self, now: int) -> None:
        """Each `ASK_US`: for what is missing still, and for a key frame."""
        for slot in self.slots.values():
            due = []
            for seq, gap in list(slot.gaps.items()):
                if gap.ask_at > now:
                    continue
                if gap.tries >= TRIES:
                    del slot.gaps[seq]
                    self._want_key(slot, now)
                else:
                    due.append(seq)
                    gap.tries += 1
                    gap.ask_at = now + self._round_trip + ASK_US
            self._nack(slot, due, now)
            stuck = slot.stream.highest >= 0 and now - slot.complete_at > STUCK_US
            if (stuck and slot.packets) or (slot.next_seq is None and slot.stream.highest >= 0):
                self._want_key(slot, now)

    def finish(self, now: int) -> None:
        for slot in self.slots.values():
            slot.pictures.finish(now)

    def _sound(self, sound: Sound, packet: bytes, size: int, now: int) -> None:
        *before, own = media.blocks(payload_of(packet)) if packet[1] & 0x7F == media.RED_PT else [payload_of(packet)]
        told = media.heard(own)
        if told is None:
            return
        for each in before:
            again = media.heard(each)
            if again is not None:
                sound.arrive_again(again[0], again[2])
        place = now // BIN_US
        self.useful[place] += size
        self.sound_bytes[place] += size
        number, sent, copies = told
        sound.arrive(number, sent, now, copies)

    def _picture(self, slot: Slot, packet: bytes, seq: int, again: bool, now: int) -> bool:
        """Whether it was needed."""
        payload = payload_of(packet)
        if again:
            if len(payload) < 3:
                return False  # padding
            at = slot.stream.highest
            seq = int.from_bytes(payload[:2], "big")
            number = at + (seq - at + 0x8000) % 0x10000 - 0x8000
            payload = payload[2:]
        else:
            before = slot.stream.highest
            number = slot.stream.take(seq)
            if before >= 0 and number > before + 1:
                lost = list(range(max(before + 1, number - 500), number))
                for each in lost:
                    slot.gaps[each] = _Gap(now, now + self._round_trip + ASK_US, 1)
                self._nack(slot, lost, now)
        piece = media.piece(payload)
        slot.gaps.pop(number, None)
        if (slot.next_seq is not None and number < slot.next_seq) or number in slot.packets:
            return False
        if piece is None:
            # padding in the picture's own stream fills a place and no more
            piece = Piece(False, 0, -1, 0, 1, 0)
        slot.packets[number] = piece
        if piece.key and piece.index == 0:
            slot.starts.append(number)
        self._advance(slot, now)
        return piece.frame >= 0

    def _advance(self, slot: Slot, now: int) -> None:
        while True:
            count = 0 if slot.next_seq is None else _complete(slot, slot.next_seq)
            if slot.next_seq is None or not count:
                start = next((each for each in sorted(slot.starts) if _complete(slot, each)), None)
                if start is None or (slot.next_seq is not None and start <= slot.next_seq):
                    return
                slot.gaps = {seq: gap for seq, gap in slot.gaps.items() if seq >= start}
                for seq in [each for each in slot.packets if each < start]:
                    del slot.packets[seq]
                slot.next_seq = start
                continue
            piece = slot.packets[slot.next_seq]
            for seq in range(slot.next_seq, slot.next_seq + count):
                del slot.packets[seq]
            slot.next_seq += count
            slot.starts = [each for each in slot.starts if each >= slot.next_seq]
            if piece.frame < 0:
                continue
            slot.complete_at = now
            slot.frames += 1
            slot.keys += piece.key
            slot.pictures.complete(piece.captured, now)

    def _nack(self, slot: Slot, numbers: list[int], now: int) -> None:
        for at in range(0, len(numbers), 200):
            self._sealed.send_rtcp(rtcp.nack(slot.ssrc, numbers[at : at + 200]), now)

    def _want_key(self, slot: Slot, now: int) -> None:
        if now - slot.key_asked_at >= max(KEY_AGAIN_US, self._round_trip):
            slot.key_asked_at = now
            self._sealed.send_rtcp(rtcp.pli(slot.ssrc), now)


def _complete(slot: Slot, start: int) -> int:
    """How many packets the frame that begins at `start` has; 0 if not all are there."""
    piece = slot.packets.get(start)
    if piece is None or piece.index:
        return 0
    packets = slot.packets
    return piece.count if all(start + at in packets for at in range(1, piece.count)) else 0
