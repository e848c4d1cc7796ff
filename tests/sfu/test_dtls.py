from __future__ import annotations

import os
import struct
from contextlib import suppress

import pylibsrtp
import pytest
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    RTCCertificate,
    SRTPProtectionProfile,
)
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from sfu import records
from sfu.dtls import ATTEMPTS, ATTEMPTS_AT_ONCE, LAST_FLIGHT_REPEATS, DtlsServer, DtlsState, Fingerprint, Identity
from tests.sfu.client import CERTIFICATE, DtlsClient

IDENTITY = Identity.generate()
MS = 1000


def expected(certificate: RTCCertificate = CERTIFICATE) -> list[Fingerprint]:
    return [Fingerprint(each.algorithm, each.value) for each in certificate.getFingerprints()]


def server() -> DtlsServer:
    return DtlsServer(IDENTITY, expected())


def shake(ours: DtlsServer, client: DtlsClient, now: int = 0, first: list[bytes] | None = None) -> None:
    """Until neither has anything to say."""
    going = client.start() if first is None else first
    while going:
        for datagram in going:
            ours.receive(datagram, now)
        for datagram in ours.take():
            client.feed(datagram)
        going = client.take()


def null_hello() -> bytes:
    """A ClientHello that offers only a cipher without encryption, as attackers of other servers sent it."""
    body = b"\xfe\xfd" + os.urandom(32) + b"\0\0" + struct.pack("!HH", 2, 0x0001) + b"\x01\0"
    handshake = b"\x01" + len(body).to_bytes(3, "big") + b"\0\0" + b"\0\0\0" + len(body).to_bytes(3, "big") + body
    return b"\x16\xfe\xff" + b"\0" * 8 + struct.pack("!H", len(handshake)) + handshake


def rtp(ssrc: int = 5, sequence: int = 1) -> bytes:
    return struct.pack("!BBHII", 0x80, 96, sequence, 0, ssrc) + b"payload"


def client_session(client: DtlsClient, profile: SRTPProtectionProfile, *, sending: bool) -> pylibsrtp.Session:
    material = client.connection.export_keying_material(
        b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length)
    )
    direction = pylibsrtp.Policy.SSRC_ANY_OUTBOUND if sending else pylibsrtp.Policy.SSRC_ANY_INBOUND
    key = profile.get_key_and_salt(material, 0 if sending else 1)
    return pylibsrtp.Session(pylibsrtp.Policy(key=key, ssrc_type=direction, srtp_profile=profile.libsrtp_profile))


@pytest.mark.parametrize("profile", [SRTP_AEAD_AES_256_GCM, SRTP_AEAD_AES_128_GCM, SRTP_AES128_CM_SHA1_80])
def test_both_ends_open_what_the_other_sealed(profile: SRTPProtectionProfile) -> None:
    ours, client = server(), DtlsClient(profiles=[profile])
    shake(ours, client)
    assert ours.state is DtlsState.CONNECTED
    assert ours.srtp is not None
    assert ours.srtp.profile.encode() == profile.openssl_profile
    assert ours.srtp.rx.unprotect(client_session(client, profile, sending=True).protect(rtp())) == rtp()
    assert client_session(client, profile, sending=False).unprotect(ours.srtp.tx.protect(rtp())) == rtp()


def test_gcm_256_is_preferred_whatever_the_client_puts_first() -> None:
    ours = server()
    shake(ours, DtlsClient(profiles=[SRTP_AES128_CM_SHA1_80, SRTP_AEAD_AES_128_GCM, SRTP_AEAD_AES_256_GCM]))
    assert ours.srtp is not None
    assert ours.srtp.profile == "SRTP_AEAD_AES_256_GCM"


def test_the_version_is_1_2() -> None:
    client = DtlsClient()
    shake(server(), client)
    assert client.connection.get_protocol_version_name() == "DTLSv1.2"


def test_no_datagram_is_longer_than_passes_everywhere() -> None:
    ours, client = server(), DtlsClient()
    sizes = []
    going = client.start()
    while going:
        for datagram in going:
            ours.receive(datagram, 0)
        going = ours.take()
        sizes += [len(datagram) for datagram in going]
        for datagram in going:
            client.feed(datagram)
        going = client.take()
    assert max(sizes) <= records.MTU


def test_another_certificate_than_the_offer_named_fails() -> None:
    ours = DtlsServer(IDENTITY, expected(RTCCertificate.generateCertificate()))
    shake(ours, DtlsClient())
    assert ours.state is DtlsState.FAILED
    assert ours.srtp is None


def test_one_wrong_fingerprint_among_right_ones_fails() -> None:
    wrong = Fingerprint("sha-384", ":".join(["00"] * 48))
    ours = DtlsServer(IDENTITY, [expected()[0], wrong])
    shake(ours, DtlsClient())
    assert ours.state is DtlsState.FAILED


