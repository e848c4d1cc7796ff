"""Reading an SDP offer (RFC 8866; the attributes: RFC 8829, section 5.8). The only door through which a client's
text comes in: whatever is wrong with it, PeerError("bad_offer") is all that leaves here.

What is not understood is ignored, as SDP wants; what is understood must be well-formed, and everything is bounded.
Error texts name the attribute and never quote its value.

Not here: what we make of an offer (`negotiate.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from sfu.dtls import Fingerprint
from sfu.errors import PeerError

MAX_CHARACTERS = 200_000
"""About 50 m-lines as browsers write them."""
MAX_LINE = 2048
MAX_MEDIA = 64
"""Twelve people need 28: a microphone, a camera, a screen, and 12 + 13 slots."""
MAX_EXTENSIONS = 32
MAX_SSRCS = 16
MAX_RIDS = 4
MAX_FINGERPRINTS = 8
MAX_PARAMETERS = 32

MID = re.compile(r"[A-Za-z0-9_-]{1,16}")
RID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_ICE_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_ICE_PWD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_MEDIA = re.compile(r"([a-z]{1,16}) ([0-9]{1,5})(?:/[0-9]{1,2})? ([A-Za-z/]{1,32})((?: [!-~]{1,64}){1,200})")
_RTPMAP = re.compile(r"([0-9]{1,3}) ([A-Za-z0-9._-]{1,32})/([0-9]{1,6})(?:/([0-9]{1,2}))?")
_EXTMAP = re.compile(r"([0-9]{1,3})(?:/(sendrecv|sendonly|recvonly|inactive))? ([!-~]{1,256})(?: .*)?")
_FINGERPRINT = re.compile(r"([A-Za-z0-9-]{1,16}) ((?:[0-9A-Fa-f]{2}:){15,63}[0-9A-Fa-f]{2})")
_LINE = re.compile(r"[a-z]=[^\x00-\x1f\x7f]*")

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
SETUPS = ("actpass", "active", "passive", "holdconn")


@dataclass
class Codec:
    """One payload type of an m-line."""

    payload_type: int
    name: str = ""
    """Lower case; empty while the offer has no rtpmap for it."""
    clock_rate: int = 0
    channels: int = 1
    parameters: dict[str, str] = field(default_factory=dict)
    """Of `a=fmtp`; names in lower case."""
    feedback: set[str] = field(default_factory=set)
    """Of `a=rtcp-fb`, as `nack pli`."""


@dataclass(frozen=True)
class Extension:
    id: int
    uri: str
    direction: str


@dataclass
class Media:
    """One m-line and what belongs to it, session-level attributes included."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    mid: str = ""
    direction: str = "sendrecv"
    codecs: dict[int, Codec] = field(default_factory=dict)
    """By payload type, in the offer's order."""
    feedback: set[str] = field(default_factory=set)
    """Of `a=rtcp-fb:*`: all codecs have it too."""
    extensions: list[Extension] = field(default_factory=list)
    rids: list[str] = field(default_factory=list)
    """Those that the client may send with."""
    simulcast: list[str] = field(default_factory=list)
    """The offer's `a=simulcast` send list, each a comma-separated list of alternatives."""
    paused: set[str] = field(default_factory=set)
    """Those of them that are not sent for the time being."""
    ssrcs: list[int] = field(default_factory=list)
    """Without those that repeat others, in the order of their first line."""
    rtx_of: dict[int, int] = field(default_factory=dict)
    """SSRC -> SSRC of its retransmissions."""
    ufrag: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    fingerprints: list[Fingerprint] = field(default_factory=list)
    setup: str = ""
    rtcp_mux: bool = False
    reduced_rtcp: bool = False
    bundle_only: bool = False
    declined: bool = False
    """The client closed this m-line, or never opened it."""


@dataclass
class Offer:
    media: list[Media]
    bundle: tuple[str, ...]
    """mids of the first BUNDLE group."""


def parse_offer(text: str) -> Offer:
    """Raises PeerError("bad_offer")."""
    session, sections = _sections(text)
    common = Media("", 0, "", ())
    bundle: tuple[str, ...] = ()
    for name, value in _attributes(session):
        if name == "group" and value.startswith("BUNDLE") and not bundle:
            bundle = tuple(value.split()[1:])
        elif name == "ice-lite":
            _bad("both sides can't be ICE-lite")
        elif name in _SESSION_ATTRIBUTES:
            _SESSION_ATTRIBUTES[name](common, value)
    if len(bundle) > MAX_MEDIA:
        _bad("a=group names too many mids")
    media = [_read_media(lines, common, bundle) for lines in sections]
    mids = [each.mid for each in media if each.mid]
    if len(set(mids)) != len(mids):
        _bad("two m-lines with the same a=mid")
    ssrcs = [ssrc for each in media for ssrc in [*each.ssrcs, *each.rtx_of.values()]]
    if len(set(ssrcs)) != len(ssrcs):
        _bad("two streams with the same SSRC")
    return Offer(media, bundle)


