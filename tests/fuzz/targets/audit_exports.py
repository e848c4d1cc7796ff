"""Exports of the audit log and proofs, as its verifier reads them (`therabook/audit_verify`): nothing is found sound
that is not what the log's key has signed.

Input: the file. The log is small, and every file that is sound must hold a stretch of it, whole and in its order.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator

from clinic.audit import exports
from clinic.audit.canonical import draft, entry_of, numbered
from clinic.audit.notes import Note
from clinic.audit.records import Head, Inclusion
from clinic.audit.tree import inclusion, leaf_hash, root_of
from tests.audit_mutations.forging import exported
from tests.clinic.audit.made_up import signer, various
from tests.fuzz.target import LINES, Target
from therabook.audit_verify.verify import Verifier

KEY = str(signer().public)
BODIES = [numbered(draft(each), number) for number, each in enumerate(various(9, 1))]
SIZES = (5, 9)
"""Of the log when it was signed."""


def run(data: bytes) -> Hashable:
    report = Verifier(KEY).read(data.splitlines(keepends=True))
    if not report.sound:
        return report.problems[0][:24]
    lines = data.split(b"\n")
    if b"audit_proof" in lines[0]:
        told = [json.loads(lines[0])["event"]]
    else:
        told = [each.decode() for each in lines[1 : 1 + report.last - report.first]]
    assert told == BODIES[report.first : report.last], "events are found sound that were not signed"
    assert report.size in SIZES
    return (report.first, report.last, report.size, len(report.witnessed))


def seeds() -> Iterator[bytes]:
    yield b"".join(exported(BODIES, signer(), witnessed=SIZES).lines())
    yield b"".join(exported(BODIES, signer(), 3, 7, witnessed=SIZES[:1]).lines())
    yield b"".join(exported(BODIES[:5], signer(), 1, 2).lines())
    export = exported(BODIES, signer())
    head = Note.read(export.head).checkpoint
    leaves = [leaf_hash(each.encode()) for each in BODIES]
    path = tuple(root_of(leaves[first:last]) for first, last in inclusion(6, 9))
    proof = Inclusion(entry_of(BODIES[6]), Head(head.size, head.root, export.head), path)
    yield f"{exports.proof(proof, KEY)}\n".encode()


TARGET = Target(
    "audit_exports",
    run,
    seeds,
    words=(b'"first":', b'"size":9', b'"left":[]', b'"witnessed":', b'{"head":', b'"seq":3,', b"null", b"1e3"),
    shape=LINES,
    longest=8192,
    brief=600,
    watched=(
        "therabook/audit_verify/verify.py",
        "therabook/audit_verify/lines.py",
        "therabook/audit_verify/heads.py",
        "therabook/audit_verify/hashes.py",
    ),
)
