"""The film of a session of known content, looked at frame by frame."""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import pyrage
import pytest

from recording.age import Identity, NoKeyFits, open_bytes, seal_bytes
from recording.compose import Done, Mark, Order
from recording.compose.compose import CannotCompose, compose
from recording.compose.layout import Box, boxes
from recording.matroska import MatroskaWriter
from recording.sealed import Disk, SealedReader, SealedWriter
from tests.recording.age.made_up import IDENTITY, chance
from tests.recording.compose.session import (
    PICTURE_MS,
    Session,
    at_ms,
    frames_of,
    is_dark,
    look,
    starts,
    two_people,
)
from tests.recording.media.content import Camera, hear, onsets
from tests.recording.media.probe import complaints

WIDTH, HEIGHT = 640, 360


def made(order: Order) -> Done:
    told: list[float] = []
    done = compose(order, chance(7), told.append)
    assert told == sorted(told)
    assert told[0] == 0
    return done


@dataclass(frozen=True)
class Film:
    session: Session
    done: Done
    data: bytes
    frames: list[av.VideoFrame]

    def between(self, start_ms: float, end_ms: float) -> list[av.VideoFrame]:
        """Without those at the borders, where either is right."""
        return [frame for frame in self.frames if start_ms + PICTURE_MS < at_ms(frame) < end_ms - PICTURE_MS]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    session = two_people(tmp_path_factory.mktemp("session"))
    done = made(session.order())
    data = session.film()
    return Film(session, done, data, frames_of(data))


def test_it_is_as_long_as_what_was_recorded_without_the_pause(film: Film) -> None:
    assert film.done.duration_ms == 7000
    assert film.done.troubles == ()
    assert [round(at_ms(frame) / PICTURE_MS, 3) for frame in film.frames] == list(range(210))


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "shown"),
    [
        (0, 1010, [(0, 0, 1)]),
        (1010, 4000, [(0, 0, 2), (1, 1000 - 1010 / PICTURE_MS, 2)]),
        (4000, 5000, [(0, 2000 - 4000 / PICTURE_MS, 2), (1, 3000 - 4000 / PICTURE_MS, 2)]),
        (6500, 7000, [(0, 2000 - 4000 / PICTURE_MS, 2), (1, 3000 - 4000 / PICTURE_MS, 2)]),
    ],
)
def test_the_right_pictures_are_at_the_right_places(
    film: Film, start_ms: float, end_ms: float, shown: list[tuple[int, float, int]]
) -> None:
    frames = film.between(start_ms, end_ms)
    assert frames
    for frame in frames:
        for place, offset, count in shown:
            number, _ = look(frame, boxes(count, False, WIDTH, HEIGHT)[place])
            assert abs(number - offset - at_ms(frame) / PICTURE_MS) <= 0.6, (at_ms(frame), place, number)


def test_a_shared_screen_is_the_main_picture(film: Film) -> None:
    screen, ann, ben = boxes(2, True, WIDTH, HEIGHT)
    frames = film.between(5000, 6500)
    assert frames
    for frame in frames:
        since = at_ms(frame) / PICTURE_MS
        assert abs(look(frame, screen, (384, 216))[0] - 500 - (since - 150)) <= 0.6
        assert abs(look(frame, ann)[0] - 2000 - (since - 120)) <= 0.6
        assert abs(look(frame, ben)[0] - 3000 - (since - 120)) <= 0.6


def test_nothing_of_the_others_is_left_when_the_places_change(film: Film) -> None:
    for frame in film.between(1010, 4000):
        # above and below pictures of two to one, side by side
        assert is_dark(frame, Box(0, 0, WIDTH, 90))
        assert is_dark(frame, Box(0, HEIGHT - 90, WIDTH, 90))


def test_sound_and_picture_are_together(film: Film) -> None:
    heard = onsets(hear(film.data))
    ann = [(at_ms(frame), _flash(film, frame, 0)) for frame in film.frames]
    ben = [(at_ms(frame), _flash(film, frame, 1)) for frame in film.frames if at_ms(frame) >= 1010 + PICTURE_MS]
    seen = sorted([*starts(ann), *starts(ben)])
    expected = sorted([0, 1000, 2000, 3000, 4000, 5000, 6000, 1510, 2510, 3510, 4500, 5500, 6500])
    assert len(heard) == len(seen) == len(expected)
    for beep, flash, right in zip(heard, seen, expected, strict=True):
        assert abs(beep - flash) <= 40
        assert abs(beep - right) <= 10


