"""What composing costs: how many times as fast as real time one core is, and whether memory grows with the length.

    python -m bench.compose [--seconds 60] [--captions] [--json]

Two people at 720p in VP8, before walls that stand still but for noise, and their sound; a film of
720p. One core at most is used, for all decoders and encoders have one thread. The second film is four times as long as
the first. With --captions names and the time are drawn into it. Not here: capture.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.filter import Graph
from av.video.codeccontext import VideoCodecContext

from recording.age import Identity
from recording.compose import Clip, Order, run
from recording.matroska import MatroskaWriter
from recording.sealed import SealedWriter

SIZE = (1280, 720)
PERSON = (480, 540)
"""What moves, all of it and all the time: more than a quarter of the picture. The rest stands still, but for noise."""

NOISE = 6

LOOP_SECONDS = 10
"""What is in a camera's file; a film repeats it."""

BIT_RATE = 1_500_000
LONGER = 4


def camera(folder: Path, name: str, identity: Identity, source: str) -> None:
    """A file of what a browser would send of `source`, a filter that makes pictures."""
    graph = Graph()
    backdrop = graph.add("gradients", f"size={SIZE[0]}x{SIZE[1]}:rate=30:speed=0.00001:seed=1")
    person = graph.add(source, f"size={PERSON[0]}x{PERSON[1]}:rate=30")
    together = graph.add("overlay", "x=(W-w)/2:y=H-h")
    backdrop.link_to(together, 0, 0)
    person.link_to(together, 0, 1)
    noise = graph.add("noise", f"alls={NOISE}:allf=t")
    graph.link_nodes(together, noise, graph.add("format", "yuv420p"), graph.add("buffersink")).configure()
    encoder = av.CodecContext.create("libvpx", "w")
    if not isinstance(encoder, VideoCodecContext):
        raise TypeError("VP8 is a video codec")
    encoder.width, encoder.height, encoder.pix_fmt = *SIZE, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
    encoder.bit_rate, encoder.gop_size = BIT_RATE, 3000
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "1"}
    file = SealedWriter(folder, name, identity.recipient, os.urandom)
    writer = MatroskaWriter(file, "VP8", *SIZE)
    for number in range(30 * LOOP_SECONDS):
        picture = graph.vpull()
        picture.pts, picture.time_base = number, Fraction(1, 30)
        for packet in encoder.encode(picture):
            writer.write(bytes(packet), round(number * 1000 / 30), packet.is_keyframe)
    writer.close()
    file.close()


def microphone(folder: Path, name: str, identity: Identity) -> None:
    graph = Graph()
    made = graph.add("anoisesrc", "color=pink:amplitude=0.2:sample_rate=48000:nb_samples=960")
    form = graph.add("aformat", "sample_fmts=s16:channel_layouts=stereo")
    graph.link_nodes(made, form, graph.add("abuffersink")).configure()
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.format, encoder.layout = 48_000, "s16", "stereo"
    encoder.bit_rate, encoder.time_base = 32_000, Fraction(1, 48_000)
    file = SealedWriter(folder, name, identity.recipient, os.urandom)
    writer = MatroskaWriter(file, "opus")
    at = 0
    while at < 1000 * LOOP_SECONDS:
        sound = graph.pull()
        if not isinstance(sound, AudioFrame):
            raise TypeError("a microphone gives sound")
        for packet in encoder.encode(sound):
            writer.write(bytes(packet), at, True, 20)
            at += 20
    writer.close()
    file.close()


def order(folder: Path, identity: Identity, seconds: int, captions: bool) -> Order:
    clips = [
        Clip(
            track=f"{name}-{at}",
            person=name[-1],
            source="camera" if name.startswith("camera") else "microphone",
            started_ms=1000 * at,
            duration_ms=1000 * LOOP_SECONDS,
            folder=str(folder),
            name=name,
        )
        for at in range(0, seconds, LOOP_SECONDS)
        for name in ("camera-a", "camera-b", "microphone-a", "microphone-b")
    ]
    secret = identity.text()
    return Order.model_validate(
        {
            "clips": clips,
            "identities": {"a": secret, "b": secret},
            "folder": str(folder),
            "name": f"film-{seconds}",
            "recipient": str(identity.recipient),
            "names": {"a": "Dr. Ann Lee", "b": "Sam Reed"},
            "show_names": captions,
            "show_time": captions,
            "started_at": 1_785_600_000,
        }
    )


def measure(folder: Path, identity: Identity, seconds: int, captions: bool) -> dict[str, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = asyncio.run(run(order(folder, identity, seconds, captions), lambda part: None))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": seconds,
        "cpu_seconds": round(used, 2),
        "times_real_time": round(seconds / used, 2),
        "wall_seconds": round(time.monotonic() - began, 2),
        "most_resident_kb": after.ru_maxrss,
        "bytes": done.size,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--captions", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    identity = Identity.generate(os.urandom)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        camera(folder, "camera-a", identity, "testsrc2")
        camera(folder, "camera-b", identity, "mandelbrot")
        microphone(folder, "microphone-a", identity)
        microphone(folder, "microphone-b", identity)
        # the shorter one first: the most that was resident is remembered for all children together
        figures = [measure(folder, identity, options.seconds * factor, options.captions) for factor in (1, LONGER)]
    if options.json:
        print(json.dumps(figures))
        return
    for each in figures:
        print(
            f"film of {each['seconds']:.0f} s: {each['times_real_time']:.1f} times as fast as real time on one core, "
            f"{each['most_resident_kb'] / 1024:.0f} MB resident, {each['bytes'] / 1e6:.1f} MB long"
        )


if __name__ == "__main__":
    main()
