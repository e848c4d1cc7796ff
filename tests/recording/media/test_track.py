"""From packets to files that are decoded again: content, order, times, and what happens when something fails."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from recording.frames import KINDS, Codec
from recording.track import Stretch, TrackCapture
from tests.recording.media.content import Camera, flashes, hear, onsets, see
from tests.recording.media.packetize import sender_report
from tests.recording.media.probe import complaints
from tests.recording.media.slot import PICTURE_US, SECOND, Kept, Network, Slot, Studio
from tests.sim.browser import rtp

VIDEO: list[Codec] = [codec for codec, kind in KINDS.items() if kind == "video"]

codecs = pytest.mark.parametrize("codec", VIDEO)

BAD = Network(loss=0.1, doubled=0.05, jitter_us=40_000)

APART_MS = 40


def studio(codec: Codec = "VP8", network: Network | None = None, ppm: float = 0, seed: int = 1) -> Studio:
    network = network or Network()
    return Studio(Slot(codec, network, ppm, seed), Slot("opus", network, -ppm, seed + 1))


def shown(here: Studio, file: int = 0) -> list[int]:
    return [each.number for each in see(bytes(here.picture.files[file].data))]


def apart_ms(here: Studio) -> float:
    """The most that a flash and its beep are apart."""
    lights = [each + here.picture.stretches[0].began_us / 1000 for each in flashes(see(here.picture.recorded))]
    beeps = [each + here.sound.stretches[0].began_us / 1000 for each in onsets(hear(here.sound.recorded))]
    assert len(lights) == len(beeps) > 2
    return max(abs(light - beep) for light, beep in zip(lights, beeps, strict=True))


@codecs
def test_over_a_bad_line_every_picture_and_every_beep_is_there_once_and_in_order(codec: Codec, tmp_path: Path) -> None:
    here = studio(codec, BAD)
    here.run(4)
    here.finish()
    assert shown(here) == list(range(here.number))
    assert len(onsets(hear(here.sound.recorded))) == 4
    assert here.keys == 1
    assert here.picture.capture.statistics.lost == here.picture.capture.statistics.gaps == 0
    assert here.picture.capture.statistics.useless > 0
    assert complaints(tmp_path, here.picture.recorded) == ""
    assert complaints(tmp_path, here.sound.recorded) == ""


@codecs
def test_pictures_are_shown_when_they_were_seen(codec: Codec) -> None:
    here = studio(codec, BAD, ppm=200)
    here.run(5)
    here.finish()
    steps = [after.at_ms - before.at_ms for before, after in itertools.pairwise(see(here.picture.recorded)[20:])]
    assert max(abs(step - PICTURE_US / 1000) for step in steps) < 6


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_flash_and_beep_are_together_in_what_is_decoded(seed: int) -> None:
    here = studio("VP8", BAD, ppm=200, seed=seed)
    here.run(6)
    here.finish()
    assert apart_ms(here) < APART_MS


@codecs
def test_after_a_loss_that_is_not_mended_pictures_go_on_with_a_key_frame(codec: Codec) -> None:
    here = studio(codec)
    here.run(1)
    here.picture.lose_next = 2
    here.run(3)
    here.finish()
    assert here.keys == 2, "one was asked for, and only one"
    numbers = shown(here)
    assert numbers == sorted(set(numbers))
    missing = sorted(set(range(here.number)) - set(numbers))
    assert missing == list(range(missing[0], missing[-1] + 1))
    assert 0 < len(missing) * PICTURE_US < SECOND
    assert here.picture.capture.statistics.gaps == 1
    assert here.picture.capture.statistics.lost == 2
    gap = max(after.at_ms - before.at_ms for before, after in itertools.pairwise(see(here.picture.recorded)))
    assert abs(gap - (len(missing) + 1) * PICTURE_US / 1000) < 5, "the time that is missing is not closed up"


@codecs
def test_with_packets_gone_again_and_again_only_true_pictures_are_recorded(codec: Codec) -> None:
    here = studio(codec, Network(loss=0.05, repaired=False, jitter_us=20_000))
    here.run(6)
    here.finish()
    numbers = shown(here)
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 3
    assert numbers[0] in [each.number for each in here.sent if each.key]


def test_lost_sound_leaves_a_gap_and_the_rest_where_it_was() -> None:
    here = studio()
    here.run(2.3)
    here.sound.lose_next = 30
    here.run(2)
    here.finish()
    assert here.sound.capture.statistics.lost == 30
    # of beeps at 0, 1, 2, 3 and 4 seconds none fell into what was lost
    beeps = onsets(hear(here.sound.recorded))
    assert [round(each / 1000, 1) for each in beeps] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("codec", ["VP8", "VP9"])
def test_a_change_of_layer_goes_on_in_the_same_file(codec: Codec, tmp_path: Path) -> None:
    here = studio(codec, BAD)
    here.run(2)
    here.camera.resize(384, 192)
    here.picture.source.shift += 4000
    here.picture.report(here.now)
    here.run(2)
    here.finish()
    assert shown(here) == list(range(here.number))
    assert {each.width for each in see(here.picture.recorded)} == {192, 384}
    assert apart_ms(here) < APART_MS
    assert complaints(tmp_path, here.picture.recorded) == ""


def test_a_change_of_layer_in_h264_goes_on_in_another_file(tmp_path: Path) -> None:
    here = studio("H264", BAD)
    here.run(2)
    here.camera.resize(384, 192)
    here.run(2)
    here.finish()
    first, second = here.picture.files
    assert first.closed
    assert second.closed
    assert shown(here, 0) + shown(here, 1) == list(range(here.number))
    assert [(each.width, each.height) for each in here.picture.stretches] == [(192, 96), (384, 192)]
    before, after = here.picture.stretches
    assert 0 <= after.began_us - before.ended_us <= PICTURE_US + 20_000
    for file in here.picture.files:
        assert complaints(tmp_path, bytes(file.data)) == ""


def test_another_codec_goes_on_in_another_file() -> None:
    slot = Slot("VP8")
    codecs: tuple[Codec, ...] = ("VP8", "VP9")
    for codec in codecs:
        slot.packetizer.codec = codec
        camera = Camera(codec)
        for number in range(5):
            at_us = slot.origin + PICTURE_US * (number + (0 if codec == "VP8" else 5))
            slot.send(camera.picture(number, at_us, key=number == 0))
    slot.finish(slot.origin + SECOND)
    assert [each.codec for each in slot.stretches] == ["VP8", "VP9"]
    for file in slot.files:
        assert [each.number for each in see(bytes(file.data))] == list(range(5))


def test_a_mute_and_a_camera_that_is_off_keep_their_length() -> None:
    here = studio()
    here.run(2)
    here.camera_on = here.microphone_on = False
    here.run(3)
    here.camera_on = here.microphone_on = True
    here.run(2)
    here.finish()
    beeps = onsets(hear(here.sound.recorded))
    assert [round(each / 1000, 1) for each in beeps] == [0, 1, 5, 6]
    assert apart_ms(here) < APART_MS
    gap = max(after.at_ms - before.at_ms for before, after in itertools.pairwise(see(here.picture.recorded)))
    assert abs(gap - 3000) < 2 * PICTURE_US / 1000


def test_a_stretch_tells_how_long_it_is() -> None:
    here = studio()
    here.run(2)
    here.finish()
    (stretch,) = here.sound.stretches
    assert (stretch.codec, stretch.width, stretch.height, stretch.frames) == ("opus", 0, 0, 100)
    assert abs(stretch.duration_us - 2 * SECOND) < 5000
    (stretch,) = here.picture.stretches
    assert (stretch.codec, stretch.width, stretch.height) == ("VP8", 192, 96)
    assert stretch.frames == here.picture.capture.statistics.frames == here.number


def test_nothing_is_opened_for_a_stream_that_never_comes() -> None:
    slot = Slot("VP8")
    slot.report(slot.origin)
    slot.finish(slot.origin)
    assert slot.files == []
    assert slot.capture.stretch is None


def test_a_picture_without_its_key_frame_opens_nothing_and_wants_one() -> None:
    here = studio()
    here.picture.lose_next = 1
    here.run(0.06)
    here.picture.deliver(here.now + SECOND)
    assert here.picture.files == []
    assert here.picture.capture.wants_key


def test_a_full_disk_is_told_once_a_batch_and_recording_goes_on_when_there_is_room_again() -> None:
    here = studio()
    here.run(1)
    (file,) = here.picture.files
    file.room = len(file.data)
    here.picture.room = 0
    told = 0
    for _ in range(60):
        try:
            here.run(0.02)
        except OSError:
            told += 1
            here.now += 20_000
    assert told > 1
    assert all(each.closed for each in here.picture.files)
    here.picture.room = float("inf")
    here.run(2)
    here.finish()
    last = here.picture.files[-1]
    assert last.closed
    before, after = shown(here, 0), shown(here, -1)
    assert before == list(range(len(before)))
    assert after == list(range(after[0], here.number))
    assert before[-1] < after[0]


def test_a_folder_that_cannot_be_written_is_told_and_the_capture_lives() -> None:
    files: list[Kept] = []
    broken, tried = True, 0

    def open_file(stretch: Stretch) -> Kept:
        nonlocal tried
        tried += 1
        if broken:
            raise OSError(30, "Read-only file system")
        files.append(Kept())
        return files[-1]

    capture = TrackCapture("audio", open_file, 0)
    batch = [(at * 20_000, rtp(111, at, 960 * at, 7, b"\x78sound")) for at in range(10)]
    with pytest.raises(OSError, match="Read-only"):
        capture.feed(batch[:5])
    assert capture.statistics.frames == 0
    assert tried == 1, "once a batch is enough to find out"
    broken = False
    capture.feed(batch[5:])
    capture.close()
    assert capture.statistics.frames == 5
    assert capture.statistics.dropped == 5
    (file,) = files
    assert file.closed


def test_a_file_that_cannot_be_closed_is_told() -> None:
    class Stuck(Kept):
        def close(self) -> None:
            raise OSError(5, "Input/output error")

    capture = TrackCapture("audio", lambda stretch: Stuck(), 0)
    capture.feed([(0, rtp(111, 1, 0, 7, b"\x78sound"))])
    with pytest.raises(OSError, match="Input/output"):
        capture.close()
    capture.close()


def test_what_is_of_another_stream_or_kind_is_counted_and_left_out() -> None:
    slot = Slot("opus")
    sound = b"\x78sound"
    slot.capture.feed(
        [
            (slot.origin, rtp(111, 1, 0, 7, sound)),
            (slot.origin, rtp(111, 2, 960, 8, sound)),
            (slot.origin, rtp(96, 2, 960, 7, sound)),
            (slot.origin, rtp(0, 2, 960, 7, sound)),
            (slot.origin, b"\x80"),
            (slot.origin, b"\x80\xc8\x00"),
            (slot.origin, rtp(111, 2, 960, 7, sound)),
        ]
    )
    assert slot.capture.statistics.malformed == 5
    assert slot.capture.statistics.frames == 2


def test_what_is_lost_at_the_end_does_not_hold_back_what_came() -> None:
    slot = Slot("opus")
    slot.capture.feed([(slot.origin, rtp(111, number, 960 * number, 7, b"\x78sound")) for number in (1, 2, 4)])
    assert slot.capture.statistics.frames == 2
    slot.capture.expire(slot.origin + 10 * SECOND)
    assert slot.capture.statistics.frames == 3
    slot.capture.feed([(slot.origin, rtp(111, 6, 0, 7, b"\x78sound"))])
    slot.capture.close()
    assert slot.capture.statistics.frames == 4


def test_reports_of_other_streams_that_come_with_ours_before_the_first_packet_change_nothing() -> None:
    slot = Slot("opus")
    at_us = slot.origin + SECOND
    reports = [sender_report(ssrc, at_us, 960 if ssrc == 7 else 5000 * ssrc) for ssrc in (6, 7, 8)]
    slot.capture.feed([(at_us, data) for data in reports])
    slot.capture.feed([(at_us + 300_000, rtp(111, 1, 1920, 7, b"\x78sound"))])
    (stretch,) = slot.stretches
    assert stretch.began_us == SECOND + 20_000
