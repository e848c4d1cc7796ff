from __future__ import annotations

import logging

import pytest

from sfu.errors import PeerError
from sfu.events import PeerId, PeerLost
from tests.sfu.client import Client
from tests.sfu.offers import offer, video
from tests.sfu.recorder import CLIENT, ELSEWHERE
from tests.sfu.world import SOURCES, World, again, code_of


def test_slots_are_connected_before_anyone_is() -> None:
    world = World()
    one, other = world.open(Client()), world.open(Client(ufrag="other"))
    world.plane.connect(one.peer, "camera", other.peer, "4")
    world.plane.connect(one.peer, "microphone", other.peer, "3")
    connected = [slot["track"] for slot in world.engine.slots.values() if slot["track"] is not None]
    assert [world.engine.tracks[track]["mid"] for track in connected] == ["0", "1"]
    world.plane.connect(one.peer, "screen", other.peer, "4")
    assert [world.engine.tracks[slot["track"]]["mid"] for slot in world.engine.slots.values() if slot["track"]] == [
        "0",
        "2",
    ]
    world.plane.disconnect(other.peer, "4")
    assert len([slot for slot in world.engine.slots.values() if slot["track"]]) == 1


def test_what_can_not_be_connected_is_refused() -> None:
    world = World()
    full = world.open(Client())
    silent = world.open(Client(ufrag="other"), {})
    nobody = PeerId("nobody")
    for publisher, source, subscriber, slot, code in (
        (nobody, "camera", full.peer, "4", "no_such_peer"),
        (full.peer, "camera", nobody, "4", "no_such_peer"),
        (silent.peer, "camera", full.peer, "4", "no_such_source"),
        (full.peer, "camera", silent.peer, "1", "no_such_slot"),
        (full.peer, "camera", silent.peer, "3", "wrong_kind"),
    ):
        with pytest.raises(PeerError) as caught:
            world.plane.connect(publisher, source, subscriber, slot)  # type: ignore[arg-type]
        assert code_of(caught) == code
    with pytest.raises(PeerError):
        world.plane.offer_again(nobody, Client().offer(), SOURCES)


def test_emptying_what_is_gone_is_no_error() -> None:
    world = World()
    answer = world.open(Client())
    world.plane.disconnect(answer.peer, "99")
    world.plane.disconnect(PeerId("nobody"), "4")
    world.plane.pause(PeerId("nobody"), "camera", True)


def test_pausing_reaches_the_track() -> None:
    world = World()
    answer = world.open(Client())
    world.plane.pause(answer.peer, "camera", True)
    assert [track["paused"] for track in world.engine.tracks.values()] == [False, True, False]
    world.plane.pause(answer.peer, "camera", False)
    assert not any(track["paused"] for track in world.engine.tracks.values())


# Facts ----------------------------------------------------------------------------------------------------------


def test_levels_are_of_microphones_in_dbov() -> None:
    world = World()
    answer = world.open(Client())
    microphone, camera, _ = world.engine.tracks
    world.engine.now_heard = {microphone: 30, camera: 1}
    assert world.plane.levels() == {answer.peer: -30.0}


def test_reports_are_of_connected_peers() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    world.open(Client(ufrag="other"))
    handle = world.handle(client)
    world.wait(1.5, checking=[(client, CLIENT)])
    world.engine.stats[handle] = world.engine.peer_stats(handle) | {
        "bytes_in": 125_000,
        "bytes_out": 250_000,
        "loss_in": 0.1,
        "round_trip_us": 42_000,
        "transport": "tcp",
    }
    world.wait(1.0, checking=[(client, CLIENT)])
    assert list(world.plane.reports()) == [answer.peer]
    report = world.plane.reports()[answer.peer]
    assert (report.loss_up, report.loss_down, report.rtt_ms, report.transport) == (0.1, 0.0, 42.0, "tcp")
    assert report.bits_in == pytest.approx(1_000_000, rel=0.3)
    assert report.bits_out == pytest.approx(2 * report.bits_in)


def test_counters_are_there_from_the_start() -> None:
    counters = World().plane.counters()
    assert counters["peers"] == 0
    assert counters["dropped_stun_unknown"] == 0
    assert counters["lost_silent"] == 0


def test_our_own_defect_ends_one_peer_and_is_logged_without_what_was_sent(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, client, other = World(), Client(), Client(ufrag="other")
    answer = world.connect(client)
    world.connect(other, ELSEWHERE)
    world.events.clear()

    def broken(data: bytes, now: int) -> None:
        raise RuntimeError(f"secret {client.server_password}")

    monkeypatch.setattr(world.plane._by_handle[world.handle(client)].dtls, "receive", broken)
    with caplog.at_level(logging.DEBUG):
        world.dtls(world.handle(client), [b"\x16"])
        world.dtls(world.handle(other), [b"\x16"])
    assert world.events == [PeerLost(answer.peer, "fault")]
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text
    assert not world.stun(client.check())
    assert world.stun(other.check(), ELSEWHERE)


def test_a_whole_call_is_silent_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        world, client = World(), Client()
        answer = world.connect(client)
        world.plane.offer_again(answer.peer, again(client).offer(), SOURCES)
        world.stun(b"\0\1junk")
        world.wait(16)
    assert "192.0.2" not in caplog.text
    assert client.server_ufrag not in caplog.text
    assert client.server_password not in caplog.text


def test_closing_the_plane_says_goodbye_to_all() -> None:
    world, one, other = World(), Client(), Client(ufrag="other")
    world.connect(one, CLIENT)
    world.connect(other, ELSEWHERE)
    world.plane.close()
    assert [address for _, address in world.engine.take_flights()] == [CLIENT, ELSEWHERE]
    assert not world.engine.peers


def test_video_alone_is_an_offer_too() -> None:
    world = World()
    answer = world.plane.open_peer(offer(video("v", "recvonly")), {})
    assert [slot.mid for slot in answer.slots] == ["v"]