@pytest.mark.parametrize("fingerprints", [[], [Fingerprint("sha-1", ":".join(["00"] * 20))]])
def test_a_fingerprint_that_can_not_be_checked_fails(fingerprints: list[Fingerprint]) -> None:
    ours = DtlsServer(IDENTITY, fingerprints)
    shake(ours, DtlsClient())
    assert ours.state is DtlsState.FAILED


def test_a_client_without_srtp_never_connects() -> None:
    plain = SSL.Context(SSL.DTLS_METHOD)
    plain.use_certificate(CERTIFICATE._cert)
    plain.use_privatekey(CERTIFICATE._key)
    plain.set_max_proto_version(0xFEFD)
    client = DtlsClient()
    client.connection = SSL.Connection(plain)
    client.connection.set_connect_state()
    ours = server()
    shake(ours, client)
    assert ours.state is DtlsState.FAILED


def test_a_null_cipher_hello_before_the_handshake_changes_nothing() -> None:
    ours, client = server(), DtlsClient()
    ours.receive(null_hello(), 0)
    assert ours.take() == []
    shake(ours, client)
    assert ours.state is DtlsState.CONNECTED


def test_a_null_cipher_hello_during_the_handshake_changes_nothing() -> None:
    ours, client = server(), DtlsClient()
    for datagram in client.start():
        ours.receive(datagram, 0)
    for datagram in ours.take():
        ours.receive(null_hello(), 0)
        client.feed(datagram)
    assert ours.take() == []
    shake(ours, client, first=client.take())
    assert ours.state is DtlsState.CONNECTED


def test_a_null_cipher_hello_afterwards_changes_nothing() -> None:
    ours, client = server(), DtlsClient()
    shake(ours, client)
    ours.receive(null_hello(), 0)
    assert ours.take() == []
    assert ours.state is DtlsState.CONNECTED


def test_a_forged_hello_that_is_answered_does_not_disturb_the_client() -> None:
    ours, client, forger = server(), DtlsClient(), DtlsClient()
    for datagram in client.start():
        ours.receive(datagram, 0)
    answer = ours.take()
    for datagram in forger.start():
        ours.receive(datagram, 0)
    ours.take()
    for datagram in answer:
        client.feed(datagram)
    shake(ours, client, first=client.take())
    assert ours.state is DtlsState.CONNECTED


def test_alerts_in_the_clear_end_nothing() -> None:
    ours, client = server(), DtlsClient()
    alert = b"\x15\xfe\xfd" + b"\0" * 8 + b"\0\x02\x02\x28"
    for datagram in client.start():
        ours.receive(datagram, 0)
        ours.receive(alert, 0)
    shake(ours, client, first=[alert, *_fed(client, ours.take()), alert])
    assert ours.state is DtlsState.CONNECTED
    ours.receive(alert, 0)
    assert ours.state is DtlsState.CONNECTED


@given(st.lists(st.binary(max_size=200), max_size=8), st.integers(0, 2))
def test_junk_never_raises_and_ends_nothing(junk: list[bytes], when: int) -> None:
    ours, client = server(), DtlsClient()
    first = client.start()
    noise = [bytes([22, 254, 253]) + each for each in junk] + junk
    for moment, going in enumerate((first, None, None)):
        if when == moment:
            for datagram in noise:
                ours.receive(datagram, 0)
        if going is not None:
            for datagram in going:
                ours.receive(datagram, 0)
        else:
            for datagram in ours.take():
                client.feed(datagram)
            for datagram in client.take():
                ours.receive(datagram, 0)
    assert ours.state is DtlsState.CONNECTED


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=4, max_size=4))
def test_damaged_records_of_a_real_handshake_never_raise(damage: list[tuple[int, int]]) -> None:
    ours, client = server(), DtlsClient()
    going = client.start()
    for where, value in damage:
        for datagram in going:
            position = where % len(datagram)
            ours.receive(datagram[:position] + bytes([value]) + datagram[position + 1 :], 0)
            ours.receive(datagram[:position], 0)
        with suppress(SSL.Error):  # the client may give up: that is its own affair
            going = _fed(client, ours.take())
    assert ours.state in (DtlsState.WAITING, DtlsState.CONNECTED)


def test_attempts_are_bounded_and_old_ones_make_room() -> None:
    ours = server()
    for _ in range(10):
        for datagram in DtlsClient().start():
            ours.receive(datagram, 0)
    assert len(ours._attempts) == ATTEMPTS_AT_ONCE
    ours.take()
    client = DtlsClient()
    shake(ours, client, now=6_000 * MS)
    assert ours.state is DtlsState.CONNECTED


def test_a_flood_of_hellos_stops_costing() -> None:
    ours = server()
    for _ in range(ATTEMPTS + 40):
        ours.receive(null_hello(), 0)
    assert ours._begun == ATTEMPTS


