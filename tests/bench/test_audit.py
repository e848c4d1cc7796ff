"""The measurement of the audit log measures, in small."""

from __future__ import annotations

import json
import sys

import pytest

from bench import audit


def test_every_part_is_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--seconds", "0.1", "--at-once", "8", "--size", "70000", "--verify", "600", "--json"]
    monkeypatch.setattr(sys, "argv", ["bench.audit", *small])
    audit.main()  # how fast is not this test's business
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"conditions", "single", "batches", "proofs", "verify", "wrong"}
    assert found["single"]["events"] >= 8
    assert found["proofs"]["events"] == 70_000
    assert found["proofs"]["proof bytes"] < 3000
    assert found["verify"]["events"] >= 600


def test_too_slow_or_too_long_is_said() -> None:
    slow = {"events a second": 1999, "p99 until signed, seconds": 1.1}
    assert len(audit._wrong({"single": slow, "batches": slow, "proofs": {"proof bytes": 3001}})) == 4
    good = {"events a second": 2000, "p99 until signed, seconds": 0.9}
    assert audit._wrong({"single": good, "batches": good, "proofs": {"proof bytes": 3000}}) == []
