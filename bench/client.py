"""A WebRTC client for any server: offers or answers, checks as the controlling side (RFC 8445), shakes hands as DTLS
client (RFC 5764) with AES-128-GCM as the only cipher on offer, and ends as an `Endpoint` for `traffic.py`.

Many are connected at the same time by `connect`. Not here: how a description reaches the server (`systems/`), media.
"""

from __future__ import annotations

import secrets
import selectors
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from enum import Enum

from aioice import stun
from aiortc.rtcdtlstransport import SRTP_PROFILES, RTCCertificate, certificate_digest
from OpenSSL import SSL
from pylibsrtp import Policy, Session

from bench import description
from bench.description import Description
from bench.errors import Failed
from bench.traffic import Endpoint, Sending

CONNECT_SECONDS = 15.0
CHECK_EVERY = 0.1
CHECKS = 4
"""STUN checks made ready for later: each is answered anew, so a few used in turn do."""

SOCKET_BYTES = 4 * 1024 * 1024
WINDOW = 1024
PROFILE = next(each for each in SRTP_PROFILES if each.openssl_profile == b"SRTP_AEAD_AES_128_GCM")
CIPHERS = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"


class Identity:
    """One certificate for all clients: they are told apart by their ICE credentials."""

    def __init__(self) -> None:
        certificate = RTCCertificate.generateCertificate()
        self.context = certificate._create_ssl_context(srtp_profiles=[PROFILE])
        self.context.set_cipher_list(CIPHERS)
        self.fingerprint = next(each.value for each in certificate.getFingerprints() if each.algorithm == "sha-256")


class State(Enum):
    CHECKING = "checks its path"
    SHAKING_HANDS = "shakes hands"
    CONNECTED = "is connected"


class Client:
    """One connection. Give `local` to the server, what it says to `connect`."""

    def __init__(self, identity: Identity, address: str) -> None:
        self._identity = identity
        self.socket = self._open(address)
        self.local = description.Local(
            secrets.token_hex(4), secrets.token_hex(12), identity.fingerprint, self.socket.getsockname()
        )
        self.state = State.CHECKING
        self._remote = Description()
        self._connection = SSL.Connection(identity.context, None)
        self._transaction = b""
        self._check_at = 0.0
        self._sessions: tuple[Session, Session] | None = None

    def begin(self, remote: Description) -> None:
        """Raises Failed if there is no address to connect to."""
        self._remote = remote
        self._call()
        self._connection.set_connect_state()
        self._connection.set_ciphertext_mtu(1200)

    def step(self, now: float) -> None:
        """Takes what has come and does what is due. Raises Failed."""
        while self.state is not State.CONNECTED:
            data = self._take()
            if data is None:
                break
            self._receive(data)
        if now >= self._check_at:
            # on and on, as browsers do: a server may have heard the first one before it knew our side's password
            self._check_at = now + CHECK_EVERY
            check = self.check()
            self._transaction = check[8:20]
            self._send(check)
        if self.state is State.SHAKING_HANDS:
            self._connection.DTLSv1_handle_timeout()
            self._flush()

    def check(self) -> bytes:
        """A binding request that nominates this address."""
        message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        message.attributes["USERNAME"] = self.name
        message.attributes["PRIORITY"] = 2130706431
        message.attributes["ICE-CONTROLLING"] = secrets.randbits(64)
        message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(self._remote.password.encode())
        return bytes(message)

    @property
    def name(self) -> str:
        """As its checks carry it: anyone on the way can read it."""
        return f"{self._remote.ufrag}:{self.local.ufrag}"

    def endpoint(self) -> Endpoint:
        """Once it is connected. The socket is the endpoint's from then on."""
        if self._sessions is None:
            raise Failed(f"a client {self.state.value}")
        tx, rx = self._sessions
        return Endpoint(self.socket, tx, rx, [self.check() for _ in range(CHECKS)])

    @property
    def hello(self) -> bytes:
        """A ClientHello like its own, whatever state it is in."""
        fresh = SSL.Connection(self._identity.context, None)
        fresh.set_connect_state()
        with suppress(SSL.WantReadError):
            fresh.do_handshake()
        return fresh.bio_read(4096)

    def say_goodbye(self) -> None:
        """close_notify, as a browser's page sends it when it is left."""
        with suppress(SSL.Error):  # it was not connected: then there is nobody to say it to
            self._connection.shutdown()
            self._flush()

    def close(self) -> None:
        self.socket.close()

    def _open(self, address: str) -> socket.socket:
        return client_socket(address)

    def _call(self) -> None:
        if not self._remote.candidates:
            raise Failed("a server told no UDP address")
        self.socket.connect(self._remote.candidates[0])

    def _take(self) -> bytes | None:
        """What has come next, if anything has."""
        try:
            return self.socket.recv(4096)
        except (BlockingIOError, ConnectionRefusedError):
            return None

    def _receive(self, data: bytes) -> None:
        if not data:
            return
        if data[:2] == b"\x00\x01":
            self._answer(data)
        elif data[:2] == b"\x01\x01":
            if self.state is State.CHECKING and data[8:20] == self._transaction:
                self.state = State.SHAKING_HANDS
                self._shake_hands()
        elif 20 <= data[0] <= 63 and self.state is State.SHAKING_HANDS:
            self._connection.bio_write(data)
            self._shake_hands()

    def _answer(self, data: bytes) -> None:
        """To a check of the other side's: Janus, although it says that it is lite, waits for its own to be answered."""
        message = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=data[8:20],
            attributes={"XOR-MAPPED-ADDRESS": self.socket.getpeername()},
        )
        message.add_message_integrity(self.local.password.encode())
        self._send(bytes(message))

    def _shake_hands(self) -> None:
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return
        except SSL.Error as error:
            raise Failed(f"DTLS: {error}") from None
        self._flush()
        self._sessions = self._derive()
        self.state = State.CONNECTED

    def _derive(self) -> tuple[Session, Session]:
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        algorithm, digest = self._remote.fingerprint
        if certificate is None or certificate_digest(certificate, algorithm) != digest:
            raise Failed("DTLS: another certificate than the server had told")
        if self._connection.get_selected_srtp_profile() != PROFILE.openssl_profile:
            raise Failed("DTLS: the server doesn't take AES-128-GCM")
        size = 2 * (PROFILE.key_length + PROFILE.salt_length)
        material = self._connection.export_keying_material(b"EXTRACTOR-dtls_srtp", size)
        return (
            session(PROFILE.get_key_and_salt(material, 0), Policy.SSRC_ANY_OUTBOUND),
            session(PROFILE.get_key_and_salt(material, 1), Policy.SSRC_ANY_INBOUND),
        )

    def _flush(self) -> None:
        # memory BIOs are streams: a datagram for each record, which may be any number of them to a flight
        written = b""
        while True:
            try:
                written += self._connection.bio_read(65536)
            except SSL.WantReadError:
                break
        while len(written) >= 13:
            end = 13 + int.from_bytes(written[11:13], "big")
            self._send(written[:end])
            written = written[end:]

    def _send(self, data: bytes) -> None:
        try:
            self.socket.send(data)
        except (BlockingIOError, ConnectionRefusedError):
            return  # lost on the way: it is repeated


