"""One slot, recorded: packets and reports go in, files with frames come out.

Who listens to what, where files are and who is told of trouble is not its business: it reads no clock and opens no file
but through the function that it was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from recording.clock import SlotClock
from recording.frames import CODECS, KINDS, RATES, Codec, Depacketizer, Frame, Kind, depacketizer
from recording.matroska import MatroskaWriter, Unmuxable
from recording.reorder import PATIENCE_US, Gap, Reorder
from recording.rtp import Packet, SenderReport, is_rtcp, packets_of, read_packet, read_reports
from sfu import Run

MOST_EARLY = 64
"""Streams whose reports are kept before the first packet. A listener has fewer slots."""


class TrackFile(Protocol):
    """What a stretch is written into. After an OSError from `write` only `close` is called."""

    def write(self, data: bytes, /) -> int: ...

    def close(self) -> None: ...


@dataclass(slots=True)
class Stretch:
    """What one file holds: one codec, and with H264 one set of parameters. Kept up to date while it is written."""

    codec: Codec
    began_us: int
    """In the recording's time: where the file's own time is zero."""
    width: int
    height: int
    """Of the first picture; zeros for sound."""
    ended_us: int
    frames: int = 0

    @property
    def duration_us(self) -> int:
        return self.ended_us - self.began_us


@dataclass(frozen=True)
class Statistics:
    """Since the beginning."""

    packets: int
    malformed: int
    """Not RTP or RTCP as the engine writes it, or of another stream."""
    lost: int
    """Packets that did not come in time."""
    useless: int
    """Packets that came twice or too late."""
    gaps: int
    frames: int
    """Written."""
    broken: int
    """Frames that could not be put together, by what they held."""
    dropped: int
    """Frames that could not be written, or that came too many at once."""
    restarts: int
    """Times at which the stream's timestamps began anew."""


OpenFrame = Callable[[Codec, bytes], bytes | None]
"""What somebody has encrypted, as their encoder made it; None if that cannot be opened."""


