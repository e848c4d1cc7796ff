"""Documents point at things that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.sources import ROOT, name_of

DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    missing = [each for each in targets if "://" not in each and not (document.parent / each).exists()]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_places_within_a_document_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    headings = {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in re.findall(r"^#+ (.*)$", text, re.M)}
    assert set(re.findall(r"\]\(#([^)]*)\)", text)) <= headings


def test_every_make_target_that_is_documented_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {
        each
        for file in DOCUMENTS
        for each in re.findall(r"`make ([a-z0-9-]+)|^make ([a-z0-9-]+)", file.read_text("utf-8"), re.M)
    }
    assert {one or other for one, other in named} <= targets