class TcpClient(Client):
    """One that gets through only by TCP (RFC 6544, RFC 4571). For connecting and leaving: the traffic is UDP's."""

    def __init__(self, identity: Identity, address: str) -> None:
        super().__init__(identity, address)
        self._inbox = b""

    def _open(self, address: str) -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        opened.setblocking(False)
        opened.bind((address, 0))
        return opened

    def _call(self) -> None:
        if not self._remote.tcp_candidates:
            raise Failed("a server told no TCP address")
        with suppress(BlockingIOError):  # it is under way
            self.socket.connect(self._remote.tcp_candidates[0])

    def _take(self) -> bytes | None:
        with suppress(BlockingIOError, OSError):  # nothing there yet, or not connected yet
            self._inbox += self.socket.recv(65536)
        end = 2 + int.from_bytes(self._inbox[:2], "big")
        if len(self._inbox) < max(end, 2):
            return None
        frame, self._inbox = self._inbox[2:end], self._inbox[end:]
        return frame

    def _send(self, data: bytes) -> None:
        with suppress(OSError):  # not connected yet: checks and flights are repeated
            self.socket.send(len(data).to_bytes(2, "big") + data)


def session(key: bytes, direction: int) -> Session:
    """A libsrtp context for AES-128-GCM. `key`: key and salt."""
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=PROFILE.libsrtp_profile)
    policy.window_size = WINDOW
    return Session(policy)


def client_socket(address: str) -> socket.socket:
    """A UDP socket with any port of `address`, which does not block."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SOCKET_BYTES)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SOCKET_BYTES)
    opened.bind((address, 0))
    return opened


def publishing(endpoint: Endpoint, remote: Description, ssrc: int, mid: int = 0) -> Sending:
    """The picture that `remote` has agreed to take in one of its m-lines, with the header extensions that it knows."""
    ids = remote.media[mid].extensions
    return Sending(
        endpoint,
        ssrc,
        description.VP8,
        str(mid),
        ids.get(description.MID_URI, 0),
        ids.get(description.TRANSPORT_URI, 0),
    )


def connect(pairs: Sequence[tuple[Client, Description]], at_once: int = 50, seconds: float = CONNECT_SECONDS) -> None:
    """Connects all of them, `at_once` at the same time. Raises Failed if one couldn't within `seconds`."""
    for first in range(0, len(pairs), at_once):
        _connect_together(pairs[first : first + at_once], seconds)


def _connect_together(pairs: Sequence[tuple[Client, Description]], seconds: float) -> None:
    waiting = [client for client, _ in pairs]
    with selectors.DefaultSelector() as selector:
        for client, remote in pairs:
            client.begin(remote)
            selector.register(client.socket, selectors.EVENT_READ, client)
        until = time.monotonic() + seconds
        while waiting:
            now = time.monotonic()
            if now > until:
                raise Failed(f"{len(waiting)} of {len(pairs)} clients didn't connect; one {waiting[0].state.value}")
            for client in waiting:
                client.step(now)
                if client.state is State.CONNECTED:
                    selector.unregister(client.socket)
            waiting = [client for client in waiting if client.state is not State.CONNECTED]
            if waiting:
                selector.select(0.02)
