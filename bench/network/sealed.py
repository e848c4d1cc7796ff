"""A simulated browser's end of a connection: SRTP, transport-wide numbers of what it sends, feedback of what it gets.

SDP, ICE and DTLS are not its business, nor what is in the packets (`publisher.py`, `subscriber.py`).
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from pylibsrtp import Error as SrtpError
from pylibsrtp import Policy, Session

from bench.network import rtcp
from bench.network.rate import SECOND

TRANSPORT_ID, LEVEL_ID, MID_ID, RID_ID, REPAIRED_RID_ID = 3, 1, 4, 10, 11
PROFILE = Policy.SRTP_PROFILE_AEAD_AES_256_GCM
KEY_BYTES = 44
HEADERS = 28
"""IP and UDP: what a packet takes of a link beyond itself."""

FEEDBACK_BITS = 68 * 8
FEEDBACK_SHARE = 0.05
FEEDBACK_US = (50_000, 250_000)
"""How often browsers send transport-wide feedback: so that it is a twentieth of what they receive, between these."""

Send = Callable[[bytes, int], None]


def srtp(key: bytes, outbound: bool) -> Session:
    policy = Policy(
        key=key,
        ssrc_type=Policy.SSRC_ANY_OUTBOUND if outbound else Policy.SSRC_ANY_INBOUND,
        srtp_profile=PROFILE,
    )
    policy.window_size = 1024
    return Session(policy)


class Sealed:
    def __init__(self, name: int, seed: int, send: Send) -> None:
        """`send` puts a datagram on the way at a time."""
        chance = random.Random(seed)  # noqa: S311 - chance from a seed, no secret
        self.up_key, self.down_key = chance.randbytes(KEY_BYTES), chance.randbytes(KEY_BYTES)
        self.name = name
        self.sent: Callable[[int, int, int], None] = lambda number, size, now: None
        """Told of each RTP packet: transport-wide number, bytes on the wire, time."""
        self._seal, self._open = srtp(self.up_key, outbound=True), srtp(self.down_key, outbound=False)
        self._send = send
        self._number = 0
        self._arrivals: dict[int, int] = {}
        self._highest: int | None = None
        self._told = 0
        self._feedback = 0
        self._feedback_at = 0
        self._recent: list[tuple[int, int]] = []

    def send_rtp(
        self, kind: int, marker: bool, seq: int, timestamp: int, ssrc: int, payload: bytes, now: int, more: bytes = b""
    ) -> int:
        """Returns its size on the wire. `more`: further header extensions, one-byte elements (RFC 8285)."""
        number, self._number = self._number, (self._number + 1) & 0xFFFF
        elements = bytes([TRANSPORT_ID << 4 | 1]) + struct.pack("!H", number) + more
        elements += bytes(-len(elements) % 4)
        header = struct.pack(
            "!BBHIIHH",
            *(0x90, kind | (0x80 if marker else 0), seq & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc),
            *(0xBEDE, len(elements) // 4),
        )
        data = self._seal.protect(header + elements + payload)
        self.sent(number, len(data) + HEADERS, now)
        self._send(data, now)
        return len(data) + HEADERS

    def send_rtcp(self, data: bytes, now: int) -> None:
        self._send(self._seal.protect_rtcp(data), now)

    def open(self, data: bytes, now: int) -> tuple[bool, bytes]:
        """(whether it is RTCP, what is in it), empty for what cannot be opened: it came twice. Notes its arrival."""
        is_rtcp = 192 <= data[1] <= 223
        try:
            opened = self._open.unprotect_rtcp(data) if is_rtcp else self._open.unprotect(data)
        except SrtpError:
            return is_rtcp, b""
        if not is_rtcp:
            self._recent.append((now, len(data)))
            self._note(opened, now)
        return is_rtcp, opened

    def feed_back(self, now: int) -> None:
        """What arrived, when it is time to tell. To be called every few milliseconds."""
        if now < self._feedback_at or self._highest is None:
            return
        # at the earliest a half of a second is looked at
        self._recent = [each for each in self._recent if each[0] > now - SECOND // 2]
        rate = max(sum(size for _, size in self._recent) * 16, 1)
        least, most = FEEDBACK_US
        self._feedback_at = now + int(min(max(FEEDBACK_BITS / (FEEDBACK_SHARE * rate) * SECOND, least), most))
        while self._told <= self._highest:
            first, last = self._told, min(self._highest, self._told + rtcp.MOST_RECEIVED - 1)
            told = [self._arrivals.pop(number, None) for number in range(first, last + 1)]
            self._told = last + 1
            if any(each is not None for each in told):
                self.send_rtcp(rtcp.transport(1, 1, self._feedback, first, told), now)
                self._feedback += 1

    def _note(self, packet: bytes, now: int) -> None:
        number = transport_number(packet)
        if number is None:
            return
        if self._highest is None:
            self._highest = self._told = 65536 + number
        step = (number - self._highest + 0x8000) % 0x10000 - 0x8000
        if self._highest + step >= self._told:
            self._arrivals[self._highest + step] = now
            self._highest = max(self._highest, self._highest + step)


def transport_number(packet: bytes) -> int | None:
    """Of an opened RTP packet."""
    if not packet[0] & 0x10:
        return None
    at = 12 + 4 * (packet[0] & 15)
    profile, words = struct.unpack_from("!HH", packet, at)
    at, end = at + 4, at + 4 + 4 * words
    while profile == 0xBEDE and at < end:
        head = packet[at]
        if head == 0:
            at += 1
            continue
        if head >> 4 == TRANSPORT_ID:
            return int.from_bytes(packet[at + 1 : at + 3], "big")
        at += 2 + (head & 15)
    return None


def payload_of(packet: bytes) -> bytes:
    """Without header, extensions and padding."""
    at = 12 + 4 * (packet[0] & 15)
    if packet[0] & 0x10:
        at += 4 + 4 * struct.unpack_from("!HH", packet, at)[1]
    end = len(packet) - (packet[-1] if packet[0] & 0x20 else 0)
    return packet[at:end]
