"""Revoked tokens stay revoked."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from signaling.revocations import Revocations


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "revocations"


def write(revocations: Revocations) -> None:
    revocations.write(revocations.take_unwritten())


def test_it_holds_at_once_and_after_a_restart(file: Path) -> None:
    revocations = Revocations(file, 0.0)
    revocations.add("token-1", 100.0)
    assert "token-1" in revocations
    write(revocations)
    assert "token-1" in Revocations(file, 50.0)
    assert "token-2" not in Revocations(file, 50.0)


def test_what_has_expired_by_itself_is_forgotten(file: Path) -> None:
    revocations = Revocations(file, 0.0)
    revocations.add("short", 100.0)
    revocations.add("long", 200.0)
    write(revocations)
    assert "short" not in Revocations(file, 150.0)
    assert file.read_text().split() == ["long", "200"]
    assert "long" in Revocations(file, 150.0)


def test_a_line_torn_by_a_crash_costs_only_itself(file: Path) -> None:
    revocations = Revocations(file, 0.0)
    revocations.add("token-1", 1000.0)
    write(revocations)
    file.write_bytes(file.read_bytes() + b"token-2 10\nto\xff\x00ken-3 abc\ntoken-4")
    again = Revocations(file, 0.0)
    again.add("token-5", 1000.0)
    write(again)
    last = Revocations(file, 500.0)
    assert "token-1" in last
    assert "token-5" in last
    assert "token-4" not in last


def test_only_the_service_can_read_it(file: Path) -> None:
    revocations = Revocations(file, 0.0)
    revocations.add("token-1", 1000.0)
    write(revocations)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    Revocations(file, 0.0)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