def _sections(text: str) -> tuple[list[str], list[list[str]]]:
    if len(text) > MAX_CHARACTERS:
        _bad("too long")
    # not splitlines(): it would also split at characters that may stand in a value
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    session: list[str] = []
    sections: list[list[str]] = []
    for raw in lines:
        line = raw.removesuffix("\r")
        if len(line) > MAX_LINE:
            _bad("a line is too long")
        if not _LINE.fullmatch(line):
            _bad("a line is not of the form <letter>=<value>")
        if line.startswith("m="):
            if len(sections) == MAX_MEDIA:
                _bad("too many m-lines")
            sections.append([line])
        else:
            (sections[-1] if sections else session).append(line)
    if not session or session[0] != "v=0":
        _bad("doesn't begin with v=0")
    if not sections:
        _bad("no m-line")
    return session, sections


def _attributes(lines: list[str]) -> list[tuple[str, str]]:
    found = []
    for line in lines:
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            found.append((name, value.strip(" ")))
    return found


def _read_media(lines: list[str], common: Media, bundle: tuple[str, ...]) -> Media:
    match = _MEDIA.fullmatch(lines[0][2:].rstrip(" "))
    if match is None:
        _bad("malformed m-line")
    media = Media(
        kind=match[1],
        port=_number(match[2], 65535, "m="),
        protocol=match[3],
        formats=tuple(match[4].split()),
        direction=common.direction,
        ufrag=common.ufrag,
        password=common.password,
        setup=common.setup,
        extensions=list(common.extensions),
    )
    is_rtp = media.kind in ("audio", "video")
    if is_rtp:
        for each in media.formats:
            payload_type = _number(each, 127, "m=")
            media.codecs[payload_type] = Codec(payload_type)
        if len(media.codecs) != len(media.formats):
            _bad("a payload type stands twice in an m-line")
    attributes = _attributes(lines)
    for name, value in attributes:
        reader = _MEDIA_ATTRIBUTES.get(name)
        if reader is not None and (is_rtp or name not in _RTP_ATTRIBUTES):
            reader(media, value)
    if is_rtp:
        for name, value in attributes:
            # wherever they stand, after the rtpmap that they speak of
            if name == "fmtp":
                _read_fmtp(media, value)
            elif name == "rtcp-fb":
                _read_feedback(media, value)
        for codec in media.codecs.values():
            codec.feedback |= media.feedback
        _check_simulcast(media)
        _check_ssrcs(media)
    if not media.fingerprints:
        media.fingerprints = list(common.fingerprints)
    # RFC 8843, section 6: port 0 with bundle-only is not a refusal
    media.declined = media.port == 0 and not (media.bundle_only and media.mid in bundle)
    if not media.mid and not media.declined:
        _bad("an m-line has no a=mid")
    return media


def _read_mid(media: Media, value: str) -> None:
    if not MID.fullmatch(value):
        _bad("malformed a=mid")
    media.mid = value


def _read_direction(name: str) -> Callable[[Media, str], None]:
    def read(media: Media, value: str) -> None:
        media.direction = name

    return read


def _read_rtpmap(media: Media, value: str) -> None:
    match = _RTPMAP.fullmatch(value)
    if match is None:
        _bad("malformed a=rtpmap")
    codec = media.codecs.get(_number(match[1], 127, "a=rtpmap"))
    if codec is not None:
        codec.name = match[2].lower()
        codec.clock_rate = int(match[3])
        codec.channels = int(match[4] or 1)


def _read_fmtp(media: Media, value: str) -> None:
    payload_type, _, text = value.partition(" ")
    codec = media.codecs.get(_number(payload_type, 127, "a=fmtp"))
    parts = text.split(";")
    if len(parts) > MAX_PARAMETERS:
        _bad("a=fmtp has too many parameters")
    if codec is not None:
        for part in parts:
            name, _, setting = part.strip(" ").partition("=")
            codec.parameters[name.strip(" ").lower()] = setting.strip(" ")


def _read_feedback(media: Media, value: str) -> None:
    payload_type, _, text = value.partition(" ")
    words = " ".join(text.split())
    codec = None if payload_type == "*" else media.codecs.get(_number(payload_type, 127, "a=rtcp-fb"))
    if words not in _FEEDBACK:
        return
    if payload_type == "*":
        media.feedback.add(words)
    elif codec is not None:
        codec.feedback.add(words)


def _read_extmap(media: Media, value: str) -> None:
    match = _EXTMAP.fullmatch(value)
    if match is None:
        _bad("malformed a=extmap")
    if len(media.extensions) == MAX_EXTENSIONS:
        _bad("too many a=extmap")
    media.extensions.append(Extension(int(match[1]), match[3], match[2] or "sendrecv"))


def _read_rid(media: Media, value: str) -> None:
    words = value.split(" ")
    if len(words) < 2 or not RID.fullmatch(words[0]) or words[1] not in ("send", "recv"):
        _bad("malformed a=rid")
    if words[1] == "send":
        if len(media.rids) == MAX_RIDS or words[0] in media.rids:
            _bad("too many a=rid, or one of them twice")
        media.rids.append(words[0])


