"""The keys under which pages send: told by the pages themselves to a test, which the product does not.

Each is seen when a page hands it to its worker to be used.
"""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from recording.e2ee.keyring import EPOCHS
from tests.browser.person import ChromiumPerson, eventually

TELLS = """
window.senderKeys = [];
const post = Worker.prototype.postMessage;
Worker.prototype.postMessage = function (message, ...more) {
  if (message?.op === 'use' && message.key) {
    window.senderKeys.push({ id: message.key.kid, key: Array.from(message.key.key) });
  }
  return post.call(this, message, ...more);
};
"""

SUITE = 4
"""RFC 9605, section 8.1: AES_128_GCM_SHA256_128."""


@dataclass(frozen=True)
class UsedKey:
    id: int
    key: bytes

    @property
    def number(self) -> int:
        """Of the person whose it is."""
        return self.id // EPOCHS

    def secrets(self) -> dict[str, bytes]:
        """The key, and what is made of it (RFC 9605, section 4.4.2), with which frames can be opened too."""
        return {"": self.key, " made": self._made()}

    def _made(self) -> bytes:
        info = b"SFrame 1.0 Secret key " + self.id.to_bytes(8, "big") + SUITE.to_bytes(2, "big")
        return HKDF(algorithm=SHA256(), length=16, salt=None, info=info).derive(self.key)


async def tell_keys(someone: ChromiumPerson) -> None:
    """Before they open their link."""
    await someone.page.add_init_script(TELLS)


async def used_by(someone: ChromiumPerson) -> list[UsedKey]:
    """In the order in which they were used."""
    return [UsedKey(each["id"], bytes(each["key"])) for each in await someone.evaluate("() => window.senderKeys")]


async def uses_another(someone: ChromiumPerson, before: UsedKey | None) -> UsedKey:
    """The key that is used now, which is not the one before."""

    async def look() -> UsedKey | None:
        keys = await used_by(someone)
        return keys[-1] if keys and keys[-1] != before else None

    return await eventually(look, f"{someone.name} uses another key")
