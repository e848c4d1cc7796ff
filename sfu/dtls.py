"""The passive side of DTLS-SRTP (RFC 5763, RFC 5764), without sockets and without a clock.

Certificate, cipher list and SRTP profiles are aiortc's; the state machine is OpenSSL's, behind memory BIOs. What is
added is robustness: until a handshake is done every datagram can be forged, so none of them may end it.

    WAITING    ->  CONNECTED   a handshake was completed with the certificate that the offer named
    WAITING    ->  FAILED      one was completed with another certificate, or without SRTP
    CONNECTED  ->  CLOSED      close_notify or a fatal alert, both authenticated; or our own `close`

Each ClientHello (told apart by its random) opens an attempt of its own. One that OpenSSL refuses is forgotten, alert
and all, and the others go on: a forged hello with a null cipher costs a stranger's packet and nothing else.

Not here: which addresses may speak at all (`ice.py`), how long a peer may take (`plane.py`).
"""

from __future__ import annotations

import enum
import hmac
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from aiortc.rtcdtlstransport import (
    SRTP_PROFILES,
    X509_DIGEST_ALGORITHMS,
    RTCCertificate,
    SRTPProtectionProfile,
    certificate_digest,
)
from OpenSSL import SSL
from pylibsrtp import Policy, Session

from sfu import records
from sfu.records import Record

DTLS_1_2 = 0xFEFD

ATTEMPTS_AT_ONCE = 4
"""Handshakes that one peer may have under way. A client has one; the rest is room for forged ones."""

ATTEMPTS = 64
"""Handshakes that may be begun for one peer at all: each costs about 0.3 ms."""

ATTEMPT_LIFETIME = 5_000_000
"""Microseconds after which an unfinished attempt makes room for a new one."""

FIRST_RESEND = 100_000
LAST_RESEND = 2_000_000
"""Microseconds between repetitions of an unanswered flight, doubling. Lower wastes packets on slow networks (a
round trip is at most 500 ms in practice), higher lets one lost packet be felt when joining."""

LAST_FLIGHT_REPEATS = 16
"""How often a client may show that it didn't get our last flight. Anyone can write what shows it."""

MAX_OUT = 64
"""Datagrams waiting to be taken; more are dropped."""

SRTP_WINDOW = 1024
"""Packets that replay protection looks back on: 1,024 is a third of a second at 30 Mbit/s."""


class DtlsState(enum.Enum):
    WAITING = "waiting"
    CONNECTED = "connected"
    CLOSED = "closed"
    FAILED = "failed"


@dataclass(frozen=True)
class Fingerprint:
    """As in `a=fingerprint` (RFC 8122): a lower-case hash name and upper-case hexadecimal pairs."""

    algorithm: str
    value: str


@dataclass(frozen=True, repr=False)
class SrtpSessions:
    """libsrtp contexts, ready for use by one thread. Not printable."""

    rx: Session
    tx: Session
    profile: str

    def __repr__(self) -> str:
        return f"SrtpSessions({self.profile})"


class Identity:
    """The certificate that this server shows, and the OpenSSL context made from it."""

    def __init__(self, certificate: RTCCertificate) -> None:
        context = certificate._create_ssl_context(srtp_profiles=SRTP_PROFILES)
        # RFC 8827, section 6.5, asks for 1.2; the record layer of 1.3 is another one (`records.py`)
        context.set_min_proto_version(DTLS_1_2)
        context.set_max_proto_version(DTLS_1_2)
        context.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_NO_RENEGOTIATION)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        self.context = context
        self.fingerprint = next(
            Fingerprint(each.algorithm, each.value)
            for each in certificate.getFingerprints()
            if each.algorithm == "sha-256"
        )

    @classmethod
    def generate(cls) -> Identity:
        """A new one, good for 30 days."""
        return cls(RTCCertificate.generateCertificate())


@dataclass
class _Attempt:
    connection: SSL.Connection
    began: int
    flight: list[bytes] = field(default_factory=list)
    """Our last one, to be repeated. The same bytes do: what had arrived is dropped there as a replay."""
    resend_at: int = 0
    resend_after: int = FIRST_RESEND


