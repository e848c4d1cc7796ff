"""What other parts tell webhooks of by themselves: missed appointments, films, reckoned minutes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from clinic.appointments.records import AppointmentState
from clinic.usage.records import Sitting
from signaling.appointments.keeper import AttendanceKeeper
from signaling.usage.keeper import UsageKeeper
from tests.signaling.outbox.letters import appointment


class Over:
    """Appointments whose time is over: one that took place, one that did not, one that somebody cancelled just now."""

    def __init__(self) -> None:
        self.there = [appointment("seen", met_at=1.0), appointment("missed"), appointment("cancelled")]

    async def over(self, before: float) -> Any:
        return self.there

    async def conclude(self, id: str, state: AppointmentState, at: float) -> bool:
        return id != "cancelled"


async def nothing(*_: Any) -> None:
    return None


async def test_only_what_was_missed_is_told_as_missed() -> None:
    other: Any = SimpleNamespace()
    rules: Any = SimpleNamespace(closes=0.0)
    parts: dict[str, Any] = {"comings": None, "appointments": Over()}
    told: list[str] = []
    keeper = AttendanceKeeper(other, list, **parts, rules=rules, clock=other)
    keeper.missed = lambda each: told.append(each.id)
    await keeper._conclude(2e9)
    assert told == ["missed"]


async def test_minutes_are_told_when_they_are_kept_and_over() -> None:
    sitting = Sitting("sitting-1", "session-1", "2026-05-28", 1.0, 2.0, appointment="appointment-1")
    meter: Any = SimpleNamespace(kept=lambda portion, lost=False: None)
    usages: Any = SimpleNamespace(keep=nothing)
    clock: Any = SimpleNamespace(steady=lambda: 0.0)
    other: Any = SimpleNamespace()
    keeper = UsageKeeper(meter, usages, other, other, clock, nothing)
    told: list[tuple[str, str | None]] = []
    keeper.ready = lambda session, appointment: told.append((session, appointment))
    await keeper._keep([SimpleNamespace(sitting=sitting)])  # type: ignore[list-item]
    assert told == []
    await keeper._keep([SimpleNamespace(sitting=replace(sitting, ended_at=3.0))])  # type: ignore[list-item]
    assert told == [("session-1", "appointment-1")]
