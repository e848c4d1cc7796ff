from __future__ import annotations

import random
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import PeerError
from sfu.events import Source
from sfu.sdp.negotiate import negotiate
from sfu.sdp.offer import MAX_CHARACTERS, MAX_MEDIA, parse_offer
from tests.sfu.offers import audio, call_offer, offer, transport, video

SOURCES: dict[Source, str] = {"microphone": "0", "camera": "1", "screen": "2"}


def refused(text: str) -> str:
    with pytest.raises(PeerError) as caught:
        parse_offer(text)
    assert caught.value.code == "bad_offer"
    return str(caught.value)


def test_a_browsers_offer_is_understood() -> None:
    parsed = parse_offer(call_offer(2, 3))
    assert [each.kind for each in parsed.media] == ["audio", "video", "video", "audio", "audio", *["video"] * 3]
    assert parsed.bundle == ("0", "1", "2", "3", "4", "5", "6", "7")
    microphone, camera, screen = parsed.media[:3]
    assert microphone.direction == "sendonly"
    assert microphone.codecs[111].name == "opus"
    assert microphone.codecs[111].parameters == {"minptime": "10", "useinbandfec": "1"}
    assert microphone.ssrcs == [1001]
    assert camera.rids == ["q", "h", "f"]
    assert camera.simulcast == ["q", "h", "f"]
    assert camera.codecs[96].feedback == {"transport-cc", "ccm fir", "nack", "nack pli", "goog-remb"}
    assert screen.ssrcs == [2001]
    assert screen.rtx_of == {2001: 2002}
    assert screen.reduced_rtcp
    assert screen.fingerprints[0].algorithm == "sha-256"


def test_line_ends_may_be_lf_alone() -> None:
    assert parse_offer(call_offer().replace("\r\n", "\n")) == parse_offer(call_offer())


def test_session_level_transport_holds_for_all() -> None:
    section = audio("0", "sendonly", common="")
    parsed = parse_offer(offer(section, session=transport()))
    assert parsed.media[0].ufrag
    assert parsed.media[0].setup == "actpass"
    assert len(parsed.media[0].fingerprints) == 1


def test_attributes_may_stand_before_what_they_speak_of() -> None:
    section = audio("0", "sendonly").replace("a=rtpmap:111 opus/48000/2\n", "") + "a=rtpmap:111 opus/48000/2\n"
    assert parse_offer(offer(section)).media[0].codecs[111].parameters["useinbandfec"] == "1"


def test_feedback_may_be_for_all_codecs() -> None:
    codecs = parse_offer(offer(audio("0", "sendonly", more="a=rtcp-fb:* nack\n"))).media[0].codecs
    assert codecs[111].feedback == {"transport-cc", "nack"}
    assert codecs[9].feedback == {"nack"}


def test_firefox_bundle_only_is_not_a_refusal() -> None:
    section = audio("0", "sendonly").replace("m=audio 9", "m=audio 0") + "a=bundle-only\n"
    assert not parse_offer(offer(section)).media[0].declined
    assert parse_offer(offer(section, bundle=[])).media[0].declined


def test_port_zero_is_a_refusal() -> None:
    section = audio("0", "sendonly").replace("m=audio 9", "m=audio 0")
    assert parse_offer(offer(section)).media[0].declined


def test_data_channels_are_read_over() -> None:
    section = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\n" + transport() + "a=mid:d\na=sctp-port:5000\n"
    assert parse_offer(offer(audio("0", "sendonly"), section)).media[1].kind == "application"


def test_paused_and_alternative_simulcast_layers_are_read() -> None:
    more = "a=rid:a send\na=rid:b send\na=rid:c send\na=simulcast:send a,~b;~c\n"
    media = parse_offer(offer(video("1", "sendonly", more=more))).media[0]
    assert media.simulcast == ["a,b", "c"]
    assert media.paused == {"b", "c"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "v=0\n",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\n",
        "v=1\nm=audio 9 UDP/TLS/RTP/SAVPF 111\n",
        "x" * (MAX_CHARACTERS + 1),
        "v=0\n" + "m=audio 0 UDP/TLS/RTP/SAVPF 0\n" * (MAX_MEDIA + 1),
        "v=0\nm=audio\n",
        "v=0\nm=audio 70000 UDP/TLS/RTP/SAVPF 111\na=mid:0\n",
        "v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 128\na=mid:0\n",
        "v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 1 1\na=mid:0\n",
        "v=0\nm=audio 9 UDP/TLS/RTP/SAVPF ١\na=mid:0\n",
        "v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 1\n",
        "v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 1\na=mid:" + "x" * 17 + "\n",
        "v=0\nm=audio 9 UDP/TLS/RTP/SAVPF 1\na=mid:0\nm=audio 9 UDP/TLS/RTP/SAVPF 1\na=mid:0\n",
        "v=0\nnonsense\nm=audio 9 UDP/TLS/RTP/SAVPF 1\na=mid:0\n",
        "v=0\na=x:" + "y" * 3000 + "\nm=audio 9 UDP/TLS/RTP/SAVPF 1\na=mid:0\n",
        "v=0\na=x:\x00\nm=audio 9 UDP/TLS/RTP/SAVPF 1\na=mid:0\n",
    ],
)
def test_malformed_offers_are_refused(text: str) -> None:
    refused(text)


