"""Offers as browsers write them, shortened to what an SFU can see."""

from __future__ import annotations

from collections.abc import Sequence

FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)
UFRAG = "cliU"
PASSWORD = "client-side-password-0123".replace("-", "+")

CHROMIUM_AUDIO = """\
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=rtpmap:110 telephone-event/48000
"""

CHROMIUM_VIDEO_FORMATS = "96 97 103 104 107 108 109 114 115 116 45 46 98 99 100 101 118 119 120"

CHROMIUM_VIDEO = """\
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 goog-remb
a=rtcp-fb:96 transport-cc
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:103 H264/90000
a=rtcp-fb:103 transport-cc
a=rtcp-fb:103 nack
a=rtcp-fb:103 nack pli
a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
a=rtpmap:104 rtx/90000
a=fmtp:104 apt=103
a=rtpmap:107 H264/90000
a=fmtp:107 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f
a=rtpmap:108 rtx/90000
a=fmtp:108 apt=107
a=rtpmap:109 H264/90000
a=rtcp-fb:109 transport-cc
a=rtcp-fb:109 ccm fir
a=rtcp-fb:109 nack
a=rtcp-fb:109 nack pli
a=fmtp:109 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:114 rtx/90000
a=fmtp:114 apt=109
a=rtpmap:115 H264/90000
a=fmtp:115 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f
a=rtpmap:116 rtx/90000
a=fmtp:116 apt=115
a=rtpmap:45 AV1/90000
a=fmtp:45 level-idx=5;profile=0;tier=0
a=rtpmap:46 rtx/90000
a=fmtp:46 apt=45
a=rtpmap:98 VP9/90000
a=rtcp-fb:98 transport-cc
a=rtcp-fb:98 nack
a=fmtp:98 profile-id=0
a=rtpmap:99 rtx/90000
a=fmtp:99 apt=98
a=rtpmap:100 VP9/90000
a=fmtp:100 profile-id=2
a=rtpmap:101 rtx/90000
a=fmtp:101 apt=100
a=rtpmap:118 red/90000
a=rtpmap:119 rtx/90000
a=fmtp:119 apt=118
a=rtpmap:120 ulpfec/90000
"""

CHROMIUM_AUDIO_EXTENSIONS = """\
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
"""

CHROMIUM_VIDEO_EXTENSIONS = """\
a=extmap:14 urn:ietf:params:rtp-hdrext:toffset
a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
a=extmap:13 urn:3gpp:video-orientation
a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id
a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id
"""

SIMULCAST = """\
a=rid:q send
a=rid:h send
a=rid:f send
a=simulcast:send q;h;f
"""


def transport(ufrag: str = UFRAG, password: str = PASSWORD, fingerprint: str = FINGERPRINT) -> str:
    return (
        f"a=rtcp:9 IN IP4 0.0.0.0\na=ice-ufrag:{ufrag}\na=ice-pwd:{password}\na=ice-options:trickle\n"
        f"a=fingerprint:{fingerprint}\na=setup:actpass\n"
    )


def audio(mid: str, direction: str, common: str | None = None, more: str = "") -> str:
    return (
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110\nc=IN IP4 0.0.0.0\n"
        + (transport() if common is None else common)
        + f"a=mid:{mid}\n{CHROMIUM_AUDIO_EXTENSIONS}a={direction}\na=msid:- track-{mid}\na=rtcp-mux\na=rtcp-rsize\n"
        + CHROMIUM_AUDIO
        + more
    )


def video(mid: str, direction: str, common: str | None = None, more: str = "") -> str:
    return (
        f"m=video 9 UDP/TLS/RTP/SAVPF {CHROMIUM_VIDEO_FORMATS}\nc=IN IP4 0.0.0.0\n"
        + (transport() if common is None else common)
        + f"a=mid:{mid}\n{CHROMIUM_VIDEO_EXTENSIONS}a={direction}\na=msid:- track-{mid}\na=rtcp-mux\na=rtcp-rsize\n"
        + CHROMIUM_VIDEO
        + more
    )


def offer(*sections: str, bundle: Sequence[str] | None = None, session: str = "") -> str:
    if bundle is None:
        bundle = [line[6:] for section in sections for line in section.split("\n") if line.startswith("a=mid:")]
    head = "v=0\no=- 4242 2 IN IP4 127.0.0.1\ns=-\nt=0 0\n" + f"a=group:BUNDLE {' '.join(bundle)}\n"
    return (head + "a=extmap-allow-mixed\na=msid-semantic: WMS\n" + session + "".join(sections)).replace("\n", "\r\n")


def call_offer(
    audio_slots: int = 1, video_slots: int = 2, common: str | None = None, camera: str = SIMULCAST, screen: str = ""
) -> str:
    """Microphone 0, camera 1, screen 2, then slots."""
    sections = [
        audio("0", "sendonly", common, "a=ssrc:1001 cname:c\n"),
        video("1", "sendonly", common, camera),
        video(
            "2", "sendonly", common, screen or "a=ssrc-group:FID 2001 2002\na=ssrc:2001 cname:c\na=ssrc:2002 cname:c\n"
        ),
    ]
    mids = iter(range(3, 1000))
    sections += [audio(str(next(mids)), "recvonly", common) for _ in range(audio_slots)]
    sections += [video(str(next(mids)), "recvonly", common) for _ in range(video_slots)]
    return offer(*sections)
