"""HPKE (RFC 9180), one message at a time: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, modes Base and Auth.

Auth shows that the holder of the sender's private key sealed it. Not here: pre-shared keys, exported secrets, and other
suites; what is sealed (`sealed.py`).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from recording.e2ee.errors import BadKey, CannotOpen, Reason

Entropy = Callable[[int], bytes]
"""So many bytes that nobody can guess. `os.urandom` in the service."""

PUBLIC_BYTES = 65
"""Of a public key and of `enc`: an uncompressed point."""

SEED_BYTES = 32

TAG = 16

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve (section 7.1.3)."""

_BASE, _AUTH = b"\x00", b"\x02"
_KEM_SUITE = b"KEM\x00\x10"
_SUITE = b"HPKE\x00\x10\x00\x01\x00\x01"


class PublicKey:
    """A point of P-256."""

    def __init__(self, data: bytes) -> None:
        """Raises BadKey for what is no point of the curve, or is not written as an uncompressed one (section 7.1.4)."""
        if len(data) != PUBLIC_BYTES or data[0] != 4:
            raise BadKey("A public key has 65 bytes, the first of which is 4.")
        try:
            self.point: EllipticCurvePublicKey = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), data)
        except ValueError:
            raise BadKey("This public key is not on the curve.") from None
        self.data = bytes(data)

    def __eq__(self, other: object) -> bool:
        return self.data == other.data if isinstance(other, PublicKey) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.data)

    def __repr__(self) -> str:
        return f"PublicKey({self.data.hex()})"


class PrivateKey:
    """A key pair. Does not print or pickle itself; OpenSSL overwrites it when it goes."""

    __slots__ = ("_key", "public")

    def __init__(self, key: EllipticCurvePrivateKey) -> None:
        """Raises BadKey for a key of another curve."""
        if not isinstance(key.curve, SECP256R1):
            raise BadKey("Keys are of P-256.")
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    @classmethod
    def generate(cls, entropy: Entropy) -> PrivateKey:
        return cls.derive(entropy(SEED_BYTES))

    @classmethod
    def derive(cls, seed: bytes) -> PrivateKey:
        """DeriveKeyPair (section 7.1.3): from 32 bytes of chance or more."""
        chosen = _extract(b"", b"dkp_prk", seed, _KEM_SUITE)
        for count in range(256):
            value = int.from_bytes(_expand(chosen, b"candidate", bytes([count]), 32, _KEM_SUITE), "big")
            if 0 < value < _ORDER:
                return cls(derive_private_key(value, SECP256R1()))
        raise BadKey("No key can be derived from this.")  # with a chance of one in 2^8192

    def agree(self, other: PublicKey) -> bytes:
        """The shared secret, which is never that of the point at infinity: the curve's order is a prime."""
        return self._key.exchange(ECDH(), other.point)

    def __repr__(self) -> str:
        return f"PrivateKey(of {self.public!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not written down")


class Sealed(NamedTuple):
    enc: bytes
    """The public key that was made for this message, 65 bytes."""
    ciphertext: bytes
    """As long as the plaintext, and 16 bytes more."""


@dataclass(frozen=True)
class Schedule:
    """What both sides of one message have (section 5.1). `nonce` is the first one."""

    key: bytes
    nonce: bytes

    def __repr__(self) -> str:
        return "Schedule()"


def seal(
    recipient: PublicKey,
    info: bytes,
    aad: bytes,
    plaintext: bytes,
    entropy: Entropy,
    sender: PrivateKey | None = None,
) -> Sealed:
    """Seal (section 6.1) to a public key. With a `sender`, mode Auth; without, mode Base."""
    ephemeral = PrivateKey.generate(entropy)
    enc = ephemeral.public.data
    shared, context = ephemeral.agree(recipient), enc + recipient.data
    if sender is not None:
        shared, context = shared + sender.agree(recipient), context + sender.public.data
    schedule = key_schedule(_kem_secret(shared, context), info, auth=sender is not None)
    return Sealed(enc, AESGCM(schedule.key).encrypt(schedule.nonce, plaintext, aad))


def open_sealed(
    recipient: PrivateKey,
    info: bytes,
    aad: bytes,
    sealed: Sealed,
    sender: PublicKey | None = None,
) -> bytes:
    """Open (section 6.1), what was sealed with the same `info`, `aad` and `sender`, None in mode Base.

    Raises CannotOpen: malformed if `enc` is no public key or there is no room for a tag, otherwise forged.
    """
    try:
        ephemeral = PublicKey(sealed.enc)
    except BadKey:
        raise CannotOpen(Reason.MALFORMED) from None
    if len(sealed.ciphertext) < TAG:
        raise CannotOpen(Reason.MALFORMED)
    shared, context = recipient.agree(ephemeral), sealed.enc + recipient.public.data
    if sender is not None:
        shared, context = shared + recipient.agree(sender), context + sender.data
    schedule = key_schedule(_kem_secret(shared, context), info, auth=sender is not None)
    try:
        return AESGCM(schedule.key).decrypt(schedule.nonce, sealed.ciphertext, aad)
    except InvalidTag:
        raise CannotOpen(Reason.FORGED) from None


def key_schedule(shared: bytes, info: bytes, *, auth: bool) -> Schedule:
    """Section 5.1, without a pre-shared key. `shared`: the KEM's secret of 32 bytes."""
    no_key_id = _extract(b"", b"psk_id_hash", b"", _SUITE)
    context = (_AUTH if auth else _BASE) + no_key_id + _extract(b"", b"info_hash", info, _SUITE)
    secret = _extract(shared, b"secret", b"", _SUITE)
    return Schedule(
        _expand(secret, b"key", context, 16, _SUITE),
        _expand(secret, b"base_nonce", context, 12, _SUITE),
    )


def _kem_secret(shared: bytes, context: bytes) -> bytes:
    """ExtractAndExpand (section 4.1)."""
    chosen = _extract(b"", b"eae_prk", shared, _KEM_SUITE)
    return _expand(chosen, b"shared_secret", context, 32, _KEM_SUITE)


def _extract(salt: bytes, label: bytes, data: bytes, suite: bytes) -> bytes:
    """LabeledExtract (section 4)."""
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + data, "sha256")


def _expand(key: bytes, label: bytes, info: bytes, length: int, suite: bytes) -> bytes:
    """LabeledExpand (section 4)."""
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(algorithm=SHA256(), length=length, info=labelled).derive(key)