def test_a_lost_flight_is_repeated_ever_more_slowly() -> None:
    ours, client = server(), DtlsClient()
    for datagram in client.start():
        ours.receive(datagram, 0)
    lost = ours.take()
    times: list[int] = []
    now = 0
    while len(times) < 6:
        now += 10 * MS
        ours.tick(now)
        again = ours.take()
        if again:
            assert again == lost
            times.append(now // MS)
    assert times == [100, 300, 700, 1500, 3100, 5100]
    shake(ours, client, first=_fed(client, lost))
    assert ours.state is DtlsState.CONNECTED
    assert ours.resend_at is None


def test_part_of_a_lost_flight_is_filled_in_by_its_repetition() -> None:
    ours, client = server(), DtlsClient()
    for datagram in client.start():
        ours.receive(datagram, 0)
    flight = [record.data for datagram in ours.take() for record in records.split(datagram)]
    for record in flight[1:]:
        client.feed(record)
    ours.tick(200 * MS)
    shake(ours, client, first=_fed(client, ours.take()))
    assert ours.state is DtlsState.CONNECTED


def test_a_repeated_hello_is_answered_at_once_but_not_in_a_burst() -> None:
    ours, client = server(), DtlsClient()
    hello = client.start()
    for datagram in hello:
        ours.receive(datagram, 0)
    flight = ours.take()
    for datagram in hello * 5:
        ours.receive(datagram, 60 * MS)
    assert ours.take() == flight


def test_a_lost_last_flight_is_repeated_for_a_client_that_repeats_its_own() -> None:
    ours, client = server(), DtlsClient()
    for datagram in client.start():
        ours.receive(datagram, 0)
    answered = _fed(client, ours.take())
    for datagram in answered:
        ours.receive(datagram, 0)
    assert ours.state is DtlsState.CONNECTED
    assert ours.take()  # lost
    assert not client.done
    for datagram in answered:
        ours.receive(datagram, 60 * MS)
    _fed(client, ours.take())
    assert client.done


def test_the_last_flight_is_not_repeated_for_ever() -> None:
    ours, client = server(), DtlsClient()
    for datagram in client.start():
        ours.receive(datagram, 0)
    answered = _fed(client, ours.take())
    for second in range(100):
        for datagram in answered:
            ours.receive(datagram, second * 1000 * MS)
    assert len(ours.take()) == 1 + LAST_FLIGHT_REPEATS


def test_a_hello_in_fragments_is_understood() -> None:
    ours, client = server(), DtlsClient()
    (hello,) = client.start()
    pieces = _fragments(hello, 60)
    assert len(pieces) > 2
    for piece in pieces:
        assert ours.take() == []
        ours.receive(piece, 0)
    going = _fed(client, ours.take())
    # the client knows nothing of the fragments: its next records need other numbers
    shake(ours, client, first=[_renumbered(datagram, 10) for datagram in going])
    assert ours.state is DtlsState.CONNECTED


def test_close_notify_ends_it() -> None:
    ours, client = server(), DtlsClient()
    shake(ours, client)
    for datagram in client.close():
        ours.receive(datagram, 0)
    assert ours.state is DtlsState.CLOSED


def test_our_goodbye_reaches_the_client() -> None:
    ours, client = server(), DtlsClient()
    shake(ours, client)
    ours.close()
    for datagram in ours.take():
        client.feed(datagram)
    assert client.closed


def test_application_data_is_ignored() -> None:
    ours, client = server(), DtlsClient()
    shake(ours, client)
    client.connection.send(b"x" * 1000)
    for datagram in client.take():
        ours.receive(datagram, 0)
    assert ours.state is DtlsState.CONNECTED
    assert ours.take() == []


def test_keys_are_not_printable() -> None:
    ours, client = server(), DtlsClient()
    shake(ours, client)
    assert repr(ours.srtp) == "SrtpSessions(SRTP_AEAD_AES_256_GCM)"


def _fed(client: DtlsClient, datagrams: list[bytes]) -> list[bytes]:
    for datagram in datagrams:
        client.feed(datagram)
    return client.take()


def _fragments(record: bytes, size: int) -> list[bytes]:
    """A handshake message in one record, as several records."""
    head, message = record[:11], record[records.RECORD_HEADER :]
    body = message[records.HANDSHAKE_HEADER :]
    pieces = []
    for number, offset in enumerate(range(0, len(body), size)):
        part = body[offset : offset + size]
        fragment = message[:6] + offset.to_bytes(3, "big") + len(part).to_bytes(3, "big") + part
        sequence = number.to_bytes(6, "big")
        pieces.append(head[:5] + sequence + struct.pack("!H", len(fragment)) + fragment)
    return pieces


def _renumbered(datagram: bytes, more: int) -> bytes:
    parts = []
    for record in records.split(datagram):
        if record.epoch == 0:
            sequence = int.from_bytes(record.data[5:11], "big") + more
            parts.append(record.data[:5] + sequence.to_bytes(6, "big") + record.data[11:])
        else:
            parts.append(record.data)
    return b"".join(parts)
