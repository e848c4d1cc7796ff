"""Sound at its time, and several sounds as one."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path

from recording.compose.clips import RATE, Sound
from recording.compose.mixing import BLOCK, Mixer
from recording.sealed import SealedReader
from tests.recording.compose.session import Session


def opened(session: Session, number: int = 0, told: list[str] | None = None) -> Sound:
    clip = session.clips[number]

    @contextmanager
    def file() -> Iterator[RawIOBase]:
        with SealedReader(session.folder, clip.name, session.identity(clip.person)) as reader:
            yield reader.file()

    return Sound(file, (told if told is not None else []).append)


def samples(data: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{len(data) // 4}f", data)


def loud(data: bytes) -> list[int]:
    """Which of its hundredths of a second are."""
    each = RATE // 100
    values = samples(data)
    return [at // each for at in range(0, len(values), each) if max(map(abs, values[at : at + each])) > 0.2]


def test_a_stretch_without_packets_is_silent_and_moves_nothing(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.microphone("a", 0, 5000, muted=(1500, 3500))
    heard = loud(opened(session).read(0, 5 * RATE))
    assert heard[:10] == list(range(10))
    assert [at for at in heard if 150 <= at < 350] == []
    assert {at for at in heard if 399 <= at < 412} >= set(range(400, 410))


def test_stretches_join_without_a_seam(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.microphone("a", 0, 3000)
    whole = opened(session).read(0, 3 * RATE)
    sound = opened(session)
    assert b"".join(sound.read(at, 777) for at in range(0, 3 * RATE - 777, 777)) == whole[: 4 * 777 * (3 * RATE // 777)]


def test_what_is_not_asked_for_is_passed_over(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.microphone("a", 0, 3000)
    whole = opened(session).read(0, 3 * RATE)
    assert opened(session).read(RATE, RATE) == whole[4 * RATE : 8 * RATE]


def test_after_the_end_there_is_silence(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.microphone("a", 0, 1000)
    sound = opened(session)
    assert sound.read(5 * RATE, 1000) == sound.read(6 * RATE, 1000) == bytes(4000)


def tone(hertz: int, loudness: float, at: int, count: int = BLOCK) -> bytes:
    values = (loudness * math.sin(2 * math.pi * hertz * (at + index) / RATE) for index in range(count))
    return struct.pack(f"<{count}f", *values)


def mixed(lanes: list[tuple[int, float]], blocks: int = 40) -> tuple[float, ...]:
    mixer = Mixer(len(lanes))
    out: list[bytes] = []
    at = 0
    for number in range(blocks):
        pieces = [tone(hertz, loudness, number * BLOCK) for hertz, loudness in lanes]
        for frame in [*mixer.push(pieces, number * BLOCK), *(mixer.finish() if number + 1 == blocks else ())]:
            assert frame.pts == at, "without a gap, in order"
            at += frame.samples
            out.append(bytes(frame.planes[0])[: 4 * frame.samples])
    return samples(b"".join(out))


def test_two_people_are_heard_at_their_full_loudness() -> None:
    together = mixed([(440, 0.2), (1000, 0.3)])
    one, other = samples(tone(440, 0.2, 0, 40 * BLOCK)), samples(tone(1000, 0.3, 0, 40 * BLOCK))
    assert len(together) == 40 * BLOCK
    assert max(abs(sum(parts) - whole) for *parts, whole in zip(one, other, together, strict=True)) < 0.01


def test_many_who_shout_do_not_clip() -> None:
    together = mixed([(440, 0.9), (440, 0.9), (440, 0.9)])
    assert 0.8 < max(map(abs, together)) <= 0.96


def test_one_alone_is_left_as_it_is() -> None:
    assert mixed([(440, 0.9)]) == samples(tone(440, 0.9, 0, 40 * BLOCK))
