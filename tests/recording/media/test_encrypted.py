"""Frames that are encrypted, from packets to what a file gets: the same as without encryption, or nothing."""

from __future__ import annotations

import pytest

from recording.e2ee import CannotOpen, KeyRing, Reason, Sender, Source, open_frame, seal_frame
from recording.frames import Codec, Depacketizer, Frame, depacketizer
from tests.e2ee.made_up import FRAMES, KEY, KEY_ID, LONG, NUMBER, OTHER_KEY, PPS, SHORT, SPS, seeded
from tests.recording.media import packetize

CODECS: list[Codec] = list(FRAMES)
VIDEO: list[Codec] = ["VP8", "VP9", "H264"]


def pictures(codec: Codec) -> list[bytes]:
    """A key frame and two more, or packets of sound."""
    rest = bytes(range(100))
    return {
        "opus": [b"\x78" + rest, b"\x7b\x02" + rest, b"\x78"],
        "VP8": [FRAMES["VP8"][0] + rest, b"\x11\x02\x03" + rest, b"\x31\x02\x03"],
        "VP9": [FRAMES["VP9"][1] + rest, b"\x86" + rest, b"\x86"],
        "H264": [
            LONG
            + SPS
            + LONG
            + PPS
            + LONG
            + b"\x06\x05\x01\x80"
            + LONG
            + b"\x65\x88"
            + rest
            + SHORT
            + b"\x65\x11second",
            LONG + b"\x41\x9a" + rest,
            LONG + b"\x41\x9a",
        ],
    }[codec]


def payloads_of(codec: Codec, frame: bytes, number: int, key: bool) -> list[bytes]:
    if codec == "opus":
        return [frame]
    if codec == "VP8":
        return packetize.vp8(frame, number)
    return packetize.vp9(frame, number, key) if codec == "VP9" else packetize.h264(frame)


def push(frames: Depacketizer, codec: Codec, data: bytes, number: int, key: bool) -> list[Frame]:
    payloads = payloads_of(codec, data, number, key)
    got = [frames.push(number * 3000, at == len(payloads) - 1, each) for at, each in enumerate(payloads)]
    return [each for each in got if each is not None]


class Opening:
    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.ring = KeyRing()
        self.ring.add(NUMBER, KEY_ID, KEY)
        self.reasons: list[Reason] = []

    def __call__(self, data: bytes) -> bytes | None:
        try:
            return open_frame(self.ring, NUMBER, self.codec, Source.CAMERA, data, 0.0)
        except CannotOpen as error:
            self.reasons.append(error.reason)
            return None


@pytest.mark.parametrize("codec", CODECS)
def test_a_recording_gets_what_it_would_get_without_encryption(codec: Codec) -> None:
    plain, opened = depacketizer(codec), depacketizer(codec, Opening(codec))
    sender = Sender(KEY_ID, KEY)
    wanted, got = [], []
    for number, frame in enumerate(pictures(codec) * 5):
        is_key = number % 3 == 0
        wanted += push(plain, codec, frame, number, is_key)
        got += push(opened, codec, seal_frame(sender, codec, Source.CAMERA, frame), number, is_key)
    assert got == wanted
    assert len(got) == 15
    assert (opened.broken, opened.wants_key) == (0, False)


@pytest.mark.parametrize("codec", VIDEO)
def test_what_cannot_be_opened_is_as_good_as_lost(codec: Codec) -> None:
    """Nothing is given out before the next key frame, and nothing of what was not opened ever."""
    key, other, _ = pictures(codec)
    sender, forger, opening = Sender(KEY_ID, KEY), Sender(KEY_ID, OTHER_KEY), Opening(codec)
    frames = depacketizer(codec, opening)
    forger.counter = 100
    assert len(push(frames, codec, seal_frame(sender, codec, Source.CAMERA, key), 0, True)) == 1
    assert push(frames, codec, seal_frame(forger, codec, Source.CAMERA, other), 1, False) == []
    assert (frames.wants_key, frames.broken, opening.reasons) == (True, 1, [Reason.FORGED])
    assert push(frames, codec, seal_frame(sender, codec, Source.CAMERA, other), 2, False) == []
    assert push(frames, codec, key, 3, True) == []  # in the clear
    assert push(frames, codec, seal_frame(sender, codec, Source.SCREEN, key), 4, True) == []
    assert frames.wants_key
    assert len(push(frames, codec, seal_frame(sender, codec, Source.CAMERA, key), 5, True)) == 1


