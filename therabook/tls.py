"""TLS for serving without a proxy: a certificate of our own making, or files that somebody else renews."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import os
import ssl
from collections.abc import Iterable
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

log = structlog.get_logger("tls")

LIFETIME = datetime.timedelta(days=90)
RENEW = datetime.timedelta(days=14)
LOOK = 60.0
"""Seconds between two looks at whether the files have changed."""


def context(cert: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 and newer. Raises OSError or ssl.SSLError."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(cert, key)
    return made


def self_signed(folder: Path, names: Iterable[str]) -> tuple[Path, Path]:
    """Certificate and key for these host names and addresses; kept, so that browsers ask only once."""
    cert, key = folder / "tls-cert.pem", folder / "tls-key.pem"
    wanted = set(names)
    if not (cert.exists() and key.exists() and _still_good(cert, wanted)):
        _make(cert, key, wanted)
    return cert, key


async def reload_on_change(made: ssl.SSLContext, cert: Path, key: Path) -> None:
    """New connections get the new certificate; broken or half-written files leave the old one in use."""
    seen = _stamp(cert, key)
    while True:
        await asyncio.sleep(LOOK)
        now = _stamp(cert, key)
        if now == seen or now is None:
            continue
        try:
            made.load_cert_chain(cert, key)
        except (OSError, ssl.SSLError) as error:
            log.error("new certificate cannot be used, the old one stays", error_type=type(error).__name__)
        else:
            log.info("new certificate in use")
        seen = now


def _stamp(*files: Path) -> tuple[float, ...] | None:
    try:
        return tuple(file.stat().st_mtime for file in files)
    except OSError:
        return None


def _still_good(cert: Path, names: set[str]) -> bool:
    try:
        found = x509.load_pem_x509_certificate(cert.read_bytes())
        held = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, OSError, x509.ExtensionNotFound):
        return False
    covered = {*held.get_values_for_type(x509.DNSName), *map(str, held.get_values_for_type(x509.IPAddress))}
    left = found.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    return names <= covered and left > RENEW


def _make(cert: Path, key: Path, names: set[str]) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TheraBook Video, self-signed")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectAlternativeName([_general(each) for each in sorted(names)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )
    _write(
        key,
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )
    _write(cert, made.public_bytes(serialization.Encoding.PEM))


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
