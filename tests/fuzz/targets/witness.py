"""What a witness of the audit log is asked to sign (`therabook/audit_witness.py`): it signs only what goes on from what
it has signed before, and what the log's key has signed.

Input: requests, one after another, with a line of dashes between them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from pathlib import Path

from clinic.audit.canonical import draft, numbered
from clinic.audit.notes import WITNESS, Checkpoint, Note, Signer
from tests.audit_mutations.forging import OTHER, Export, exported
from tests.clinic.audit.made_up import signer, various
from tests.fuzz.target import LINES, Target
from therabook.audit_witness import Witness

BETWEEN = b"-----\n"
BODIES = [numbered(draft(each), number) for number, each in enumerate(various(9, 1))]
FORKED = ["{}", *BODIES[1:]]
STATUSES = {200, 400, 403, 404, 409, 422}
ROOTS = {
    Note.read(exported(log[:size], signer()).head).checkpoint.root for log in (BODIES, FORKED) for size in (4, 7, 9)
}
TRUE = [Note.read(exported(BODIES[:size], signer()).head).checkpoint.root for size in (4, 7, 9)]


class Forgetful(Witness):
    """Keeps nothing on the disk."""

    def _keep(self, checkpoint: Checkpoint, note: str) -> None:
        self._heads[checkpoint.origin] = (checkpoint, note)

    def _refused(self, note: str, why: str) -> None:
        pass


def run(data: bytes) -> Hashable:
    witness = Forgetful(
        Signer("witness", bytes(32), WITNESS), {signer().name: signer().public}, Path("/nonexistent/state"), lambda: 1.0
    )
    statuses = []
    signed: list[bytes] = []
    for request in data.split(BETWEEN)[:8]:
        answer = witness.add(request.decode("utf-8", "replace"))
        assert answer.status in STATUSES
        statuses.append(answer.status)
        if answer.status == 200:
            root = witness._heads[signer().name][0].root
            assert root in ROOTS, "a head is signed that the log has not signed"
            signed.append(root)
    for log in (TRUE, [each for each in ROOTS if each not in TRUE]):
        if signed and signed[0] in log:
            assert set(signed) <= set(log), "two histories are signed"
    sizes = [TRUE.index(each) for each in signed if each in TRUE]
    assert sizes == sorted(sizes), "an older head is signed after a newer one"
    return tuple(statuses)


def seeds() -> Iterator[bytes]:
    yield _request(BODIES, 0) + BETWEEN + _request(BODIES, 9)
    yield _request(BODIES[:4], 0) + BETWEEN + _request(BODIES[:7], 4) + BETWEEN + _request(BODIES, 7)
    yield _request(BODIES[:4], 0) + BETWEEN + _request(FORKED, 4) + BETWEEN + _request(BODIES, 0)
    yield _request(BODIES, 0, OTHER)


def _request(bodies: list[str], old: int, by: Signer | None = None) -> bytes:
    export: Export = exported(bodies, by or signer(), witnessed=[old] if old else [])
    proof = export.witnessed[0]["consistency"] if old else []
    return (f"old {old}\n" + "".join(f"{each}\n" for each in proof) + f"\n{export.head}").encode()


TARGET = Target(
    "witness",
    run,
    seeds,
    words=(b"old 4\n", b"old 9\n", b"\n\n", "\n— ".encode(), b"\n9\n", BETWEEN),
    shape=LINES,
    brief=600,
    watched=("therabook/audit_witness.py", "clinic/audit/notes.py", "clinic/audit/tree.py"),
)
