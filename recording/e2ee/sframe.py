"""SFrame (RFC 9605): a frame's ciphertext is a header with key id and counter, what was encrypted, and a tag.

Of its cipher suites only those with GCM, whose tags are whole. Not here: what a frame's metadata are (`frames.py`),
which keys there are (`keyring.py`), who gave them (`handshake.py`).
"""

from __future__ import annotations

import hmac
from enum import Enum
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from recording.e2ee.errors import BadKey, CannotOpen, Reason, UsedUp
from recording.e2ee.secret import Secret

Data = bytes | bytearray | memoryview

TAG = 16
"""Bytes behind the ciphertext, of both suites."""

LARGEST_NUMBER = 2**64 - 1
"""Of key ids and counters (section 4.3)."""

MOST_FRAMES = 2**32
"""Frames that are sealed under one key: what the analysis of GCM allows with room to spare (section 9.5)."""

WINDOW = 8192
"""Counters below the highest that are told apart: some 80 s of sound and video of one sender. Larger costs a bit each,
smaller refuses what a slow path or a retransmission brings late."""

_NONCE = 12


class Suite(Enum):
    """Section 4.5; the values are those of the IANA registry."""

    AES_128_GCM_SHA256_128 = 4
    AES_256_GCM_SHA512_128 = 5

    @property
    def key_bytes(self) -> int:
        return 16 if self is Suite.AES_128_GCM_SHA256_128 else 32


class Header(NamedTuple):
    """Section 4.3."""

    key_id: int
    counter: int

    def encode(self) -> bytes:
        """1 to 17 bytes. Raises ValueError for a number of more than 64 bits."""
        key_bits, key = _number(self.key_id)
        counter_bits, counter = _number(self.counter)
        return bytes([key_bits << 4 | counter_bits]) + key + counter


def read_header(data: Data) -> tuple[Header, int]:
    """The header with which `data` begins, and its length in bytes. Raises CannotOpen, also for one that could have
    been written shorter: there is one way to write each."""
    if not data:
        raise CannotOpen(Reason.MALFORMED)
    key_id, at = _read_number(data, data[0] >> 4, 1)
    counter, at = _read_number(data, data[0] & 0x0F, at)
    return Header(key_id, counter), at


class FrameKey:
    """The key and salt that one base key gives for one key id (section 4.4.2). Knows nothing of counters."""

    def __init__(self, suite: Suite, key_id: int, base_key: Secret) -> None:
        """Raises ValueError for a key id of more than 64 bits."""
        self.key_id = key_id
        name = key_id.to_bytes(8, "big") + suite.value.to_bytes(2, "big")
        self._salt = bytearray(_expand(suite, base_key, b"SFrame 1.0 Secret salt " + name, _NONCE))
        self._cipher: AESGCM | None = AESGCM(
            _expand(suite, base_key, b"SFrame 1.0 Secret key " + name, suite.key_bytes)
        )

    def seal(self, counter: int, plaintext: Data, metadata: bytes = b"") -> bytes:
        """Section 4.4.3. To seal two frames with the same counter would give both away: `Sender` does not."""
        header = Header(self.key_id, counter).encode()
        return header + self._usable().encrypt(self._nonce(counter), plaintext, header + metadata)

    def open(self, data: Data, metadata: bytes = b"") -> bytes:
        """Section 4.4.4. Raises CannotOpen: malformed, no key (it is another's), forged."""
        header, at = read_header(data)
        if header.key_id != self.key_id:
            raise CannotOpen(Reason.NO_KEY)
        if len(data) < at + TAG:
            raise CannotOpen(Reason.MALFORMED)
        view = memoryview(data)
        try:
            return self._usable().decrypt(self._nonce(header.counter), view[at:], bytes(view[:at]) + metadata)
        except InvalidTag:
            raise CannotOpen(Reason.FORGED) from None

    def is_same_as(self, other: FrameKey) -> bool:
        """Of the same base key and key id, but for one case in 2^96: their salts are compared, so that no base key has
        to be kept for that."""
        return hmac.compare_digest(self._salt, other._salt)

    def forget(self) -> None:
        """Nothing can be sealed or opened any more."""
        self._cipher = None  # OpenSSL overwrites its copy
        self._salt[:] = bytes(_NONCE)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key_id})"

    def _nonce(self, counter: int) -> bytes:
        return (int.from_bytes(self._salt, "big") ^ counter).to_bytes(_NONCE, "big")

    def _usable(self) -> AESGCM:
        if self._cipher is None:
            raise BadKey("This key was forgotten.")
        return self._cipher


