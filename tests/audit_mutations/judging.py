"""Mutations looked through by the verifier, without and with what a witness has kept.

Not here: what they are (`mutations.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.audit_mutations.forging import WITNESS_SIGNER
from tests.audit_mutations.mutations import UNSEEN_ALONE, Truth, mutated, true_log
from tests.clinic.audit.made_up import signer
from therabook.audit_verify.verify import Verifier

LOGS = 8
"""Made-up logs that mutations are made of, in turn."""


@dataclass
class Found:
    tried: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    witnessed: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """What should not be: with the seed that it comes of."""


def is_sound(lines: list[bytes], witnessed: str | None = None) -> bool:
    if witnessed is None:
        return Verifier(str(signer().public)).read(lines).sound
    return Verifier(str(signer().public), [witnessed], [str(WITNESS_SIGNER.public)]).read(lines).sound


def judge(seeds: Iterable[int]) -> Found:
    found = Found()
    logs: dict[int, Truth] = {}
    for seed in seeds:
        if seed % LOGS not in logs:
            logs[seed % LOGS] = _checked(true_log(seed % LOGS), found)
        true = logs[seed % LOGS]
        mutation = mutated(true, seed // LOGS)
        kind = mutation.kind
        found.tried[kind] += 1
        alone = not is_sound(mutation.lines)
        witnessed = not is_sound(mutation.lines, true.witnessed)
        found.alone[kind] += alone
        found.witnessed[kind] += witnessed
        if not witnessed:
            found.wrong.append(f"seed {seed}: {kind}: not found with the witness")
        if alone == (kind in UNSEEN_ALONE):
            found.wrong.append(f"seed {seed}: {kind}: {'found' if alone else 'not found'} without the witness")
    return found


def _checked(true: Truth, found: Found) -> Truth:
    """A verifier that found fault with everything would find all mutations too."""
    for each in (true.whole, true.part):
        if not is_sound(each.lines()) or not is_sound(each.lines(), true.witnessed):
            found.wrong.append("a true export is not sound")
    return true
