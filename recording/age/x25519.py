"""Keys: an identity (secret) opens what was sealed to its recipient (public). age's X25519 kind, and no other.

Not here: where identities are kept (`recording/keys`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from pydantic import SecretBytes, SecretStr

from recording.age import bech32
from recording.age.errors import BadKeyText, Damaged
from recording.age.kdf import Entropy, hkdf
from recording.age.stanza import Stanza, decode64, encode64

KEY_BYTES = 32
FILE_KEY_BYTES = 16
KIND = "X25519"

_RECIPIENT = "age"
_IDENTITY = "age-secret-key-"
_INFO = b"age-encryption.org/v1/X25519"
_NONCE = bytes(12)
"""Always the same: each wrapping key wraps one file key."""
_WRAPPED_BYTES = FILE_KEY_BYTES + 16


@dataclass(frozen=True)
class Recipient:
    """To whom can be sealed. Public; `str()` is the form that people exchange, `age1...`."""

    public: bytes

    def __post_init__(self) -> None:
        if len(self.public) != KEY_BYTES:
            raise BadKeyText("A recipient has 32 bytes.")

    @classmethod
    def parse(cls, text: str) -> Recipient:
        """Raises BadKeyText."""
        prefix, public = bech32.decode(text.strip())
        if prefix == _IDENTITY:
            raise BadKeyText("This is a secret key. Give the public one, which begins with age1.")
        if prefix != _RECIPIENT or len(public) != KEY_BYTES:
            raise BadKeyText("This is not a public key of age's X25519 kind, which begins with age1.")
        return cls(public)

    def __str__(self) -> str:
        return bech32.encode(_RECIPIENT, self.public)

    def wrap(self, file_key: SecretBytes, entropy: Entropy) -> Stanza:
        """The file key, for this recipient only. Raises BadKeyText for a public key that hides nothing."""
        ephemeral = X25519PrivateKey.from_private_bytes(entropy(KEY_BYTES))
        share = ephemeral.public_key().public_bytes_raw()
        try:
            shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(self.public))
        except ValueError:
            raise BadKeyText("Nothing can be sealed to this public key: it is one of few that hide nothing.") from None
        key = hkdf(shared, share + self.public, _INFO)
        body = ChaCha20Poly1305(key).encrypt(_NONCE, file_key.get_secret_value(), None)
        return Stanza((KIND, encode64(share).decode("ascii")), body)


@dataclass(frozen=True)
class Identity:
    """The secret half. Does not print itself."""

    secret: SecretBytes

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise BadKeyText("An identity has 32 bytes.")

    @classmethod
    def generate(cls, entropy: Entropy) -> Identity:
        return cls(SecretBytes(entropy(KEY_BYTES)))

    @classmethod
    def parse(cls, text: SecretStr) -> Identity:
        """Raises BadKeyText, which does not quote the text."""
        prefix, secret = bech32.decode(text.get_secret_value().strip())
        if prefix == _RECIPIENT:
            raise BadKeyText("This is a public key. The secret one begins with AGE-SECRET-KEY-1.")
        if prefix != _IDENTITY or len(secret) != KEY_BYTES:
            raise BadKeyText("This is not a secret key of age's X25519 kind, which begins with AGE-SECRET-KEY-1.")
        return cls(SecretBytes(secret))

    def text(self) -> SecretStr:
        """`AGE-SECRET-KEY-1...`, as age-keygen writes it."""
        return SecretStr(bech32.encode(_IDENTITY, self.secret.get_secret_value()).upper())

    @cached_property
    def recipient(self) -> Recipient:
        return Recipient(self._key.public_key().public_bytes_raw())

    def unwrap(self, stanzas: Iterable[Stanza]) -> SecretBytes | None:
        """The file key, if one of them is for this identity. Raises Damaged for a stanza of our kind that is
        malformed, whoever it is for."""
        for stanza in stanzas:
            if stanza.arguments[0] == KIND:
                file_key = self._open(stanza)
                if file_key is not None:
                    return file_key
        return None

    def _open(self, stanza: Stanza) -> SecretBytes | None:
        share = decode64(stanza.arguments[1].encode("ascii")) if len(stanza.arguments) == 2 else b""
        # The body's length is checked first: a longer one could be made to fit several keys, and so be used to ask
        # which of them we hold.
        if len(share) != KEY_BYTES or len(stanza.body) != _WRAPPED_BYTES:
            raise Damaged("The header holds a wrapped key of the wrong shape.")
        try:
            shared = self._key.exchange(X25519PublicKey.from_public_bytes(share))
        except ValueError:
            raise Damaged("The header holds a wrapped key that anybody could open.") from None
        key = hkdf(shared, share + self.recipient.public, _INFO)
        try:
            return SecretBytes(ChaCha20Poly1305(key).decrypt(_NONCE, stanza.body, None))
        except InvalidTag:
            return None

    @cached_property
    def _key(self) -> X25519PrivateKey:
        return X25519PrivateKey.from_private_bytes(self.secret.get_secret_value())
