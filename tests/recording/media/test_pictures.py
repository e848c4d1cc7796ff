"""What holds for pictures of every codec: whole or not at all, and nothing that depends on what is missing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recording.frames import KINDS, Codec, depacketizer
from recording.frames.frame import LARGEST_FRAME
from recording.rtp import Packet
from tests.recording.media.packetize import units
from tests.recording.media.stream import Sent, flat, numbers, pictures, push

VIDEO: list[Codec] = [codec for codec, kind in KINDS.items() if kind == "video"]

codecs = pytest.mark.parametrize("codec", VIDEO)


def same(codec: Codec, got: bytes, sent: bytes) -> bool:
    if codec != "H264":
        return got == sent
    return [unit for unit in units(got) if unit[0] & 31 != 9] == [unit for unit in units(sent) if unit[0] & 31 != 9]


@codecs
def test_what_was_packed_comes_out_as_it_was(codec: Codec) -> None:
    sent = pictures(codec)
    assert len(sent[0].packets) > 1
    frames = depacketizer(codec)
    assert frames.wants_key
    out = push(frames, flat(sent))
    assert not frames.wants_key
    assert frames.broken == 0
    assert numbers(out) == list(range(len(sent)))
    assert [frame.key for frame in out] == [each.encoded.key for each in sent]
    assert all(same(codec, frame.data, each.encoded.data) for frame, each in zip(out, sent, strict=True))
    assert (out[0].width, out[0].height) == (192, 96)


@codecs
def test_nothing_comes_before_the_first_key_frame(codec: Codec) -> None:
    sent = pictures(codec, 8, (0, 5))
    assert numbers(push(depacketizer(codec), flat(sent[1:]))) == [5, 6, 7]


@codecs
def test_after_each_gap_nothing_comes_before_the_next_key_frame(codec: Codec) -> None:
    sent = pictures(codec, 8, (0, 5))
    packets = flat(sent)
    borders = {sum(len(each.packets) for each in sent[:number]): number for number in range(len(sent))}
    for lost in range(1, len(packets) - 1):
        # packets[lost] is missing
        frames = depacketizer(codec)
        out = push(frames, [*packets[:lost], None, *packets[lost + 1 :]])
        hit = max(number for border, number in borders.items() if border <= lost)
        expected = list(range(hit)) + ([5, 6, 7] if hit < 5 else [])
        assert numbers(out) == expected, f"packet {lost} of picture {hit} was lost"
        assert frames.wants_key == (hit >= 5)


@codecs
def test_a_picture_that_was_cut_off_by_a_change_of_source_is_left_out(codec: Codec) -> None:
    sent = pictures(codec, 8, (0, 5))
    long = next(number for number in range(1, 5) if len(sent[number].packets) > 1)
    cut = [*flat(sent[:long]), *sent[long].packets[:-1], *flat(sent[5:])]
    frames = depacketizer(codec)
    assert numbers(push(frames, cut)) == [*range(long), 5, 6, 7]
    assert frames.broken == 1


@codecs
def test_padding_between_packets_is_nothing(codec: Codec) -> None:
    sent = pictures(codec)
    padded = [each for packet in flat(sent) for each in (packet, packet._replace(payload=b""))]
    frames = depacketizer(codec)
    assert numbers(push(frames, padded)) == list(range(len(sent)))


@codecs
def test_a_picture_without_an_end_is_given_up_and_its_memory_with_it(codec: Codec) -> None:
    first, *_, last = (packet._replace(timestamp=1) for packet in pictures(codec)[0].packets)
    middle = last._replace(marker=False)
    if codec == "VP9":
        middle = middle._replace(payload=bytes([middle.payload[0] & ~0x0C]) + middle.payload[1:])
    if codec == "H264":
        middle = middle._replace(payload=b"\x61unit")
    frames = depacketizer(codec)
    push(frames, [first])
    for _ in range(LARGEST_FRAME // 64 + 1):
        frames.push(middle.timestamp, False, middle.payload)
    assert frames.broken == 1
    assert numbers(push(frames, flat(pictures(codec)))) == list(range(8))


@codecs
@given(seed=st.integers(0, 2**32), loss=st.floats(0, 0.3))
def test_whatever_is_lost_only_whole_pictures_with_all_they_need_come_out(codec: Codec, seed: int, loss: float) -> None:
    chance = random.Random(seed)
    sent = pictures(codec, 40, (0, 9, 20, 31))
    packets: list[Packet | None] = [packet if chance.random() > loss else None for packet in flat(sent)]
    out = push(depacketizer(codec), packets)
    assert numbers(out) == _shown(sent, packets)


def _shown(sent: tuple[Sent, ...], packets: list[Packet | None]) -> list[int]:
    shown = []
    at, chain = 0, False
    for number, each in enumerate(sent):
        whole = None not in packets[at : at + len(each.packets)]
        at += len(each.packets)
        chain = whole and (chain or each.encoded.key)
        if chain:
            shown.append(number)
    return shown


@codecs
@given(data=st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.binary(max_size=30)), max_size=40))
def test_no_payload_is_more_than_broken(codec: Codec, data: list[tuple[int, bool, bytes]]) -> None:
    frames = depacketizer(codec)
    begun = False
    for timestamp, marker, payload in data:
        frame = frames.push(timestamp, marker, payload)
        if frame is not None:
            begun |= frame.key
            assert begun, "the first frame must be a key frame"
            assert not frame.key or (frame.width > 0 and frame.height > 0)
