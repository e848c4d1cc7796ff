"""One stream's frames as a Matroska file, muxed by PyAV as they come: nothing is decoded or encoded.

The file is written front to back, in clusters of a tenth of a second, each of which goes out whole: wherever it ends,
what is before can be played. Not here: which frames, and at what times (`track.py`); encryption, which is the business
of the file that is written into.
"""

from __future__ import annotations

from typing import Protocol

import av
from av.container import OutputContainer
from av.stream import Stream

from recording.frames import Codec

CLUSTER_MS = 100
"""The muxer keeps a cluster to itself until it is full, so this is lost if the service is killed. Shorter, and the file
grows by twenty bytes each time."""

BUFFER_BYTES = 65_536
"""Clusters go out in pieces of this at most."""

_OPTIONS = {
    "cluster_time_limit": str(CLUSTER_MS),
    "flush_packets": "1",
    # no random ids; and no filter of the muxer's choice, which would hold back pictures that are not to be shown
    "fflags": "+bitexact-autobsf",
    "write_crc32": "0",  # what encrypts the file notices more
}

_NAMES: dict[Codec, str] = {"VP8": "vp8", "VP9": "vp9", "H264": "h264"}


CLUSTER = b"\x1f\x43\xb6\x75"
"""What each cluster begins with (RFC 8794, section 5; RFC 9559, section 5.1.3)."""

BEGINNING = 65_536
"""Bytes in which the first cluster begins: a header has some hundred, with H264 parameters a thousand."""


def holds_frames(beginning: bytes) -> bool:
    """Whether a file that begins so has more than a header; the first BEGINNING bytes of it are enough."""
    return CLUSTER in beginning


class Writable(Protocol):
    """What a file must be able to do."""

    def write(self, data: bytes, /) -> int: ...


class Unmuxable(ValueError):
    """The muxer will not have it: what was sent is no such stream. The file can't be continued."""


class MatroskaWriter:
    """`width` and `height`: of the first picture; later ones of VP8 and VP9 may differ. An OSError that `file.write`
    raises comes out of `write` and `close`, and after that nothing is written any more: the file ends there."""

    def __init__(self, file: Writable, codec: Codec, width: int = 0, height: int = 0) -> None:
        self._pipe = _Pipe(file)
        self._container: OutputContainer = av.open(
            self._pipe, "w", format="matroska", container_options=_OPTIONS, buffer_size=BUFFER_BYTES
        )
        self._stream: Stream
        if codec == "opus":
            # it encodes nothing: its context knows what a header says of Opus, and of the 6.5 ms that an encoder is
            # behind, which are the same in browsers
            self._stream = self._container.add_stream("libopus", rate=48_000)
        else:
            self._stream = self._container.add_mux_stream(_NAMES[codec], width=width, height=height)

    def write(self, data: bytes, at_ms: int, key: bool, duration_ms: int = 0) -> None:
        """`at_ms` rises. H264: Annex B, the first frame with its parameter sets. Sound says how long it lasts. Raises
        OSError or Unmuxable."""
        packet = av.Packet(data)
        packet.stream = self._stream
        packet.pts = packet.dts = at_ms  # without a time base it is the stream's, which is milliseconds
        packet.is_keyframe = key
        packet.duration = duration_ms
        try:
            self._container.mux_one(packet)
        except av.FFmpegError as error:
            self._pipe.closed = True
            raise Unmuxable(error.strerror) from error
        self._pipe.check()

    def close(self) -> None:
        """Writes what the muxer still has, unless an error has ended the file. `file` stays open. Raises OSError or
        Unmuxable."""
        if self._pipe.closed:
            return
        try:
            self._container.close()
        except av.FFmpegError as error:
            raise Unmuxable(error.strerror) from error
        finally:
            self._pipe.closed = True
        self._pipe.check()


class _Pipe:
    """Shows the muxer nothing but `write`, for it must not seek, and never fails in its hands: it would not forget."""

    def __init__(self, file: Writable) -> None:
        self._file = file
        self._failure: OSError | None = None
        self.closed = False
        """Not one more byte goes out. PyAV asks for it before it writes an end to what was forgotten about."""

    def write(self, data: bytes) -> int:
        if not self.closed:
            try:
                self._file.write(data)
            except OSError as error:
                self._failure = error
                self.closed = True
        return len(data)

    def check(self) -> None:
        if self._failure is not None:
            raise self._failure
