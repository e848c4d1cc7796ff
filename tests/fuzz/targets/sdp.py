"""Offers, from text to answer: read, agreed on, carried out on the engine, answered (`sfu/sdp`, `sfu/peer.py`).

Input: an offer; after a line with nothing but a NUL, the same client's next offer.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Hashable, Iterator

from aiortc.sdp import SessionDescription

from sfu.config import MediaConfig
from sfu.core import Engine
from sfu.dtls import Identity
from sfu.errors import PeerError
from sfu.events import PeerAnswer, Source
from sfu.plane import MediaPlane
from sfu.sdp.answer import Endpoints
from tests.fuzz.target import LINES, Target
from tests.sfu.client import Client
from tests.sfu.offers import audio, call_offer, offer, transport, video

IDENTITY = Identity.generate()
AGAIN = "\0\r\n"
SOURCES: dict[Source, str] = {"microphone": "0", "camera": "1", "screen": "2"}

LARGEST_ANSWER = 64 * 1024
"""Characters. An input's offers have at most a quarter of that."""


class _Server:
    """With room for one peer, so that one that is left behind is noticed."""

    def __init__(self) -> None:
        counter = itertools.count(1)
        self.engine = Engine(max_peers=1, seed=1)
        self.plane = MediaPlane(
            MediaConfig(max_peers=1),
            self.engine,
            Endpoints(("192.0.2.1", "2001:db8::1"), 10000),
            IDENTITY,
            lambda size: next(counter).to_bytes(size, "big"),
        )

    def answer(self, offers: list[str]) -> tuple[list[PeerAnswer], str]:
        """The answers, and why there are no more."""
        answers: list[PeerAnswer] = []
        reason = ""
        try:
            for text in offers:
                named = {source: mid for source, mid in SOURCES.items() if f"a=mid:{mid}\r" in text}
                if answers:
                    answers.append(self.plane.offer_again(answers[0].peer, text, named))
                else:
                    answers.append(self.plane.open_peer(text, named))
        except PeerError as error:
            reason = str(error)
        if answers:
            self.plane.close_peer(answers[0].peer)
        return answers, reason

    def check_it_is_empty(self) -> None:
        assert self.plane.counters()["peers"] == 0
        self.engine.remove_peer(self.engine.add_peer())


def run(data: bytes) -> Hashable:
    offers = data.decode("utf-8", "replace").split(AGAIN)[:3]
    server = _Server()
    answers, reason = server.answer(offers)
    server.check_it_is_empty()
    assert _Server().answer(offers) == (answers, reason), "the same offer gets another answer"
    for text, answer in zip(offers, answers, strict=False):
        _check_answer(answer, text)
    return reason, len(answers)


def _check_answer(answer: PeerAnswer, text: str) -> None:
    sdp = answer.sdp
    assert len(sdp) <= LARGEST_ANSWER
    lines = sdp.split("\r\n")
    assert lines.pop() == ""
    for line in lines:
        assert re.fullmatch(r"[a-z]=[ -~]+", line), "a line that is none"
    sections = sdp.split("\r\nm=")[1:]
    offered = re.split(r"\nm=", text)[1:]
    assert len(sections) == len(offered), "an answer has as many m-lines as its offer"
    for ours, theirs in zip(sections, offered, strict=True):
        assert ours.split()[0] == theirs.split()[0], "an m-line changed its kind"
    opened = [section for section in sections if section.split()[1] != "0"]
    assert opened
    # an m-line that is declined keeps its own protocol and formats, whatever they are; aiortc looks at them too
    parsed = SessionDescription.parse(re.sub(r"^(m=\S+ 0) .*", r"\1 RTP/AVP 0", sdp, flags=re.MULTILINE))
    assert len(parsed.media) == len(sections)
    slots = {slot.mid: slot.kind for slot in answer.slots}
    for section in opened:
        mid = re.findall(r"^a=mid:(.*)\r?$", section, re.MULTILINE)[0].strip()
        assert "a=fingerprint:" in section
        assert ("a=sendonly" in section) == (mid in slots)
    ssrcs = re.findall(r"^a=ssrc:(\d+) ", sdp, re.MULTILINE)
    assert len(set(ssrcs)) == len(ssrcs), "two streams of ours have one SSRC"


def seeds() -> Iterator[bytes]:
    small = offer(audio("0", "sendonly"), video("1", "sendonly"), audio("3", "recvonly"), video("4", "recvonly"))
    yield small.encode()
    yield call_offer().encode()
    restarted = Client(ufrag="again", password="another+password/012345678").offer()
    yield AGAIN.join([Client().offer(), restarted, Client().offer(1, 4)]).encode()
    bare = "a=rtpmap:96 VP8/90000\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=96\na=rtpmap:98 H264/90000\n"
    bare += "a=fmtp:98 packetization-mode=1;profile-level-id=42e01f\na=rtcp-fb:* nack pli\n"
    line = "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98\nc=IN IP4 0.0.0.0\na=mid:1\na=rtcp-mux\n"
    yield offer(line + bare, session=transport()).encode()
    closed = line.replace("m=video 9", "m=video 0").replace("a=mid:1", "a=mid:9\na=bundle-only\na=recvonly")
    data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:5\na=sctp-port:5000\n"
    yield offer(line + bare, closed + bare, data, bundle=["1", "9"], session=transport()).encode()


_WORDS = (
    *("a=mid:0", "a=mid:1", "a=mid:2", "a=sendonly", "a=recvonly", "a=inactive", "a=sendrecv", "a=bundle-only"),
    *("a=ice-lite", "a=setup:active", "a=setup:passive", "a=rtcp-mux", "a=rtcp-rsize", "a=group:BUNDLE 0 1 2 3 4"),
    *("a=rid:h send", "a=rid:q recv", "a=simulcast:send h;q", "a=simulcast:send ~h,q recv f", "a=rtcp-fb:* nack"),
    *("a=ssrc-group:FID 1 2", "a=ssrc-group:FID 2 1", "a=ssrc:1 cname:x", "a=fmtp:96 apt=97", "a=rtpmap:96 rtx/90000"),
    *("a=extmap:1/recvonly urn:ietf:params:rtp-hdrext:sdes:mid", "a=extmap:15 urn:ietf:params:rtp-hdrext:sdes:mid"),
    *("m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=video 0 UDP/TLS/RTP/SAVPF 96", "m=video 9 RTP/AVP 96", "a=ice-ufrag:abcd"),
)

TARGET = Target(
    "sdp",
    run,
    seeds,
    words=(*(word.encode() + b"\r\n" for word in _WORDS), AGAIN.encode(), b"4294967295", b"65535", "é".encode()),
    shape=LINES,
    longest=16_000,
    brief=250,
    watched=("sfu/sdp/offer.py", "sfu/sdp/negotiate.py", "sfu/sdp/answer.py", "sfu/peer.py", "sfu/plane.py"),
)
