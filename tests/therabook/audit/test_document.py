"""What is written about the audit log is compared with it."""

from __future__ import annotations

import re

from clinic.audit.events import KINDS
from therabook.audit_document import DOCUMENT, with_kinds

TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_every_kind_is_told() -> None:
    assert with_kinds(TEXT) == TEXT, "run: python -m therabook.audit_document"
    assert re.findall(r"^\| `([a-z_.]+)` \|", TEXT, re.M) == list(KINDS)