class TrackCapture:
    """`open_file` is called with each Stretch when its first frame is there, so nothing is opened for a stream that
    never comes; the file is closed when the stretch ends. `origin_us`: where the recording's time is zero, by the
    engine's clock. `open_frame`: for frames that are encrypted. Memory is bounded, whatever comes."""

    def __init__(
        self,
        kind: Kind,
        open_file: Callable[[Stretch], TrackFile],
        origin_us: int,
        patience_us: int = PATIENCE_US,
        open_frame: OpenFrame | None = None,
    ) -> None:
        self._kind = kind
        self._open_frame = open_frame
        self._open_file = open_file
        self._reorder = Reorder(patience_us)
        self._clock = SlotClock(RATES[kind], origin_us)
        self._ssrc: int | None = None
        self._early: dict[int, SenderReport] = {}
        """The last report of each stream, while it is not known which is this one."""
        self._payload_type = -1
        self._frames: Depacketizer | None = None
        self._broken_before = 0
        self._file: TrackFile | None = None
        self._writer: MatroskaWriter | None = None
        self._parameters = b""
        self._failure: OSError | None = None
        self._packets = self._malformed = self._gaps = self._written = self._dropped = 0
        self.stretch: Stretch | None = None
        """The one that is being written, or was written last."""

    @property
    def wants_key(self) -> bool:
        """Nothing can be written before the next key frame: it is time to ask for one."""
        return self._frames is not None and self._frames.wants_key

    @property
    def statistics(self) -> Statistics:
        return Statistics(
            packets=self._packets,
            malformed=self._malformed,
            lost=self._reorder.lost,
            useless=self._reorder.useless,
            gaps=self._gaps,
            frames=self._written,
            broken=self._broken_before + (self._frames.broken if self._frames is not None else 0),
            dropped=self._dropped,
            restarts=self._clock.restarts,
        )

    def feed(self, batch: Iterable[Run | tuple[int, bytes]]) -> None:
        """Takes packets, RTP as runs or each with its time of arrival, RTCP with it, in the order in which they came.
        Raises OSError, after all of the batch was taken, if a file could not be opened, written or closed: its stretch
        has ended with what was written before, and the next one begins with the next batch's first key frame."""
        for heard in batch:
            if isinstance(heard, Run):
                if not self._goes_on(heard):
                    for packet in packets_of(heard):
                        self._receive(packet)
                continue
            arrived_us, data = heard
            if is_rtcp(data):
                self._hear(data)
                continue
            single = read_packet(arrived_us, data)
            if single is None:
                self._malformed += 1
            else:
                self._receive(single)
        self._tell_failure()

    def expire(self, now_us: int) -> None:
        """Gives up what is missing too long: for times when nothing arrives. Raises OSError as `feed` does."""
        for item in self._reorder.expire(now_us):
            self._take(item)
        self._tell_failure()

    def flush(self) -> None:
        """Takes what was held back, as nothing before it will come any more. Raises OSError as `feed` does."""
        for item in self._reorder.flush():
            self._take(item)
        self._tell_failure()

    def close(self) -> None:
        """Takes what was still held back and ends the last stretch. Raises OSError as `feed` does."""
        for item in self._reorder.flush():
            self._take(item)
        self._end_stretch()
        self._tell_failure()

    def _goes_on(self, run: Run) -> bool:
        """Takes what nearly every run is: the next packets of what is playing. False: it is not that and was not taken.

        This is most of what capture costs, so it does in few steps what `_receive` does with any packet.
        """
        frames = self._frames
        if frames is None or run.payload_type != self._payload_type or run.ssrc != self._ssrc:
            return False
        payloads = run.payloads
        if not self._reorder.passes(run.sequence, len(payloads)):
            return False
        self._packets += len(payloads)
        timestamp = self._clock.extend(run.timestamp, run.came)
        left = len(payloads)
        for payload in payloads:
            left -= 1
            frame = frames.push(timestamp, run.marker and not left, payload)
            if frame is not None:
                self._keep(frame, frames)
        return True

    def _receive(self, packet: Packet) -> None:
        if not self._belongs(packet):
            self._malformed += 1
            return
        self._packets += 1
        for item in self._reorder.push(packet):
            self._take(item)

    def _belongs(self, packet: Packet) -> bool:
        codec = CODECS.get(packet.payload_type)
        if codec is None or KINDS[codec] != self._kind:
            return False
        if self._ssrc is None:
            self._ssrc = packet.ssrc
            early = self._early.pop(packet.ssrc, None)
            self._early.clear()
            if early is not None:
                self._clock.reported(early.at_us, early.timestamp)
        return packet.ssrc == self._ssrc

    def _hear(self, data: bytes) -> None:
        reports = read_reports(data)
        if reports is None:
            self._malformed += 1
            return
        for report in reports:
            if report.ssrc == self._ssrc:
                self._clock.reported(report.at_us, report.timestamp)
            elif self._ssrc is None and (report.ssrc in self._early or len(self._early) < MOST_EARLY):
                self._early[report.ssrc] = report

    def _take(self, item: Packet | Gap) -> None:
        if isinstance(item, Gap):
            self._gaps += 1
            if self._frames is not None:
                self._frames.gap()
            return
        if self._frames is None or item.payload_type != self._payload_type:
            self._frames = self._other_codec(item.payload_type)
        frame = self._frames.push(self._clock.extend(item.timestamp, item.arrived_us), item.marker, item.payload)
        if frame is not None:
            self._keep(frame, self._frames)

    def _keep(self, frame: Frame, frames: Depacketizer) -> None:
        if not self._write(frame):
            # what follows needs it
            self._dropped += 1
            frames.gap()

    def _other_codec(self, payload_type: int) -> Depacketizer:
        if self._frames is not None:
            self._broken_before += self._frames.broken
        self._payload_type = payload_type
        codec = CODECS[payload_type]
        return depacketizer(codec, partial(self._open_frame, codec) if self._open_frame is not None else None)

    def _write(self, frame: Frame) -> bool:
        at_us = self._clock.stamp(frame.timestamp)
        if at_us is None or self._failure is not None:
            return False
        duration_us = frame.duration * 1_000_000 // RATES[self._kind]
        try:
            writer, stretch = self._stretch_for(frame, at_us)
            writer.write(frame.data, (at_us - stretch.began_us) // 1000, frame.key, duration_us // 1000)
        except (OSError, Unmuxable) as error:
            self._end_stretch()
            if isinstance(error, OSError):
                self._failure = error
            return False
        stretch.ended_us = at_us + duration_us
        stretch.frames += 1
        self._written += 1
        return True

    def _stretch_for(self, frame: Frame, at_us: int) -> tuple[MatroskaWriter, Stretch]:
        """What `frame` goes into: a new file if there is none, or if its header would not be true of the frame."""
        codec = CODECS[self._payload_type]
        changed = bool(frame.parameters) and frame.parameters != self._parameters
        if self._writer is not None and self.stretch is not None and self.stretch.codec == codec and not changed:
            return self._writer, self.stretch
        self._end_stretch()
        self._parameters = frame.parameters
        self.stretch = Stretch(codec, at_us, frame.width, frame.height, at_us)
        self._file = self._open_file(self.stretch)
        self._writer = MatroskaWriter(self._file, codec, frame.width, frame.height)
        return self._writer, self.stretch

    def _end_stretch(self) -> None:
        writer, self._writer = self._writer, None
        file, self._file = self._file, None
        try:
            if writer is not None:
                writer.close()
        except OSError as error:
            self._failure = error
        except Unmuxable:
            self._dropped += 1
        try:
            if file is not None:
                file.close()
        except OSError as error:
            self._failure = error

    def _tell_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
