from __future__ import annotations

import pytest
from aiortc.rtcdtlstransport import RTCCertificate

from sfu.errors import PeerError
from sfu.events import PeerConnected, PeerLost
from tests.sfu.client import Client, DtlsClient, attribute, check
from tests.sfu.recorder import CLIENT
from tests.sfu.test_dtls import null_hello
from tests.sfu.world import SECOND, World, code_of


def test_from_offer_to_keys() -> None:
    world, client = World(), Client()
    answer = world.open(client)
    assert [(slot.mid, slot.kind) for slot in answer.slots] == [("3", "audio"), ("4", "video"), ("5", "video")]
    assert world.stun(client.check())
    handle = world.shake(client)
    assert world.events == [PeerConnected(answer.peer)]
    assert client.dtls.done
    peer = world.engine.peers[handle]
    assert peer["credentials"] == [(client.server_ufrag, client.ufrag, client.server_password)]
    assert peer["keys"] is not None
    assert peer["extensions"] == (4, 10, 11, 3, 1)


def test_the_engine_is_told_what_was_agreed() -> None:
    world = World()
    answer = world.open(Client())
    tracks = list(world.engine.tracks.values())
    assert [(track["mid"], track["kind"], track["ssrcs"]) for track in tracks] == [
        ("0", "audio", [(1001, 0)]),
        ("1", "video", []),  # simulcast: found by its rids
        ("2", "video", [(2001, 2002)]),
    ]
    assert tracks[1]["codecs"] == [(96, "VP8", 97), (109, "H264", 114), (98, "VP9", 99)]
    slots = list(world.engine.slots.values())
    assert [bool(slot["rtx_ssrc"]) for slot in slots] == [False, True, True]
    ssrcs = [slot[name] for slot in slots for name in ("ssrc", "rtx_ssrc") if slot[name]]
    assert len(set(ssrcs)) == 5
    for ssrc in ssrcs:
        assert f"a=ssrc:{ssrc} cname:" in answer.sdp


def test_two_peers_share_no_secret_and_no_name() -> None:
    world = World()
    first, second = world.open(Client()), world.open(Client())
    assert first.peer != second.peer
    for name in ("ice-ufrag", "ice-pwd"):
        assert attribute(first.sdp, name) != attribute(second.sdp, name)


def test_a_bad_offer_leaves_nothing_behind() -> None:
    world = World()
    for sdp, sources in (("junk", {}), (Client().offer(), {"microphone": "1"})):
        with pytest.raises(PeerError) as caught:
            world.plane.open_peer(sdp, sources)  # type: ignore[arg-type]
        assert code_of(caught) == "bad_offer"
    assert not world.engine.peers


def test_there_is_room_for_so_many_and_no_more() -> None:
    world = World(max_peers=2)
    world.open(Client())
    world.open(Client())
    with pytest.raises(PeerError) as caught:
        world.open(Client())
    assert code_of(caught) == "too_many_peers"
    full = World(room=1)
    full.open(Client())
    with pytest.raises(PeerError) as caught:
        full.open(Client())
    assert code_of(caught) == "too_many_peers"


# DTLS -----------------------------------------------------------------------------------------------------------


def test_junk_in_a_handshake_has_no_effect() -> None:
    world, client = World(), Client()
    world.connect(client)
    world.plane.handle([("dtls", 999, b"\x16"), ("something new", 1)], world.now)
    world.dtls(world.handle(client), [b"", b"\x14", bytes([22]) * 3000])
    assert world.plane.take_events() == []


def test_a_wrong_certificate_ends_the_peer() -> None:
    world, client = World(), Client()
    answer = world.open(client)
    world.stun(client.check())
    client.dtls = DtlsClient(RTCCertificate.generateCertificate())
    handle = world.handle(client)
    going = client.dtls.start()
    while going:
        world.dtls(handle, going)
        world.feed(client)
        going = client.dtls.take()
    assert world.events == [PeerLost(answer.peer, "dtls_failed")]
    assert not world.engine.peers


