"""What is sent is what it is called."""

from __future__ import annotations

import struct

import pytest

from bench import attacks
from bench.attacks import ATTACKS, Ammunition, Known, Seal, Who

KNOWN = Known(
    victim="server:client",
    checks=[b"\x00\x01" + bytes(98)],
    hello=b"\x16\xfe\xfd" + bytes(200),
    ssrc=7,
    slot_ssrc=9,
    mid_id=3,
    transport_id=4,
)


def loaded(name: str) -> Ammunition:
    return next(each for each in ATTACKS if each.name == name).load(KNOWN)


def test_names_are_said_once() -> None:
    assert len({each.name for each in ATTACKS}) == len(ATTACKS)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda each: each.name)
def test_there_is_something_to_send_and_it_fits(attack: attacks.Attack) -> None:
    ammunition = attack.load(KNOWN)
    assert 0 < len(ammunition.templates) <= 64
    assert all(len(template) <= 65507 for template in ammunition.templates)
    if ammunition.seal is not Seal.CLEAR:
        assert all(8 <= len(template) <= 1500 for template in ammunition.templates)


def test_strangers_have_no_keys_but_what_they_copied() -> None:
    sealed = [each.name for each in ATTACKS if each.who is not Who.JOINED and each.load(KNOWN).seal is not Seal.CLEAR]
    assert sealed == ["SRTP copied, from elsewhere"]


def test_reports_are_large_and_as_long_as_they_say() -> None:
    for name in ("NACK storm", "PLI storm", "FIR storm", "huge reports", "huge transport-wide feedback"):
        for report in loaded(name).templates:
            at = 0
            while at < len(report):
                at += 4 * (struct.unpack_from("!H", report, at + 2)[0] + 1)
            assert at == len(report), name
    assert max(len(report) for report in loaded("huge reports").templates) > 1300


def test_truncated_reports_are_not_as_long_as_they_say() -> None:
    for report in loaded("truncated RTCP").templates:
        size = 4 * (struct.unpack_from("!H", report, 2)[0] + 1)
        blocks = 24 * (report[0] & 0x1F) if report[1] in (200, 201) else 0
        assert size != len(report) or size < 12 + blocks


def test_bad_padding_is_longer_than_the_packet_or_nothing() -> None:
    for packet in loaded("bad padding").templates:
        assert packet[0] & 0x20
        assert len(packet) == 12 or packet[-1] == 0 or packet[-1] > len(packet) - 12


def test_the_picture_carries_its_number_where_it_is_said_to() -> None:
    ammunition = loaded("valid SRTP, too much of it")
    packet = ammunition.templates[0]
    assert packet[ammunition.transport_at - 1] == KNOWN.transport_id << 4 | 1
    assert len(packet) == attacks.RTP_BYTES