def _read_simulcast(media: Media, value: str) -> None:
    words = value.split()
    if len(words) not in (2, 4) or any(words[at] not in ("send", "recv") for at in range(0, len(words), 2)):
        _bad("malformed a=simulcast")
    for at in range(0, len(words), 2):
        if words[at] != "send":
            continue
        written = [layer.split(",") for layer in words[at + 1].split(";")]
        layers = [[rid.removeprefix("~") for rid in layer] for layer in written]
        if any(not RID.fullmatch(rid) for layer in layers for rid in layer) or len(layers) > MAX_RIDS:
            _bad("malformed a=simulcast")
        media.simulcast = [",".join(layer) for layer in layers]
        media.paused = {rid[1:] for layer in written for rid in layer if rid.startswith("~")}


def _check_simulcast(media: Media) -> None:
    if any(rid not in media.rids for layer in media.simulcast for rid in layer.split(",")):
        _bad("a=simulcast names a rid without a=rid")


def _read_ssrc(media: Media, value: str) -> None:
    ssrc = _number(value.partition(" ")[0], 0xFFFFFFFF, "a=ssrc")
    if ssrc not in media.ssrcs:
        if len(media.ssrcs) == MAX_SSRCS:
            _bad("too many a=ssrc")
        media.ssrcs.append(ssrc)


def _read_ssrc_group(media: Media, value: str) -> None:
    words = value.split()
    if not words:
        _bad("malformed a=ssrc-group")
    ssrcs = [_number(word, 0xFFFFFFFF, "a=ssrc-group") for word in words[1:]]
    if words[0] != "FID":
        return
    if len(ssrcs) != 2 or ssrcs[0] == ssrcs[1] or len(media.rtx_of) == MAX_SSRCS:
        _bad("malformed a=ssrc-group")
    media.rtx_of[ssrcs[0]] = ssrcs[1]


def _check_ssrcs(media: Media) -> None:
    repeating = set(media.rtx_of.values())
    if len(repeating) != len(media.rtx_of) or repeating & set(media.rtx_of):
        _bad("a=ssrc-group contradicts another")
    media.ssrcs = [ssrc for ssrc in media.ssrcs if ssrc not in repeating]
    media.ssrcs += [ssrc for ssrc in media.rtx_of if ssrc not in media.ssrcs]


def _read_ufrag(media: Media, value: str) -> None:
    if not _ICE_UFRAG.fullmatch(value):
        _bad("malformed a=ice-ufrag")
    media.ufrag = value


def _read_password(media: Media, value: str) -> None:
    if not _ICE_PWD.fullmatch(value):
        _bad("malformed a=ice-pwd")
    media.password = value


def _read_fingerprint(media: Media, value: str) -> None:
    match = _FINGERPRINT.fullmatch(value)
    if match is None:
        _bad("malformed a=fingerprint")
    if len(media.fingerprints) == MAX_FINGERPRINTS:
        _bad("too many a=fingerprint")
    media.fingerprints.append(Fingerprint(match[1].lower(), match[2].upper()))


def _read_setup(media: Media, value: str) -> None:
    if value not in SETUPS:
        _bad("malformed a=setup")
    media.setup = value


def _read_flag(name: str) -> Callable[[Media, str], None]:
    def read(media: Media, value: str) -> None:
        setattr(media, name, True)

    return read


def _number(text: str, limit: int, where: str) -> int:
    # int() would also take signs, blanks, underscores and other scripts' digits
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or int(text) > limit:
        _bad(f"a number in {where} is malformed or out of range")
    return int(text)


def _bad(reason: str) -> NoReturn:
    raise PeerError("bad_offer", f"SDP offer: {reason}")


_FEEDBACK = {"nack", "nack pli", "ccm fir", "transport-cc", "goog-remb"}
"""What we may answer; the rest is not kept."""

_SESSION_ATTRIBUTES: dict[str, Callable[[Media, str], None]] = {
    "ice-ufrag": _read_ufrag,
    "ice-pwd": _read_password,
    "fingerprint": _read_fingerprint,
    "setup": _read_setup,
    "extmap": _read_extmap,
    **{name: _read_direction(name) for name in DIRECTIONS},
}

_MEDIA_ATTRIBUTES: dict[str, Callable[[Media, str], None]] = {
    **_SESSION_ATTRIBUTES,
    "mid": _read_mid,
    "rtpmap": _read_rtpmap,
    "rid": _read_rid,
    "simulcast": _read_simulcast,
    "ssrc": _read_ssrc,
    "ssrc-group": _read_ssrc_group,
    "rtcp-mux": _read_flag("rtcp_mux"),
    "rtcp-rsize": _read_flag("reduced_rtcp"),
    "bundle-only": _read_flag("bundle_only"),
}

_RTP_ATTRIBUTES = {"rtpmap", "rid", "simulcast", "ssrc", "ssrc-group", "extmap"}
