"""What a listener heard, taken apart: each packet once, in the order of its stream, and a picture as one run."""

from __future__ import annotations

import random
import struct

import pytest

from sfu import Run, split_heard
from tests.sim.browser import rtp
from tests.sim.heard import heard_of

REPORT = struct.pack("!BBHI", 0x80, 200, 1, 7)


def test_the_packets_of_a_picture_are_one_run_though_others_come_between() -> None:
    first, sound, second = split_heard(
        heard_of(
            [
                (1, rtp(96, 65535, 900, 7, b"a")),
                (2, rtp(111, 5, 40, 8, b"sound")),
                (3, rtp(96, 0, 900, 7, b"b", marker=True)),
                (4, rtp(96, 1, 3900, 7, b"c")),
            ]
        )
    )
    assert isinstance(first, Run)
    assert isinstance(sound, Run)
    assert isinstance(second, Run)
    assert (first.came, first.ssrc, first.payload_type, first.sequence) == (1, 7, 96, 65535)
    assert (first.timestamp, first.payloads, first.marker) == (900, [b"a", b"b"], True)
    assert (sound.ssrc, sound.payloads, sound.marker) == (8, [b"sound"], False)
    assert (second.came, second.sequence, second.payloads) == (4, 1, [b"c"])


@pytest.mark.parametrize(
    "following",
    [
        pytest.param(rtp(96, 3, 900, 7, b"b"), id="a packet is missing"),
        pytest.param(rtp(96, 1, 900, 7, b"b"), id="it came twice"),
        pytest.param(rtp(96, 2, 901, 7, b"b"), id="another picture"),
        pytest.param(rtp(98, 2, 900, 7, b"b"), id="another codec"),
    ],
)
def test_what_does_not_follow_begins_a_run_of_its_own(following: bytes) -> None:
    runs = split_heard(heard_of([(1, rtp(96, 1, 900, 7, b"a")), (2, following)]))
    assert [run.payloads for run in runs if isinstance(run, Run)] == [[b"a"], [b"b"]]


def test_what_is_no_plain_rtp_is_given_as_it_came() -> None:
    odd = [REPORT, b"", b"short", rtp(96, 1, 0, 7, b"x", extensions=b"\x10\x00")]
    assert split_heard(heard_of((at, packet) for at, packet in enumerate(odd))) == list(enumerate(odd))


@pytest.mark.parametrize("streams", [3, 64, 65, 200])
def test_each_packet_is_there_once_and_in_the_order_of_its_stream(streams: int) -> None:
    chance = random.Random(streams)
    sent: dict[int, list[bytes]] = {ssrc: [] for ssrc in range(streams)}
    heard = []
    for number in range(20 * streams):
        ssrc = chance.randrange(streams)
        payload = number.to_bytes(4, "big")
        heard.append((number, rtp(96, len(sent[ssrc]), len(sent[ssrc]) // 4, ssrc, payload)))
        sent[ssrc].append(payload)
    found: dict[int, list[bytes]] = {ssrc: [] for ssrc in range(streams)}
    for run in split_heard(heard_of(heard)):
        assert isinstance(run, Run)
        found[run.ssrc] += run.payloads
    assert found == sent


@pytest.mark.parametrize("cut", [1, 11, 12, 20])
def test_what_is_cut_off_is_refused(cut: int) -> None:
    whole = heard_of([(1, rtp(96, 1, 0, 7, b"payload"))])
    with pytest.raises(ValueError, match="not what a listener heard"):
        split_heard(whole[:cut])


def test_a_length_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="not what a listener heard"):
        split_heard(struct.pack("=qi", 1, -1) + bytes(20))
