"""What encryption costs is counted right, compared within a repeat, and judged."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import pytest

from bench.e2ee import figures, recorder, report, speech
from bench.e2ee.calls import KINDS, Kind
from bench.e2ee.figures import Counted, Join, Run, Used
from bench.errors import Failed
from bench.recording_films import film
from recording.e2ee import open_frame


def used(seconds: float, worker_ms: float = 20.0) -> Used:
    """After so many seconds in which everybody used the same in each; `worker_ms` of each."""
    ns = round(seconds * 1e6)
    return Used(
        at=1000 + seconds,
        main_ns=40 * ns,
        worker_ns=round(worker_ms * ns),
        page_ns=500 * ns,
        browser_ns=800 * ns,
        server_ns=15 * ns,
        media_ns=3 * ns,
        machine_s=1.5 * seconds,
        own_s=1.45 * seconds,
    )


def counted(seconds: float, lines: int = 720, rate: int = 30, limited: float = 0.0) -> Counted:
    pictures, sounds = round(rate * seconds), round(50 * seconds)
    duration = {"qualityLimitationDurations": {"cpu": limited * seconds}}
    video = {"kind": "video", "framesEncoded": pictures, "packetsSent": 10 * pictures, "bytesSent": 10_000 * pictures}
    small = {"kind": "video", "framesEncoded": 5, "packetsSent": 5, "bytesSent": 500, "frameHeight": 180}
    audio = {"kind": "audio", "packetsSent": sounds, "bytesSent": 100 * sounds}
    sent = [{**video, **duration, "frameHeight": lines, "totalEncodeTime": 0.01 * pictures}, small, audio]
    return Counted({"rtp_forwarded": round(350 * seconds)}, sent)


def measured(kind: Kind = "encrypted", worker_ms: float = 20.0, **facts: Any) -> Run:
    looks = (used(0, worker_ms), used(20, worker_ms)), (counted(0, **facts), counted(20, **facts))
    return figures.run(kind, 0, *looks)


def test_a_run_is_what_happened_between_two_looks() -> None:
    found = measured().values
    assert found["main_ms"] == pytest.approx(40)
    assert found["main_and_worker_ms"] == pytest.approx(60)
    assert found["worker_us_per_frame"] == pytest.approx(20_000 / 80)
    assert found["page_ms"] == pytest.approx(500)
    assert found["server_us"] == pytest.approx(15_000 / 350)
    assert found["pictures_per_s"] == pytest.approx(30)
    assert found["lines"] == 720
    assert found["encoding_ms"] == pytest.approx(300)
    assert found["kbit_per_s"] == pytest.approx(8 * (300 + 5))
    assert found["bytes_per_sound"] == pytest.approx(100)
    assert found["others_cores"] == pytest.approx(0.05)


def test_a_run_that_was_disturbed_says_so() -> None:
    assert measured().remarks == []
    assert "limited the encoder for 20%" in measured(limited=0.2).remarks[0]
    assert "360 lines" in measured(lines=360).remarks[0]
    assert "15.0 pictures/s" in measured(rate=15).remarks[0]


def test_a_call_of_another_kind_than_was_meant_is_no_run() -> None:
    with pytest.raises(Failed, match="a worker used"):
        measured("clear")
    with pytest.raises(Failed, match="a worker used"):
        measured("encrypted", worker_ms=0.0)
    with pytest.raises(Failed, match="0 pictures"):
        measured(rate=0)


def run(kind: Kind, repeat: int, both: float, **values: float) -> Run:
    told = {**dict.fromkeys(measured().values, 1.0), "main_and_worker_ms": both, **values}
    return Run(kind, repeat, told, [])


def a_cost(*both: tuple[float, float, float], **values: float) -> dict[str, Any]:
    """Of one repeat each: clear, passed, encrypted. `values`: of the encrypted ones."""
    runs = [
        run(kind, repeat, value, **(values if kind == "encrypted" else {}))
        for repeat, three in enumerate(both)
        for kind, value in zip(KINDS, three, strict=True)
    ]
    return figures.cost(runs, [])


def test_a_ratio_is_taken_within_each_repeat() -> None:
    told = a_cost((100, 105, 110), (50, 55, 55), (10, 10, 100))
    assert told["ratios"]["clear"]["main_and_worker_ms"] == {"median": 1.1, "least": 1.1, "most": 10.0}
    assert told["ratios"]["passed"]["main_and_worker_ms"]["median"] == pytest.approx(1.048)
    assert told["more"]["clear"]["main_and_worker_ms"]["median"] == 10
    assert told["failed"] == []


def test_what_costs_more_than_it_may_is_named() -> None:
    assert "1.20 times" in a_cost((100, 110, 120))["failed"][0]
    assert a_cost((100, 100, 100), media_us=1.2)["failed"][0].startswith("its media thread")
    assert a_cost((100, 100, 100), browser_ms=2.0)["failed"] == []


def test_a_repeat_of_which_half_is_missing_is_not_compared_and_not_forgotten() -> None:
    told = figures.cost([run("clear", 0, 10), run("encrypted", 1, 10)], ["cost, repeat 1: no picture"])
    assert told["failed"][0] == "cost, repeat 1: no picture"
    assert "nothing to compare" in told["failed"][1]
    assert report.cost(told)


def join(kind: Kind, number: int, ms: float) -> Join:
    return Join(kind, number, {"joined": ms, "admitted": 300.0})


def test_joining_is_compared_by_its_medians() -> None:
    found = [join("clear", at, ms) for at, ms in enumerate((200, 210, 900))]
    found += [join("encrypted", at, ms) for at, ms in enumerate((290, 310, 305))]
    told = figures.joining(found, [])
    assert told["later_ms"] == {"joined": 95, "admitted": 0}
    assert told["kinds"]["clear"]["joined"]["all"] == [200, 210, 900]
    assert told["failed"] == []
    slow = figures.joining([*found, *(join("encrypted", at, 400) for at in range(9))], [])
    assert slow["failed"] == ["joined: 190 ms later, and 100 is the most"]


def test_joins_of_one_kind_only_are_no_comparison() -> None:
    told = figures.joining([join("clear", 0, 200)], ["join 1: no picture of Pat Right"])
    assert told["failed"][0] == "join 1: no picture of Pat Right"
    assert len(told["failed"]) == 3


def test_the_tables_name_everything() -> None:
    told = a_cost((100, 105, 110))
    lines = report.cost(told)
    assert len({len(line) for line in lines[: len(report.ROWS) + 1]}) == 1
    assert "1.10 [1.10, 1.10]" in "\n".join(lines)
    joins = figures.joining([join("clear", 0, 200), join("encrypted", 0, 250)], [])
    assert "+50" in report.joining(joins)[1]


def test_the_recorder_opens_everything_that_it_is_timed_with(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, sounds = (
        [bytes([1, 2, 3, at]) + bytes(3000) for at in range(30)],
        [b"\x78" + bytes([at]) for at in range(50)],
    )
    opened: list[bytes] = []

    def keep(*given: Any) -> bytes:
        opened.append(open_frame(*given))
        return opened[-1]

    monkeypatch.setattr(recorder, "open_frame", keep)
    found = recorder.measure_round({"camera": film("video", pictures), "microphone": film("audio", sounds)})
    assert opened == [*pictures, *sounds]
    assert found.keys() == {"camera", "microphone"}


def test_what_a_recorded_call_costs_is_of_both_people() -> None:
    frames = {"camera": {"per_s": 30.0, "bytes": 8000.0}, "microphone": {"per_s": 50.0, "bytes": 80.0}}
    told = figures.recording([{"camera": 20.0, "microphone": 10.0}], frames)
    assert told["ms_per_call_second"]["median"] == pytest.approx(2 * (0.6 + 0.5))
    assert "2.20" in report.recording(told)[-1]


def test_speech_is_never_silent_for_long(tmp_path: Path) -> None:
    path = speech.sound(tmp_path / "speech.wav")
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48_000, 1, 2)
        samples = memoryview(file.readframes(file.getnframes())).cast("h")
    assert len(samples) == 48_000 * speech.SECONDS
    tenth = 4800
    loudest = [max(samples[at : at + tenth]) for at in range(0, len(samples), tenth)]
    assert min(loudest) > 1000
    assert max(loudest) < 32_000
