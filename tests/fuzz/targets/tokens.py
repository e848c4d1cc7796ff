"""The tokens that links carry (`signaling/tokens.py`): nothing is taken that was not signed with the key.

Input: a byte of flags and then a header, claims and a signature, a line each. The flags say whether the parts are
encoded, and whether the signature is made with the server's key or is the line given.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Hashable, Iterator

from pydantic import SecretBytes

from signaling.refusals import Refused
from signaling.tokens import Claims, ResumeClaims, Tokens
from tests.fuzz.target import LINES, Target

KEY = b"0123456789abcdef0123456789abcdef"
NOW = 1_700_000_000.0
ENCODED, SIGNED, RESUME, RECORDINGS = 1, 2, 4, 8


def run(data: bytes) -> Hashable:
    flags = data[0] if data else 0
    header, claims, signature = [*data[1:].split(b"\n", 2), b"", b""][:3]
    if flags & ENCODED:
        header, claims = _base64(header), _base64(claims)
    if flags & SIGNED:
        signature = _base64(hmac.digest(KEY, header + b"." + claims, hashlib.sha256))
    token = b".".join((header, claims, signature)).decode("utf-8", "replace")
    tokens = Tokens(SecretBytes(KEY))
    readers: dict[int, tuple[str, Callable[[str, float], Claims]]] = {
        0: ("join", tokens.read_join),
        RESUME: ("resume", tokens.read_resume),
        RECORDINGS: ("recordings", tokens.read_recordings),
    }
    kind, read = readers[flags & RESUME or flags & RECORDINGS]
    try:
        taken = read(token, NOW)
    except Refused as refused:
        return refused.code
    assert token.isascii()
    digest = hmac.digest(KEY, token.rpartition(".")[0].encode(), hashlib.sha256)
    assert token.endswith("." + _base64(digest).decode()), "a token is taken that we have not signed"
    assert taken.exp > NOW
    assert taken.typ == kind
    return type(taken).__name__


def _base64(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")


def seeds() -> Iterator[bytes]:
    header = b'{"alg":"HS256","typ":"JWT"}'
    claims = {"jti": "abcdefgh", "exp": int(NOW) + 60, "iat": int(NOW), "aud": "therabook-video", "iss": "therabook"}
    join = claims | {"typ": "join", "sub": "u-1", "role": "patient", "room": "r-1", "name": "Ada", "limit": 2}
    resume = claims | {"typ": "resume", "sub": "p1", "room": "r-1"}
    seat = {"until": int(NOW) + 60, "identity": "u-1", "role": "patient", "name": "Ada", "link": "abcdefgh"}
    seat |= {"link_expires": NOW, "admitted": True, "since": NOW, "limit": 2, "length": 5400.0, "locked": False}
    seat |= {"number": 1, "page": 1, "numbers": 2, "encryption": "required"}
    recordings = claims | {"typ": "recordings", "sub": "u-1", "role": "auditor", "room": "r-1"}
    for flags, body in (
        (ENCODED | SIGNED, join),
        (ENCODED | SIGNED | RESUME, resume),
        (ENCODED | SIGNED | RESUME, resume | {"seat": seat | {"started_at": NOW}}),
        (ENCODED | SIGNED | RECORDINGS, recordings),
        (ENCODED, join),
    ):
        yield bytes([flags]) + header + b"\n" + json.dumps(body).encode() + b"\nAAAA"
    yield bytes([ENCODED]) + header.replace(b"HS256", b"none") + b"\n" + json.dumps(join).encode() + b"\n"
    signed = Tokens(SecretBytes(b"another key, of the same length.")).sign(
        ResumeClaims(jti="abcdefgh", exp=int(NOW) + 60, room="r-1", sub="p1"), NOW
    )
    yield bytes([RESUME]) + signed.replace(".", "\n").encode()


TARGET = Target(
    "tokens",
    run,
    seeds,
    words=(
        b'"alg":',
        b'"none"',
        b'"HS512"',
        b'"RS256"',
        b'"crit":',
        b'"typ":"join"',
        b'"role":"therapist"',
        b'"aud":[]',
    ),
    shape=LINES,
    watched=("signaling/tokens.py",),
)
