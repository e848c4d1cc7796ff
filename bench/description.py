"""SDP as the benchmark's clients speak it: what they send and what they receive as m-lines, offers written, what
servers say read.

Lenient where a server may differ, as a browser is. Not here: what is connected with it (`client.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

VP8 = 96
RTX = 97
OPUS = 111
MID_ID = 3
TRANSPORT_ID = 4
"""Payload types and extension ids of our own offers."""

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
TRANSPORT_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"


@dataclass
class Media:
    """One m-line."""

    kind: str
    protocol: str
    mid: str = ""
    direction: str = "sendrecv"
    payload_types: dict[str, int] = field(default_factory=dict)
    """Codec name in lower case -> payload type; of several, the first. "rtx" is that of VP8."""
    extensions: dict[str, int] = field(default_factory=dict)
    """URI -> id."""
    ssrcs: list[int] = field(default_factory=list)
    rtx_of: dict[int, int] = field(default_factory=dict)
    formats: str = ""


@dataclass
class Description:
    """The other side's."""

    ufrag: str = ""
    password: str = field(default="", repr=False)
    fingerprint: tuple[str, str] = ("", "")
    candidates: list[tuple[str, int]] = field(default_factory=list)
    """Addresses of its UDP host candidates, in its order."""
    tcp_candidates: list[tuple[str, int]] = field(default_factory=list)
    """Where it accepts TCP connections (RFC 6544)."""
    media: list[Media] = field(default_factory=list)


@dataclass(frozen=True)
class Local:
    """What our side says of itself."""

    ufrag: str
    password: str
    fingerprint: str
    address: tuple[str, int]


def read(text: str) -> Description:
    """Raises ValueError if something is missing that no connection can do without."""
    found = Description()
    media: Media | None = None
    for line in text.splitlines():
        kind, _, value = line.strip().partition("=")
        if kind == "m":
            name, _, protocol, formats = value.split(" ", 3)
            media = Media(name, protocol, formats=formats)
            found.media.append(media)
        elif kind == "a":
            name, _, value = value.partition(":")
            if not _read_connection(found, name, value) and media is not None:
                _read_media(media, name, value)
    if not found.ufrag or not found.password or not found.fingerprint[1]:
        raise ValueError("a description without ICE credentials or fingerprint")
    return found


def read_candidate(found: Description, value: str) -> None:
    """`value`: what stands behind "candidate:". What isn't an IP address is passed over."""
    parts = value.split()
    if len(parts) < 8 or not re.fullmatch(r"[0-9.]+", parts[4]) or parts[1] != "1":
        return
    passive = parts[2].lower() == "tcp" and "passive" in parts
    if parts[2].lower() != "udp" and not passive:
        return
    address = (parts[4], int(parts[5]))
    known = found.tcp_candidates if passive else found.candidates
    if address not in known:
        known.append(address)


def _read_connection(found: Description, name: str, value: str) -> bool:
    if name == "ice-ufrag":
        found.ufrag = value.strip()
    elif name == "ice-pwd":
        found.password = value.strip()
    elif name == "fingerprint":
        algorithm, _, digest = value.strip().partition(" ")
        found.fingerprint = (algorithm.lower(), digest.upper())
    elif name == "candidate":
        read_candidate(found, value)
    else:
        return False
    return True


def _read_media(media: Media, name: str, value: str) -> None:
    if name == "mid":
        media.mid = value.strip()
    elif name in ("sendrecv", "sendonly", "recvonly", "inactive"):
        media.direction = name
    elif name == "rtpmap":
        payload_type, _, codec = value.partition(" ")
        media.payload_types.setdefault(codec.partition("/")[0].lower(), int(payload_type))
    elif name == "fmtp":
        payload_type, _, parameters = value.partition(" ")
        if parameters.strip() == f"apt={media.payload_types.get('vp8')}":
            media.payload_types["rtx"] = int(payload_type)
    elif name == "extmap":
        number, _, uri = value.partition(" ")
        media.extensions[uri.split(" ")[0]] = int(number.partition("/")[0])
    elif name == "ssrc":
        ssrc = int(value.split(" ")[0])
        if ssrc not in media.ssrcs:
            media.ssrcs.append(ssrc)
    elif name == "ssrc-group" and value.startswith("FID "):
        _, primary, repeat = value.split()[:3]
        media.rtx_of[int(primary)] = int(repeat)