def test_sound_that_cannot_be_opened_is_left_out() -> None:
    opening = Opening("opus")
    frames = depacketizer("opus", opening)
    sender, forger = Sender(KEY_ID, KEY), Sender(KEY_ID, OTHER_KEY)
    good = seal_frame(sender, "opus", Source.CAMERA, b"\x78sound")
    bad = [seal_frame(forger, "opus", Source.CAMERA, b"\x78sound"), b"\x78sound", b"\x78"]
    assert [frames.push(0, True, each) is not None for each in [*bad, good, good]] == [False, False, False, True, False]
    assert frames.broken == 4
    assert opening.reasons == [Reason.FORGED, Reason.FORGED, Reason.MALFORMED, Reason.REPLAYED]


def test_a_sender_can_be_hostile_too() -> None:
    """What was opened is read as strictly as what never was encrypted."""
    sender = Sender(KEY_ID, KEY)
    texts: list[tuple[Codec, bytes]] = [
        ("opus", b"\x7b\x00"),
        ("VP8", b"\x10\x00\x00no key" + bytes(4)),
        ("VP9", b"\x00"),
        ("H264", LONG + SPS + LONG + b"\x65\x88x" + SHORT + b"\xe7"),
        ("H264", LONG + SPS + LONG + b"\x65\x88x" + SHORT + b"\x1c"),
        ("H264", LONG + SPS + LONG + b"\x65\x88x" + SHORT + b"\x68"),
        ("H264", LONG + b"\x65\x88x"),
    ]
    for codec, text in texts:
        frames = depacketizer(codec, Opening(codec))
        sealed = seal_frame(sender, codec, Source.CAMERA, text)
        assert push(frames, codec, sealed, 0, True) == []
        assert frames.broken == 1


def test_parameter_sets_are_taken_from_what_was_opened_only() -> None:
    """The server may send any with a good picture, or before it."""
    key = LONG + SPS + LONG + PPS + LONG + b"\x65\x88picture"
    other = bytes([SPS[0], *SPS[1:4], SPS[4] ^ 1, *SPS[5:]])
    opening = Opening("H264")
    frames = depacketizer("H264", opening)
    assert push(frames, "H264", LONG + other + LONG + PPS, 0, True) == []
    sealed = seal_frame(Sender(KEY_ID, KEY), "H264", Source.CAMERA, key)
    assert push(frames, "H264", LONG + other + sealed, 1, True) == []
    assert opening.reasons == [Reason.FORGED]
    (frame,) = push(frames, "H264", sealed, 2, True)
    assert frame.data == key
    assert frame.parameters == LONG + SPS + LONG + PPS


@pytest.mark.parametrize("codec", VIDEO)
@pytest.mark.parametrize("seed", range(3))
def test_what_comes_out_was_sent_whatever_happens_to_packets(codec: Codec, seed: int) -> None:
    with seeded(seed) as random:
        sender, frames = Sender(KEY_ID, KEY), depacketizer(codec, Opening(codec))
        plain = depacketizer(codec)
        sent = set()
        for number in range(120):
            is_key = number % 6 == 0
            frame = pictures(codec)[0 if is_key else 1] + bytes([number, 0x80])
            sent |= {each.data for each in push(plain, codec, frame, number, is_key)}
            payloads = payloads_of(codec, seal_frame(sender, codec, Source.CAMERA, frame), number, is_key)
            for at, payload in enumerate(payloads):
                if random.random() < 0.05:
                    frames.gap()
                    continue
                if random.random() < 0.05:
                    place = random.randrange(len(payload))
                    payload = payload[:place] + random.randbytes(1) + payload[place + 1 :]
                got = frames.push(number * 3000, at == len(payloads) - 1, payload)
                assert got is None or got.data in sent
