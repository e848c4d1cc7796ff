"""What a made-up camera and microphone send: encoded once, played again and again by every simulated session.

Real VP8 and Opus, so that what was kept can be decoded; no two pictures alike, so that it can be told which were kept.
Not here: who plays it, and when (`stand_in.py`).
"""

from __future__ import annotations

import math
import pickle
import random
import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext

from recording.frames import CODECS, Codec
from sfu import Kind
from tests.recording.media.content import ENCODERS, RATE, SAMPLES
from tests.recording.media.packetize import pieces
from tests.sim.browser import rtp, vp8_descriptor

SECONDS = 12
"""Longer than any session lasts before it is killed."""

WIDTH, HEIGHT = 320, 176
BLOCK = 8
"""Rows that are alike."""

BIT_RATE = 1_000_000
"""Enough for a chunk of 64 KiB twice a second, and little enough to be decoded in no time."""

LARGEST = 1_100
"""Bytes of a payload."""

FIRST_SEQUENCE = 65_500
_SSRC = slice(8, 12)


@dataclass(frozen=True)
class Clip:
    """The frames of one source from its first key frame on, and the packets of each."""

    codec: Codec
    rate: int
    """Frames a second."""
    ticks: int
    """RTP time from one frame to the next."""
    frames: tuple[bytes, ...]
    packets: tuple[tuple[bytes, ...], ...]

    def due_us(self, frame: int) -> int:
        """How long after the beginning it comes."""
        return frame * 1_000_000 // self.rate

    def arrived(self, us: int) -> int:
        """How many frames have come so long after the beginning."""
        if us < 0:
            return 0
        count = us * self.rate // 1_000_000
        while self.due_us(count) <= us:
            count += 1
        return min(count, len(self.frames))

    def packets_of(self, frame: int, ssrc: int) -> list[bytes]:
        name = ssrc.to_bytes(4, "big")
        return [packet[: _SSRC.start] + name + packet[_SSRC.stop :] for packet in self.packets[frame]]


Clips = dict[Kind, Clip]


def make(seconds: int = SECONDS) -> Clips:
    return {"video": _camera(seconds), "audio": _microphone(seconds)}


def save(clips: Clips, file: Path) -> None:
    file.write_bytes(pickle.dumps(clips))


def load(file: Path) -> Clips:
    """Only what `save` has written a moment ago."""
    clips: Clips = pickle.loads(file.read_bytes())
    return clips


def _camera(seconds: int) -> Clip:
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
    encoder.bit_rate, encoder.gop_size, encoder.thread_count = BIT_RATE, 10_000, 1
    encoder.options = ENCODERS["VP8"][1]
    chance = random.Random(1)
    frames, packets, sequence = [], [], FIRST_SEQUENCE
    for number in range(30 * seconds):
        frame = _noise(chance)
        frame.pts, frame.time_base = number, Fraction(1, 30)
        (encoded,) = encoder.encode(frame)
        data = bytes(encoded)
        parts = pieces(data, LARGEST)
        payloads = [vp8_descriptor(number, number, index == 0) + part for index, part in enumerate(parts)]
        packets.append(_numbered("VP8", sequence, 3000 * number, payloads))
        sequence += len(payloads)
        frames.append(data)
    return Clip("VP8", 30, 3000, tuple(frames), tuple(packets))


def _microphone(seconds: int) -> Clip:
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.sample_rate, encoder.format, encoder.layout = RATE, "s16", "stereo"
    encoder.bit_rate, encoder.time_base = 64_000, Fraction(1, RATE)
    frames, packets = [], []
    for number in range(50 * seconds):
        frame = av.AudioFrame(format="s16", layout="stereo", samples=SAMPLES)
        frame.sample_rate, frame.pts, frame.time_base = RATE, SAMPLES * number, Fraction(1, RATE)
        hertz = 200 + 5 * number
        tone = [int(9_000 * math.sin(2 * math.pi * hertz * index / RATE)) for index in range(SAMPLES)]
        frame.planes[0].update(struct.pack(f"<{2 * SAMPLES}h", *(each for each in tone for _ in (0, 1))))
        (encoded,) = encoder.encode(frame)
        frames.append(bytes(encoded))
        packets.append(_numbered("opus", FIRST_SEQUENCE + number, SAMPLES * number, [frames[-1]]))
    return Clip("opus", 50, SAMPLES, tuple(frames), tuple(packets))


def _numbered(codec: Codec, sequence: int, timestamp: int, payloads: list[bytes]) -> tuple[bytes, ...]:
    number = next(number for number, name in CODECS.items() if name == codec)
    last = len(payloads) - 1
    return tuple(
        rtp(number, sequence + index, timestamp, 0, payload, codec != "opus" and index == last)
        for index, payload in enumerate(payloads)
    )


def _noise(chance: random.Random) -> av.VideoFrame:
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    luma = frame.planes[0]
    padding = bytes(luma.line_size - WIDTH)
    rows = [(chance.randbytes(WIDTH) + padding) * BLOCK for _ in range(HEIGHT // BLOCK)]
    luma.update(b"".join(rows))
    for chroma in frame.planes[1:]:
        chroma.update(bytes([128]) * chroma.buffer_size)
    return frame
