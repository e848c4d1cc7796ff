"""What we make of an offer: which m-line is a source, which is a slot, and what each of them will carry.

Nothing is changed by asking: a Plan is made whole or PeerError is raised, and only then does the plane act on it.

Not here: SSRCs, handles, credentials (`peer.py`), text (`offer.py`, `answer.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal, NoReturn

from sfu.dtls import Fingerprint
from sfu.errors import PeerError
from sfu.events import KIND_OF_SOURCE, Kind, Source
from sfu.sdp.offer import MID, Codec, Media, Offer

CodecName = Literal["opus", "VP8", "H264", "VP9"]

PROTOCOLS = {"UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF"}

MAX_EXTENSION_ID = 14
"""Of one-byte header extensions (RFC 8285, section 4.2)."""

TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

EXTENSIONS: dict[str, str] = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": "mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": "rid",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id": "repaired_rid",
    TRANSPORT_CC: "transport_cc",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": "audio_level",
}
"""URI -> parameter of `Engine.set_extensions`."""

_VIDEO_ONLY = {"rid", "repaired_rid"}
_AUDIO_ONLY = {"audio_level"}

_MIRRORED = {"sendrecv": "sendrecv", "sendonly": "recvonly"}
"""Directions of an extension that let the client send it. Firefox sends no rid if they come back unmirrored."""

_MIRRORED_SLOT = {"sendrecv": "sendrecv", "recvonly": "sendonly"}
"""The same, for what we send."""
CEILINGS = "goog-remb"
"""By which a client is told what it may send at most (draft-alvestrand-rmcat-remb-03). Not taken for what it receives:
there it would be an estimate, and transport-wide feedback tells more."""

_FEEDBACK: dict[Kind, tuple[str, ...]] = {
    "audio": ("transport-cc",),
    "video": ("transport-cc", "nack", "nack pli", "ccm fir", CEILINGS),
}

START_BITRATE = 1000
"""kbit/s at which Chromium begins to send a picture (a parameter of its own; others pass over it). Left to its 300 it
drops frames until 320 x 180 fits, and the first picture comes 150 ms later. Higher, and a narrow uplink is overrun for
the second that congestion control takes to notice."""


class Use(Enum):
    SOURCE = "recvonly"
    SLOT = "sendonly"
    INACTIVE = "inactive"
    DECLINED = "declined"
    """The values of the first three are the answer's directions."""


@dataclass(frozen=True)
class AgreedCodec:
    """A codec that both sides have, under the offer's payload types."""

    name: CodecName
    payload_type: int
    rtx_payload_type: int
    """-1: without retransmissions."""
    clock_rate: int
    channels: int
    parameters: str
    """For `a=fmtp`; may be empty."""
    feedback: tuple[str, ...]
    red_payload_type: int = -1
    """-1: sound is not sent twice (RFC 2198)."""


@dataclass(frozen=True)
class AgreedExtension:
    id: int
    uri: str
    direction: str
    name: str
    """As `Engine.set_extensions` calls it."""


@dataclass(frozen=True)
class Line:
    """One m-line of the answer."""

    media: Media
    use: Use
    source: Source | None = None
    codecs: tuple[AgreedCodec, ...] = ()
    extensions: tuple[AgreedExtension, ...] = ()

    @property
    def kind(self) -> Kind:
        return "audio" if self.media.kind == "audio" else "video"

    @property
    def mid(self) -> str:
        return self.media.mid

    @property
    def transport_cc(self) -> int:
        """Id of the extension that carries transport-wide numbers, 0 without."""
        return next((extension.id for extension in self.extensions if extension.uri == TRANSPORT_CC), 0)


@dataclass(frozen=True)
class Plan:
    lines: tuple[Line, ...]
    """In the offer's order, which the answer keeps."""
    ufrag: str
    password: str
    fingerprints: tuple[Fingerprint, ...]

    @property
    def takes_ceilings(self) -> bool:
        """Whether the client listens when it is told what to send at most."""
        return any(CEILINGS in codec.feedback for line in self.lines if line.source for codec in line.codecs)

    @property
    def extension_ids(self) -> dict[str, int]:
        return {extension.name: extension.id for line in self.lines for extension in line.extensions}


def negotiate(offer: Offer, sources: Mapping[Source, str]) -> Plan:
    """`sources`: mid of what the client sends. Raises PeerError("bad_offer" or "no_common_codec")."""
    by_mid = _sources_by_mid(offer, sources)
    lines = tuple(_plan_line(media, by_mid.get(media.mid) if media.mid else None) for media in offer.media)
    open_media = [line.media for line in lines if line.use is not Use.DECLINED]
    if not open_media:
        _bad("nothing in it that this server can carry")
    _check_transport(open_media, offer.bundle)
    _check_extensions(lines)
    first = open_media[0]
    return Plan(lines, first.ufrag, first.password, tuple(first.fingerprints))


