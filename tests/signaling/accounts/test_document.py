"""docs/accounts.md says what the tables say."""

from __future__ import annotations

import re
from typing import get_args

from signaling.staff_roles import EMERGENCY_ACTIONS, SCOPE_ACTIONS, STAFF_PERMISSIONS, StaffAction
from tests.sources import ROOT

TEXT = (ROOT / "docs" / "accounts.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    section = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if not set(line) <= set("|- ")]


def test_the_table_of_permissions_is_that_of_the_code() -> None:
    head, *body = rows("Who may what")
    roles = [name.strip("`") for name in head[2:-1]]
    assert roles == list(STAFF_PERMISSIONS)
    assert [row[0].strip("`") for row in body] == list(get_args(StaffAction))
    for row in body:
        action = row[0].strip("`")
        allowed = {role for role, cell in zip(roles, row[2:-1], strict=True) if cell == "●"}
        assert allowed == {role for role, actions in STAFF_PERMISSIONS.items() if action in actions}, action
        assert (row[-1] == "●") == (action in EMERGENCY_ACTIONS), action


def test_the_table_of_scopes_is_that_of_the_code() -> None:
    _, *body = rows("Keys of your software")
    told = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in body}
    assert told.keys() == SCOPE_ACTIONS.keys()
    for scope, actions in SCOPE_ACTIONS.items():
        assert told[scope] == actions, scope
