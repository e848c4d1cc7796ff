from __future__ import annotations

import pytest
from aiortc.rtcdtlstransport import RTCCertificate

from sfu.errors import PeerError
from sfu.events import PeerConnected, PeerLost
from tests.sfu.client import Client, DtlsClient, attribute, check
from tests.sfu.recorder import CLIENT, ELSEWHERE
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
    assert peer["keys"] is not None
    assert peer["selected"] == CLIENT
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
    full = World()
    full.engine.room = 0
    with pytest.raises(PeerError) as caught:
        full.open(Client())
    assert code_of(caught) == "too_many_peers"


# Checks ---------------------------------------------------------------------------------------------------------


def test_an_address_is_not_trusted_before_its_check() -> None:
    world, client = World(), Client()
    world.open(client)
    (peer,) = world.engine.peers.values()
    wrong = check(f"{client.server_ufrag}:{client.ufrag}", "x" * 24)
    assert not world.stun(wrong)
    assert not world.stun(check(f"nobody:{client.ufrag}", client.server_password))
    assert not world.stun(check(f"{client.server_ufrag}:nobody", client.server_password))
    assert peer["accepted"] == []
    counters = world.plane.counters()
    assert (counters["dropped_stun_unverified"], counters["dropped_stun_unknown"]) == (2, 1)
    assert world.stun(client.check())
    assert peer["accepted"] == [CLIENT]


def test_media_goes_where_the_client_last_nominated() -> None:
    world, client = World(), Client()
    world.open(client)
    (peer,) = world.engine.peers.values()
    assert world.stun(client.check(nominate=False), CLIENT)
    assert peer["selected"] == CLIENT, "somewhere to shake hands, until the client decides"
    assert world.stun(client.check(nominate=False), ELSEWHERE)
    assert peer["selected"] == CLIENT
    assert world.stun(client.check(nominate=True), ELSEWHERE)
    assert peer["selected"] == ELSEWHERE


def test_a_client_whose_address_changes_under_it_is_followed() -> None:
    world, client = World(), Client()
    world.connect(client)
    peer = world.engine.peers[world.handle(client)]
    world.wait(5)
    assert world.stun(client.check(nominate=False), ELSEWHERE)
    assert peer["selected"] == CLIENT, "it may only be trying another path"
    world.wait(5)
    assert world.stun(client.check(nominate=False), ELSEWHERE)
    assert peer["selected"] == ELSEWHERE
    assert world.stun(client.check(nominate=False), CLIENT)
    assert peer["selected"] == ELSEWHERE


def test_a_copied_check_moves_nothing() -> None:
    world, client = World(), Client()
    world.connect(client)
    copied = client.check()
    assert world.stun(copied, CLIENT)
    assert not world.stun(copied, ELSEWHERE)
    assert world.engine.peers[world.handle(client)]["accepted"] == [CLIENT]


def test_a_peer_can_not_take_over_anothers_address() -> None:
    world, victim, thief = World(), Client(), Client(ufrag="thief")
    world.connect(victim, CLIENT)
    world.open(thief)
    assert not world.stun(thief.check(), CLIENT)
    assert world.plane.counters()["dropped_stun_claimed"] == 1
    assert world.stun(thief.check(), ELSEWHERE)


def test_an_address_is_free_again_when_its_peer_has_left() -> None:
    world, first, second = World(), Client(), Client(ufrag="next")
    answer = world.connect(first, CLIENT)
    world.plane.close_peer(answer.peer)
    world.open(second)
    assert world.stun(second.check(), CLIENT)


def test_junk_is_only_counted() -> None:
    world, client = World(), Client()
    world.connect(client)
    for junk in (b"", b"\0", b"\0\1" + bytes(18), bytes(2000), client.check()[:-3]):
        assert not world.stun(junk)
    world.plane.handle([("dtls", 999, b"\x16"), ("something new", 1)], world.now)
    world.dtls(world.handle(client), [b"", b"\x14", bytes([22]) * 3000])
    assert world.plane.take_events() == []


# DTLS -----------------------------------------------------------------------------------------------------------


def test_a_wrong_certificate_ends_the_peer() -> None:
    world, client = World(), Client()
    answer = world.open(client)
    world.stun(client.check())
    client.dtls = DtlsClient(RTCCertificate.generateCertificate())
    handle = world.handle(client)
    going = client.dtls.start()
    while going:
        world.dtls(handle, going)
        for datagram in world.engine.take_sent_to_peer():
            client.dtls.feed(datagram)
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
        for datagram in world.engine.take_sent_to_peer():
            client.dtls.feed(datagram)
        going = client.dtls.take()
    world.dtls(handle, [null_hello()])
    assert world.events == [PeerConnected(answer.peer)]
    assert client.dtls.done


def test_a_lost_flight_is_repeated_by_the_tick() -> None:
    world, client = World(), Client()
    world.open(client)
    world.stun(client.check())
    world.dtls(world.handle(client), client.dtls.start())
    lost = world.engine.take_sent_to_peer()
    assert world.plane.wake_at <= world.now + SECOND // 10
    world.wait(0.15)
    assert world.engine.take_sent_to_peer() == lost


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
    for datagram in world.engine.take_sent_to_peer():
        client.dtls.feed(datagram)
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
    assert world.plane._by_ufrag == {}
    assert len(world.plane._addresses) == 0


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
