from __future__ import annotations

import re

import pytest
from aiortc.rtcdtlstransport import RTCCertificate

from sfu.dtls import Identity
from sfu.errors import PeerError
from tests.sfu.client import Client, attribute
from tests.sfu.recorder import CLIENT, ELSEWHERE
from tests.sfu.world import SOURCES, World, again, code_of


def test_an_ice_restart_keeps_keys_and_slots() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    handle = world.handle(client)
    keys = world.engine.peers[handle]["keys"]
    restarted = again(client)
    second = world.plane.offer_again(answer.peer, restarted.offer(), SOURCES)
    restarted.accept(second.sdp)
    assert restarted.server_ufrag != client.server_ufrag
    assert second.peer == answer.peer
    assert second.slots == answer.slots
    assert _ssrcs(second.sdp) == _ssrcs(answer.sdp)
    assert world.stun(client.check(), CLIENT), "the old path is used until the new one is"
    assert world.stun(restarted.check(), ELSEWHERE)
    assert not world.stun(client.check(), CLIENT)
    assert world.engine.peers[handle]["keys"] is keys
    assert world.handle(restarted) == handle
    world.plane.close_peer(answer.peer)
    assert [address for _, address in world.engine.take_flights()] == [ELSEWHERE]


def test_the_version_grows_and_the_session_stays() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    second = world.plane.offer_again(answer.peer, client.offer(), SOURCES)
    (session, version), (session_then, version_then) = (
        re.findall(r"^o=- (\d+) (\d+)", each.sdp, re.MULTILINE)[0] for each in (answer, second)
    )
    assert session_then == session
    assert int(version_then) == int(version) + 1


def test_more_slots_without_a_restart_keep_the_credentials() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    before = dict(world.engine.slots)
    second = world.plane.offer_again(answer.peer, client.offer(audio_slots=1, video_slots=4), SOURCES)
    assert attribute(second.sdp, "ice-ufrag") == client.server_ufrag
    assert [slot.mid for slot in second.slots] == ["3", "4", "5", "6", "7"]
    assert before.items() <= world.engine.slots.items()
    assert len(world.engine.tracks) == 3


def test_a_source_may_come_later_and_starts_as_it_was_left() -> None:
    world, client = World(), Client()
    answer = world.plane.open_peer(client.offer(), {"microphone": "0"})
    world.plane.pause(answer.peer, "camera", True)
    world.plane.offer_again(answer.peer, client.offer(), SOURCES)
    assert [(track["mid"], track["paused"]) for track in world.engine.tracks.values()] == [
        ("0", False),
        ("1", True),
        ("2", False),
    ]


def test_a_slot_that_is_closed_is_forgotten() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    closed = client.offer()
    at = closed.rindex("m=video 9")
    closed = closed[:at] + closed[at:].replace("m=video 9", "m=video 0", 1)
    second = world.plane.offer_again(answer.peer, closed, SOURCES)
    assert [slot.mid for slot in second.slots] == ["3", "4"]
    assert len(world.engine.slots) == 2
    assert "m=video 0" in second.sdp


def test_a_slot_that_is_opened_again_gets_a_fresh_ssrc() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    closed = client.offer()
    at = closed.rindex("a=recvonly")
    closed = closed[:at] + closed[at:].replace("a=recvonly", "a=inactive", 1)
    assert len(world.plane.offer_again(answer.peer, closed, SOURCES).slots) == 2
    reopened = world.plane.offer_again(answer.peer, client.offer(), SOURCES)
    assert len(reopened.slots) == 3
    assert _ssrcs(reopened.sdp)[-1] not in _ssrcs(answer.sdp)


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        ("a=extmap:4 ", "a=extmap:9 "),
        ("a=rtpmap:111 opus", "a=rtpmap:111 isac"),
        ("apt=96", "apt=45"),
        ("m=audio 9", "m=video 9"),
    ],
)
def test_what_was_agreed_can_not_be_changed(what: str, instead: str) -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    before = repr((world.engine.tracks, world.engine.slots, world.engine.peers))
    with pytest.raises(PeerError) as caught:
        world.plane.offer_again(answer.peer, again(client).offer().replace(what, instead), SOURCES)
    assert code_of(caught) in ("bad_offer", "no_common_codec")
    assert repr((world.engine.tracks, world.engine.slots, world.engine.peers)) == before
    assert world.stun(client.check())


def test_another_certificate_is_another_peer() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    other = Client(certificate=RTCCertificate.generateCertificate())
    with pytest.raises(PeerError) as caught:
        world.plane.offer_again(answer.peer, other.offer(), SOURCES)
    assert code_of(caught) == "bad_offer"


def test_a_new_certificate_of_ours_is_shown_to_newcomers_only() -> None:
    world, client = World(), Client()
    answer = world.connect(client)
    world.plane.identity = Identity.generate()
    again_shown = attribute(world.plane.offer_again(answer.peer, client.offer(), SOURCES).sdp, "fingerprint")
    assert again_shown == attribute(answer.sdp, "fingerprint")
    newcomer = world.open(Client(ufrag="other"))
    assert attribute(newcomer.sdp, "fingerprint").endswith(world.plane.identity.fingerprint.value)
    assert attribute(newcomer.sdp, "fingerprint") != again_shown


def _ssrcs(sdp: str) -> list[str]:
    return re.findall(r"a=ssrc:(\d+)", sdp)
