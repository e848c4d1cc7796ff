"""Files that any reader takes, wherever they end."""

from __future__ import annotations

import io
import random
import resource
import subprocess
import sys
from pathlib import Path

import av
import pytest

from recording.frames import KINDS, Codec, depacketizer
from recording.matroska import CLUSTER_MS, MatroskaWriter, Unmuxable
from tests.recording.media.content import Camera, Microphone, see
from tests.recording.media.probe import complaints
from tests.recording.media.slot import Kept
from tests.recording.media.stream import flat, pictures, push
from tests.sources import ROOT

CODECS: list[Codec] = ["opus", "VP8", "VP9", "H264"]

codecs = pytest.mark.parametrize("codec", CODECS)


class Pipe:
    """Only written to."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes, /) -> int:
        self.data += data
        return len(data)


def material(codec: Codec, seconds: float = 2) -> list[tuple[bytes, int, bool]]:
    """(data, milliseconds, key) of frames."""
    if codec == "opus":
        microphone = Microphone()
        return [
            (microphone.sound(number, 0, number % 10 < 3).data, 20 * number, True)
            for number in range(int(50 * seconds))
        ]
    count = int(25 * seconds)
    sent = pictures(codec, count, tuple(range(0, count, 20)))
    frames = push(depacketizer(codec), flat(sent))
    return [(frame.data, 40 * number, frame.key) for number, frame in enumerate(frames)]


def written(codec: Codec, frames: list[tuple[bytes, int, bool]]) -> bytes:
    pipe = Pipe()
    writer = MatroskaWriter(pipe, codec, *((0, 0) if codec == "opus" else (192, 96)))
    for data, at_ms, key in frames:
        writer.write(data, at_ms, key)
    writer.close()
    return bytes(pipe.data)


def packets(codec: Codec, recorded: bytes) -> list[tuple[int, bool, bytes]]:
    """What a reader gets: (milliseconds, key, data). Whatever is wrong with the end of the file ends it."""
    out = []
    try:
        with av.open(io.BytesIO(recorded), "r") as container:
            for packet in container.demux():
                if packet.pts is not None:
                    out.append((packet.pts, packet.is_keyframe, bytes(packet)))
    except av.FFmpegError:
        pass
    return out


@codecs
def test_frames_are_read_as_they_were_written(codec: Codec) -> None:
    frames = material(codec)
    got = packets(codec, written(codec, frames))
    assert [(at, key) for at, key, _ in got] == [(at, key) for _, at, key in frames]
    if codec != "H264":
        assert [data for _, _, data in got] == [data for data, _, _ in frames]


@codecs
def test_another_reader_has_nothing_to_complain_of(codec: Codec, tmp_path: Path) -> None:
    assert complaints(tmp_path, written(codec, material(codec))) == ""


@codecs
def test_the_header_says_what_is_inside(codec: Codec) -> None:
    with av.open(io.BytesIO(written(codec, material(codec))), "r") as container:
        (stream,) = container.streams
        context = stream.codec_context
        assert stream.type == KINDS[codec]
        assert context.name in (codec.lower(), f"lib{codec.lower()}", "libvpx", "libvpx-vp9")
        if codec == "opus":
            assert stream.codec_context.extradata is not None
            assert stream.codec_context.extradata[:8] == b"OpusHead"
            assert stream.codec_context.extradata[9] == 2
        else:
            assert (container.streams.video[0].width, container.streams.video[0].height) == (192, 96)


@codecs
def test_the_same_frames_make_the_same_file(codec: Codec) -> None:
    frames = material(codec, 1)
    assert written(codec, frames) == written(codec, frames)


@codecs
def test_what_was_written_is_never_far_behind(codec: Codec) -> None:
    pipe = Pipe()
    writer = MatroskaWriter(pipe, codec, 192, 96)
    for data, at_ms, key in material(codec):
        writer.write(data, at_ms, key)
        if at_ms > CLUSTER_MS + 80 and at_ms % 200 == 0:
            there = packets(codec, bytes(pipe.data))
            assert there
            assert at_ms - there[-1][0] <= CLUSTER_MS + 80
    writer.close()


def test_a_sound_that_ends_at_any_byte_is_heard_up_to_there() -> None:
    frames = material("opus", 0.8)
    recorded = written("opus", frames)
    whole = packets("opus", recorded)
    counts = []
    for cut in range(len(recorded) + 1):
        got = packets("opus", recorded[:cut])
        assert got == whole[: len(got)]
        counts.append(len(got))
    assert counts == sorted(counts)
    assert counts[-1] == len(frames)
    # every cluster that is there can be read
    assert counts[len(recorded) // 2] >= len(frames) // 2 - 2 * CLUSTER_MS // 20


@pytest.mark.parametrize("codec", CODECS[1:])
def test_a_picture_that_ends_at_any_byte_is_seen_up_to_there(codec: Codec) -> None:
    recorded = written(codec, material(codec))
    whole = packets(codec, recorded)
    chance = random.Random(1)
    for cut in sorted(chance.randrange(600, len(recorded)) for _ in range(150)):
        got = packets(codec, recorded[:cut])
        # of the last block a part may be there
        assert got[:-1] == whole[: max(len(got) - 1, 0)]


def test_pictures_that_are_not_to_be_shown_are_kept_one_by_one() -> None:
    """The muxer would hold them back and join them to the next one."""
    shown = material("VP9")[0][0]
    hidden = bytes([shown[0] & ~0x02]) + shown[1:]
    frames = [(shown, 0, True), (hidden, 40, True), (hidden, 80, True)]
    assert [at for at, _, _ in packets("VP9", written("VP9", frames))] == [0, 40, 80]


def test_sound_says_how_long_it_lasts() -> None:
    pipe = Pipe()
    writer = MatroskaWriter(pipe, "opus")
    for at_ms in (0, 60, 120):
        writer.write(b"\xfb\x03threes", at_ms, True, 60)
    writer.close()
    with av.open(io.BytesIO(bytes(pipe.data)), "r") as container:
        assert [packet.duration for packet in container.demux() if packet.size] == [60, 60, 60]


def test_a_pause_of_hours_is_kept() -> None:
    frames = material("opus", 1)
    late = [(data, at_ms + 5 * 3_600_000, key) for data, at_ms, key in frames]
    got = packets("opus", written("opus", frames + late))
    assert got[len(frames)][0] - got[0][0] == 5 * 3_600_000


def test_pictures_may_change_their_size(tmp_path: Path) -> None:
    camera = Camera("VP8")
    small = [camera.picture(number, 0, number == 0) for number in range(5)]
    camera.resize(384, 192)
    large = [camera.picture(number, 0, number == 5) for number in range(5, 10)]
    recorded = written("VP8", [(each.data, 40 * each.number, each.key) for each in small + large])
    seen = see(recorded)
    assert [(each.number, each.width) for each in seen] == [
        (number, 192 if number < 5 else 384) for number in range(10)
    ]


def test_a_full_disk_is_told_and_nothing_is_written_after_it() -> None:
    file = Kept(600)
    writer = MatroskaWriter(file, "opus")

    def write_all(writer: MatroskaWriter) -> None:
        for data, at_ms, key in material("opus"):
            writer.write(data, at_ms, key)

    with pytest.raises(OSError, match="No space left"):
        write_all(writer)
    there = bytes(file.data)
    file.room = float("inf")
    writer.close()
    del writer
    assert bytes(file.data) == there
    assert len(there) <= 600


def test_a_full_disk_at_the_end_is_told() -> None:
    file = Kept()
    writer = MatroskaWriter(file, "opus")
    for data, at_ms, key in material("opus", 0.1):
        writer.write(data, at_ms, key)
    file.room = 0
    with pytest.raises(OSError, match="No space left"):
        writer.close()


def test_what_is_no_stream_at_all_is_refused() -> None:
    writer = MatroskaWriter(Pipe(), "H264", 192, 96)
    with pytest.raises(Unmuxable):
        writer.write(b"\x00\x00\x00\x01\x67\x00\x00\x00\x01\x68\x00\x00\x00\x01\x65", 0, True)
    writer.close()


def test_a_long_recording_does_not_grow_in_memory() -> None:
    """In a process of its own, in which nothing else comes and goes."""
    program = "from tests.recording.media.test_matroska import grown; print(grown())"
    said = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(said.stdout) < 2_000_000


def grown() -> int:
    """Bytes, by four fifths of an hour of sound."""

    class Nowhere:
        def write(self, data: bytes, /) -> int:
            return len(data)

    writer = MatroskaWriter(Nowhere(), "opus")
    sound = bytes(80)

    def hours(begin: float, end: float) -> None:
        for number in range(int(begin * 180_000), int(end * 180_000)):
            writer.write(b"\x78" + sound, 20 * number, True)

    hours(0, 0.2)
    before = resident()
    hours(0.2, 1)
    return resident() - before


def resident() -> int:
    """Bytes of memory in use."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
