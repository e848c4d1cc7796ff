"""docs/hipaa.md names settings and tests: each has to exist, and each paragraph has to be there."""

from __future__ import annotations

import ast
import re

import pytest

from tests.sources import ROOT
from therabook.settings import documented

TEXT = (ROOT / "docs" / "hipaa.md").read_text(encoding="utf-8")
LINES = [line for line in TEXT.splitlines() if re.match(r"\| [(1]", line)]
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in LINES]

SAFEGUARDS = [
    *("(a)(1)", "(a)(2)(i)", "(a)(2)(ii)", "(a)(2)(iii)", "(a)(2)(iv)", "(b)"),
    *("(c)(1)", "(c)(2)", "(d)", "(e)(1)", "(e)(2)(i)", "(e)(2)(ii)"),
]
"""All of 45 CFR 164.312."""


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_technical_safeguard_has_its_row() -> None:
    assert [row[0].split()[0] for row in ROWS[: len(SAFEGUARDS)]] == SAFEGUARDS
    others = {row[0].split()[0] for row in ROWS[len(SAFEGUARDS) :]}
    assert {"164.308(a)(7)(ii)(A)", "164.308(a)(7)(ii)(B)", "164.316(b)(2)(i)", "164.524"} <= others


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_row_names_settings_and_tests_that_exist(row: list[str]) -> None:
    assert len(row) == 4
    _, feature, settings, tests = row
    assert len(feature) > 20
    assert names(settings)
    assert set(names(settings)) <= {each.name for each in documented()}
    assert names(tests)
    for named in names(tests):
        file, _, test = named.partition("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        found = [each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        assert test in found, named


def test_what_the_clinic_does_itself_is_said() -> None:
    assert TEXT.partition("## What the clinic does itself")[2].count("\n- ") >= 8
