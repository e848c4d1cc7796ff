"""PyAV writes into a sealed track, and reads from one, as from any file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from recording.age import CHUNK, Damaged
from recording.sealed import SealedReader, SealedWriter
from tests.recording.age.made_up import IDENTITY, RECIPIENT, chance
from tests.recording.sealed.session import NAME

RATE = 8000
PIECE = 800
COUNT = 200


def mux(track: SealedWriter, count: int) -> None:
    """`count` tenths of a second of sound in the clear, the number of each as its samples."""
    options = {"cluster_time_limit": "500", "flush_packets": "1"}
    with av.open(track, "w", format="matroska", options=options) as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for number in range(count):
            packet = av.Packet(number.to_bytes(2, "little") * PIECE)
            packet.stream = stream
            packet.time_base = Fraction(1, RATE)
            packet.pts = packet.dts = number * PIECE
            packet.duration = PIECE
            container.mux(packet)
            if number % 10 == 9:
                track.checkpoint()


def numbers(track: SealedReader) -> list[int]:
    with av.open(track.file(), "r") as container:
        return [int.from_bytes(bytes(packet)[:2], "little") for packet in container.demux(audio=0) if packet.size]


def test_a_muxer_writes_a_track_and_a_demuxer_reads_it(tmp_path: Path) -> None:
    track = SealedWriter(tmp_path, NAME, RECIPIENT, chance(1))
    mux(track, COUNT)
    track.close()
    with SealedReader(tmp_path, NAME, IDENTITY) as reader:
        assert reader.finished
        assert numbers(reader) == list(range(COUNT))


def test_what_a_crash_left_can_be_played(tmp_path: Path) -> None:
    track = SealedWriter(tmp_path, NAME, RECIPIENT, chance(1))
    mux(track, COUNT)
    track.abandon()
    with SealedReader(tmp_path, NAME, IDENTITY) as reader:
        assert not reader.finished
        found = numbers(reader)
    assert found == list(range(len(found)))
    assert len(found) >= COUNT - 10


def test_damage_is_said_and_not_played_over(tmp_path: Path) -> None:
    track = SealedWriter(tmp_path, NAME, RECIPIENT, chance(1))
    mux(track, COUNT)
    track.close()
    path = tmp_path / f"{NAME}.age"
    data = bytearray(path.read_bytes())
    data[len(data) - CHUNK - 40_000] ^= 1
    path.write_bytes(data)
    with SealedReader(tmp_path, NAME, IDENTITY) as reader, pytest.raises(Damaged):
        numbers(reader)
