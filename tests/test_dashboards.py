"""Dashboards ask for metrics that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from signaling.metrics import Metrics
from tests.sources import ROOT, name_of

DASHBOARDS = sorted((ROOT / "deploy" / "dashboards").glob("*.json"))


def known() -> set[str]:
    """The names of all time series, as Prometheus keeps them."""
    metrics = Metrics()
    metrics.watch(lambda: {"sessions": 0, "present": 0, "waiting": 0}, lambda: {"packets_in": 0})
    found = set()
    for family in metrics.registry.collect():
        endings = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        found |= {family.name + ending for ending in endings}
    return found


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return list(board["panels"])


@pytest.mark.parametrize("file", DASHBOARDS, ids=name_of)
def test_every_panel_asks_for_what_is_measured(file: Path) -> None:
    for panel in panels(json.loads(file.read_text("utf-8"))):
        for target in panel["targets"]:
            asked = set(re.findall(r"\btherabook_\w+", target["expr"]))
            assert asked, panel["title"]
            assert asked <= known(), panel["title"]


@pytest.mark.parametrize("file", DASHBOARDS, ids=name_of)
def test_panels_stand_beside_each_other_and_say_what_they_show(file: Path) -> None:
    places: set[tuple[int, int]] = set()
    for panel in panels(json.loads(file.read_text("utf-8"))):
        assert panel["title"]
        assert panel["description"].endswith(".")
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        covered = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not places & covered
        places |= covered


def test_there_is_a_dashboard() -> None:
    assert DASHBOARDS
