"""The other end of a connection, without sockets: checks and a handshake as a browser makes them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

from aioice import stun
from aiortc.rtcdtlstransport import SRTP_PROFILES, RTCCertificate, SRTPProtectionProfile
from OpenSSL import SSL

from sfu import records
from tests.sfu.offers import PASSWORD, UFRAG, call_offer, transport

CERTIFICATE = RTCCertificate.generateCertificate()


def fingerprint(certificate: RTCCertificate = CERTIFICATE) -> str:
    first = certificate.getFingerprints()[0]
    return f"{first.algorithm} {first.value}"


class DtlsClient:
    """An active end. `feed` what came, send what `take` returns."""

    def __init__(
        self,
        certificate: RTCCertificate = CERTIFICATE,
        profiles: list[SRTPProtectionProfile] | None = None,
        ciphers: bytes | None = None,
    ) -> None:
        context = certificate._create_ssl_context(srtp_profiles=profiles if profiles is not None else SRTP_PROFILES)
        context.set_max_proto_version(0xFEFD)
        context.set_options(SSL.OP_NO_QUERY_MTU)
        if ciphers is not None:
            context.set_cipher_list(ciphers)
        self.connection = SSL.Connection(context)
        self.connection.set_connect_state()
        self.connection.set_ciphertext_mtu(1200)
        self.done = False
        self.closed = False

    def start(self) -> list[bytes]:
        self._step()
        return self.take()

    def feed(self, datagram: bytes) -> None:
        self.connection.bio_write(datagram)
        self._step()

    def take(self) -> list[bytes]:
        try:
            return records.pack(self.connection.bio_read(65536))
        except SSL.WantReadError:
            return []

    def close(self) -> list[bytes]:
        self.connection.shutdown()
        return self.take()

    def _step(self) -> None:
        try:
            if not self.done:
                self.connection.do_handshake()
                self.done = True
            self.connection.recv(2048)
        except SSL.WantReadError:
            return
        except SSL.ZeroReturnError:
            self.closed = True

    @property
    def keys(self) -> bytes:
        return self.connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 88)


def check(
    username: str,
    password: str,
    *,
    nominate: bool = True,
    transaction: bytes | None = None,
    with_fingerprint: bool = True,
    method: stun.Method = stun.Method.BINDING,
    message_class: stun.Class = stun.Class.REQUEST,
) -> bytes:
    """A connectivity check as an ICE agent in control sends it."""
    message = stun.Message(method, message_class, transaction or os.urandom(12))
    message.attributes["USERNAME"] = username
    message.attributes["ICE-CONTROLLING"] = 7
    message.attributes["PRIORITY"] = 1845494271
    if nominate:
        message.attributes["USE-CANDIDATE"] = None
    message.add_message_integrity(password.encode())
    if not with_fingerprint:
        message.attributes.pop("FINGERPRINT")
        message._integrity_data = None
        body = stun.Message(method, message_class, message.transaction_id, dict(message.attributes))
        del body.attributes["MESSAGE-INTEGRITY"]
        body.attributes["MESSAGE-INTEGRITY"] = stun.message_integrity(
            bytes(stun.Message(method, message_class, message.transaction_id, _without_integrity(message))),
            password.encode(),
        )
        return bytes(body)
    return bytes(message)


def _without_integrity(message: stun.Message) -> dict[str, object]:
    return {name: value for name, value in message.attributes.items() if name != "MESSAGE-INTEGRITY"}


@dataclass
class Client:
    """What a browser knows of its own side of one connection."""

    ufrag: str = UFRAG
    password: str = PASSWORD
    certificate: RTCCertificate = CERTIFICATE
    dtls: DtlsClient = field(init=False)
    server_ufrag: str = ""
    server_password: str = ""

    def __post_init__(self) -> None:
        self.dtls = DtlsClient(self.certificate)

    def offer(self, audio_slots: int = 1, video_slots: int = 2) -> str:
        common = transport(self.ufrag, self.password, fingerprint(self.certificate))
        return call_offer(audio_slots, video_slots, common)

    def accept(self, answer: str) -> None:
        self.server_ufrag = attribute(answer, "ice-ufrag")
        self.server_password = attribute(answer, "ice-pwd")

    def check(self, *, nominate: bool = True, transaction: bytes | None = None) -> bytes:
        return check(
            f"{self.server_ufrag}:{self.ufrag}", self.server_password, nominate=nominate, transaction=transaction
        )


def attribute(sdp: str, name: str) -> str:
    found = re.search(rf"^a={name}:(.*?)\r?$", sdp, re.MULTILINE)
    assert found is not None, name
    return found[1]
