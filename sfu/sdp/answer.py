"""Writing the answer. Its form is the one that Chromium and Firefox were seen to play with; where a line looks
redundant, a comment says who needs it.

Only what was checked is written back: mids, rids, numbers, and texts of our own.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sfu.dtls import Fingerprint
from sfu.ice import Credentials
from sfu.sdp.negotiate import AgreedCodec, Line, Plan, Use

CNAME = "sfu"
"""One for all that this server sends on a connection: one clock writes its sender reports (RFC 3550, section 6.5.1)."""

UDP_PRIORITY = 126 << 24 | 0xFFFF << 8 | 255
TCP_PRIORITY = 90 << 24 | 0x7FFF << 8 | 255
"""RFC 8445, section 5.1.2.1: host candidates, TCP after all UDP (RFC 6544, section 4.2)."""


@dataclass(frozen=True)
class Endpoints:
    """Where clients reach this server: IP addresses in order of preference, one port."""

    addresses: tuple[str, ...]
    port: int
    udp: bool = True


@dataclass(frozen=True)
class SlotStreams:
    """What we send in a slot."""

    ssrc: int
    rtx_ssrc: int
    """0: without retransmissions."""


def write_answer(
    plan: Plan,
    *,
    session_id: int,
    version: int,
    credentials: Credentials,
    fingerprint: Fingerprint,
    endpoints: Endpoints,
    slots: Mapping[str, SlotStreams],
) -> str:
    """`slots`: by mid. Lines end in CRLF."""
    opened = [line for line in plan.lines if line.use is not Use.DECLINED]
    text = [
        "v=0",
        f"o=- {session_id} {version} IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        "a=group:BUNDLE " + " ".join(line.mid for line in opened),
        "a=msid-semantic:WMS *",
    ]
    streams = _stream_ids(plan.lines)
    for line in plan.lines:
        if line.use is Use.DECLINED:
            text += _declined(line)
            continue
        text += _head(line)
        if line is opened[0]:
            # RFC 8843, section 7.2: the first bundled m-line's are everyone's
            text += [*_candidates(endpoints), "a=end-of-candidates"]
        # in each m-line: a Firefox tab crashes if a later one has no fingerprint of its own
        text += [
            f"a=ice-ufrag:{credentials.ufrag}",
            f"a=ice-pwd:{credentials.password}",
            f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}",
            "a=setup:passive",
            f"a={line.use.value}",
            "a=rtcp-mux",
        ]
        if line.media.reduced_rtcp:
            text.append("a=rtcp-rsize")
        for extension in line.extensions:
            direction = "" if extension.direction == "sendrecv" else f"/{extension.direction}"
            text.append(f"a=extmap:{extension.id}{direction} {extension.uri}")
        for codec in line.codecs:
            text += _codec(codec)
        if line.use is Use.SOURCE:
            text += _simulcast(line)
        elif line.use is Use.SLOT:
            text += _streams(line, slots[line.mid], streams[line.mid])
    return "\r\n".join(text) + "\r\n"


def _head(line: Line) -> list[str]:
    formats = [
        str(payload_type)
        for codec in line.codecs
        for payload_type in (codec.payload_type, codec.rtx_payload_type, codec.red_payload_type)
        if payload_type >= 0
    ]
    return [
        f"m={line.media.kind} 9 {line.media.protocol} {' '.join(formats)}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{line.mid}",
    ]


def _declined(line: Line) -> list[str]:
    media = line.media
    head = [f"m={media.kind} 0 {media.protocol} {' '.join(media.formats)}", "c=IN IP4 0.0.0.0"]
    if media.mid:
        head.append(f"a=mid:{media.mid}")
    return [*head, "a=inactive"]


def _candidates(endpoints: Endpoints) -> list[str]:
    candidates = []
    foundation = 0
    for transport in ("udp", "tcp"):
        if transport == "udp" and not endpoints.udp:
            continue
        priority, suffix = (UDP_PRIORITY, "") if transport == "udp" else (TCP_PRIORITY, " tcptype passive")
        for at, address in enumerate(endpoints.addresses):
            foundation += 1
            candidates.append(
                f"a=candidate:{foundation} 1 {transport} {priority - (at << 8)} "
                f"{ipaddress.ip_address(address)} {endpoints.port} typ host{suffix}"
            )
    return candidates


def _codec(codec: AgreedCodec) -> list[str]:
    payload_type = codec.payload_type
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    text = [f"a=rtpmap:{payload_type} {codec.name}/{codec.clock_rate}{channels}"]
    text += [f"a=rtcp-fb:{payload_type} {feedback}" for feedback in codec.feedback]
    if codec.parameters:
        text.append(f"a=fmtp:{payload_type} {codec.parameters}")
    if codec.rtx_payload_type >= 0:
        text.append(f"a=rtpmap:{codec.rtx_payload_type} rtx/{codec.clock_rate}")
        text.append(f"a=fmtp:{codec.rtx_payload_type} apt={payload_type}")
    if codec.red_payload_type >= 0:
        text.append(f"a=rtpmap:{codec.red_payload_type} red/{codec.clock_rate}{channels}")
        text.append(f"a=fmtp:{codec.red_payload_type} {payload_type}/{payload_type}")
    return text


def _simulcast(line: Line) -> list[str]:
    layers = line.media.simulcast
    if not layers:
        return []
    rids = dict.fromkeys(rid for layer in layers for rid in layer.split(","))
    paused = line.media.paused
    # what is paused stays so: Chromium would begin to send whatever is not marked
    marked = [",".join("~" * (rid in paused) + rid for rid in layer.split(",")) for layer in layers]
    return [*(f"a=rid:{rid} recv" for rid in rids), "a=simulcast:recv " + ";".join(marked)]


def _stream_ids(lines: Sequence[Line]) -> dict[str, str]:
    """mid -> id of the media stream: the n-th audio slot and the n-th video slot are played in step."""
    counts = {"audio": 0, "video": 0}
    ids = {}
    for line in lines:
        if line.use is Use.SLOT:
            ids[line.mid] = f"slot-{counts[line.kind]}"
            counts[line.kind] += 1
    return ids


def _streams(line: Line, slot: SlotStreams, stream: str) -> list[str]:
    text = [f"a=msid:{stream} {line.kind}-{line.mid}"]
    if slot.rtx_ssrc:
        text.append(f"a=ssrc-group:FID {slot.ssrc} {slot.rtx_ssrc}")
    # the primary first, in spite of the group: else browsers show nothing
    text.append(f"a=ssrc:{slot.ssrc} cname:{CNAME}")
    if slot.rtx_ssrc:
        text.append(f"a=ssrc:{slot.rtx_ssrc} cname:{CNAME}")
    return text
