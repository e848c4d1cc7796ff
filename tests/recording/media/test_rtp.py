"""Reading packets and reports."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.rtp import is_rtcp, read_packet, read_reports
from tests.recording.media.packetize import sender_report
from tests.sim.browser import rtp


def test_a_packet_is_read() -> None:
    packet = read_packet(5, rtp(96, 65_535, 0xFFFFFFFF, 7, b"payload", marker=True))
    assert packet == (5, 96, True, 65_535, 0xFFFFFFFF, 7, b"payload")


def test_padding_that_probes_the_network_is_a_packet_without_a_payload() -> None:
    packet = read_packet(0, rtp(96, 1, 2, 7, b""))
    assert packet is not None
    assert packet.payload == b""


@pytest.mark.parametrize("first", [0x00, 0x40, 0x81, 0x90, 0xA0, 0xC0])
def test_what_the_engine_never_writes_is_not_read(first: int) -> None:
    assert read_packet(0, bytes([first]) + rtp(96, 1, 2, 7, bytes(40))[1:]) is None


@given(st.binary(max_size=11))
def test_a_stump_is_not_read(data: bytes) -> None:
    assert read_packet(0, data) is None


def test_reports_and_packets_are_told_apart() -> None:
    assert is_rtcp(sender_report(7, 0, 0))
    assert not any(is_rtcp(rtp(pt, 1, 2, 7, b"", marker)) for pt in (96, 98, 102, 111) for marker in (False, True))
    assert not is_rtcp(b"\x80")


@given(st.integers(0, 10**13), st.integers(0, 2**32 - 1))
def test_a_report_tells_the_engines_time_to_the_microsecond(at_us: int, timestamp: int) -> None:
    reports = read_reports(sender_report(7, at_us, timestamp))
    assert reports is not None
    (report,) = reports
    assert (report.ssrc, report.timestamp) == (7, timestamp)
    assert abs(report.at_us - at_us) <= 1


def test_reports_are_found_among_other_parts() -> None:
    other = struct.pack("!BBHI", 0x80, 201, 1, 9)
    reports = read_reports(other + sender_report(1, 10**6, 2) + other + sender_report(3, 10**6, 4))
    assert reports is not None
    assert [(report.ssrc, report.timestamp) for report in reports] == [(1, 2), (3, 4)]


@pytest.mark.parametrize("length", [1, 3, 4, 20, 27])
def test_of_a_cut_off_compound_packet_nothing_counts(length: int) -> None:
    assert read_reports(sender_report(1, 0, 0) + sender_report(2, 0, 0)[:length]) is None


def test_a_report_that_is_shorter_than_its_blocks_is_refused() -> None:
    report = bytearray(sender_report(1, 0, 0))
    report[0] |= 1
    assert read_reports(bytes(report)) is None


@given(st.binary(max_size=100))
def test_no_bytes_are_more_than_malformed(data: bytes) -> None:
    read_reports(data)
    read_packet(0, data)
