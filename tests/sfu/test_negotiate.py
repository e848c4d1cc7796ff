from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from sfu.errors import PeerError
from sfu.events import Source
from sfu.sdp.negotiate import Plan, Use, negotiate
from sfu.sdp.offer import parse_offer
from tests.sfu.offers import FINGERPRINT, audio, call_offer, offer, transport, video

SOURCES: dict[Source, str] = {"microphone": "0", "camera": "1", "screen": "2"}


def plan(text: str, sources: Mapping[Source, str] = SOURCES) -> Plan:
    return negotiate(parse_offer(text), sources)


def refused(text: str, sources: Mapping[Source, str] = SOURCES, code: str = "bad_offer") -> None:
    with pytest.raises(PeerError) as caught:
        plan(text, sources)
    assert caught.value.code == code


def only_av1(mid: str, direction: str) -> str:
    head = "m=video 9 UDP/TLS/RTP/SAVPF 45\n" + transport()
    return head + f"a=mid:{mid}\na={direction}\na=rtcp-mux\na=rtpmap:45 AV1/90000\n"


def test_sources_and_slots_are_told_apart() -> None:
    lines = plan(call_offer(1, 2)).lines
    assert [(line.mid, line.use, line.source) for line in lines] == [
        ("0", Use.SOURCE, "microphone"),
        ("1", Use.SOURCE, "camera"),
        ("2", Use.SOURCE, "screen"),
        ("3", Use.SLOT, None),
        ("4", Use.SLOT, None),
        ("5", Use.SLOT, None),
    ]


def test_codecs_stand_in_the_order_of_the_offer_each_with_its_retransmissions() -> None:
    for line in plan(call_offer()).lines:
        if line.kind == "video":
            numbers = [(codec.name, codec.payload_type, codec.rtx_payload_type) for codec in line.codecs]
            assert numbers == [("VP8", 96, 97), ("H264", 109, 114), ("VP9", 98, 99)]
        else:
            assert [(codec.name, codec.payload_type, codec.rtx_payload_type) for codec in line.codecs] == [
                ("opus", 111, -1)
            ]


def red_types(text: str) -> dict[str, int]:
    return {line.mid: codec.red_payload_type for line in plan(text).lines for codec in line.codecs}


def test_redundant_sound_is_sent_to_who_takes_it_and_never_asked_of_anybody() -> None:
    types = red_types(call_offer(1, 1))
    assert {mid: types[mid] for mid in ("0", "3", "4")} == {"0": -1, "3": 63, "4": -1}


@pytest.mark.parametrize(
    "other",
    ["a=fmtp:63 111/9", "a=fmtp:63 111", "a=fmtp:63 9/9", "a=fmtp:63 111/111/111"],
)
def test_redundant_sound_is_of_two_blocks_of_the_same_codec(other: str) -> None:
    offered = call_offer(1, 1).replace("a=fmtp:63 111/111", other)
    assert offered != call_offer(1, 1)
    assert red_types(offered)["3"] == -1


def test_redundant_sound_of_another_clock_is_not_taken() -> None:
    offered = call_offer(1, 1).replace("a=rtpmap:63 red/48000/2", "a=rtpmap:63 red/48000")
    assert offered != call_offer(1, 1)
    assert red_types(offered)["3"] == -1


def test_a_phone_that_puts_h264_first_sends_it() -> None:
    formats = "UDP/TLS/RTP/SAVPF 96 97"
    offered = call_offer().replace("107 108 109 114", "107 108 114").replace(formats, "UDP/TLS/RTP/SAVPF 109 96 97")
    assert offered != call_offer()
    for line in plan(offered).lines:
        if line.kind == "video":
            assert [codec.name for codec in line.codecs][:2] == ["H264", "VP8"]


def test_payload_types_that_make_rtp_look_like_rtcp_are_not_taken() -> None:
    offered = call_offer().replace("UDP/TLS/RTP/SAVPF 96 97", "UDP/TLS/RTP/SAVPF 72 97")
    offered = offered.replace(":96 ", ":72 ").replace("apt=96", "apt=72")
    assert offered != call_offer()
    for line in plan(offered).lines:
        if line.kind == "video":
            assert [codec.name for codec in line.codecs] == ["H264", "VP9"]


