"""Offers that were packed for a slow way: read as they were, and nothing else is let in."""

from __future__ import annotations

import base64
import zlib

import pytest
from pydantic import ValidationError

from signaling import messages as m
from signaling.packed import LONGEST, unpack
from signaling.refusals import Refused

SDP = "v=0\r\na=ümläut\r\n"


def pack(data: bytes) -> str:
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return encode(deflate.compress(data) + deflate.flush())


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_what_was_packed_is_what_is_read() -> None:
    assert unpack(pack(SDP.encode())) == SDP
    assert m.Offer(packed=pack(SDP.encode()), sources=m.Sources()).read() == SDP
    assert m.Offer(sdp=SDP, sources=m.Sources()).read() == SDP
    assert len(unpack(pack(b"a" * LONGEST))) == LONGEST


@pytest.mark.parametrize(
    "packed",
    [
        pack(b""),
        pack(b"a" * (LONGEST + 1)),
        pack(b"\xff\xfe"),
        pack(SDP.encode())[:-4],
        pack(SDP.encode()) + "AAAA",
        "A",
        "not base64!",
        "äöü",
        encode(SDP.encode()),
        encode(zlib.compress(SDP.encode())),
    ],
    ids=["nothing", "too-long", "no-text", "cut", "more", "short", "letters", "no-ascii", "not-deflated", "zlib"],
)
def test_what_was_not_is_refused(packed: str) -> None:
    with pytest.raises(Refused) as refused:
        unpack(packed)
    assert refused.value.code == "bad_offer"


def test_a_bomb_makes_no_more_than_an_offer() -> None:
    bomb = pack(b"a" * 30_000_000)
    assert len(bomb) < LONGEST // 4
    with pytest.raises(Refused):
        unpack(bomb)


@pytest.mark.parametrize("fields", [{}, {"sdp": SDP, "packed": pack(SDP.encode())}, {"packed": ""}])
def test_an_offer_is_one_or_the_other(fields: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        m.Offer(sources=m.Sources(), **fields)
