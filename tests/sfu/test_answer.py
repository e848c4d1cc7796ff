from __future__ import annotations

import re

from aiortc.sdp import SessionDescription

from sfu.dtls import Fingerprint
from sfu.ice import Credentials
from sfu.sdp.answer import Endpoints, SlotStreams, write_answer
from sfu.sdp.negotiate import negotiate
from sfu.sdp.offer import parse_offer
from tests.sfu.offers import audio, call_offer, offer, transport

OURS = Credentials("serverU", "server+side+password/0123", "cliU", "client+side+password/0123")
SHOWN = Fingerprint("sha-256", ":".join(["CD"] * 32))
SLOTS = {"3": SlotStreams(31, 0), "4": SlotStreams(41, 42), "5": SlotStreams(51, 52), "6": SlotStreams(61, 62)}
EVERYWHERE = Endpoints(("192.0.2.1", "2001:db8::1"), 10000)


def answered(text: str | None = None, endpoints: Endpoints = EVERYWHERE) -> str:
    plan = negotiate(
        parse_offer(text or call_offer(1, 2)), {"microphone": "0", "camera": "1", "screen": "2"} if text is None else {}
    )
    return write_answer(
        plan, session_id=99, version=3, credentials=OURS, fingerprint=SHOWN, endpoints=endpoints, slots=SLOTS
    )


def sections(sdp: str) -> list[str]:
    return re.split(r"(?=^m=)", sdp, flags=re.MULTILINE)


def test_the_session_part_is_as_browsers_played_it() -> None:
    assert sections(answered())[0] == (
        "v=0\r\no=- 99 3 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-lite\r\na=group:BUNDLE 0 1 2 3 4 5\r\n"
        "a=msid-semantic:WMS *\r\n"
    )


def test_every_line_ends_in_crlf() -> None:
    assert answered().replace("\r\n", "").count("\n") == 0
    assert answered().endswith("\r\n")


def test_candidates_stand_in_the_first_m_line_udp_before_tcp() -> None:
    first, *others = sections(answered())[1:]
    assert re.findall(r"a=candidate:(.*)\r", first) == [
        "1 1 udp 2130706431 192.0.2.1 10000 typ host",
        "2 1 udp 2130706175 2001:db8::1 10000 typ host",
        "3 1 tcp 1518338047 192.0.2.1 10000 typ host tcptype passive",
        "4 1 tcp 1518337791 2001:db8::1 10000 typ host tcptype passive",
    ]
    assert "a=end-of-candidates\r\n" in first
    assert not any("candidate" in other for other in others)


def test_without_udp_only_tcp_is_told() -> None:
    text = answered(endpoints=Endpoints(("192.0.2.1",), 443, udp=False))
    assert " udp " not in text
    assert " tcp " in text


def test_transport_is_repeated_in_every_m_line() -> None:
    for section in sections(answered())[1:]:
        for line in (
            "a=ice-ufrag:serverU",
            "a=ice-pwd:server+side+password/0123",
            f"a=fingerprint:sha-256 {SHOWN.value}",
            "a=setup:passive",
            "a=rtcp-mux",
            "a=rtcp-rsize",
        ):
            assert section.count(line + "\r\n") == 1


def test_a_camera_is_answered_with_its_layers() -> None:
    camera = sections(answered())[2]
    assert camera.startswith("m=video 9 UDP/TLS/RTP/SAVPF 96 97 109 114 98 99\r\n")
    for line in (
        "a=recvonly",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        "a=rtpmap:96 VP8/90000",
        "a=fmtp:96 x-google-start-bitrate=1000",
        "a=rtcp-fb:96 nack pli",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        "a=fmtp:109 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f;x-google-start-bitrate=1000",
        "a=rid:q recv",
        "a=rid:h recv",
        "a=rid:f recv",
        "a=simulcast:recv q;h;f",
    ):
        assert camera.count(line + "\r\n") == 1, line
    assert "msid" not in camera
    assert "ssrc:" not in camera


def test_sound_says_its_channels() -> None:
    assert "a=rtpmap:111 opus/48000/2\r\n" in sections(answered())[1]


def test_sound_is_to_repair_itself_and_not_to_send_silence() -> None:
    assert "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\r\n" in sections(answered())[1]


def test_a_slot_says_of_what_redundant_sound_is_made_and_a_source_has_none() -> None:
    _, microphone, _, _, slot, *_ = sections(answered())
    assert slot.startswith("m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\n")
    assert "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n" in slot
    assert " 63" not in microphone


def test_a_payload_type_says_the_same_in_every_m_line() -> None:
    said: dict[str, set[str]] = {}
    for section in sections(answered())[1:]:
        for payload_type, parameters in re.findall(r"a=fmtp:(\d+) (.*)\r", section):
            said.setdefault(payload_type, set()).add(parameters)
    assert said["96"] == {"x-google-start-bitrate=1000"}
    assert [each for each in said.values() if len(each) > 1] == []


def test_a_slot_names_its_stream_the_primary_before_its_repetitions() -> None:
    slot = sections(answered())[5]
    assert "a=sendonly\r\n" in slot
    assert re.findall(r"a=(?:msid|ssrc)\S* ?.*(?=\r)", slot) == [
        "a=msid:slot-0 video-4",
        "a=ssrc-group:FID 41 42",
        "a=ssrc:41 cname:sfu",
        "a=ssrc:42 cname:sfu",
    ]
    assert re.findall(r"a=extmap:(.*)\r", slot) == [
        "3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
    ]
    assert "a=rtcp-fb:96 transport-cc\r\n" in slot


def test_the_nth_sound_and_the_nth_picture_belong_together() -> None:
    assert re.findall(r"a=msid:(\S+)", answered()) == ["slot-0", "slot-0", "slot-1"]


def test_what_is_declined_keeps_its_place() -> None:
    data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n" + transport() + "a=mid:d\n"
    text = answered(offer(data, audio("3", "recvonly")))
    assert "a=group:BUNDLE 3\r\n" in text
    _, declined, opened = sections(text)
    assert declined == (
        "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:d\r\na=inactive\r\n"
    )
    assert "a=candidate" in opened


def test_another_implementation_reads_it() -> None:
    parsed = SessionDescription.parse(answered())
    assert [media.kind for media in parsed.media] == ["audio", "video", "video", "audio", "video", "video"]
    assert parsed.media[0].ice is not None
    assert parsed.media[0].ice.iceLite
    assert len(parsed.media[0].ice_candidates) == 4
    assert [each.ssrc for each in parsed.media[4].ssrc] == [41, 42]


def test_the_offers_own_text_is_not_repeated() -> None:
    text = answered(offer(audio("3", "recvonly", more="a=fmtp:111 evil=1\na=ssrc:5 cname:secret\na=msid:secret x\n")))
    assert "evil" not in text
    assert "secret" not in text
