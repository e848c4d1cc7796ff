"""What frames show and sound like, by real decoders: whose pictures they are, and whose pitch is heard in them.

Pictures are recognised as in the page (`recognise.js`). What no decoder takes shows nothing. Not here: where the frames
come from.
"""

from __future__ import annotations

import math
import statistics
from array import array
from collections.abc import Iterable, Iterator, Sequence
from operator import mul
from typing import Any

import av
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext

from recording.frames import Codec
from tests.browser.person import Picture

DECODERS: dict[Codec, tuple[str, ...]] = {
    "VP8": ("vp8", "libvpx"),
    "VP9": ("vp9", "libvpx-vp9"),
    "H264": ("h264",),
    "opus": ("opus", "libopus"),
}
"""By their names in FFmpeg. What the one refuses the other may take."""

WIDTH, HEIGHT = 160, 90

RATE = 8000
WINDOW = RATE // 10
"""Samples; pitches that are multiples of 10 Hz do not disturb each other."""

NEIGHBOURS = (60, 80, 100, 120, 140, 160, 180, 200)
"""Hz, above and below: near enough that noise is as loud there, far enough that a beep is not heard there."""

QUIET = 1e-12
"""Of a full-scale tone's power."""


def pictures(frames: Iterable[bytes], decoder: str) -> list[Picture]:
    """All that can be decoded of one stream, in order."""
    context = VideoCodecContext.create(decoder, "r")
    return [Picture.of(_measure(frame)) for data in (*frames, None) for frame in _decode(context, data)]


def stands_out(packets: Iterable[bytes], pitch: int, decoder: str) -> float:
    """How much louder that pitch is than its neighbours in Opus packets, dB. Noise: around 0, silence: 0."""
    samples = _sound(packets, decoder)
    if len(samples) < 20 * WINDOW:
        return 0.0
    around = [pitch + sign * step for step in NEIGHBOURS for sign in (-1, 1)]
    floor = statistics.median(_power(samples, each) for each in around)
    return 10 * math.log10((_power(samples, pitch) + QUIET) / (floor + QUIET))


def _decode(decoder: Any, data: bytes | None) -> Iterator[Any]:
    try:
        yield from decoder.decode(av.Packet(data) if data is not None else None)
    except av.FFmpegError:
        return  # it cannot be decoded


def _measure(frame: av.VideoFrame) -> dict[str, Any]:
    """As `recognise.measure` does it."""
    plane = frame.reformat(width=WIDTH, height=HEIGHT, format="rgb24").planes[0]
    pixels, line = bytes(plane), plane.line_size

    def mean(x: float, y: float, wide: float, high: float) -> list[int]:
        left, right = round(x * WIDTH), round((x + wide) * WIDTH)
        rows = [row * line for row in range(round(y * HEIGHT), round((y + high) * HEIGHT))]
        count = len(rows) * (right - left)
        return [
            round(sum(sum(pixels[row + 3 * left + colour : row + 3 * right : 3]) for row in rows) / count)
            for colour in range(3)
        ]

    bits = [mean(n / 8 + 0.03, 0.75, 0.065, 0.18)[1] for n in range(8)]
    counter = None
    if bits[0] - bits[7] > 100:
        half = (bits[0] + bits[7]) / 2
        counter = sum((bit > half) << place for place, bit in enumerate(reversed(bits[1:7])))
    return {
        "left": mean(0.2, 0.2, 0.2, 0.35),
        "right": mean(0.6, 0.2, 0.2, 0.35),
        "lower": mean(0.1, 0.75, 0.8, 0.18),
        "counter": counter,
        "frames": frame.pts or 0,
        "width": frame.width,
        "height": frame.height,
    }


def _sound(packets: Iterable[bytes], decoder: str) -> array[int]:
    context = AudioCodecContext.create(decoder, "r")
    assert isinstance(context, AudioCodecContext)
    context.sample_rate, context.layout = 48_000, "stereo"
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    samples = array("h")
    for data in packets:
        for frame in _decode(context, data):
            frame.pts = None  # one after another, whatever was between them
            for part in resampler.resample(frame):
                samples.frombytes(bytes(part.planes[0])[: 2 * part.samples])
    return samples


def _power(samples: Sequence[int], pitch: int) -> float:
    """The mean over all windows; 1 is a full-scale tone."""
    turn = 2 * math.pi * pitch / RATE
    cosine = [math.cos(turn * n) for n in range(WINDOW)]
    sine = [math.sin(turn * n) for n in range(WINDOW)]
    scale = WINDOW * 32_768 / 2
    return statistics.fmean(
        (math.hypot(sum(map(mul, part, cosine)), sum(map(mul, part, sine))) / scale) ** 2
        for part in (samples[at : at + WINDOW] for at in range(0, len(samples) - WINDOW + 1, WINDOW))
    )