class Sender:
    """Seals, each frame with the next counter."""

    def __init__(self, key_id: int, base_key: Secret, suite: Suite = Suite.AES_128_GCM_SHA256_128) -> None:
        self._key = FrameKey(suite, key_id, base_key)
        self.counter = 0
        """Of the next frame, and so how many were sealed."""

    def seal(self, plaintext: Data, metadata: bytes = b"") -> bytes:
        """Raises UsedUp."""
        if self.counter >= MOST_FRAMES:
            raise UsedUp("This key has sealed as many frames as it may.")
        self.counter += 1
        return self._key.seal(self.counter - 1, plaintext, metadata)


class Receiver:
    """Opens, each frame once. What is not authentic changes nothing."""

    def __init__(self, key_id: int, base_key: Secret, suite: Suite = Suite.AES_128_GCM_SHA256_128) -> None:
        self._key = FrameKey(suite, key_id, base_key)
        self._highest = -1
        self._seen = 0
        """The bit `n` is set if the counter `_highest - n` was opened."""

    def open(self, data: Data, metadata: bytes = b"") -> bytes:
        """Raises CannotOpen."""
        header, _ = read_header(data)
        if header.key_id == self._key.key_id and not self._is_new(header.counter):
            raise CannotOpen(Reason.REPLAYED)
        plaintext = self._key.open(data, metadata)
        self._note(header.counter)
        return plaintext

    def has_key_of(self, other: Receiver) -> bool:
        return self._key.is_same_as(other._key)

    def forget(self) -> None:
        self._key.forget()
        self._seen = 0

    def __repr__(self) -> str:
        return f"Receiver({self._key.key_id})"

    def _is_new(self, counter: int) -> bool:
        below = self._highest - counter
        return below < 0 or (below <= WINDOW and not self._seen >> below & 1)

    def _note(self, counter: int) -> None:
        above = counter - self._highest
        if above > WINDOW:
            self._seen = 1  # shifted by what somebody chose, it would be as large as they please
        elif above > 0:
            self._seen = (self._seen << above | 1) & (1 << WINDOW + 1) - 1
        else:
            self._seen |= 1 << -above
        self._highest = max(self._highest, counter)


def _expand(suite: Suite, base_key: Secret, label: bytes, length: int) -> bytes:
    digest = SHA256() if suite is Suite.AES_128_GCM_SHA256_128 else SHA512()
    return HKDF(algorithm=digest, length=length, salt=None, info=label).derive(base_key.reveal())


def _number(value: int) -> tuple[int, bytes]:
    """What stands in the first byte, with the flag, and what behind it."""
    if not 0 <= value <= LARGEST_NUMBER:
        raise ValueError("a number in an SFrame header has 64 bits")
    if value < 8:
        return value, b""
    length = (value.bit_length() + 7) // 8
    return 8 | length - 1, value.to_bytes(length, "big")


def _read_number(data: Data, bits: int, at: int) -> tuple[int, int]:
    if not bits & 8:
        return bits, at
    end = at + (bits & 7) + 1
    value = int.from_bytes(data[at:end], "big")
    if len(data) < end or value < 8 or value.bit_length() <= 8 * (bits & 7):
        raise CannotOpen(Reason.MALFORMED)
    return value, end
