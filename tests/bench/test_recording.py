"""Films are what a call would send, what comes of them is told rightly, and what a recording must not cost is found."""

from __future__ import annotations

import itertools
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pylibsrtp import Policy

from bench import recording_films, recording_report
from bench.client import PROFILE, client_socket, session
from bench.place import LOOPBACK
from bench.recording_cost import Many, Window, find_most
from bench.recording_films import LARGEST, Cast, Film
from bench.recording_kept import Kept, compare
from bench.recording_memory import LOSS_EVERY_US, Memory, Row, Slot
from bench.recording_playing import COUNTS, Playing, Seen, Stream
from bench.traffic import Endpoint, Receiving, Sending
from recording.clock import SlotClock
from recording.rtp import Packet, read_packet, read_reports

WITHIN = 20.0


def picture(number: int, size: int = 3000) -> bytes:
    """No two alike."""
    return bytes([0, number & 0xFF, number >> 8]) + number.to_bytes(4, "big") * (size // 4)


def a_film(frames: int = 60) -> Film:
    return recording_films.film("video", [picture(number) for number in range(frames)])


def a_sound(frames: int = 100) -> Film:
    return recording_films.film("audio", [b"\xfc" + number.to_bytes(4, "big") * 20 for number in range(frames)])


# Films ----------------------------------------------------------------------------------------------------------------


def test_a_picture_is_cut_into_parts_of_one_size_that_give_it_back() -> None:
    for size in (1, LARGEST, LARGEST + 1, 10 * LARGEST - 1):
        frame = secrets.token_bytes(size)
        parts = recording_films.cut(frame)
        assert b"".join(parts) == frame
        assert max(len(part) for part in parts) <= LARGEST
        assert max(len(part) for part in parts) - min(len(part) for part in parts) <= 1


def test_packets_go_out_one_after_the_other_and_before_the_film_is_over() -> None:
    film = a_film()
    times = [piece.at_us for piece in film.pieces]
    assert times == sorted(set(times))
    assert times[-1] < film.length_us == 2_000_000
    assert [piece.timestamp for piece in film.pieces if piece.first] == [3000 * number for number in range(60)]
    assert sum(piece.last for piece in film.pieces) == 60


def test_even_the_largest_picture_is_sent_before_the_next_is_due() -> None:
    film = recording_films.film("video", [picture(0, 100_000), picture(1)])
    due = next(piece.at_us for piece in film.pieces if piece.timestamp)
    assert max(piece.at_us for piece in film.pieces if not piece.timestamp) < due


# What comes of them ---------------------------------------------------------------------------------------------------


@contextmanager
def two_people(drops: Callable[[int], bool]) -> Iterator[tuple[Playing, Sending]]:
    """One sends to the other through a line that loses the packets which `drops` names by their number."""
    key = secrets.token_bytes(PROFILE.key_length + PROFILE.salt_length)
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind((LOOPBACK, 0))
    one, other = client_socket(LOOPBACK), client_socket(LOOPBACK)
    for each in (one, other):
        each.connect(line.getsockname())
    publisher = Endpoint(one, session(key, Policy.SSRC_ANY_OUTBOUND), session(key, Policy.SSRC_ANY_INBOUND))
    watcher = Endpoint(other, session(key, Policy.SSRC_ANY_OUTBOUND), session(key, Policy.SSRC_ANY_INBOUND))
    to = other.getsockname()
    numbers = itertools.count()

    def carry() -> None:
        while data := line.recv(4096):
            if not 192 <= data[1] <= 223 and not drops(next(numbers)):
                line.sendto(data, to)

    thread = threading.Thread(target=carry, daemon=True)
    thread.start()
    playing = Playing()
    sending = Sending(publisher, 1, 96, "1", 3, 4)
    film = a_film()
    playing.add_person([(sending, film)])
    playing.add_receiving(Receiving(watcher, 1), sending)
    try:
        yield playing, sending
    finally:
        one.send(b"")  # the line's end
        thread.join(WITHIN)
        playing.close()
        line.close()


def play(playing: Playing, packets: int) -> Stream:
    playing.start()
    until = time.monotonic() + WITHIN
    while playing.look().counts["sent"] < packets:
        assert time.monotonic() < until
        time.sleep(0.01)
    playing.hush()
    (stream,) = playing.streams()
    return stream


def test_everything_that_was_sent_is_seen_to_come() -> None:
    with two_people(lambda number: False) as (playing, _):
        stream = play(playing, 300)
        counts = playing.look().counts
    assert stream.sent == stream.received >= 300
    assert (stream.lost, stream.wrong, counts["duplicates"], counts["bad_auth"]) == (0, 0, 0, 0)


def test_a_film_that_is_over_begins_anew_and_is_still_known() -> None:
    with two_people(lambda number: False) as (playing, _):
        stream = play(playing, len(a_film().pieces) + 60)
        assert playing.look().counts["showings"] == 1
    assert (stream.lost, stream.wrong) == (0, 0)


def test_what_is_lost_on_the_way_is_counted_to_the_packet() -> None:
    lost = {20, 21, 22, 57, 100}
    with two_people(lambda number: number in lost) as (playing, _):
        stream = play(playing, 200)
    assert stream.lost == len(lost)
    assert stream.sent - stream.received == len(lost)


def test_what_nobody_has_sent_is_wrong() -> None:
    with two_people(lambda number: False) as (playing, sending):
        key = sending.endpoint.tx
        header = bytes([0x80, 96]) + bytes(2) + bytes(4) + (1).to_bytes(4, "big")
        forged = key.protect(header + bytes([0x90, 0x80, 0x80, 0x01]) + b"not of the film")
        sending.endpoint.socket.send(forged)
        stream = play(playing, 100)
    assert stream.wrong == 1


# What was kept --------------------------------------------------------------------------------------------------------


def test_frames_that_are_missing_or_foreign_are_counted() -> None:
    film = a_film().frames
    assert compare(film, [film]) == (0, 0)
    assert compare([*film[:10], *film[13:]], [film]) == (3, 0)
    assert compare([*film[50:], *film[:10]], [film]) == (0, 0)
    assert compare([*film[50:58], *film[1:10]], [film]) == (3, 0)
    assert compare([*film[:10], b"another", *film[10:]], [film]) == (0, 1)


def test_a_film_that_began_anew_for_a_key_frame_lacks_nothing() -> None:
    film = a_film().frames
    assert compare([*film[:17], *film], [film]) == (0, 0)


# What a listener hears in four hours ----------------------------------------------------------------------------------


def heard(slot: Slot, since: int, until: int) -> list[Packet]:
    packets = []
    for at in range(since, until, 100_000):
        for came, data in slot.until(at + 100_000):
            if not 192 <= data[1] <= 223:
                packet = read_packet(came, data)
                assert packet is not None
                packets.append(packet)
    return packets


def test_simulated_packets_come_at_their_time_and_in_their_order() -> None:
    packets = heard(Slot(a_sound(), 7, 5_000_000), 5_000_000, 15_000_000)
    assert len(packets) == 500
    assert [packet.sequence for packet in packets] == list(range(500))
    assert [packet.timestamp for packet in packets] == [960 * number for number in range(500)]
    assert [packet.arrived_us - 5_000_000 for packet in packets] == [20_000 * number for number in range(500)]


def test_of_the_camera_a_packet_is_missing_each_minute() -> None:
    packets = heard(Slot(a_film(), 7, 0), 0, 5 * LOSS_EVERY_US + 1_000_000)
    steps = [(after.sequence - before.sequence) & 0xFFFF for before, after in itertools.pairwise(packets)]
    assert sorted(set(steps)) == [1, 2]
    assert steps.count(2) == 5


def test_a_key_frame_that_is_asked_for_comes_with_the_next_picture() -> None:
    slot = Slot(a_film(), 7, 0)
    before = heard(slot, 0, 500_000)
    slot.again = True
    after = heard(slot, 500_000, 1_000_000)
    assert after[-1].timestamp - before[0].timestamp == 29 * 3000
    firsts = [packet for packet in after if packet.payload[0] == 0x90]
    assert firsts[0].payload[4:] == a_film().pieces[0].data


def test_the_reports_between_them_say_what_the_packets_say() -> None:
    slot, clock = Slot(a_sound(), 7, 5_000_000), SlotClock(48_000, 5_000_000)
    for came, data in slot.until(25_000_000):
        if 192 <= data[1] <= 223:
            reports = read_reports(data)
            assert reports is not None
            for report in reports:
                clock.reported(report.at_us, report.timestamp)
            continue
        packet = read_packet(came, data)
        assert packet is not None
        at = clock.stamp(clock.extend(packet.timestamp, came))
        assert at is not None
        assert abs(at - (came - 5_000_000)) <= 1000
    assert clock.refused_reports == 0


# What follows from the figures ----------------------------------------------------------------------------------------


def window(
    cpu_ms: float, recorded: bool, repeat: int = 0, calls: int = 1, system: str = "ours", **counts: int
) -> Window:
    seen = Seen(10.0, dict.fromkeys(COUNTS, 0) | {"sent": 6000, "received": 6000} | counts, 200.0, 900.0, 0.1, 0.0)
    spent = {"server": cpu_ms / 2, "writer": cpu_ms / 2, "media": 1.0}
    return Window(system, calls, recorded, repeat, 10.0, spent, 0.01, {"server": 100_000, "writer": 50_000}, seen)


def pairs(*costs: tuple[float, float], **more: Any) -> list[Window]:
    return [
        window(cost, recorded, repeat, **more)
        for repeat, both in enumerate(costs)
        for recorded, cost in zip((False, True), both, strict=True)
    ]


def test_what_recording_costs_is_compared_within_a_repeat() -> None:
    (row,) = recording_report.cost_rows(pairs((10, 12), (20, 24), (10, 13)))
    assert row["times"] == {"median": 1.2, "least": 1.2, "most": 1.3}
    assert row["unrecorded"]["cpu_ms_per_call"]["median"] == 10
    assert row["recorded"]["writer_ms"]["median"] == 6.5


def test_the_media_threads_are_a_part_of_the_server_and_not_counted_twice() -> None:
    assert window(10.0, False).cpu_ms_per_call == 10.0


def test_a_quarter_more_is_let_go_and_more_than_that_is_told() -> None:
    assert recording_report.cost(pairs((10, 12.4), (10, 12.5)), []).failed == []
    assert recording_report.cost(pairs((10, 12.6), (10, 12.7)), []).failed != []


def test_only_our_own_single_call_is_held_to_it() -> None:
    assert recording_report.cost(pairs((10, 20), system="janus"), []).failed == []
    assert recording_report.cost(pairs((10, 20), calls=10), []).failed == []


def test_packets_lost_meanwhile_are_told() -> None:
    assert recording_report.cost(pairs((10, 11), lost=1), []).failed != []


def many(calls: int = 50, recorded: bool = True, **changed: Any) -> Many:
    kept = [Kept("camera", 30_000, 100, 29_500, 885, 0, 0)] * (4 * calls)
    facts: dict[str, Any] = {
        "plain": window(10.0, False, calls=calls),
        "recorded": window(12.0, True, calls=calls) if recorded else None,
        "streams": [Stream(1000, 1000, 0, 0, 40.0)] * (4 * calls),
        "missed": 0,
        "not_recorded": 0,
        "problems": [],
        "unkept_seconds": 0.5,
        "finishing_seconds": 1.0,
        "kept": kept if recorded else [],
    }
    return Many(calls, **(facts | changed))


def test_fifty_that_drop_nothing_are_as_it_should_be() -> None:
    judged = recording_report.many([many()], 50)
    assert judged.failed == []
    assert judged.facts["most"] == 50


@pytest.mark.parametrize(
    "dropped",
    [
        {"streams": [Stream(1000, 999, 1, 0, 40.0)]},
        {"streams": [Stream(1000, 990, 0, 0, 40.0)]},
        {"streams": [Stream(1000, 1000, 0, 1, 40.0)]},
        {"missed": 3},
        {"not_recorded": 1},
        {"problems": ["The clinic's disk does not answer."]},
        {"kept": [Kept("camera", 30_000, 100, 29_500, 885, 1, 0)] * 200},
        {"kept": [Kept("camera", 30_000, 100, 29_500, 885, 0, 1)] * 200},
        {"kept": [Kept("camera", 30_000, 100, 20_000, 600, 0, 0)] * 200},
        {"kept": [Kept("camera", 30_000, 100, 29_500, 885, 0, 0)] * 199},
    ],
)
def test_whatever_is_dropped_is_found(dropped: dict[str, Any]) -> None:
    assert recording_report.why_not(many(**dropped)) != []


def test_checkpoints_that_come_so_late_that_a_crash_would_lose_more_than_a_second_are_told() -> None:
    assert recording_report.many([many(unkept_seconds=0.6)], 50).failed == []
    assert recording_report.many([many(unkept_seconds=0.7)], 50).failed != []


def test_the_most_that_go_well_are_looked_for_from_above() -> None:
    tried = find_most(50, lambda calls: many(calls, recorded=calls <= 30), lambda each: each.recorded is not None, 10)
    assert [each.calls for each in tried] == [50, 40, 30]
    judged = recording_report.many(tried, 50)
    assert judged.facts["most"] == 30
    assert len(judged.failed) == 1
    assert judged.failed[0].startswith("30 recorded calls at once drop nothing, 50 do: the machine does not carry them")


def memory(kb_per_hour: float = 0.0, **changed: Any) -> Memory:
    rows = [Row(number / 60, int(60_000 + kb_per_hour * number / 60 + number % 7), 90_000, 1) for number in range(240)]
    facts: dict[str, Any] = {"speed": 30.0, "rows": rows, "bytes": 10**9, "shortest_ms": 10**7, "tracks": 4}
    return Memory(**(facts | changed))


def test_flat_memory_is_as_it_should_be_and_growing_memory_is_told() -> None:
    assert recording_report.memory(memory()).failed == []
    assert recording_report.memory(memory(kb_per_hour=2000)).failed != []


def test_trouble_and_missing_tracks_in_those_hours_are_told() -> None:
    assert recording_report.memory(memory(troubles=["disk_slow"])).failed != []
    assert recording_report.memory(memory(tracks=3)).failed != []


def test_composing_below_four_times_real_time_is_told() -> None:
    film = {"seconds": 60, "cpu_seconds": 10, "times_real_time": 6.0, "most_resident_kb": 200_000, "bytes": 1}
    assert recording_report.composing([film]).failed == []
    assert recording_report.composing([film, film | {"times_real_time": 3.9}]).failed != []


def test_each_of_the_two_sends_a_sound_and_a_picture() -> None:
    cast = Cast(a_film(), a_sound())
    assert [film.kind for film in cast.films] == ["audio", "video"]
