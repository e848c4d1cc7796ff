"""What is unusual and what is not, at each rule's threshold; and that no rule's memory grows."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clinic.audit.events import KINDS, Event
from signaling.alerts.rules import (
    BAD_TOKENS,
    DAYS,
    EXPORTED,
    FAILED_JOINS,
    FAILED_SIGN_INS,
    LINK_GUESSES,
    VIEWED,
    VIEWS,
    EmergencyAccess,
    FailedJoins,
    FailedSignIns,
    Hours,
    LinkGuessing,
    MassViewing,
    OffHoursExport,
    Raised,
    Rule,
    Thresholds,
    rules,
)

NOW = 1_780_000_000.0
NEW_YORK = ZoneInfo("America/New_York")


def event(kind: str, at: float = 0.0, actor: str = "t-1", **more: Any) -> Event:
    details = more.pop("details", {})
    return Event(kind, NOW + at, more.pop("actor_kind", "staff"), actor, details=details, **more)


def heard(rule: Rule, events: list[Event]) -> list[Raised]:
    return [raised for each in events if (raised := rule.hear(each)) is not None]


def refused(at: float, code: str = "token_invalid", session: str | None = None, others: int = 0) -> Event:
    details: dict[str, Any] = {"code": code} | ({"others": others} if others else {})
    return event("call.refuse", at, "unknown", actor_kind="link", session=session, details=details)


def test_bursts_of_failed_joins_are_unusual_and_single_ones_are_not() -> None:
    assert heard(FailedJoins(5), [refused(each) for each in range(4)]) == []
    assert heard(FailedJoins(5), [refused(each * FAILED_JOINS / 4) for each in range(40)]) == []
    (raised,) = heard(FailedJoins(5), [refused(each) for each in range(8)])
    assert (raised.rule, raised.at, raised.count, raised.session) == ("failed_joins", NOW + 4, 5, None)


def test_each_session_has_a_count_of_its_own() -> None:
    events = [refused(each, session=f"s-{each % 2}") for each in range(10)]
    assert [each.session for each in heard(FailedJoins(5), events)] == ["s-0", "s-1"]


def test_a_burst_that_goes_on_is_told_once_in_its_time() -> None:
    events = [refused(each) for each in range(int(2.5 * FAILED_JOINS))]
    assert [each.at - NOW for each in heard(FailedJoins(5), events)] == [4, 4 + FAILED_JOINS, 4 + 2 * FAILED_JOINS]


def test_what_an_honest_person_is_told_is_no_failed_join() -> None:
    for code in ("restarting", "already_joined", "locked", "session_full", "cannot_encrypt", "move_pending"):
        assert code not in BAD_TOKENS
        assert heard(FailedJoins(1), [refused(0, code)]) == []


def test_an_event_that_stands_for_others_counts_for_them_too() -> None:
    assert len(heard(FailedJoins(5), [refused(0), refused(1, others=3)])) == 1
    assert heard(FailedJoins(5), [refused(0), refused(1, others=2)]) == []


def test_failed_sign_ins_to_one_account() -> None:
    def failed(at: float, account: str) -> Event:
        return event("account.fail", at, account, subject=account, details={"code": "wrong_password"})

    (raised,) = heard(FailedSignIns(3), [failed(each, "t-1") for each in range(6)])
    assert (raised.actor, raised.count) == ("t-1", 3)
    slow = [failed(each * FAILED_SIGN_INS / 2, "t-1") for each in range(12)]
    assert heard(FailedSignIns(3), slow) == []


def test_failed_sign_ins_to_many_accounts_are_one_person_who_tries_them() -> None:
    events = [event("account.fail", each, "unknown", subject=f"t-{each}") for each in range(12)]
    (raised,) = heard(FailedSignIns(3), events)
    assert (raised.actor, raised.count, raised.at) == (None, 9, NOW + 8)
    keys = [event("access.refuse", each, "unknown", details={"code": "unauthorized"}) for each in range(12)]
    assert len(heard(FailedSignIns(3), keys)) == 1
    assert heard(FailedSignIns(1), [event("access.refuse", details={"code": "not_allowed"})] * 9) == []


def test_guessing_links() -> None:
    events = [event("link.refuse", each, "unknown", details={"code": "no_such_link"}) for each in range(6)]
    (raised,) = heard(LinkGuessing(5), events)
    assert (raised.rule, raised.count, raised.seconds) == ("link_guessing", 5, LINK_GUESSES)
    assert heard(LinkGuessing(5), events[:4]) == []


def test_looking_at_much_is_unusual_and_looking_at_one_thing_often_is_not() -> None:
    often = [event("recording.view", each, subject="r-1") for each in range(100)]
    assert heard(MassViewing(5), often) == []
    (raised,) = heard(MassViewing(5), [event("recording.view", each, subject=f"r-{each}") for each in range(9)])
    assert (raised.rule, raised.actor, raised.actor_kind, raised.count) == ("mass_viewing", "t-1", "staff", 5)
    slowly = [event("note.view", each * VIEWS / 4, subject=f"n-{each}") for each in range(50)]
    assert heard(MassViewing(5), slowly) == []


def test_each_person_looks_for_themselves_and_the_server_looks_at_all() -> None:
    shared = [event("recording.view", each, f"t-{each % 3}", subject=f"r-{each}") for each in range(12)]
    assert heard(MassViewing(5), shared) == []
    server = [event("recording.view", each, actor_kind="server", subject=f"r-{each}") for each in range(99)]
    assert heard(MassViewing(5), server) == []


def test_patients_and_notes_count_as_what_was_looked_at() -> None:
    events = [event(kind, each, patient=f"p-{each}") for each, kind in enumerate(VIEWED)]
    assert len(heard(MassViewing(len(VIEWED)), events)) == 1


@pytest.mark.parametrize(
    ("local", "open"),
    [
        ("2026-06-01T06:59", False),
        ("2026-06-01T07:00", True),
        ("2026-06-01T20:59", True),
        ("2026-06-01T21:00", False),
        ("2026-06-06T12:00", False),  # a Saturday
        ("2026-12-01T07:00", True),  # winter time
        ("2026-12-01T06:59", False),
    ],
)
def test_the_clinics_hours_are_those_of_its_own_clock(local: str, open: bool) -> None:
    hours = Hours(time(7), time(21), frozenset(DAYS[:5]), NEW_YORK)
    assert hours.open_at(datetime.fromisoformat(local).replace(tzinfo=NEW_YORK).timestamp()) is open


def test_hours_may_go_over_midnight() -> None:
    hours = Hours(time(22), time(6), frozenset(DAYS), ZoneInfo("UTC"))
    at = [hours.open_at(datetime(2026, 6, 1, hour, tzinfo=UTC).timestamp()) for hour in (21, 22, 23, 0, 5, 6)]
    assert at == [False, True, True, True, True, False]


def test_an_export_outside_of_the_clinics_hours() -> None:
    hours = Hours(time(7), time(21), frozenset(DAYS), NEW_YORK)
    noon = datetime(2026, 6, 1, 12, tzinfo=NEW_YORK).timestamp() - NOW
    night = datetime(2026, 6, 2, 2, tzinfo=NEW_YORK).timestamp() - NOW
    for kind in EXPORTED:
        assert heard(OffHoursExport(hours), [event(kind, noon)]) == []
        assert heard(OffHoursExport(None), [event(kind, night)]) == []
        (raised,) = heard(OffHoursExport(hours), [event(kind, night), event(kind, night + 60)])
        assert (raised.rule, raised.actor) == ("off_hours_export", "t-1")
    assert heard(OffHoursExport(hours), [event("recording.view", night)]) == []
    assert heard(OffHoursExport(hours), [event("audit.export", night, actor_kind="server")]) == []


def test_emergency_access_is_always_worth_a_word() -> None:
    assert len(heard(EmergencyAccess(), [event("account.break_glass")] * 2)) == 2


def test_a_threshold_of_nothing_turns_a_rule_off() -> None:
    off = rules(Thresholds(0, 0, 0, 0), None)
    events = [event(kind, each / 100, subject=str(each)) for each in range(200) for kind in KINDS]
    assert {raised.rule for rule in off for raised in heard(rule, events)} == {"emergency_access"}


def test_what_rules_are_about_are_kinds_of_events() -> None:
    assert {*VIEWED, *EXPORTED, "call.refuse", "link.refuse", "account.fail", "account.break_glass"} <= set(KINDS)