@dataclass(frozen=True)
class Line:
    """An m-line of an offer of ours. Its mid is its place in the offer."""

    direction: str
    kind: str = "video"
    ssrc: int = 0
    """Of what it sends; 0 where it receives."""
    track: str = "camera"


def offer(local: Local, wanted: Sequence[Line], setup: str = "active", tells: bool = False) -> str:
    """As a browser would write it, but for `setup`: some servers would else be the DTLS client, and ours always is.
    `tells`: transport-wide feedback is given on what is received."""
    lines = _session(" ".join(str(mid) for mid in range(len(wanted))))
    for mid, line in enumerate(wanted):
        lines += _offered(local, str(mid), line, setup, tells)
        if line.ssrc:
            ssrc, name = f"a=ssrc:{line.ssrc}", f"stream {line.track}"
            lines += [f"a=msid:{name}", f"{ssrc} cname:bench", f"{ssrc} msid:{name}"]
    return "\r\n".join([*lines, ""])


def _offered(local: Local, mid: str, line: Line, setup: str, tells: bool) -> list[str]:
    transport = _transport(local, mid, setup, line.direction)
    extensions = [f"a=extmap:{MID_ID} {MID_URI}"]
    if line.direction == "sendonly" or tells:
        extensions.append(f"a=extmap:{TRANSPORT_ID} {TRANSPORT_URI}")
    if line.kind == "audio":
        codec = [f"a=rtpmap:{OPUS} opus/48000/2", f"a=rtcp-fb:{OPUS} transport-cc"]
        return [f"m=audio 9 UDP/TLS/RTP/SAVPF {OPUS}", *transport, *extensions, *codec]
    codec = [
        f"a=rtpmap:{VP8} VP8/90000",
        *(f"a=rtcp-fb:{VP8} {each}" for each in ("transport-cc", "nack", "nack pli", "ccm fir")),
        f"a=rtpmap:{RTX} rtx/90000",
        f"a=fmtp:{RTX} apt={VP8}",
    ]
    return [f"m=video 9 UDP/TLS/RTP/SAVPF {VP8} {RTX}", *transport, *extensions, *codec]


def answer(local: Local, offered: Description) -> str:
    """Takes the offer's video as it is, to receive; other m-lines are refused, data channels left unanswered."""
    bundled = [media.mid for media in offered.media if media.kind != "audio"]
    lines = _session(" ".join(bundled))
    for media in offered.media:
        if media.kind == "application":
            lines += [f"m=application 9 {media.protocol} {media.formats}"]
            lines += [*_transport(local, media.mid, "active", ""), "a=sctp-port:5000"]
            continue
        if media.kind != "video":
            lines += [f"m={media.kind} 0 {media.protocol} {media.formats}", f"a=mid:{media.mid}", "a=inactive"]
            continue
        vp8, rtx = media.payload_types["vp8"], media.payload_types.get("rtx")
        lines.append(f"m=video 9 {media.protocol} {vp8}" + (f" {rtx}" if rtx is not None else ""))
        lines += _transport(local, media.mid, "active", "recvonly" if media.direction != "inactive" else "inactive")
        if MID_URI in media.extensions:
            lines.append(f"a=extmap:{media.extensions[MID_URI]} {MID_URI}")
        lines += [f"a=rtpmap:{vp8} VP8/90000", *(f"a=rtcp-fb:{vp8} {each}" for each in ("nack", "nack pli", "ccm fir"))]
        if rtx is not None:
            lines += [f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={vp8}"]
    return "\r\n".join([*lines, ""])


def _session(bundled: str) -> list[str]:
    return [
        "v=0",
        "o=- 4711 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {bundled}",
        "a=msid-semantic: WMS *",
    ]


def _transport(local: Local, mid: str, setup: str, direction: str) -> list[str]:
    ip, port = local.address
    return [
        "c=IN IP4 0.0.0.0",
        f"a=candidate:1 1 udp 2130706431 {ip} {port} typ host",
        "a=end-of-candidates",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:sha-256 {local.fingerprint}",
        f"a=setup:{setup}",
        f"a=mid:{mid}",
        *([f"a={direction}", "a=rtcp-mux", "a=rtcp-rsize"] if direction else []),
    ]