def _sources_by_mid(offer: Offer, sources: Mapping[Source, str]) -> dict[str, Source]:
    by_mid: dict[str, Source] = {}
    offered = {media.mid: media for media in offer.media if media.mid}
    for source, mid in sources.items():
        if not MID.fullmatch(mid) or mid not in offered:
            _bad(f"the source {source} names no m-line")
        if mid in by_mid:
            _bad("two sources name the same m-line")
        if not offered[mid].declined and offered[mid].kind != KIND_OF_SOURCE[source]:
            _bad(f"the source {source} names an m-line of another kind")
        if not offered[mid].declined and offered[mid].direction == "recvonly":
            _bad(f"the source {source} names an m-line that only receives")
        by_mid[mid] = source
    return by_mid


def _plan_line(media: Media, source: Source | None) -> Line:
    if media.declined or media.kind not in ("audio", "video") or media.protocol not in PROTOCOLS:
        return Line(media, Use.DECLINED)
    kind: Kind = "audio" if media.kind == "audio" else "video"
    codecs = _agree_codecs(media, kind)
    if not codecs:
        if source is not None:
            raise PeerError("no_common_codec", f"SDP offer: no codec for the {source} that this server can carry")
        return Line(media, Use.DECLINED)
    if source is not None:
        # feedback that can't be given must not be promised: the client would send next to nothing
        codecs, extensions = _both_or_neither(codecs, _agree_extensions(media, kind, _MIRRORED))
        if media.direction == "inactive":
            return Line(media, Use.INACTIVE, source, codecs)
        return Line(media, Use.SOURCE, source, codecs, extensions)
    if media.direction != "recvonly":
        return Line(media, Use.INACTIVE, None, tuple(_without(codec, {"transport-cc", CEILINGS}) for codec in codecs))
    codecs = tuple(_twice(_without(codec, {CEILINGS}), media) for codec in codecs)
    agreed = _agree_extensions(media, kind, _MIRRORED_SLOT)
    codecs, extensions = _both_or_neither(codecs, tuple(each for each in agreed if each.uri == TRANSPORT_CC))
    return Line(media, Use.SLOT, None, codecs, extensions)


def _both_or_neither(
    codecs: tuple[AgreedCodec, ...], extensions: tuple[AgreedExtension, ...]
) -> tuple[tuple[AgreedCodec, ...], tuple[AgreedExtension, ...]]:
    """Transport-wide feedback goes with the extension that it speaks of."""
    if not any(extension.uri == TRANSPORT_CC for extension in extensions):
        codecs = tuple(_without(codec, {"transport-cc"}) for codec in codecs)
    elif not any("transport-cc" in codec.feedback for codec in codecs):
        extensions = tuple(each for each in extensions if each.uri != TRANSPORT_CC)
    return codecs, extensions


def _agree_codecs(media: Media, kind: Kind) -> tuple[AgreedCodec, ...]:
    offered = [codec for codec in media.codecs.values() if codec.payload_type not in _LIKE_RTCP]
    repeats = {
        codec.parameters.get("apt"): codec.payload_type
        for codec in offered
        if codec.name == "rtx" and codec.clock_rate == 90000
    }
    order = [codec.payload_type for codec in offered]
    agreed = []
    names: tuple[CodecName, ...] = ("opus",) if kind == "audio" else ("VP8", "H264", "VP9")
    for name in names:
        codec = _choose(name, offered)
        if codec is not None:
            agreed.append(
                AgreedCodec(
                    name=name,
                    payload_type=codec.payload_type,
                    rtx_payload_type=repeats.get(str(codec.payload_type), -1) if kind == "video" else -1,
                    clock_rate=codec.clock_rate,
                    channels=codec.channels,
                    parameters=_parameters(name, codec)
                    if kind == "audio"
                    else _starting_well(_parameters(name, codec)),
                    feedback=tuple(each for each in _FEEDBACK[kind] if each in codec.feedback),
                )
            )
    # what the client likes best comes first: a phone knows which codec its hardware encodes (RFC 8829, section 4.2.6)
    return tuple(sorted(agreed, key=lambda codec: order.index(codec.payload_type)))


_LIKE_RTCP = range(64, 96)
"""Payload types that make RTP look like RTCP on the same port (RFC 5761, section 4)."""