def test_null_cipher_hellos_at_any_time_are_not_noticed() -> None:
    world, client = World(), Client()
    answer = world.open(client)
    world.stun(client.check())
    handle = world.handle(client)
    world.dtls(handle, [null_hello()])
    going = client.dtls.start()
    while going:
        world.dtls(handle, [null_hello(), *going, null_hello()])
        world.feed(client)
        going = client.dtls.take()
    world.dtls(handle, [null_hello()])
    assert world.events == [PeerConnected(answer.peer)]
    assert client.dtls.done


def test_a_lost_flight_is_repeated_by_the_tick() -> None:
    world, client = World(), Client()
    world.open(client)
    world.stun(client.check())
    world.dtls(world.handle(client), client.dtls.start())
    lost = world.engine.take_flights()
    assert world.plane.wake_at <= world.now + SECOND // 10
    world.wait(0.15)
    assert world.engine.take_flights() == lost


def test_saying_goodbye_ends_the_peer_at_once() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    world.dtls(world.handle(client), client.dtls.close())
    assert world.events[-1] == PeerLost(answer.peer, "closed")
    assert not world.engine.peers
    assert not world.engine.tracks


def test_closing_a_peer_says_goodbye_and_makes_no_event() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    world.plane.close_peer(answer.peer)
    world.feed(client)
    assert client.dtls.closed
    assert world.plane.take_events() == []
    assert not world.engine.peers
    assert not world.stun(client.check())
    world.plane.close_peer(answer.peer)


# Time -----------------------------------------------------------------------------------------------------------


def test_a_peer_that_vanished_is_gone_after_fifteen_seconds() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    world.events.clear()
    world.wait(14.5)
    assert world.events == []
    world.wait(1)
    assert world.events == [PeerLost(answer.peer, "silent")]
    assert not world.engine.peers


def test_a_peer_that_checks_stays() -> None:
    world, client = World(), Client()
    world.connect(client)
    world.events.clear()
    world.wait(120, checking=[(client, CLIENT)])
    assert world.events == []


def test_forged_checks_keep_nobody_alive() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    world.events.clear()
    for _ in range(16):
        world.wait(1)
        world.stun(check(f"{client.server_ufrag}:{client.ufrag}", "x" * 24))
    assert world.events == [PeerLost(answer.peer, "silent")]


def test_a_peer_that_never_came_is_gone_after_the_handshakes_time() -> None:
    world = World()
    answer = world.open(Client())
    world.wait(29.5)
    assert world.events == []
    world.wait(1)
    assert world.events == [PeerLost(answer.peer, "silent")]


def test_a_handshake_that_takes_too_long_fails() -> None:
    world, client = World(), Client()
    answer = world.open(client)
    world.wait(29.5, checking=[(client, CLIENT)])
    assert world.events == []
    world.wait(1, checking=[(client, CLIENT)])
    assert world.events == [PeerLost(answer.peer, "dtls_failed")]


def test_being_suspended_ourselves_is_nobodys_silence() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    world.events.clear()
    world.wait(5)
    world.now += 3600 * SECOND
    world.plane.tick(world.now)
    assert world.plane.take_events() == []
    world.wait(9)
    assert world.events == []
    world.wait(2)
    assert world.events == [PeerLost(answer.peer, "silent")]


def test_a_check_just_before_we_were_suspended_counts() -> None:
    world, client = World(), Client()
    world.connect(client)
    world.events.clear()
    world.wait(5)
    assert world.stun(client.check())
    world.now += 3600 * SECOND
    world.plane.tick(world.now)
    world.wait(14)
    assert world.events == []


def test_a_check_just_after_we_were_suspended_excuses_no_later_silence() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    world.events.clear()
    world.wait(5)
    world.now += 3600 * SECOND
    assert world.stun(client.check())
    world.wait(14.5)
    assert world.events == []
    world.wait(1)
    assert world.events == [PeerLost(answer.peer, "silent")]
