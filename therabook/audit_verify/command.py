"""The verifier's command line.

Not here: what is checked (`verify.py`).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from therabook.audit_verify.hashes import Wrong
from therabook.audit_verify.lines import LONGEST, read_object
from therabook.audit_verify.verify import Report, Verifier


def main(arguments: Sequence[str]) -> int:
    """0: all is as it was signed. 1: it is not. 2: it could not be checked."""
    parser = argparse.ArgumentParser(prog="therabook audit verify", description="Check an export of the audit log.")
    parser.add_argument("file", type=Path, metavar="FILE", help="An export (JSON Lines), or a proof.")
    parser.add_argument("--key", metavar="KEY", help="The log's public key, as the clinic told it: NAME+HASH+KEY.")
    parser.add_argument(
        "--witness", type=Path, action="append", default=[], metavar="FILE", help="Heads as a witness has kept them."
    )
    parser.add_argument(
        "--witness-key",
        action="append",
        default=[],
        metavar="KEY",
        help="The witness's key: it must have signed.",
    )
    parser.add_argument("--json", action="store_true", help="For programs.")
    given = parser.parse_args(arguments)
    return check(given.file, given.key, given.witness, given.witness_key, as_json=given.json)


def check(file: Path, key: str | None, witnesses: Sequence[Path], witness_keys: Sequence[str], *, as_json: bool) -> int:
    """Prints what was found; returns what the command exits with."""
    try:
        heads = [head for each in witnesses for head in _heads(each)]
        if witnesses and not heads:
            raise Wrong("the witness has kept no head")
        with file.open("rb") as opened:
            # one that is longer than any may be comes in pieces, which no line is
            lines = iter(lambda: opened.readline(LONGEST + 1), b"")
            report = Verifier(key, heads, witness_keys).read(lines)
    except (OSError, Wrong) as error:
        print(f"cannot be checked: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        return 2
    print(json.dumps(_shown(report), indent=2) if as_json else _text(report))
    return 0 if report.sound else 1


def _heads(file: Path) -> list[str]:
    return [str(read_object(line.rstrip(b"\n")).get("witnessed")) for line in file.open("rb") if line.strip()]


def _shown(report: Report) -> dict[str, object]:
    return {"sound": report.sound} | dataclasses.asdict(report)


def _text(report: Report) -> str:
    lines = [f"Log:       {report.origin}", f"Key:       {report.key}"]
    which = f"{report.first} to {report.last - 1}" if report.last > report.first else "none"
    lines.append(f"Events:    {which}, of {report.size}")
    if report.since is not None and report.until is not None:
        lines.append(f"Time:      {_time(report.since)} to {_time(report.until)}")
    lines.append(f"Root:      {report.root}")
    if report.witnessed:
        lines.append(f"Witnessed: up to {max(report.witnessed)} events")
    lines += [f"Note:      {each}" for each in report.remarks]
    lines += [f"WRONG:     {each}" for each in report.problems]
    lines.append(
        "These events are those that were signed, whole and in their order."
        if report.sound
        else "This is NOT what was signed."
    )
    return "\n".join(lines)


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
