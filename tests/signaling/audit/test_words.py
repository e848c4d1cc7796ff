"""The page has a word for everything that the log, its reports and the rules can say."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

from clinic.audit.events import KINDS, ActorKind
from clinic.audit.reports import LISTED, NAMES
from signaling.alerts.rules import RULES
from tests.sources import ROOT

STRINGS: dict[str, Any] = json.loads((ROOT / "web/strings/en.json").read_text("utf-8"))


def below(prefix: str) -> set[str]:
    return {key.removeprefix(prefix) for key in STRINGS if key.startswith(prefix)}


def listed(file: str, name: str) -> list[str]:
    text = (ROOT / "web/js/staff" / file).read_text("utf-8")
    found = re.search(rf"export const {name} = \[(.*?)\];", text, re.DOTALL)
    assert found is not None
    return re.findall(r"'([a-z_.]+)'", found.group(1))


def test_every_kind_of_event_has_a_word_and_nothing_else_has() -> None:
    assert below("staff.audit.kind.") == set(KINDS)
    assert listed("audit-kinds.js", "KINDS") == list(KINDS)
    groups = {kind.partition(".")[0] for kind in KINDS}
    assert set(listed("audit-words.js", "GROUPS")) == below("staff.audit.group.") == groups


def test_words_tell_kinds_apart() -> None:
    words = [STRINGS[f"staff.audit.kind.{kind}"] for kind in KINDS]
    assert len(set(words)) == len(words)


def test_every_report_every_column_and_everybody_who_acts_has_a_word() -> None:
    assert set(listed("audit-words.js", "REPORTS")) == below("staff.audit.report.") == set(NAMES)
    assert set(LISTED) | {"day", "count", "first", "last"} == below("staff.audit.column.")
    assert below("staff.audit.actor.") == set(get_args(ActorKind))


def test_every_rule_has_a_name_and_a_sentence() -> None:
    assert below("staff.alerts.rule.") == below("staff.alerts.says.") == set(RULES)
