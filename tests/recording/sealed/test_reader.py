"""Reading a track that a crash has left, and refusing one that somebody has changed."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from recording.age import CHUNK, AgeError, Damaged, NoKeyFits, open_bytes, seal_bytes
from recording.sealed import SealedReader, SealedWriter, files_of, finish
from recording.sealed.layout import MAX_TAIL, Tail
from tests.recording.age.made_up import IDENTITY, OTHER, RECIPIENT, chance, text
from tests.recording.sealed.session import NAME, names_in, read

SIZE = 2 * CHUNK + 500


def left_behind(folder: Path, whole: bytes, *, checkpoints: tuple[int, ...] = (), seed: int = 1) -> Path:
    """A track of which the last checkpoint holds all, and then the process was gone."""
    folder.mkdir()
    track = SealedWriter(folder, NAME, RECIPIENT, chance(seed))
    at = 0
    for end in (*checkpoints, len(whole)):
        track.write(whole[at:end])
        track.checkpoint()
        at = end
    track.abandon()
    return folder


def test_main_file_and_tail_are_one_track(tmp_path: Path) -> None:
    folder = left_behind(tmp_path / "a", text(SIZE))
    assert read(folder) == text(SIZE)
    with SealedReader(folder, NAME, IDENTITY) as track:
        assert (track.size, track.finished, track.ignored) == (SIZE, False, 0)
        file = track.file()
        file.seek(2 * CHUNK - 3)
        assert file.read(6) == text(SIZE)[2 * CHUNK - 3 : 2 * CHUNK + 3]
        assert file.read(1000) == text(SIZE)[2 * CHUNK + 3 :]
        assert track.read_at(SIZE, 5) == b""
        assert track.read_at(SIZE - 1, 5) == text(SIZE)[-1:]


@pytest.mark.parametrize("known", [100, CHUNK, CHUNK + 1])
def test_a_tail_that_the_main_file_has_grown_past_adds_nothing_twice(tmp_path: Path, known: int) -> None:
    """Killed between the two: the tail is that of the checkpoint before."""
    folder = left_behind(tmp_path / "a", text(SIZE), checkpoints=(known,))
    before = left_behind(tmp_path / "b", text(SIZE)[:known])
    # the same chance: the same track
    assert files_of(folder, NAME).main.read_bytes().startswith(files_of(before, NAME).main.read_bytes())
    shutil.copy(files_of(before, NAME).tail, files_of(folder, NAME).tail)
    assert read(folder) == text(SIZE)[: 2 * CHUNK]


def test_other_keys_open_nothing(tmp_path: Path) -> None:
    folder = left_behind(tmp_path / "a", text(SIZE))
    with pytest.raises(NoKeyFits):
        SealedReader(folder, NAME, OTHER)
    with pytest.raises(NoKeyFits):
        finish(folder, NAME, OTHER, chance(5))
    files_of(folder, NAME).tail.unlink()
    with pytest.raises(NoKeyFits):
        SealedReader(folder, NAME, OTHER)


def test_a_track_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SealedReader(tmp_path, NAME, IDENTITY)
    with pytest.raises(FileNotFoundError):
        finish(tmp_path, NAME, IDENTITY, chance(5))


def test_a_tail_cut_at_any_byte_is_refused_and_can_be_left_out(tmp_path: Path) -> None:
    folder = left_behind(tmp_path / "a", text(CHUNK + 40), checkpoints=(CHUNK - 40,))
    tail = files_of(folder, NAME).tail
    whole = tail.read_bytes()
    assert len(whole) < 600
    for length in range(len(whole)):
        tail.write_bytes(whole[:length])
        with pytest.raises(Damaged):
            SealedReader(folder, NAME, IDENTITY)
    with pytest.raises(Damaged):
        finish(folder, NAME, IDENTITY, chance(5))
    with SealedReader(folder, NAME, IDENTITY, without_tail=True) as track:
        assert track.read_at(0, track.size) == text(CHUNK + 40)[:CHUNK]
    assert finish(folder, NAME, IDENTITY, chance(5), without_tail=True).size == CHUNK
    assert names_in(folder) == [f"{NAME}.age"]


def test_a_flipped_bit_in_any_byte_of_the_tail_is_refused(tmp_path: Path) -> None:
    folder = left_behind(tmp_path / "a", text(40))
    tail = files_of(folder, NAME).tail
    whole = tail.read_bytes()
    chance_of = random.Random(3)
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << chance_of.randrange(8)
        tail.write_bytes(changed)
        with pytest.raises(AgeError):
            SealedReader(folder, NAME, IDENTITY)


def test_a_main_file_cut_below_what_the_tail_knows_is_refused(tmp_path: Path) -> None:
    folder = left_behind(tmp_path / "a", text(SIZE))
    main = files_of(folder, NAME).main
    whole = main.read_bytes()
    chance_of = random.Random(1)
    places = {
        *range(len(whole) - 100, len(whole)),
        *(len(whole) - CHUNK - 16 + by for by in (-1, 0, 1)),
        *(len(whole) - 2 * (CHUNK + 16) + by for by in (-17, -16, -1, 0, 1)),
        *(chance_of.randrange(len(whole)) for _ in range(50)),
    }
    for length in places:
        main.write_bytes(whole[:length])
        with pytest.raises(Damaged):
            SealedReader(folder, NAME, IDENTITY)


def test_bits_flipped_in_the_main_file_are_noticed_at_the_latest_when_read(tmp_path: Path) -> None:
    folder = left_behind(tmp_path / "a", text(SIZE))
    main = files_of(folder, NAME).main
    whole = main.read_bytes()
    chance_of = random.Random(2)
    for _ in range(100):
        changed = bytearray(whole)
        changed[chance_of.randrange(len(whole))] ^= 1 << chance_of.randrange(8)
        main.write_bytes(changed)
        with pytest.raises(AgeError):
            read(folder)


def test_the_tail_of_another_track_of_the_same_person_is_refused(tmp_path: Path) -> None:
    """It opens with the same key and has a likely offset: a splice."""
    folder = left_behind(tmp_path / "a", text(SIZE), seed=1)
    other = left_behind(tmp_path / "b", text(SIZE, seed=9), seed=2)
    shutil.copy(files_of(other, NAME).tail, files_of(folder, NAME).tail)
    with pytest.raises(Damaged, match="belongs to another"):
        SealedReader(folder, NAME, IDENTITY)


def test_whoever_knows_only_the_public_key_cannot_forge_a_tail(tmp_path: Path) -> None:
    folder = left_behind(tmp_path / "a", text(SIZE))
    forged = Tail(2 * CHUNK, bytes(32), b"never said")
    files_of(folder, NAME).tail.write_bytes(seal_bytes(forged.encode(), [RECIPIENT], chance(6)))
    with pytest.raises(Damaged, match="belongs to another"):
        SealedReader(folder, NAME, IDENTITY)


@pytest.mark.parametrize("content", [b"", bytes(39)])
def test_a_tail_of_the_wrong_shape_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = left_behind(tmp_path / "a", text(SIZE))
    files_of(folder, NAME).tail.write_bytes(seal_bytes(content, [RECIPIENT], chance(6)))
    with pytest.raises(Damaged, match="too short"):
        SealedReader(folder, NAME, IDENTITY)


def test_a_huge_tail_is_not_read(tmp_path: Path) -> None:
    folder = left_behind(tmp_path / "a", text(SIZE))
    with files_of(folder, NAME).tail.open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(Damaged, match="larger"):
        SealedReader(folder, NAME, IDENTITY)
    assert MAX_TAIL < 1 << 18


def test_finishing_leaves_a_file_that_any_reader_opens(tmp_path: Path) -> None:
    folder = left_behind(tmp_path / "a", text(SIZE))
    done = finish(folder, NAME, IDENTITY, chance(5))
    assert (done.size, done.recovered, done.ignored) == (SIZE, True, 0)
    assert open_bytes(files_of(folder, NAME).main.read_bytes(), [IDENTITY]) == text(SIZE)
    again = finish(folder, NAME, IDENTITY, chance(6))
    assert (again.size, again.recovered) == (SIZE, False)
    assert names_in(folder) == [f"{NAME}.age"]


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    folder = left_behind(tmp_path / "a", text(SIZE))
    before = len(list(Path("/proc/self/fd").iterdir()))
    reader = SealedReader(folder, NAME, IDENTITY)
    reader.close()
    reader.close()
    files_of(folder, NAME).tail.write_bytes(b"damaged")
    for _ in range(3):
        with pytest.raises(AgeError):
            SealedReader(folder, NAME, IDENTITY)
    files_of(folder, NAME).main.write_bytes(b"damaged too")
    with pytest.raises(AgeError):
        SealedReader(folder, NAME, IDENTITY, without_tail=True)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