def _choose(name: CodecName, offered: list[Codec]) -> Codec | None:
    if name == "opus":
        return next((c for c in offered if c.name == "opus" and c.clock_rate == 48000 and c.channels == 2), None)
    found = [codec for codec in offered if codec.name == name.lower() and codec.clock_rate == 90000]
    if name == "VP9":
        found = [codec for codec in found if codec.parameters.get("profile-id", "0") == "0"]
    if name == "H264":
        found = [codec for codec in found if codec.parameters.get("packetization-mode") == "1"]
        # constrained baseline is what every browser can play; plain baseline differs in tools that none uses
        for iop in ("e0", "c0", "00"):
            for codec in found:
                level = codec.parameters.get("profile-level-id", "").lower()
                if level[:4] == "42" + iop and level[4:] in _H264_LEVELS:
                    return codec
        return None
    return found[0] if found else None


_H264_LEVELS = {f"{level:02x}" for level in (10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52)}


def _parameters(name: CodecName, codec: Codec) -> str:
    if name == "opus":
        # what is lost is repaired from the next packet, and silence costs next to nothing (RFC 7587, section 6.1)
        return "minptime=10;useinbandfec=1;usedtx=1"
    if name == "VP9":
        return "profile-id=0"
    if name == "H264":
        level = codec.parameters["profile-level-id"].lower()
        asymmetry = "level-asymmetry-allowed=1;" if codec.parameters.get("level-asymmetry-allowed") == "1" else ""
        return f"{asymmetry}packetization-mode=1;profile-level-id={level}"
    return ""


def _starting_well(parameters: str) -> str:
    """In slots too: else Chromium sees a collision of payload types between bundled m-lines."""
    start = f"x-google-start-bitrate={START_BITRATE}"
    return f"{parameters};{start}" if parameters else start


def _without(codec: AgreedCodec, feedback: set[str]) -> AgreedCodec:
    return replace(codec, feedback=tuple(each for each in codec.feedback if each not in feedback))


def _twice(codec: AgreedCodec, media: Media) -> AgreedCodec:
    """With the payload type under which the client takes redundant sound: two blocks of this codec."""
    blocks = f"{codec.payload_type}/{codec.payload_type}"
    for offered in media.codecs.values():
        same_clock = (offered.clock_rate, offered.channels) == (codec.clock_rate, codec.channels)
        possible = offered.name == "red" and same_clock and offered.payload_type not in _LIKE_RTCP
        if possible and blocks in offered.parameters:
            return replace(codec, red_payload_type=offered.payload_type)
    return codec


def _agree_extensions(media: Media, kind: Kind, mirrored: Mapping[str, str]) -> tuple[AgreedExtension, ...]:
    agreed: dict[str, AgreedExtension] = {}
    not_for_it = _VIDEO_ONLY if kind == "audio" else _AUDIO_ONLY
    for offered in media.extensions:
        name = EXTENSIONS.get(offered.uri)
        direction = mirrored.get(offered.direction)
        if name is None or direction is None or name in agreed or name in not_for_it:
            continue
        if 1 <= offered.id <= MAX_EXTENSION_ID:
            agreed[name] = AgreedExtension(offered.id, offered.uri, direction, name)
    return tuple(agreed.values())


def _check_transport(media: list[Media], bundle: tuple[str, ...]) -> None:
    """One transport carries all (RFC 8843), so all must say the same about it."""
    first = media[0]
    for each in media:
        if each.mid not in bundle:
            _bad("an m-line is not in the BUNDLE group")
        if not each.rtcp_mux:
            _bad("an m-line has no a=rtcp-mux")
        if not each.ufrag or not each.password:
            _bad("no ICE credentials")
        if each.setup not in ("actpass", "active"):
            _bad("a=setup must let this server be passive")
        if not any(fingerprint.algorithm in _STRONG for fingerprint in each.fingerprints):
            _bad("no fingerprint of SHA-256 or better")
        if (each.ufrag, each.password, set(each.fingerprints)) != (
            first.ufrag,
            first.password,
            set(first.fingerprints),
        ):
            _bad("bundled m-lines disagree about their transport")


_STRONG = {"sha-256", "sha-384", "sha-512"}


def _check_extensions(lines: tuple[Line, ...]) -> None:
    """Bundled m-lines share one space of ids (RFC 8843, section 11)."""
    ids: dict[int, str] = {}
    names: dict[str, int] = {}
    for line in lines:
        for each in line.extensions:
            if ids.setdefault(each.id, each.name) != each.name or names.setdefault(each.name, each.id) != each.id:
                _bad("a=extmap differs between bundled m-lines")


def _bad(reason: str) -> NoReturn:
    raise PeerError("bad_offer", f"SDP offer: {reason}")
