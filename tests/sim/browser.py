"""A simulated browser: publishes VP8 and Opus over SRTP, answers NACK and PLI as browsers do, and receives slots:
it puts frames together, asks for what is missing, and says what could have been seen and heard.

It speaks real SRTP and RTCP to the engine; SDP, ICE and DTLS are not its business (`tests/sfu`, `tests/browser`).
"""

from __future__ import annotations

import random
import struct
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from tests.sim.arrivals import Arrivals

VP8_PT, VP8_RTX_PT, OPUS_PT, RED_PT = 96, 97, 111, 63
VIDEO_CODECS = [(VP8_PT, "VP8", VP8_RTX_PT)]
AUDIO_CODECS = [(OPUS_PT, "opus", -1)]
HEARD_CODECS = [(OPUS_PT, "opus", RED_PT)]
TRANSPORT_CC_ID, LEVEL_ID, MID_ID = 3, 1, 4
FRAME_US = 33_333
PROFILE = Policy.SRTP_PROFILE_AEAD_AES_256_GCM
KEY_BYTES = 44


def srtp(key: bytes, outbound: bool) -> Session:
    policy = Policy(
        key=key,
        ssrc_type=Policy.SSRC_ANY_OUTBOUND if outbound else Policy.SSRC_ANY_INBOUND,
        srtp_profile=PROFILE,
    )
    policy.window_size = 1024
    return Session(policy)


