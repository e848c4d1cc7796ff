"""What the tap hands over, read: clear RTP (RFC 3550, section 5.1) and sender reports (section 6.4.1).

The engine has written both itself, so what it never writes is not taken: padding, extensions, contributing sources.
Not here: order (`reorder.py`), payloads (`frames/`), what reports are good for (`clock.py`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from sfu import Run

NTP_EPOCH_US = 2_208_988_800 * 1_000_000
"""From 1900, where NTP begins to count. The engine adds it to its clock, as `sfu/core/rtcp.pxi` has it."""

SENDER_REPORT = 200

PLAIN = 0x80
"""The first byte of version 2 with nothing else in it."""

HEADER = struct.Struct("!BBHII")
"""First and second byte, sequence number, timestamp, SSRC."""

_RTCP_HEADER = struct.Struct("!BBH")
_REPORT = struct.Struct("!IIII")


class Packet(NamedTuple):
    """One RTP packet. Numbers are as they were on the wire: they wrap."""

    arrived_us: int
    """By the engine's clock."""
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    """May be empty: padding that a sender probes the network with has a number of its own."""


class SenderReport(NamedTuple):
    """At `at_us`, by the engine's clock, the stream's RTP time was `timestamp`."""

    ssrc: int
    at_us: int
    timestamp: int


def is_rtcp(data: bytes) -> bool:
    """As RFC 5761, section 4, tells the two apart."""
    return len(data) > 1 and 192 <= data[1] <= 223


def packets_of(run: Run) -> Iterator[Packet]:
    """The packets of a run, all of which count as having come when the first did."""
    last = len(run.payloads) - 1
    for index, payload in enumerate(run.payloads):
        sequence = (run.sequence + index) & 0xFFFF
        marker = run.marker and index == last
        yield Packet(run.came, run.payload_type, marker, sequence, run.timestamp, run.ssrc, payload)


def read_packet(arrived_us: int, data: bytes) -> Packet | None:
    """None if it is not RTP as the engine writes it."""
    if len(data) < HEADER.size or data[0] != PLAIN:
        return None
    _, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
    return Packet(arrived_us, second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, data[HEADER.size :])


def read_reports(data: bytes) -> list[SenderReport] | None:
    """The sender reports in a compound packet; None if it is malformed, and then nothing of it counts."""
    found = []
    at = 0
    while at < len(data):
        if at + 4 > len(data):
            return None
        first, kind, words = _RTCP_HEADER.unpack_from(data, at)
        size = 4 * (words + 1)
        if first >> 6 != 2 or at + size > len(data):
            return None
        if kind == SENDER_REPORT:
            if size < 28 + 24 * (first & 0x1F):
                return None
            ssrc, seconds, fraction, timestamp = _REPORT.unpack_from(data, at + 4)
            ntp_us = seconds * 1_000_000 + (fraction * 1_000_000 >> 32)
            found.append(SenderReport(ssrc, ntp_us - NTP_EPOCH_US, timestamp))
        at += size
    return found
