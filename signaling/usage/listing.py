"""Reports as tables: the columns and rows of each, for CSV and for print.

Not here: how a table is written (`csv_text.py`, `printed.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from signaling.csv_text import Cell
from signaling.usage.answers import SittingAnswer, SittingDetails, SumAnswer
from signaling.usage.codes import Suggestion


@dataclass(frozen=True)
class Listing:
    title: str
    header: tuple[str, ...]
    rows: list[tuple[Cell, ...]]
    notes: tuple[str, ...] = ()


SUGGESTED = "Codes are suggestions, made from minutes, people and modality alone. Whoever bills decides."

SITTINGS = (
    "date",
    "began",
    "ended",
    "session",
    "appointment",
    "therapist",
    "patients",
    "minutes",
    "two_way_s",
    "video_s",
    "gap_s",
    "modality",
    "state",
    "suggested",
    "rules",
    "price",
    "currency",
    "id",
)


def sittings(title: str, found: Sequence[SittingAnswer], zone: tzinfo, currency: str) -> Listing:
    rows: list[tuple[Cell, ...]] = []
    for each in found:
        price = price_of(each.suggestions)
        rows.append(
            (
                each.day,
                clock(each.started_at, zone),
                clock(each.ended_at, zone),
                each.session,
                each.appointment,
                each.therapist,
                " ".join(each.patients),
                each.minutes,
                each.two_way_s,
                each.video_s,
                each.gap_s,
                each.modality,
                each.state,
                codes(each.suggestions),
                each.suggestions[0].rules_version if each.suggestions else None,
                None if price is None else price / 100,
                None if price is None else currency,
                each.id,
            )
        )
    return Listing(title, SITTINGS, rows, (SUGGESTED,))


def sitting(found: SittingDetails, zone: tzinfo) -> Listing:
    """Its spans, those of the whole and of each person."""
    rows: list[tuple[Cell, ...]] = [
        (
            span.person or "(all)",
            clock(span.began_at, zone),
            clock(span.ended_at, zone),
            round(span.ended_at - span.began_at),
            span.state,
            span.reason,
        )
        for span in found.spans
    ]
    title = f"Session {found.session}, {found.day}: {found.minutes} minutes"
    return Listing(title, ("who", "began", "ended", "seconds", "state", "reason"), rows)


def sums(title: str, first: str, found: Sequence[SumAnswer]) -> Listing:
    rows: list[tuple[Cell, ...]] = [
        (
            each.who if first != "month" else each.period,
            each.sittings,
            each.held,
            each.minutes,
            each.two_way_s,
            each.video_s,
            each.present_s,
        )
        for each in found
    ]
    return Listing(title, (first, "sessions", "held", "minutes", "two_way_s", "video_s", "present_s"), rows)


def clock(moment: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def codes(suggestions: Sequence[Suggestion]) -> str:
    """As they are written on claims: 90837-95."""
    return " ".join(f"{each.code}-{each.modifier}".rstrip("-") for each in suggestions)


def price_of(suggestions: Sequence[Suggestion]) -> int | None:
    """Of a single suggestion: of two somebody has to choose."""
    return suggestions[0].price_cents if len(suggestions) == 1 else None