class DtlsServer:
    """One peer's DTLS. Feed `receive` and `tick`, send what `take` returns, watch `state`."""

    def __init__(self, identity: Identity, expected: Iterable[Fingerprint]) -> None:
        self.state = DtlsState.WAITING
        self.srtp: SrtpSessions | None = None
        """Set together with CONNECTED, for whoever takes it first."""
        self.dropped = 0
        """Records that were not even tried."""
        self._identity = identity
        self._expected = tuple(expected)
        self._attempts: dict[bytes, _Attempt] = {}
        self._begun = 0
        self._connection: SSL.Connection | None = None
        self._last_flight: list[bytes] = []
        self._last_flight_at = 0
        self._repeats_left = LAST_FLIGHT_REPEATS
        self._out: list[bytes] = []

    @property
    def resend_at(self) -> int | None:
        """When `tick` has something to do next, in microseconds."""
        return min((each.resend_at for each in self._attempts.values() if each.flight), default=None)

    def receive(self, datagram: bytes, now: int) -> None:
        """A datagram whose first byte is 20 to 63. Never raises for what is in it."""
        for record in records.split(datagram):
            if self.state is DtlsState.WAITING:
                self._receive_handshake(record, now)
            elif self.state is DtlsState.CONNECTED:
                self._receive_established(record, now)

    def tick(self, now: int) -> None:
        for attempt in self._attempts.values():
            if attempt.flight and now >= attempt.resend_at:
                self._resend(attempt, now)

    def take(self) -> list[bytes]:
        """Datagrams to send, in order."""
        taken, self._out = self._out, []
        return taken

    def close(self) -> None:
        """Says goodbye, if anybody listens."""
        if self.state is DtlsState.CONNECTED and self._connection is not None:
            with suppress(SSL.Error):  # a courtesy: what it would have gone through is given up anyway
                self._connection.shutdown()
            self._send(_written(self._connection))
        self._end(DtlsState.CLOSED)

    def _receive_handshake(self, record: Record, now: int) -> None:
        if record.epoch == 0 and not records.is_plausible(record):
            # alerts in the clear too: anyone can write them, and a real one is noticed by the time that passes
            self.dropped += 1
            return
        if record.epoch == 0 and records.is_hello(record):
            self._receive_hello(record, now)
            return
        for random, attempt in list(self._attempts.items()):
            if attempt.flight:
                self._feed(random, attempt, record, now)
            if self.state is not DtlsState.WAITING:
                return

    def _receive_hello(self, record: Record, now: int) -> None:
        random = records.hello_random(record)
        if random is None:  # a later fragment
            for other, attempt in list(self._attempts.items()):
                if not attempt.flight:
                    self._feed(other, attempt, record, now)
            return
        known = self._attempts.get(random)
        if known is None:
            known = self._begin(random, now)
            if known is not None:
                self._feed(random, known, record, now)
        elif not known.flight:
            self._feed(random, known, record, now)
        elif now - (known.resend_at - known.resend_after) >= FIRST_RESEND // 2:
            self._resend(known, now)  # our answer was lost

    def _begin(self, random: bytes, now: int) -> _Attempt | None:
        if len(self._attempts) >= ATTEMPTS_AT_ONCE:
            oldest = min(self._attempts, key=lambda each: self._attempts[each].began)
            if now - self._attempts[oldest].began < ATTEMPT_LIFETIME:
                self.dropped += 1
                return None
            del self._attempts[oldest]
        if self._begun >= ATTEMPTS:
            self.dropped += 1
            return None
        self._begun += 1
        connection = SSL.Connection(self._identity.context)
        connection.set_accept_state()
        connection.set_ciphertext_mtu(records.MTU)
        attempt = self._attempts[random] = _Attempt(connection, began=now)
        return attempt

    def _feed(self, random: bytes, attempt: _Attempt, record: Record, now: int) -> None:
        attempt.connection.bio_write(record.data)
        try:
            attempt.connection.do_handshake()
        except SSL.WantReadError:
            flight = records.pack(_written(attempt.connection))
            if flight:
                attempt.flight = flight
                attempt.resend_after = FIRST_RESEND
                attempt.resend_at = now + FIRST_RESEND
                self._queue(flight)
        except SSL.Error:
            del self._attempts[random]
            self.dropped += 1
        else:
            self._finish(attempt.connection, now)

    def _resend(self, attempt: _Attempt, now: int) -> None:
        self._queue(attempt.flight)
        attempt.resend_after = min(2 * attempt.resend_after, LAST_RESEND)
        attempt.resend_at = now + attempt.resend_after

    def _finish(self, connection: SSL.Connection, now: int) -> None:
        self._attempts.clear()
        profile = _profile_of(connection)
        if profile is None or not self._is_expected(connection):
            self._end(DtlsState.FAILED)
            return
        self._connection = connection
        self.srtp = _sessions(connection, profile)
        self.state = DtlsState.CONNECTED
        self._last_flight = records.pack(_written(connection))
        self._last_flight_at = now
        self._queue(self._last_flight)

    def _is_expected(self, connection: SSL.Connection) -> bool:
        """All fingerprints that we can compute must be the certificate's; there must be one (RFC 8122, section 5)."""
        certificate = connection.get_peer_certificate(as_cryptography=True)
        known = [each for each in self._expected if each.algorithm in X509_DIGEST_ALGORITHMS]
        if certificate is None or not known:
            return False
        return all(hmac.compare_digest(each.value, certificate_digest(certificate, each.algorithm)) for each in known)

    def _receive_established(self, record: Record, now: int) -> None:
        if record.epoch == 0 or self._connection is None:
            self.dropped += 1
            if records.is_plausible(record) and not records.is_hello(record):
                self._repeat_last_flight(now)
            return
        self._connection.bio_write(record.data)
        try:
            while self._connection.recv(records.MAX_DATAGRAM):
                pass  # there are no data channels: application data is nobody's
        except SSL.WantReadError:
            self._send(_written(self._connection))
        except SSL.Error:
            # a forged record never gets here, OpenSSL drops it unseen: this is the client's own doing
            if self._connection.get_shutdown() & SSL.RECEIVED_SHUTDOWN:
                self._end(DtlsState.CLOSED)

    def _repeat_last_flight(self, now: int) -> None:
        """The client is still in its handshake: our last flight was lost, and it has no other way to say so."""
        if self._repeats_left and now - self._last_flight_at >= FIRST_RESEND // 2:
            self._repeats_left -= 1
            self._last_flight_at = now
            self._queue(self._last_flight)

    def _end(self, state: DtlsState) -> None:
        self.state = state
        self._connection = None
        self._attempts.clear()

    def _send(self, written: bytes) -> None:
        self._queue(records.pack(written))

    def _queue(self, datagrams: list[bytes]) -> None:
        self._out.extend(datagrams[: MAX_OUT - len(self._out)])


def _written(connection: SSL.Connection) -> bytes:
    """All that OpenSSL has written, records one after another."""
    chunks = []
    while True:
        try:
            chunks.append(connection.bio_read(65536))
        except SSL.WantReadError:
            return b"".join(chunks)


def _profile_of(connection: SSL.Connection) -> SRTPProtectionProfile | None:
    selected = connection.get_selected_srtp_profile()
    return next((each for each in SRTP_PROFILES if each.openssl_profile == selected), None)


def _sessions(connection: SSL.Connection, profile: SRTPProtectionProfile) -> SrtpSessions:
    """RFC 5764, section 4.2: the client's key and salt come first."""
    material = connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length))
    return SrtpSessions(
        rx=_session(profile, profile.get_key_and_salt(material, 0), Policy.SSRC_ANY_INBOUND),
        tx=_session(profile, profile.get_key_and_salt(material, 1), Policy.SSRC_ANY_OUTBOUND),
        profile=profile.openssl_profile.decode("ascii"),
    )


def _session(profile: SRTPProtectionProfile, key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile.libsrtp_profile)
    policy.window_size = SRTP_WINDOW
    return Session(policy)
