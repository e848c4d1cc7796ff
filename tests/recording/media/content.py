"""Content that can be recognised: pictures that carry a number and flash, and sound that beeps with the flash.

Encoded by PyAV, and read again from what was recorded. Not here: packets (`packetize.py`), networks (`line.py`).
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext

from recording.frames import Codec

BITS = 12
DARK, BRIGHT, FLASH = 40, 200, 235
RATE = 48_000
SAMPLES = 960
"""Of one packet of sound: 20 ms."""
BEEP_HZ = 1000

ENCODERS: dict[Codec, tuple[str, dict[str, str]]] = {
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "1"}),
    "VP9": ("libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}),
    "H264": ("libx264", {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "slices=2"}),
}


@dataclass(frozen=True)
class Encoded:
    """What a publisher's encoder gives."""

    data: bytes
    key: bool
    at_us: int
    """When it was seen or heard, by a clock that is right."""
    number: int


class Camera:
    """Encodes a picture on demand."""

    def __init__(self, codec: Codec, width: int = 192, height: int = 96, profile: str = "baseline") -> None:
        self._codec = codec
        self._profile = {"profile": profile} if codec == "H264" else {}
        self._encoder = self._open(width, height)
        self._count = 0

    def resize(self, width: int, height: int) -> None:
        """From the next picture on, which is a key frame."""
        self._encoder = self._open(width, height)

    def picture(self, number: int, at_us: int, key: bool = False, flash: bool = False) -> Encoded:
        frame = draw(number, self._encoder.width, self._encoder.height, flash)
        frame.pts = self._count
        frame.time_base = Fraction(1, 30)
        if key:
            frame.pict_type = av.video.frame.PictureType.I
        self._count += 1
        (packet,) = self._encoder.encode(frame)
        return Encoded(bytes(packet), packet.is_keyframe, at_us, number)

    def _open(self, width: int, height: int) -> VideoCodecContext:
        name, options = ENCODERS[self._codec]
        encoder = av.CodecContext.create(name, "w")
        assert isinstance(encoder, VideoCodecContext)
        encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
        encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
        encoder.bit_rate, encoder.gop_size, encoder.thread_count = 300_000, 10_000, 1
        encoder.options = options | self._profile
        return encoder


class Microphone:
    """Encodes 20 ms of silence or of a tone."""

    def __init__(self) -> None:
        encoder = av.CodecContext.create("libopus", "w")
        assert isinstance(encoder, AudioCodecContext)
        encoder.sample_rate, encoder.format, encoder.layout = RATE, "s16", "stereo"
        encoder.bit_rate, encoder.time_base = 64_000, Fraction(1, RATE)
        self._encoder = encoder
        self._count = 0

    def sound(self, number: int, at_us: int, beep: bool = False) -> Encoded:
        """The encoder is 6.5 ms behind: what is given out belongs to that much before `at_us` and lasts 20 ms."""
        frame = av.AudioFrame(format="s16", layout="stereo", samples=SAMPLES)
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._count, Fraction(1, RATE)
        self._count += SAMPLES
        loud = 16_000 if beep else 0
        tone = [int(loud * math.sin(2 * math.pi * BEEP_HZ * index / RATE)) for index in range(SAMPLES)]
        frame.planes[0].update(struct.pack(f"<{2 * SAMPLES}h", *(each for each in tone for _ in (0, 1))))
        (packet,) = self._encoder.encode(frame)
        return Encoded(bytes(packet), True, at_us, number)


def draw(number: int, width: int, height: int, flash: bool) -> av.VideoFrame:
    """The number as stripes in the upper half, the flash in the lower one."""
    frame = av.VideoFrame(width, height, "yuv420p")
    stripe = width // BITS
    upper = b"".join(bytes([BRIGHT if number >> bit & 1 else DARK]) * stripe for bit in range(BITS))
    upper += bytes([DARK]) * (width - len(upper))
    lower = bytes([FLASH if flash else DARK]) * width
    luma = frame.planes[0]
    padding = bytes(luma.line_size - width)
    luma.update((upper + padding) * (height // 2) + (lower + padding) * (height - height // 2))
    for chroma in frame.planes[1:]:
        chroma.update(bytes([128]) * chroma.buffer_size)
    return frame


@dataclass(frozen=True)
class Seen:
    number: int
    flash: bool
    at_ms: float
    width: int


def see(recorded: bytes) -> list[Seen]:
    """Every picture of a recorded file. What a decoder finds wrong with it raises."""
    with av.open(io.BytesIO(recorded), "r") as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        return [_look(frame) for frame in container.decode(video=0)]


def _look(frame: av.VideoFrame) -> Seen:
    assert frame.pts is not None
    assert frame.time_base is not None
    luma = frame.planes[0]
    pixels = bytes(luma)
    middle = frame.height // 4 * luma.line_size
    stripe = frame.width // BITS
    half = (DARK + BRIGHT) // 2
    number = sum((pixels[middle + bit * stripe + stripe // 2] > half) << bit for bit in range(BITS))
    below = pixels[frame.height * 3 // 4 * luma.line_size + frame.width // 2]
    return Seen(number, below > half, float(frame.pts * frame.time_base * 1000), frame.width)


@dataclass(frozen=True)
class Heard:
    at_ms: float
    loudness: float
    """Root of the mean square of 5 ms."""


def hear(recorded: bytes) -> list[Heard]:
    return list(_listen(recorded))


def _listen(recorded: bytes) -> Iterator[Heard]:
    step = RATE // 200
    with av.open(io.BytesIO(recorded), "r") as container:
        for frame in container.decode(audio=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            began = float(frame.pts * frame.time_base * 1000)
            samples = struct.unpack(f"<{frame.samples}f", bytes(frame.planes[0])[: 4 * frame.samples])
            for at in range(0, frame.samples - step + 1, step):
                part = samples[at : at + step]
                yield Heard(began + at * 1000 / RATE, math.sqrt(sum(each * each for each in part) / step))


def onsets(heard: Iterable[Heard], above: float = 0.1) -> list[float]:
    """When beeps begin, milliseconds."""
    found = []
    loud = False
    for each in heard:
        if each.loudness > above and not loud:
            found.append(each.at_ms)
        loud = each.loudness > above
    return found


def flashes(seen: Iterable[Seen]) -> list[float]:
    found = []
    lit = False
    for each in seen:
        if each.flash and not lit:
            found.append(each.at_ms)
        lit = each.flash
    return found


def times(recorded: bytes) -> list[int]:
    """When each frame of a file begins, in milliseconds: nothing is decoded."""
    with av.open(io.BytesIO(recorded), "r") as container:
        stream = container.streams[0]
        tick = stream.time_base or Fraction(1, 1000)
        return [round(packet.pts * tick * 1000) for packet in container.demux(stream) if packet.pts is not None]
