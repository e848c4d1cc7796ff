"""Calls for the tests of recordings."""

from __future__ import annotations

from typing import Any

from signaling import orders as o
from signaling.recording_rules import ConsentPolicy, Rule
from tests.signaling.stage import Actor, Stage

TABLE: dict[str, Rule] = {"Home state": "all", "Signing state": "written", "Closed state": "never"}
EVERYTHING_OF_TWO = {(name, source) for name in ("Dr. Blue", "Alex") for source in ("microphone", "camera")}


def a_call(policy: ConsentPolicy, **rules: Any) -> tuple[Stage, Actor, Actor]:
    """Of a therapist and a patient, with room for others."""
    stage = Stage(policy, **({"limit": 4} | rules))
    therapist = stage.therapist()
    return stage, therapist, stage.admitted(therapist, "patient", "Alex")


def kinds(stage: Stage) -> list[str]:
    """What was ordered of captures, in its order."""
    ordered = (o.BeginCapture, o.HoldCapture, o.GoOnCapture, o.EndCapture)
    return [type(each).__name__.removesuffix("Capture") for each in stage.orders if isinstance(each, ordered)]


def phase(actor: Actor) -> str:
    return actor.shown.phase
