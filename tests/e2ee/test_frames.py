"""Frames that are opened, or not: there is nothing in between."""

from __future__ import annotations

from typing import get_args

import pytest

from recording.e2ee import BadFrame, CannotOpen, Format, KeyRing, Reason, Sender, Source, open_frame, seal_frame
from recording.e2ee.clear_bytes import split
from recording.frames import Codec
from tests.e2ee.made_up import FRAMES, KEY, KEY_ID, LONG, NUMBER, OTHER_KEY, PPS, SHORT, SPS, seeded

CODECS: list[Codec] = list(FRAMES)
SOURCES: dict[Codec, Source] = {
    "opus": Source.MICROPHONE,
    "VP8": Source.CAMERA,
    "VP9": Source.SCREEN,
    "H264": Source.CAMERA,
}


def ring_with(*key_ids: int) -> KeyRing:
    ring = KeyRing()
    for key_id in key_ids or (KEY_ID,):
        ring.add(key_id // 256, key_id, KEY)
    return ring


def opened(ring: KeyRing, codec: Format, source: Source, data: bytes, sender: int = NUMBER) -> bytes | Reason:
    try:
        return open_frame(ring, sender, codec, source, data, 0.0)
    except CannotOpen as error:
        return error.reason


@pytest.mark.parametrize("codec", CODECS)
def test_a_frame_comes_back_as_it_was(codec: Codec) -> None:
    sender, ring = Sender(KEY_ID, KEY), ring_with()
    for frame in FRAMES[codec]:
        sealed = seal_frame(sender, codec, SOURCES[codec], frame)
        clear, rest = split(codec, frame)
        assert sealed.startswith(clear)
        assert len(rest) < 4 or rest not in sealed
        assert opened(ring, codec, SOURCES[codec], sealed) == frame


def test_a_text_comes_back_as_it_was() -> None:
    sender, ring = Sender(KEY_ID, KEY), ring_with()
    assert opened(ring, "chat", Source.CHAT, seal_frame(sender, "chat", Source.CHAT, b"text")) == b"text"


def test_h264_comes_back_in_one_form() -> None:
    sender, ring = Sender(KEY_ID, KEY), ring_with()
    frame = SHORT + b"\x09\xf0" + SHORT + SPS + LONG + PPS + SHORT + b"\x65\x88first" + SHORT + b"\x65\x08second"
    sealed = seal_frame(sender, "H264", Source.SCREEN, frame)
    one_form = LONG + SPS + LONG + PPS + LONG + b"\x65\x88first" + SHORT + b"\x65\x08second"
    assert opened(ring, "H264", Source.SCREEN, sealed) == one_form


@pytest.mark.parametrize("codec", CODECS)
def test_no_part_of_a_frame_can_be_changed_cut_off_or_added(codec: Codec) -> None:
    ring = ring_with()
    sealed = seal_frame(Sender(KEY_ID, KEY), codec, SOURCES[codec], FRAMES[codec][1])
    for at in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[at // 8] ^= 1 << at % 8
        if codec == "H264" and at // 8 == 0:
            continue
        assert isinstance(opened(ring, codec, SOURCES[codec], bytes(changed)), Reason)
    for length in range(len(sealed)):
        assert isinstance(opened(ring, codec, SOURCES[codec], sealed[:length]), Reason)
    if codec != "H264":
        assert isinstance(opened(ring, codec, SOURCES[codec], sealed + b"\x00"), Reason)
    assert isinstance(opened(ring, codec, SOURCES[codec], sealed + b"\x80"), Reason)
    assert opened(ring, codec, SOURCES[codec], sealed) == FRAMES[codec][1]


@pytest.mark.parametrize("codec", CODECS)
def test_a_frame_is_of_its_source_and_its_sender(codec: Codec) -> None:
    other = (NUMBER + 1) * 256
    ring = ring_with(KEY_ID, other)
    sealed = seal_frame(Sender(KEY_ID, KEY), codec, SOURCES[codec], FRAMES[codec][1])
    for source in Source:
        if source is not SOURCES[codec]:
            assert opened(ring, codec, source, sealed) is Reason.FORGED
    assert opened(ring, codec, SOURCES[codec], sealed, NUMBER + 1) is Reason.FORGED
    assert opened(ring_with(other), codec, SOURCES[codec], sealed) is Reason.NO_KEY
    strangers = KeyRing()
    strangers.add(NUMBER, KEY_ID, OTHER_KEY)
    assert opened(strangers, codec, SOURCES[codec], sealed) is Reason.FORGED
    assert opened(ring, codec, SOURCES[codec], sealed) == FRAMES[codec][1]
    assert opened(ring, codec, SOURCES[codec], sealed) is Reason.REPLAYED


def test_a_frame_is_of_its_codec() -> None:
    """What would be cut at another place does not open, whatever the server says which codec it is."""
    for codec, frames in FRAMES.items():
        for frame in frames:
            sealed = seal_frame(Sender(KEY_ID, KEY), codec, Source.CAMERA, frame)
            for other in get_args(Codec):
                if other != codec and len(split(codec, frame).clear) != _length(other, sealed):
                    assert isinstance(opened(ring_with(), other, Source.CAMERA, sealed), Reason)


def _length(codec: Codec, sealed: bytes) -> int:
    try:
        return len(split(codec, sealed).clear)
    except BadFrame:
        return -1


def test_h264_may_lose_zeros_at_its_end_and_length_of_start_codes() -> None:
    frame = FRAMES["H264"][0]
    sealed = seal_frame(Sender(KEY_ID, KEY), "H264", Source.CAMERA, frame)
    head = sealed[: len(split("H264", frame).clear)]
    for changed in (sealed + bytes(3), head.replace(LONG, SHORT) + sealed[len(head) :], b"\x00" + sealed):
        assert opened(ring_with(), "H264", Source.CAMERA, changed) == frame


def test_plaintext_is_never_taken_for_something_opened() -> None:
    for codec, frames in FRAMES.items():
        for frame in frames:
            assert isinstance(opened(ring_with(), codec, SOURCES[codec], frame), Reason)


@pytest.mark.parametrize("seed", range(5))
def test_frames_of_several_senders_come_in_any_order(seed: int) -> None:
    """Some are lost, some come twice, some are changed on the way: each is opened once, as it was, or not at all."""
    with seeded(seed) as random:
        ring = ring_with(256, 512, 768)
        senders = {number: Sender(number * 256, KEY) for number in (1, 2, 3)}
        on_the_way = []
        for count in range(150):
            codec, number = random.choice(CODECS), random.choice([1, 2, 3])
            frame = random.choice(FRAMES[codec]) + bytes([count])
            sealed = seal_frame(senders[number], codec, SOURCES[codec], frame)
            on_the_way += [(count, number, codec, frame, sealed)] * random.choice([0, 1, 1, 1, 2, 3])
        random.shuffle(on_the_way)
        seen = set()
        for count, number, codec, frame, sealed in on_the_way:
            if random.random() < 0.2:
                at = random.randrange(1, len(sealed))
                sealed = sealed[:at] + bytes([sealed[at] ^ random.randrange(1, 256)]) + sealed[at + 1 :]
                assert isinstance(opened(ring, codec, SOURCES[codec], sealed, number), Reason)
            elif count in seen:
                assert opened(ring, codec, SOURCES[codec], sealed, number) is Reason.REPLAYED
            else:
                assert opened(ring, codec, SOURCES[codec], sealed, number) == frame
                seen.add(count)


@pytest.mark.parametrize("seed", range(5))
def test_anything_is_refused(seed: int) -> None:
    with seeded(seed) as random:
        ring = ring_with()
        headers = (b"\x90\x07\x00", b"\x98\x07\x00\x08", LONG, b"\x65\x88", b"\x9d\x01\x2a")
        pieces = (*headers, bytes(20), b"\xff", b"\x80", b"x" * 16)
        for _ in range(1500):
            data = b"".join(random.choice(pieces) for _ in range(random.randrange(8)))
            codec: Format = random.choice([*CODECS, "chat"])
            assert isinstance(opened(ring, codec, random.choice(list(Source)), data), Reason)