@pytest.mark.parametrize(
    "line",
    [
        "a=mid:",
        "a=mid:a b",
        "a=rtpmap:111",
        "a=rtpmap:111 opus",
        "a=rtpmap:111 opus/fast",
        "a=rtpmap:999 opus/48000",
        "a=rtpmap:111 op us/48000",
        "a=fmtp:x y=z",
        "a=fmtp:111 " + ";".join(["a=b"] * 40),
        "a=rtcp-fb:x nack",
        "a=extmap:x urn:x",
        "a=extmap:1/sideways urn:x",
        "\n".join(f"a=extmap:{number} urn:x" for number in range(40)),
        "a=rid:q",
        "a=rid:q sideways",
        "a=rid:q! send",
        "a=rid:q send\na=rid:q send",
        "\n".join(f"a=rid:{number} send" for number in range(9)),
        "a=simulcast:send",
        "a=simulcast:send q",
        "a=rid:q send\na=simulcast:send q;;",
        "a=rid:q send\na=simulcast:up q",
        "a=ssrc:x cname:y",
        "a=ssrc:4294967296 cname:y",
        "a=ssrc:-1 cname:y",
        "\n".join(f"a=ssrc:{number} cname:y" for number in range(40)),
        "a=ssrc-group:",
        "a=ssrc-group:FID 1",
        "a=ssrc-group:FID 1 1",
        "a=ssrc-group:FID 1 x",
        "a=ssrc-group:FID 1 2\na=ssrc-group:FID 2 3",
        "a=ssrc-group:FID 1 2\na=ssrc-group:FID 3 2",
        "a=ice-ufrag:abc",
        "a=ice-ufrag:ab cd",
        "a=ice-ufrag:" + "a" * 257,
        "a=ice-pwd:short",
        "a=fingerprint:sha-256",
        "a=fingerprint:sha-256 AB",
        "a=fingerprint:sha-256 " + ":".join(["XY"] * 32),
        "\n".join(["a=fingerprint:sha-256 " + ":".join(["AB"] * 32)] * 12),
        "a=setup:sometimes",
    ],
)
def test_malformed_attributes_are_refused_and_not_quoted(line: str) -> None:
    message = refused(offer(audio("0", "sendonly"), video("1", "sendonly", more=line + "\n")))
    value = line.split("\n")[0].partition(":")[2]
    assert len(value) < 4 or value not in message


def test_two_streams_with_one_ssrc_are_refused() -> None:
    refused(offer(audio("0", "sendonly", more="a=ssrc:7 cname:x\n"), video("1", "sendonly", more="a=ssrc:7 cname:x\n")))


def test_an_ice_lite_client_is_refused() -> None:
    refused(offer(audio("0", "sendonly"), session="a=ice-lite\n"))


def test_reading_a_large_offer_is_quick_and_a_larger_one_is_refused() -> None:
    assert len(parse_offer(call_offer(12, 13)).media) == 28
    refused(call_offer(60, 60))


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    _survives(text)


LINES = call_offer(1, 1).split("\r\n")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["drop", "double", "swap", "cut", "insert", "number", "move"]),
            st.integers(0, len(LINES) - 1),
            st.integers(0, 5000),
            st.text(max_size=12),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_a_mutilated_offer_is_read_or_refused(changes: list[tuple[str, int, int, str]]) -> None:
    _survives("\r\n".join(_mutilated(changes)))


def _mutilated(changes: list[tuple[str, int, int, str]]) -> list[str]:
    lines = list(LINES)
    for how, where, number, text in changes:
        at = where % len(lines)
        line = lines[at]
        if how == "drop" and len(lines) > 1:
            del lines[at]
        elif how == "double":
            lines.insert(at, line)
        elif how == "swap":
            lines[at], lines[number % len(lines)] = lines[number % len(lines)], lines[at]
        elif how == "cut":
            lines[at] = line[: number % (len(line) + 1)]
        elif how == "insert":
            position = number % (len(line) + 1)
            lines[at] = line[:position] + text + line[position:]
        elif how == "number":
            lines[at] = re.sub(r"\d+", str(number * 1_000_003 % 5_000_000_000), line, count=1 + number % 3)
        elif how == "move":
            lines.insert(number % len(lines), lines.pop(at))
    return lines


def test_an_offer_with_a_few_damaged_characters_is_read_or_refused() -> None:
    text = call_offer(1, 1)
    seed = 20240601
    chosen = random.Random(seed)
    for _ in range(400):
        damaged = list(text)
        for _ in range(chosen.randint(1, 6)):
            damaged[chosen.randrange(len(damaged))] = chr(chosen.choice([0, 10, 13, 32, 58, 59, 44, 47, 49, 126, 0xE9]))
        _survives("".join(damaged))


def _survives(text: str) -> None:
    """Anything but PeerError would come out of here."""
    with suppress(PeerError):
        assert negotiate(parse_offer(text), SOURCES).lines
