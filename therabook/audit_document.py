"""Writes the table of kinds in `docs/audit-log.md`. `python -m therabook.audit_document`; a test compares the two."""

from __future__ import annotations

import re
from pathlib import Path

from clinic.audit.events import KINDS

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "audit-log.md"
BEGIN = "<!-- kinds: made by python -m therabook.audit_document -->\n"
END = "<!-- end of kinds -->\n"


def with_kinds(document: str) -> str:
    table = "| kind | what it says |\n| --- | --- |\n" + "".join(f"| `{kind}` | {KINDS[kind]} |\n" for kind in KINDS)
    return re.sub(f"{BEGIN}.*?{END}", lambda _: f"{BEGIN}{table}{END}", document, flags=re.DOTALL)


if __name__ == "__main__":
    DOCUMENT.write_text(with_kinds(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