def _flash(film: Film, frame: av.VideoFrame, person: int) -> bool:
    at = at_ms(frame) + PICTURE_MS / 2
    if 5000 <= at < 6500:
        return look(frame, boxes(2, True, WIDTH, HEIGHT)[1 + person])[1]
    return look(frame, boxes(1 if at < 1010 + PICTURE_MS else 2, False, WIDTH, HEIGHT)[person])[1]


def test_chapters_say_what_happened(film: Film) -> None:
    with av.open(io.BytesIO(film.data), "r") as container:
        chapters = [
            (float(chapter["start"] * (chapter["time_base"] or 0)), chapter["metadata"]["title"])
            for chapter in container.chapters()
        ]
    assert chapters == [
        (0, "Start · Ann joined"),
        (1.01, "Ben joined"),
        (4, "After a pause"),
        (5, "Ann shared the screen"),
    ]


def test_names_may_be_of_any_length_and_alphabet(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.camera("a", 0, 1000)
    session.marks.append(Mark(at_ms=0, kind="join", person="a"))
    made(session.order(names={"a": "\N{GRINNING FACE}" * 500}))
    with av.open(io.BytesIO(session.film()), "r") as container:
        (chapter,) = container.chapters()
    title = chapter["metadata"]["title"]
    assert title.startswith("Start · \N{GRINNING FACE}")
    assert 230 < len(title.encode()) <= 240


def test_every_file_is_closed_again(tmp_path: Path) -> None:
    session = two_people(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    made(session.order())
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_it_is_h264_and_aac_that_any_browser_plays(film: Film) -> None:
    with av.open(io.BytesIO(film.data), "r") as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", WIDTH, HEIGHT)
        assert video.codec_context.pix_fmt == "yuv420p"
        assert video.average_rate == 30
        assert audio.codec_context.name == "aac"
        keys = [number for number, packet in enumerate(container.demux(video)) if packet.is_keyframe]
    assert max(after - before for before, after in pairwise(keys)) <= 60


def test_another_reader_has_nothing_to_complain_of(film: Film, tmp_path: Path) -> None:
    assert complaints(tmp_path, film.data) == ""


def test_any_age_tool_opens_it(film: Film, tmp_path: Path) -> None:
    sealed = (film.session.folder / "film.age").read_bytes()
    secret = IDENTITY.text().get_secret_value()
    assert pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(secret)]) == film.data
    program = shutil.which("age")
    if program is None:
        pytest.fail("age is missing. On Debian or Ubuntu:   sudo apt-get install age")
    (tmp_path / "key").write_text(secret + "\n")
    opened = subprocess.run(
        [program, "-d", "-i", str(tmp_path / "key"), str(film.session.folder / "film.age")],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert opened.stdout == film.data


def test_its_size_and_sum_are_told(film: Film) -> None:
    sealed = (film.session.folder / "film.age").read_bytes()
    assert film.done.size == len(sealed)
    assert film.done.sha256 == hashlib.sha256(sealed).hexdigest()


def test_nothing_lies_in_the_clear(film: Film) -> None:
    files = [path for path in film.session.folder.rglob("*") if path.is_file()]
    assert sorted(path.name for path in files) == ["film.age", *(f"track-{number}.age" for number in range(9))]
    for path in files:
        data = path.read_bytes()
        assert data.startswith(b"age-encryption.org/v1\n")
        assert not any(word in data for word in (b"ftypisom", b"moov", b"mdat", b"OpusHead", b"Ann", b"joined"))


def test_somebody_whose_key_is_gone_is_not_in_it(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.camera("a", 0, 1000)
    session.camera("b", 0, 1000, 1000)
    session.microphone("b", 0, 1000)
    del session.identities["b"]
    assert made(session.order()).troubles == ()
    film = session.film()
    for frame in frames_of(film):
        assert look(frame, boxes(1, False, WIDTH, HEIGHT)[0])[0] < 1000
    assert onsets(hear(film)) == []


def test_damaged_and_missing_clips_are_told_and_the_rest_is_shown(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.camera("a", 0, 2000)
    damaged = session.camera("b", 0, 2000, 1000)
    missing = session.camera("c", 0, 2000, 2000)
    silent = session.microphone("a", 0, 2000)
    path = tmp_path / f"{damaged.name}.age"
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    (tmp_path / f"{missing.name}.age").unlink()
    (tmp_path / f"{silent.name}.age").write_bytes(b"something else")
    done = made(session.order())
    assert {trouble.track for trouble in done.troubles} == {damaged.track, missing.track, silent.track}
    frames = frames_of(session.film())
    assert len(frames) == 60
    first, *_ = boxes(3, False, WIDTH, HEIGHT)
    assert [look(frame, first)[0] for frame in frames] == list(range(60))


def test_a_clip_whose_end_is_damaged_is_told(tmp_path: Path) -> None:
    session = Session(tmp_path)
    clip = session.camera("a", 0, 24_000)
    with SealedReader(tmp_path, clip.name, session.identities["a"]) as reader:
        assert reader.size > 65_536, "more than one chunk"
        session.clips[0] = clip.model_copy(update={"size": reader.size})
    assert made(session.order()).troubles == ()
    path = tmp_path / f"{clip.name}.age"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1  # so its last chunk cannot be told from one that a crash has torn
    path.write_bytes(data)
    assert {trouble.track for trouble in made(session.order()).troubles} == {clip.track}


def test_what_is_no_recording_at_all_is_told(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.camera("a", 0, 1000)
    strange = session.camera("b", 0, 1000)
    sealed = seal_bytes(b"#EXTM3U\nfile:///etc/passwd\n" * 100, [session.identity("b").recipient], chance(3))
    (tmp_path / f"{strange.name}.age").write_bytes(sealed)
    (trouble,) = made(session.order()).troubles
    assert trouble.track == strange.track


def test_a_track_that_a_crash_has_left_in_two_files_is_used_to_its_end(tmp_path: Path) -> None:
    session = Session(tmp_path)
    clip = session.camera("a", 0, 1000)
    (tmp_path / f"{clip.name}.age").unlink()
    camera = Camera("VP8")
    file = SealedWriter(tmp_path, clip.name, session.identity("a").recipient, chance(9))
    writer = MatroskaWriter(file, "VP8", 192, 96)
    for number in range(60):
        picture = camera.picture(number, 0, key=number == 0)
        writer.write(picture.data, round(number * PICTURE_MS), picture.key)
    file.checkpoint()
    file.abandon()
    made(session.order())
    numbers = [look(frame, boxes(1, False, WIDTH, HEIGHT)[0])[0] for frame in frames_of(session.film())]
    assert numbers == list(range(30))


def test_people_who_are_only_heard_are_heard(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.microphone("a", 200, 2000, beep_ms=500)
    assert made(session.order()).duration_ms == 2000
    film = session.film()
    assert onsets(hear(film)) == pytest.approx([500, 1500], abs=10)
    assert len(frames_of(film)) == 60


def test_a_silent_recording_has_a_silent_sound(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.camera("a", 0, 1000)
    made(session.order())
    heard = hear(session.film())
    assert max(each.loudness for each in heard) < 0.001
    assert heard[-1].at_ms > 950


def test_nothing_to_show_is_said(tmp_path: Path) -> None:
    session = Session(tmp_path)
    session.camera("a", 0, 1000)
    order = session.order(identities={})
    with pytest.raises(CannotCompose, match="nothing"):
        compose(order, chance(7), lambda part: None)
    assert not (tmp_path / "film.age").exists()


def test_a_disk_that_is_full_leaves_nothing_behind(tmp_path: Path) -> None:
    class Full(Disk):
        def write(self, file: int, data: bytes, offset: int) -> None:
            if offset > 1000:
                raise OSError(28, "No space left on device")
            super().write(file, data, offset)

    session = two_people(tmp_path)
    with pytest.raises(OSError, match="No space left"):
        compose(session.order(), chance(7), lambda part: None, Full())
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"track-{number}.age" for number in range(9))


def test_the_film_is_for_whom_it_was_ordered(film: Film) -> None:
    with pytest.raises(NoKeyFits):
        open_bytes((film.session.folder / "film.age").read_bytes(), [Identity.generate(chance(77))])
