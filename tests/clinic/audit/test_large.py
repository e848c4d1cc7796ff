"""A log of three levels of tiles: events are proven, and the log is gone on with, from a few rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.audit_tree import make_large, spread
from clinic.audit import exports
from clinic.audit.canonical import draft, entry_of, numbered
from clinic.audit.nodes import Nodes
from clinic.audit.notes import Checkpoint
from clinic.audit.records import Head, Inclusion
from clinic.audit.tree import inclusion, is_consistent, is_included, leaf_hash
from tests.clinic.audit.made_up import a_log, event, events, signer

TEN_MILLION = 10_000_000


@pytest.mark.parametrize("size", [65_536, 66_000])
async def test_a_large_log(tmp_path: Path, size: int) -> None:
    url = f"sqlite:///{tmp_path / 'audit.db'}"
    log = a_log(url, tmp_path)
    await make_large(log, signer(), size, event(7))
    await log.close()
    log = a_log(url, tmp_path)
    before = await log.open() if size % 256 else await log.head()
    if size % 256:
        await log.append(events(600, size))
        after = await log.head()
        assert after.size == size + 600
        proof = await log.consistency(size, after.size)
        assert is_consistent(size, after.size, before.root, after.root, proof)
    async with log.database.reading() as session:
        for seq in spread(size // 256 * 256, 40):
            path = await Nodes(session, size).roots(inclusion(seq, size))
            assert is_included(leaf_hash(b"%d" % seq), seq, size, path, before.root)
    await log.close()


def test_a_proof_of_ten_million_is_short() -> None:
    longest = max(spread(TEN_MILLION, 5000), key=lambda seq: len(inclusion(seq, TEN_MILLION)))
    path = tuple(bytes(32) for _ in inclusion(longest, TEN_MILLION))
    assert len(path) == 24
    details = {f"detail_{each}": "x" * 40 for each in range(4)}
    told = event(longest, patient="p" * 64, subject="s" * 64, details=details)
    entry = entry_of(numbered(draft(told), longest))
    head = Head(TEN_MILLION, bytes(32), signer().note(Checkpoint(signer().name, TEN_MILLION, bytes(32))))
    assert len(exports.proof(Inclusion(entry, head, path), str(signer().public))) <= 3000
