"""HPKE: the RFC's vectors, and another implementation where there is one."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from cryptography.hazmat.primitives import hpke as reference
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurvePublicNumbers,
    derive_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from recording.e2ee import BadKey, CannotOpen, PrivateKey, PublicKey, Reason
from recording.e2ee.hpke import PUBLIC_BYTES, Sealed, _kem_secret, key_schedule, open_sealed, seal
from tests.e2ee import vectors
from tests.e2ee.made_up import ADA, BOB, EVE, chance

VECTORS: list[dict[str, Any]] = vectors.load("hpke")
BASE, AUTH = 0, 2
SUITE = reference.Suite(reference.KEM.P256, reference.KDF.HKDF_SHA256, reference.AEAD.AES_128_GCM)


def derived(vector: dict[str, Any], who: str) -> PrivateKey:
    key = PrivateKey.derive(bytes.fromhex(vector[f"ikm{who}"]))
    assert key.public.data.hex() == vector[f"pk{who}m"]
    assert key._key.private_numbers().private_value == int(vector[f"sk{who}m"], 16)
    return key


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"mode {vector['mode']}")
def test_all_is_as_in_the_rfc(vector: dict[str, Any]) -> None:
    assert (vector["kem_id"], vector["kdf_id"], vector["aead_id"]) == (16, 1, 1)
    is_auth = vector["mode"] == AUTH
    ephemeral, recipient = derived(vector, "E"), derived(vector, "R")
    sender = derived(vector, "S") if is_auth else None
    info = bytes.fromhex(vector["info"])
    shared, context = recipient.agree(ephemeral.public), ephemeral.public.data + recipient.public.data
    if sender is not None:
        shared, context = shared + recipient.agree(sender.public), context + sender.public.data
    secret = _kem_secret(shared, context)
    assert secret.hex() == vector["shared_secret"]
    schedule = key_schedule(secret, info, auth=is_auth)
    assert (schedule.key.hex(), schedule.nonce.hex()) == (vector["key"], vector["base_nonce"])
    assert schedule.key.hex() not in repr(schedule)
    for number, each in enumerate(vector["encryptions"]):
        nonce = int.from_bytes(schedule.nonce, "big") ^ number
        assert f"{nonce:024x}" == each["nonce"]
        plaintext, aad = bytes.fromhex(each["pt"]), bytes.fromhex(each["aad"])
        assert AESGCM(schedule.key).encrypt(bytes.fromhex(each["nonce"]), plaintext, aad).hex() == each["ct"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"mode {vector['mode']}")
def test_a_message_is_the_first_of_the_rfc(vector: dict[str, Any]) -> None:
    """Sealed with the same chance it is the same, and it is opened."""
    first = vector["encryptions"][0]
    info, aad, plaintext = (bytes.fromhex(each) for each in (vector["info"], first["aad"], first["pt"]))
    recipient = derived(vector, "R")
    sender = derived(vector, "S") if vector["mode"] == AUTH else None
    seed = bytes.fromhex(vector["ikmE"])
    sealed = seal(recipient.public, info, aad, plaintext, lambda count: seed[:count], sender)
    assert (sealed.enc.hex(), sealed.ciphertext.hex()) == (vector["enc"], first["ct"])
    assert open_sealed(recipient, info, aad, sealed, sender.public if sender else None) == plaintext


def test_base_is_what_cryptography_makes_of_it() -> None:
    info = b"info"
    sealed = SUITE.encrypt(b"text", BOB.public.point, info)
    parts = Sealed(sealed[:PUBLIC_BYTES], sealed[PUBLIC_BYTES:])
    assert open_sealed(BOB, info, b"", parts) == b"text"
    mine = seal(BOB.public, info, b"", b"text", chance(1))
    assert SUITE.decrypt(mine.enc + mine.ciphertext, BOB._key, info) == b"text"


def test_only_who_it_is_for_opens_it_and_only_as_what_it_is() -> None:
    info, aad, text = b"info", b"aad", b"text"
    sealed = seal(BOB.public, info, aad, text, chance(2), ADA)
    assert open_sealed(BOB, info, aad, sealed, ADA.public) == text

    def refused(reason: Reason, *arguments: Any) -> None:
        with pytest.raises(CannotOpen) as error:
            open_sealed(*arguments)
        assert error.value.reason is reason

    refused(Reason.FORGED, BOB, info, aad, sealed, EVE.public)
    refused(Reason.FORGED, BOB, info, aad, sealed, None)
    refused(Reason.FORGED, EVE, info, aad, sealed, ADA.public)
    refused(Reason.FORGED, ADA, info, aad, sealed, BOB.public)
    refused(Reason.FORGED, BOB, b"other", aad, sealed, ADA.public)
    refused(Reason.FORGED, BOB, info, b"other", sealed, ADA.public)
    refused(Reason.FORGED, BOB, info, aad, seal(BOB.public, info, aad, text, chance(3)), ADA.public)
    for at in range(len(sealed.ciphertext)):
        changed = bytearray(sealed.ciphertext)
        changed[at] ^= 1
        refused(Reason.FORGED, BOB, info, aad, Sealed(sealed.enc, bytes(changed)), ADA.public)
        cut = Sealed(sealed.enc, sealed.ciphertext[:at])
        refused(Reason.MALFORMED if at < 16 else Reason.FORGED, BOB, info, aad, cut, ADA.public)
    for enc in (b"", sealed.enc[:-1], sealed.enc + b"\0", bytes(65), b"\x04" + bytes(64), b"\x02" + sealed.enc[1:33]):
        refused(Reason.MALFORMED, BOB, info, aad, Sealed(enc, sealed.ciphertext), ADA.public)
    refused(Reason.FORGED, BOB, info, aad, Sealed(EVE.public.data, sealed.ciphertext), ADA.public)


def test_a_public_key_is_a_point_of_the_curve_written_in_one_way() -> None:
    good = ADA.public.data
    assert PublicKey(good) == ADA.public != BOB.public
    assert len({PublicKey(good), ADA.public}) == 1
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    x, y = int.from_bytes(good[1:33], "big"), int.from_bytes(good[33:], "big")
    off = b"\x04" + good[1:33] + ((y + 1) % prime).to_bytes(32, "big")
    beyond = b"\x04" + (x + prime if x + prime < 2**256 else prime).to_bytes(32, "big") + good[33:]
    hybrid = bytes([6 | y & 1]) + good[1:]
    for data in (b"", b"\x00", good[:33], good[:-1], good + b"\0", off, beyond, hybrid, bytes(65), b"\x04" + bytes(64)):
        with pytest.raises(BadKey):
            PublicKey(data)
    assert EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key() == ADA.public.point


def test_a_private_key_does_not_print_itself_and_is_of_this_curve() -> None:
    value = ADA._key.private_numbers().private_value
    shown = f"{ADA} {ADA!r} {[ADA]}"
    assert f"{value:x}" not in shown
    assert str(value) not in shown
    with pytest.raises(TypeError):
        pickle.dumps(ADA)
    with pytest.raises(BadKey):
        PrivateKey(derive_private_key(5, SECP384R1()))
    assert PrivateKey.generate(chance(4)).public == PrivateKey.generate(chance(4)).public != ADA.public
