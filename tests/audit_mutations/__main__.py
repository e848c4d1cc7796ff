"""`make test-audit`: ten thousand ways to change an export of the audit log, or the log before it is exported, each
looked through by the verifier. Exit code 1 if one is not found that must be.

python -m tests.audit_mutations [--count N] [--seed N] [--json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time

from tests.audit_mutations.judging import judge
from tests.audit_mutations.mutations import MUTATIONS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.audit_mutations")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first; they are counted on from there")
    parser.add_argument("--json", action="store_true", help="for programs")
    given = parser.parse_args()
    began = time.monotonic()
    found = judge(range(given.seed, given.seed + given.count))
    seconds = time.monotonic() - began
    rows = {
        kind: {"tried": found.tried[kind], "alone": found.alone[kind], "witnessed": found.witnessed[kind]}
        for kind in MUTATIONS
    }
    if given.json:
        print(json.dumps({"seed": given.seed, "mutations": rows, "wrong": found.wrong, "seconds": round(seconds, 1)}))
    else:
        print(f"{'mutation':<26}{'tried':>8}{'found alone':>14}{'with the witness':>18}")
        for kind, row in rows.items():
            print(f"{kind:<26}{row['tried']:>8}{row['alone']:>14}{row['witnessed']:>18}")
        tried, alone, witnessed = (sum(row[each] for row in rows.values()) for each in ("tried", "alone", "witnessed"))
        print(f"{'all':<26}{tried:>8}{alone:>14}{witnessed:>18}   in {seconds:.0f} s")
        for each in found.wrong:
            print(f"WRONG  {each}")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
