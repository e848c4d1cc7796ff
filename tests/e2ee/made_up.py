"""Keys, chance and frames for these tests: made up, the same every time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from recording.e2ee import PrivateKey, Secret
from recording.e2ee.keyring import EPOCHS
from recording.frames import Codec

SESSION = "session-1"
ADA, BOB, EVE = (PrivateKey.derive(bytes([number]) * 32) for number in (1, 2, 3))
"""Identities."""

NUMBER = 7
KEY_ID = NUMBER * EPOCHS
KEY = Secret(bytes(range(32)))
OTHER_KEY = Secret(bytes(range(1, 33)))

SPS, PPS = bytes.fromhex("6742c01fda0304f69b808080a0"), bytes.fromhex("68ce3c80")
LONG, SHORT = b"\x00\x00\x00\x01", b"\x00\x00\x01"

FRAMES: dict[Codec, list[bytes]] = {
    "opus": [b"\x78", b"\x78sound", b"\xfb\x03three"],
    "VP8": [
        b"\x10\x00\x00\x9d\x01\x2a\xc0\x00\x60\x00",
        b"\x10\x00\x00\x9d\x01\x2a\xc0\x00\x60\x00key",
        b"\x11\x02\x03other",
    ],
    "VP9": [b"\x82", bytes.fromhex("824983420005f005f6") + b"key", b"\x86other"],
    "H264": [
        LONG + SPS + LONG + PPS + LONG + b"\x65\x88" + bytes(range(256)),
        LONG + b"\x41\x9a",
        LONG + b"\x06\x05\x01\x80" + LONG + b"\x41\x9arest" + SHORT + b"\x41\x03second slice",
    ],
}
"""Each in the one form in which it can be sent."""


def chance(seed: int) -> Callable[[int], bytes]:
    return random.Random(seed).randbytes


@contextmanager
def seeded(seed: int) -> Iterator[random.Random]:
    """A test that draws tells what it drew from, if it fails."""
    try:
        yield random.Random(seed)
    except BaseException as error:
        error.add_note(f"seed {seed}")
        raise