def test_only_h264_that_every_browser_plays_is_taken() -> None:
    def chosen(*profiles: str) -> int | None:
        section = "m=video 9 UDP/TLS/RTP/SAVPF 1 " + " ".join(str(10 + n) for n in range(len(profiles))) + "\n"
        section += transport() + "a=mid:1\na=rtcp-mux\na=sendonly\na=rtpmap:1 VP8/90000\n"
        for number, profile in enumerate(profiles, 10):
            section += f"a=rtpmap:{number} H264/90000\na=fmtp:{number} {profile}\n"
        codecs = plan(offer(section), {"camera": "1"}).lines[0].codecs
        return next((codec.payload_type for codec in codecs if codec.name == "H264"), None)

    mode = "packetization-mode=1;profile-level-id="
    assert chosen(mode + "42001f", mode + "42e01f") == 11
    assert chosen(mode + "42001f") == 10
    assert chosen(mode + "42E01F") == 10
    assert chosen(mode + "42c01f") == 10
    assert chosen(mode + "4d001f", mode + "64001f", mode + "42e0ff", mode + "42e0", mode) is None
    assert chosen("packetization-mode=0;profile-level-id=42e01f", "profile-level-id=42e01f") is None


def test_feedback_is_agreed_both_ways_but_for_what_we_do_not_use() -> None:
    for line in plan(call_offer()).lines:
        feedback = line.codecs[0].feedback
        assert "transport-cc" in feedback
        if line.kind == "video":
            assert {"nack", "nack pli", "ccm fir"} <= set(feedback)
        assert ("goog-remb" in feedback) == (line.use is Use.SOURCE and line.kind == "video")


def test_extensions_are_agreed_for_sources_and_in_slots_only_transport_wide_numbers() -> None:
    lines = plan(call_offer()).lines
    assert {each.name: each.id for each in lines[0].extensions} == {"mid": 4, "transport_cc": 3, "audio_level": 1}
    assert {each.name: each.id for each in lines[1].extensions} == {
        "mid": 4,
        "rid": 10,
        "repaired_rid": 11,
        "transport_cc": 3,
    }
    for slot in (line for line in lines if line.use is Use.SLOT):
        assert [(each.name, each.id, each.direction) for each in slot.extensions] == [("transport_cc", 3, "sendrecv")]
        assert slot.transport_cc == 3
    assert plan(call_offer()).extension_ids == {
        "mid": 4,
        "rid": 10,
        "repaired_rid": 11,
        "transport_cc": 3,
        "audio_level": 1,
    }


def test_the_direction_of_an_extension_is_mirrored() -> None:
    text = call_offer().replace("a=extmap:10 ", "a=extmap:10/sendonly ").replace("a=extmap:1 ", "a=extmap:1/recvonly ")
    lines = plan(text).lines
    assert {each.name: each.direction for each in lines[1].extensions}["rid"] == "recvonly"
    assert "audio_level" not in {each.name for each in lines[0].extensions}


def test_extension_ids_that_need_two_bytes_are_not_agreed() -> None:
    text = call_offer().replace("a=extmap:3 ", "a=extmap:15 ").replace("a=extmap:4 ", "a=extmap:300 ")
    assert {each.name for each in plan(text).lines[1].extensions} == {"rid", "repaired_rid"}


def test_transport_wide_feedback_needs_its_extension_and_the_other_way_round() -> None:
    without_extension = plan(call_offer().replace("draft-holmer", "draft-other")).lines[1]
    assert "transport-cc" not in without_extension.codecs[0].feedback
    without_feedback = plan(re.sub(r"a=rtcp-fb:\d+ transport-cc\r\n", "", call_offer())).lines[1]
    assert "transport_cc" not in {each.name for each in without_feedback.extensions}


