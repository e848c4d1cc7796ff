"""Who may import whom, as ARCHITECTURE.md says."""

from __future__ import annotations

import re
import sys

import pytest

from tests.sources import PACKAGES, imported, name_of, python_files, web_files

ALLOWED: dict[str, set[str]] = {
    "sfu": set(),
    "clinic": set(),
    "recording": {"sfu"},
    "signaling": {"sfu", "recording", "clinic"},
    "therabook": {"sfu", "recording", "clinic", "signaling"},
}

FOREIGN_TO_MEDIA = ("aiohttp", "pydantic", "jwt", "structlog", "sqlalchemy", "click")
"""Media knows no HTTP, no people, no settings and no files."""


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    forbidden = set(PACKAGES) - ALLOWED[package] - {package}
    found = [
        f"{name_of(file)}:{line} imports {module}"
        for file in python_files(package)
        for line, module in imported(file)
        if module.split(".")[0] in forbidden or module.split(".")[0] == "tests"
    ]
    assert not found


def test_media_knows_nothing_of_people_or_http() -> None:
    found = [
        f"{name_of(file)}:{line} imports {module}"
        for file in python_files("sfu")
        for line, module in imported(file)
        if module.split(".")[0] in FOREIGN_TO_MEDIA
    ]
    assert not found


def test_who_checks_the_audit_log_shares_no_code_with_who_writes_it() -> None:
    """And needs nothing but Python and `cryptography`, so that a stranger can run it."""
    allowed = {*sys.stdlib_module_names, "cryptography"}
    found = [
        f"{name_of(file)}:{line} imports {module}"
        for file in python_files("therabook/audit_verify")
        for line, module in imported(file)
        if module.split(".")[0] not in allowed and not module.startswith("therabook.audit_verify.")
    ]
    assert not found
    assert len(python_files("therabook/audit_verify")) > 3


def test_the_server_uses_only_parts_of_aiortc() -> None:
    """Never its peer connection, receivers or senders: they decode, and cannot be an SFU."""
    parts = re.compile(r"\b(RTCPeerConnection|RTCRtpReceiver|RTCRtpSender|MediaRelay)\b")
    found = [name_of(file) for file in python_files(*PACKAGES) if parts.search(_code(file.read_text("utf-8")))]
    assert not found


def test_other_packages_reach_media_through_its_front_door() -> None:
    found = [
        f"{name_of(file)}:{line} imports {module}"
        for file in python_files("signaling", "therabook")
        for line, module in imported(file)
        if module.startswith("sfu.")
    ]
    assert not found


def test_elements_and_pages_know_no_socket_and_the_rest_no_page() -> None:
    """What draws does not connect, and what connects does not draw."""
    connects = re.compile(r"\bnew (WebSocket|RTCPeerConnection)\b")
    found = []
    for file in web_files(".js"):
        if file.parent.name in ("elements", "pages") and connects.search(file.read_text("utf-8")):
            found.append(f"{name_of(file)} connects")
        if connects.search(file.read_text("utf-8")) and re.search(
            r"\bdocument\.(?!visibility|add|remove)", file.read_text("utf-8")
        ):
            found.append(f"{name_of(file)} draws")
    assert not found


def _code(text: str) -> str:
    """Without comments and docstrings, which may name what is not used."""
    return re.sub(r'"""[\s\S]*?"""|#[^\n]*', "", text)
