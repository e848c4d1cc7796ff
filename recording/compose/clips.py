"""Clips as a film needs them: pictures and sound at a time, decoded on the way and never kept.

Files are what people have sent, so each is hostile: what cannot be decoded is left out and told, and ends at most its
own clip. Not here: which clips (`plan.py`), opening their files (`compose.py`).
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Literal, TypeVar

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.video.frame import VideoFrame

from recording.age import AgeError

if TYPE_CHECKING:
    from av.frame import Frame as AnyFrame

RATE = 48_000
SAMPLE = 4
"""Bytes: 32-bit floats, one channel. A microphone has no sides."""

JUMP = RATE // 100
"""Samples, 10 ms. A packet of sound that begins this far from where the last one ended begins where it says: packets
were lost, or it was muted. Less is a clock that drifts, or times that are rounded to milliseconds."""

SLACK = RATE // 500
"""Samples, 2 ms. Beyond this a drift is corrected, by one sample in each packet, which nobody hears."""

LARGEST_PICTURE = 16_000_000
"""Pixels. A shared 5K screen has fewer; decoders refuse more."""

READ = 65_536

LONGEST_MS = 24 * 3_600_000
"""A clip is believed to last. No session does."""

OpenFile = Callable[[], AbstractContextManager[io.RawIOBase]]
"""Raises AgeError and OSError; so does reading."""

Tell = Callable[[str], None]
"""Takes a sentence, without names, about what is wrong with a clip."""

_Frame = TypeVar("_Frame", bound="AnyFrame")


class Pictures:
    """One clip's pictures. Times are asked for in order."""

    def __init__(self, open_file: OpenFile, tell: Tell) -> None:
        self._frames = _decoded(open_file, "video", VideoFrame, tell)
        self._shown: VideoFrame | None = None
        self._next = next(self._frames, None)

    def at(self, ms: float) -> VideoFrame | None:
        """The newest that is not later than this, in the clip's time; None before the first. The last one stays."""
        while self._next is not None and self._next[0] * 1000 <= ms:
            self._shown = self._next[1]
            self._next = next(self._frames, None)
        return self._shown

    def close(self) -> None:
        """Closes its file."""
        self._frames.close()


class Sound:
    """One clip's sound, as samples without gaps. Stretches are asked for in order."""

    def __init__(self, open_file: OpenFile, tell: Tell) -> None:
        self._frames = _decoded(open_file, "audio", AudioFrame, tell)
        self._resampler = AudioResampler("flt", "mono", RATE)
        self._tell = tell
        self._expected: int | None = None
        self._block = self._next_block()

    def read(self, start: int, count: int) -> bytes:
        """So many samples from there; silence where there are none."""
        end = start + count
        out = bytearray(count * SAMPLE)
        while self._block is not None:
            at, data = self._block
            stop = at + len(data) // SAMPLE
            low, high = max(at, start), min(stop, end)
            if low < high:
                out[(low - start) * SAMPLE : (high - start) * SAMPLE] = data[(low - at) * SAMPLE : (high - at) * SAMPLE]
            if stop > end:
                break
            self._block = self._next_block()
        return bytes(out)

    def close(self) -> None:
        """Closes its file."""
        self._frames.close()

    def _next_block(self) -> tuple[int, bytes] | None:
        """(where it begins, its samples)."""
        decoded = next(self._frames, None)
        if decoded is None:
            return None
        seconds, frame = decoded
        try:
            samples = b"".join(
                bytes(each.planes[0])[: each.samples * SAMPLE] for each in self._resampler.resample(frame)
            )
        except ValueError:
            self._tell("Its sound changes its form, and is left out from there.")
            return None
        return self._placed(round(seconds * RATE), samples)

    def _placed(self, stamp: int, samples: bytes) -> tuple[int, bytes]:
        at = self._expected
        if at is None or abs(stamp - at) >= JUMP:
            at = stamp
        elif stamp - at > SLACK:
            samples += samples[-SAMPLE:]
        elif at - stamp > SLACK:
            samples = samples[:-SAMPLE]
        self._expected = at + len(samples) // SAMPLE
        return at, samples


def measured_ms(open_file: OpenFile) -> int:
    """How long a clip is: to the end of its last packet that can be read. 0 if there is none. Nothing is decoded, and
    nothing is told: whoever uses the clip is told what is wrong with it."""
    end = 0.0
    with (
        contextlib.suppress(AgeError, OSError, av.FFmpegError),
        open_file() as file,
        av.open(file, "r", format="matroska", buffer_size=READ) as container,
    ):
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None:
                lasts = max(packet.duration or 0, 1)  # of a picture nobody knows it
                end = max(end, float((packet.pts + lasts) * packet.time_base))
    return min(round(end * 1000), LONGEST_MS)


def _decoded(
    open_file: OpenFile, kind: Literal["audio", "video"], frame_type: type[_Frame], tell: Tell
) -> Generator[tuple[float, _Frame], None, None]:
    """What can be decoded, with its time in seconds, in order, up to where the file cannot be read any more."""
    broken = 0
    try:
        with open_file() as file, av.open(file, "r", format="matroska", buffer_size=READ) as container:
            streams = [stream for stream in container.streams if stream.type == kind]
            if not streams:
                tell("There is nothing in it to be shown or heard.")
                return
            context = streams[0].codec_context
            context.thread_count = 1
            if kind == "video":
                context.options = {"max_pixels": str(LARGEST_PICTURE)}
            for packet in container.demux(streams[0]):
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    broken += 1
                    continue
                for frame in frames:
                    if isinstance(frame, frame_type) and frame.pts is not None and frame.time_base is not None:
                        yield float(frame.pts * frame.time_base), frame
    except AgeError as error:
        tell(str(error))
    except (OSError, av.FFmpegError) as error:
        tell(f"It could not be read to its end ({type(error).__name__}).")
    if broken:
        tell(f"Of its packets {broken} could not be decoded.")