def test_transport_wide_numbers_are_sent_in_slots_only_to_who_takes_them_and_tells_of_them() -> None:
    def slot(text: str) -> tuple[int, str, bool]:
        line = plan(text).lines[5]
        assert line.use is Use.SLOT
        direction = line.extensions[0].direction if line.extensions else ""
        return line.transport_cc, direction, "transport-cc" in line.codecs[0].feedback

    assert slot(call_offer().replace("a=extmap:3 ", "a=extmap:3/recvonly ")) == (3, "sendonly", True)
    assert slot(call_offer().replace("a=extmap:3 ", "a=extmap:3/sendonly ")) == (0, "", False)
    assert slot(call_offer().replace("draft-holmer", "draft-other")) == (0, "", False)
    assert slot(re.sub(r"a=rtcp-fb:\d+ transport-cc\r\n", "", call_offer())) == (0, "", False)


def test_an_m_line_that_both_sends_and_receives_can_be_a_source() -> None:
    lines = plan(offer(audio("0", "sendrecv")), {"microphone": "0"}).lines
    assert lines[0].use is Use.SOURCE


def test_what_nobody_asked_for_is_kept_closed() -> None:
    text = offer(audio("0", "sendonly"), audio("1", "sendonly"), audio("2", "sendrecv"))
    lines = plan(text, {"microphone": "0"}).lines
    assert [line.use for line in lines] == [Use.SOURCE, Use.INACTIVE, Use.INACTIVE]


def test_an_inactive_source_is_kept() -> None:
    line = plan(offer(audio("0", "inactive")), {"microphone": "0"}).lines[0]
    assert (line.use, line.source) == (Use.INACTIVE, "microphone")


def test_m_lines_that_we_can_not_carry_are_declined() -> None:
    data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n" + transport() + "a=mid:d\n"
    foreign = only_av1("f", "recvonly")
    plain = audio("p", "recvonly").replace("UDP/TLS/RTP/SAVPF", "RTP/AVP")
    closed = audio("c", "recvonly").replace("m=audio 9", "m=audio 0")
    lines = plan(offer(audio("0", "sendonly"), data, foreign, plain, closed), {"microphone": "0"}).lines
    assert [line.use for line in lines] == [Use.SOURCE, *[Use.DECLINED] * 4]


def test_a_source_that_we_can_not_carry_is_refused() -> None:
    foreign = only_av1("1", "sendonly")
    refused(offer(foreign), {"camera": "1"}, "no_common_codec")


def test_an_offer_of_nothing_is_refused() -> None:
    refused(offer("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n" + transport() + "a=mid:d\n"), {})


@pytest.mark.parametrize(
    "sources",
    [
        {"microphone": "nowhere"},
        {"microphone": "../x"},
        {"microphone": "1"},
        {"camera": "0"},
        {"camera": "1", "screen": "1"},
        {"microphone": "3"},
    ],
)
def test_sources_must_name_an_m_line_of_their_kind_that_sends(sources: dict[Source, str]) -> None:
    refused(call_offer(), sources)


@pytest.mark.parametrize(
    ("what", "instead"),
    [
        ("a=rtcp-mux\r\n", ""),
        ("a=ice-ufrag:cliU\r\n", ""),
        ("a=setup:actpass", "a=setup:passive"),
        ("a=setup:actpass\r\n", ""),
        (f"a=fingerprint:{FINGERPRINT}\r\n", ""),
        (f"a=fingerprint:{FINGERPRINT}", "a=fingerprint:sha-1 " + ":".join(["AB"] * 20)),
        ("a=group:BUNDLE 0 1 2 3 4 5", "a=group:BUNDLE 0 1 2 3 4"),
        ("a=group:BUNDLE 0 1 2 3 4 5\r\n", ""),
    ],
)
def test_one_transport_must_carry_all(what: str, instead: str) -> None:
    refused(call_offer().replace(what, instead))


def test_bundled_m_lines_must_agree_on_their_transport() -> None:
    one, other = audio("0", "sendonly"), video("1", "sendonly", transport(ufrag="other"))
    refused(offer(one, other), {"microphone": "0", "camera": "1"})


def test_extension_ids_must_mean_the_same_everywhere() -> None:
    one, other = audio("0", "sendonly"), video("1", "sendonly").replace("a=extmap:4 ", "a=extmap:9 ")
    refused(offer(one, other), {"microphone": "0", "camera": "1"})
    same_id = video("1", "sendonly").replace("a=extmap:10 ", "a=extmap:1 ")
    refused(offer(one, same_id), {"microphone": "0", "camera": "1"})