def rtp(
    pt: int, seq: int, timestamp: int, ssrc: int, payload: bytes, marker: bool = False, extensions: bytes = b""
) -> bytes:
    """An RTP packet; `extensions` is a run of one-byte-header elements (RFC 8285, section 4.2)."""
    first = 0x90 if extensions else 0x80
    header = struct.pack("!BBHII", first, pt | (0x80 if marker else 0), seq & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    if extensions:
        extensions += bytes(-len(extensions) % 4)
        header += struct.pack("!HH", 0xBEDE, len(extensions) // 4) + extensions
    return header + payload


def vp8_descriptor(picture: int, tl0: int, start: bool, temporal: int | None = None, sync: bool = False) -> bytes:
    flags = 0xC0 if temporal is None else 0xE0
    ids = struct.pack("!HB", 0x8000 | (picture & 0x7FFF), tl0 & 0xFF)
    layer = b"" if temporal is None else bytes([temporal << 6 | sync << 5])
    return bytes([0x90 if start else 0x80, flags]) + ids + layer


def after_descriptor(payload: bytes) -> int:
    """Where what a simulated camera has to say begins."""
    return 6 if payload[1] & 0x20 else 5


class Camera(Protocol):
    """What a browser publishes as one picture: one stream, or several sizes of it (`simulcast.py`)."""

    @property
    def senders(self) -> Sequence[Sender]: ...
    def sending(self) -> Sequence[Sender]: ...
    def ask_key(self, ssrc: int) -> None: ...
    def obey(self, bps: int) -> None: ...


@dataclass
class Sender:
    """What one simulated browser publishes. A frame's payload says who sent it and which frame it is."""

    name: int
    ssrc: int
    seq: int = 0
    timestamp: int = 0
    picture: int = 0
    tl0: int = 0
    frame: int = 0
    key_wanted: bool = True
    keys_sent: int = 0
    packets_per_key: int = 12
    packets_per_frame: int = 4
    sent: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    """Timestamp and payload by sequence number."""
    rtx_seq: int = 100
    on: bool = True
    names: bytes = b""
    """Header extensions that say whose stream it is."""
    repeated_names: bytes = b""

    @property
    def senders(self) -> list[Sender]:
        return [self]

    def sending(self) -> list[Sender]:
        """What has a frame to send now."""
        return [self] if self.on else []

    def ask_key(self, ssrc: int) -> None:
        self.key_wanted = True

    def obey(self, bps: int) -> None:
        """It sends what it sends."""

    def next_frame(self) -> list[tuple[int, int, bytes, bool]]:
        """(sequence number, timestamp, payload, marker) of each packet of the next frame."""
        key, self.key_wanted = self.key_wanted, False
        count = self.packets_per_key if key else self.packets_per_frame
        self.keys_sent += key
        packets = []
        for index in range(count):
            body = struct.pack("!BIIHH", 0x00 if key else 0x01, self.name, self.frame, index, count) + bytes(900)
            packets.append(
                (
                    self.seq,
                    self.timestamp,
                    vp8_descriptor(self.picture, self.tl0, index == 0) + body,
                    index == count - 1,
                )
            )
            self.sent[self.seq & 0xFFFF] = packets[-1][1:3]
            self.seq += 1
        self.frame += 1
        self.picture += 1
        self.tl0 += 1
        self.timestamp += 3000
        return packets


@dataclass
class Receiver:
    """What arrives in one video slot, as a decoder would see it."""

    ssrc: int
    rtx_ssrc: int
    highest: int | None = None
    packets: dict[int, tuple[int, bool, bytes]] = field(default_factory=dict)
    missing: dict[int, list[int]] = field(default_factory=dict)
    next_seq: int | None = None
    shown: list[tuple[int, int, bool, int]] = field(default_factory=list)
    """(sender, frame, key, time) of every frame that could be decoded."""
    timestamps: list[int] = field(default_factory=list)
    pictures: list[int] = field(default_factory=list)
    tl0: list[int] = field(default_factory=list)
    waiting_since: int | None = None
    unrecovered: int = 0
    undecodable: int = 0
    """Frames shown without one that they are made from."""
    bits: int = 0
    _decoded: set[tuple[int, int]] = field(default_factory=set)

    def take(self, seq: int, timestamp: int, marker: bool, payload: bytes, now: int) -> None:
        self.bits += 8 * len(payload)
        if self.highest is None:
            ext = 65536 + seq
            self.highest = ext - 1
        else:
            ext = self.highest + ((seq - self.highest + 0x8000) & 0xFFFF) - 0x8000
        for lost in range(self.highest + 1, ext):
            self.missing[lost] = [now, now, 0]
        self.highest = max(self.highest, ext)
        self.missing.pop(ext, None)
        self.packets[ext] = (timestamp, marker, payload)
        self._play(now)

    def _play(self, now: int) -> None:
        while True:
            if self.next_seq in self.packets and not self.packets[self.next_seq][2]:
                # an empty packet: nothing will come under this number
                del self.packets[self.next_seq]
                self.next_seq += 1
                continue
            count = 0 if self.next_seq is None else self._complete(self.next_seq)
            if self.next_seq is None or not count:
                # a decoder that is stuck starts again at any later complete key frame
                start = next((s for s in sorted(self.packets) if self._is_key_start(s) and self._complete(s)), None)
                if start is None or (self.next_seq is not None and start <= self.next_seq):
                    if self.packets and self.waiting_since is None:
                        self.waiting_since = now
                    return
                for lost in [s for s in self.missing if s < start]:
                    del self.missing[lost]
                self.next_seq = start
                continue
            self.waiting_since = None
            timestamp, _, payload = self.packets[self.next_seq]
            key, sender, number, _, _, *needs = struct.unpack_from("!BIIHHII", payload, after_descriptor(payload))
            if key == 0:
                self._decoded.clear()
            self._decoded.add((sender, number))
            self.undecodable += any(each and (sender, each - 1) not in self._decoded for each in needs)
            self.shown.append((sender, number, key == 0, now))
            self.tl0.append(payload[4])
            self.timestamps.append(timestamp)
            self.pictures.append(struct.unpack_from("!H", payload, 2)[0] & 0x7FFF)
            for seq in [s for s in self.packets if s < self.next_seq + count]:
                del self.packets[seq]
            self.next_seq += count

    def _is_key_start(self, seq: int) -> bool:
        payload = self.packets[seq][2]
        return bool(payload) and payload[0] & 0x10 != 0 and payload[after_descriptor(payload)] & 1 == 0

    def _complete(self, seq: int) -> int:
        """How many packets the frame that starts at `seq` has; 0 if not all are there."""
        if seq not in self.packets or not self.packets[seq][2] or not self.packets[seq][2][0] & 0x10:
            return 0
        payload = self.packets[seq][2]
        count = int(struct.unpack_from("!H", payload, after_descriptor(payload) + 11)[0])
        return count if all(seq + i in self.packets for i in range(count)) else 0


class Browser:
    """One client: its SRTP, its sender, its receivers."""

    def __init__(self, name: int, seed: int, send: Callable[[bytes], None]) -> None:
        self.name = name
        self._random = random.Random(seed)
        self._send = send
        self.up_key, self.down_key = self._random.randbytes(KEY_BYTES), self._random.randbytes(KEY_BYTES)
        self._seal = srtp(self.up_key, outbound=True)
        self._open = srtp(self.down_key, outbound=False)
        self.camera = Sender(name, ssrc=1000 + name)
        self.picture: Camera = self.camera
        """What it publishes."""
        self.voice = Sender(name, ssrc=2000 + name)
        self.voice_bytes = 60
        self.receivers: dict[int, Receiver] = {}
        self.heard: dict[int, list[tuple[int, int, int]]] = {}
        """slot SSRC -> (sender, number, time) of every sound packet."""
        self.again: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
        """slot SSRC -> (sender, number, timestamp) of every sound that came once more in the packet behind it."""
        self.transport_seq = 0
        self.feedback = 0
        self.acknowledged = 0
        self.arrivals: Arrivals | None = None
        """What it tells of, if it gives transport-wide feedback on what it receives."""
        self.repeats = self.padding = 0
        """Packets of slots that came as retransmissions, and that carried nothing."""
        self.reports: list[bytes] = []
        self.nack = True
        self.replays = 0
        """Packets that the network doubled."""

    # Sending

    def _send_rtp(self, packet: bytes) -> None:
        self._send(self._seal.protect(packet))

    def _send_rtcp(self, packet: bytes) -> None:
        self._send(self._seal.protect_rtcp(packet))

    def _extensions(self, level: int | None = None) -> bytes:
        self.transport_seq = (self.transport_seq + 1) & 0xFFFF
        elements = bytes([TRANSPORT_CC_ID << 4 | 1]) + struct.pack("!H", self.transport_seq)
        return elements if level is None else elements + bytes([LEVEL_ID << 4, level])

    def send_picture(self) -> None:
        for sender in self.picture.sending():
            for seq, timestamp, payload, marker in sender.next_frame():
                extensions = self._extensions() + sender.names
                self._send_rtp(rtp(VP8_PT, seq, timestamp, sender.ssrc, payload, marker, extensions))

    def send_sound(self) -> None:
        """20 ms of sound."""
        if self.voice.on:
            payload = struct.pack("!II", self.name, self.voice.frame) + bytes(self.voice_bytes)
            self._send_rtp(
                rtp(
                    OPUS_PT, self.voice.seq, self.voice.timestamp, self.voice.ssrc, payload, False, self._extensions(20)
                )
            )
            self.voice.seq += 1
            self.voice.frame += 1
            self.voice.timestamp += 960

    # Receiving

    def receive(self, data: bytes, now: int) -> None:
        if 192 <= data[1] <= 223:
            try:
                self._receive_rtcp(self._open.unprotect_rtcp(data))
            except SrtpError:
                self.replays += 1
            return
        try:
            packet = self._open.unprotect(data)
        except SrtpError:
            self.replays += 1
            return
        _, second, seq, timestamp, ssrc = struct.unpack_from("!BBHII", packet)
        payload, marker = self._payload(packet, now), bool(second & 0x80)
        if not payload and ssrc in {receiver.rtx_ssrc for receiver in self.receivers.values()}:
            self.padding += 1
            return
        for receiver in self.receivers.values():
            if ssrc == receiver.ssrc:
                receiver.take(seq, timestamp, marker, payload, now)
            elif ssrc == receiver.rtx_ssrc:
                self.repeats += 1
                receiver.take(struct.unpack_from("!H", payload)[0], timestamp, marker, payload[2:], now)
        if ssrc in self.heard:
            if second & 0x7F == RED_PT:
                payload = self._redundant(ssrc, timestamp, payload)
            self.heard[ssrc].append((*struct.unpack_from("!II", payload), now))

    def _redundant(self, ssrc: int, timestamp: int, payload: bytes) -> bytes:
        """Of a packet with two blocks (RFC 2198, section 3) its own; the other one is noted."""
        time_and_size = int.from_bytes(payload[1:4], "big")
        assert (payload[0], payload[4]) == (0x80 | OPUS_PT, OPUS_PT)
        size = time_and_size & 0x3FF
        before = payload[5 : 5 + size]
        self.again[ssrc].append((*struct.unpack_from("!II", before), timestamp - (time_and_size >> 10) & 0xFFFFFFFF))
        return payload[5 + size :]

    def _payload(self, packet: bytes, now: int) -> bytes:
        at, end = 12, len(packet) - (packet[-1] if packet[0] & 0x20 else 0)
        if packet[0] & 0x10:
            profile, words, element = struct.unpack_from("!HHB", packet, at)
            assert (profile, words, element) == (0xBEDE, 1, TRANSPORT_CC_ID << 4 | 1)
            assert self.arrivals is not None, "it was not agreed on"
            self.arrivals.note(int(struct.unpack_from("!H", packet, at + 5)[0]), now)
            at += 8
        else:
            assert self.arrivals is None, "a packet without a number"
        return packet[at:end]

    def _receive_rtcp(self, data: bytes) -> None:
        at = 0
        while at + 4 <= len(data):
            first, kind, words = struct.unpack_from("!BBH", data, at)
            part = data[at : at + 4 * (words + 1)]
            at += 4 * (words + 1)
            if kind == 206 and first & 31 == 1:
                self.picture.ask_key(struct.unpack_from("!I", part, 8)[0])
            elif kind == 206 and part[12:16] == b"REMB":
                exponent, mantissa = part[17] >> 2, int.from_bytes(part[17:20], "big") & 0x3FFFF
                self.picture.obey(mantissa << exponent)
            elif kind == 205 and first & 31 == 1 and self.nack:
                for i in range(12, len(part), 4):
                    pid, mask = struct.unpack_from("!HH", part, i)
                    for seq in [pid, *((pid + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1)]:
                        self._repeat(seq, struct.unpack_from("!I", part, 8)[0])
            elif kind == 205 and first & 31 == 15:
                self.feedback += 1
                self.acknowledged += struct.unpack_from("!H", part, 14)[0]
            elif kind in (200, 201):
                self.reports.append(part)

    def _repeat(self, seq: int, ssrc: int | None = None) -> None:
        for sender in self.picture.senders:
            if seq in sender.sent and sender.ssrc == (ssrc or sender.ssrc):
                timestamp, payload = sender.sent[seq]
                sender.rtx_seq += 1
                body = struct.pack("!H", seq) + payload
                extensions = self._extensions() + sender.repeated_names
                self._send_rtp(
                    rtp(VP8_RTX_PT, sender.rtx_seq, timestamp, sender.ssrc + 500_000, body, False, extensions)
                )

    def tell(self) -> None:
        """Transport-wide feedback on everything that has come, if it gives any."""
        for message in self.arrivals.tell() if self.arrivals is not None else ():
            self._send_rtcp(message)

    def report_loss(self, ssrc: int, share: float) -> None:
        """Of what comes in this slot (RFC 3550, section 6.4.2)."""
        lost = round(share * 256) << 24
        self._send_rtcp(struct.pack("!BBHIIIIIII", 0x81, 201, 7, 1, ssrc, lost, 0, 0, 0, 0))

    def ask(self, now: int, round_trip: int) -> None:
        """What a browser asks for now: missing packets, and a key frame when it has been stuck."""
        for receiver in self.receivers.values():
            due = []
            for seq, entry in list(receiver.missing.items()):
                since, asked_at, times = entry
                if now - since > 1_000_000 or times >= 10:
                    del receiver.missing[seq]
                    receiver.unrecovered += 1
                elif asked_at <= now:
                    due.append(seq & 0xFFFF)
                    entry[1], entry[2] = now + round_trip + 10_000, times + 1
            if due and self.nack:
                body = b"".join(struct.pack("!HH", seq, 0) for seq in due[:200])
                self._send_rtcp(struct.pack("!BBHII", 0x81, 205, 2 + len(body) // 4, 1, receiver.ssrc) + body)
            if receiver.waiting_since is not None and now - receiver.waiting_since > 300_000:
                receiver.waiting_since = now
                self._send_rtcp(struct.pack("!BBHII", 0x81, 206, 2, 1, receiver.ssrc))
