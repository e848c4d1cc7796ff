"""What is asked of the audit log: searches by each field and by several, reports of a month, proofs.

Not here: what else a clinic is asked (`asked.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bench.clinic.asked import MONTH, PAGE, Asked, Period, Query
from clinic.audit.days import ACCESS
from clinic.audit.reports import ON_PAGE, Reports
from clinic.audit.search import Search, Wanted


def searches(asked: Asked) -> list[Query]:
    search = Search(asked.log.database)

    def find(what: str, ask: Callable[[], dict[str, Any]]) -> Query:
        return Query("audit, search", what, lambda: search.find(Wanted(**ask()), limit=PAGE))

    def month() -> dict[str, Any]:
        return dict(asked.period(MONTH))

    def both() -> dict[str, Any]:
        booked = asked.booked()
        return {"patient": booked.patient, "actor": booked.therapist}

    def far_back() -> str:
        first, _ = asked.day()
        return f"{round(first * 1000)}.{10**9}"

    rare, often = ("account.lock",), ("note.view",)
    return [
        find("newest", dict),
        find("a month", month),
        find("kind", lambda: {"kinds": often}),
        find("kind that never was", lambda: {"kinds": rare}),
        find("kind, a month", lambda: {"kinds": often, **month()}),
        find("twenty kinds", lambda: {"kinds": ACCESS[:20]}),
        find("twenty kinds, a month", lambda: {"kinds": ACCESS[:20], **month()}),
        find("actor", lambda: {"actor": asked.therapist()}),
        find("actor, a month", lambda: {"actor": asked.therapist(), **month()}),
        find("actor, kind", lambda: {"actor": asked.therapist(), "kinds": often}),
        find("actor, kind that they never did", lambda: {"actor": asked.therapist(), "kinds": rare}),
        find("session", lambda: {"session": asked.booked().session}),
        find("session, kind", lambda: {"session": asked.booked().session, "kinds": often}),
        find("session, patient", lambda: {"session": asked.booked().session, "patient": asked.patient()}),
        find("patient", lambda: {"patient": asked.patient()}),
        find("patient, a month", lambda: {"patient": asked.patient(), **month()}),
        find("patient, kind", lambda: {"patient": asked.patient(), "kinds": ("recording.view",)}),
        find("patient, kind that never was", lambda: {"patient": asked.patient(), "kinds": rare}),
        find("patient, their therapist", both),
        find("patient, another actor", lambda: {"patient": asked.patient(), "actor": asked.year.staff[0]}),
        find("patient, their therapist, kind, a month", lambda: {**both(), "kinds": often, **month()}),
        find("subject", lambda: {"subject": asked.recorded().recording}),
        find("subject, actor", lambda: {"subject": asked.booked().id, "actor": asked.therapist()}),
        find("nobody", lambda: {"actor": "nobody"}),
        Query(
            "audit, search",
            "actor, 200 from far back",
            lambda: search.find(Wanted(actor=asked.therapist()), after=far_back(), limit=200),
        ),
    ]


def reports(asked: Asked) -> list[Query]:
    made, log = Reports(asked.log.database), asked.log

    async def proof() -> None:
        await log.inclusion(asked.chance.randrange((await log.head()).size))

    async def consistency() -> None:
        size = (await log.head()).size
        await log.consistency(asked.chance.randrange(1, size), size)

    def partly() -> Period:
        first, after = asked.day(MONTH)
        return {"since": first + 12_345.0, "until": after - 23_456.0}

    return [
        Query("audit, report of a month", "days", lambda: made.make("days", **asked.period(MONTH), most=ON_PAGE)),
        Query("audit, report of a month", "days, from noon to noon", lambda: made.make("days", **partly())),
        Query(
            "audit, report of a month",
            "patient",
            lambda: made.make("patient", **asked.period(MONTH), patient=asked.patient(), most=ON_PAGE),
        ),
        Query(
            "audit, report of a month",
            "staff",
            lambda: made.make("staff", **asked.period(MONTH), actor=asked.therapist(), most=ON_PAGE),
        ),
        Query("audit, report of a month", "access", lambda: made.make("access", **asked.period(MONTH), most=ON_PAGE)),
        Query(
            "audit, report of a month",
            "access of one actor",
            lambda: made.make("access", **asked.period(MONTH), actor=asked.therapist(), most=ON_PAGE),
        ),
        Query(
            "audit, report of a month", "sign_ins", lambda: made.make("sign_ins", **asked.period(MONTH), most=ON_PAGE)
        ),
        Query("audit, report of a month", "exports", lambda: made.make("exports", **asked.period(MONTH), most=ON_PAGE)),
        Query(
            "audit, report of a month", "emergency", lambda: made.make("emergency", **asked.period(MONTH), most=ON_PAGE)
        ),
        Query("audit", "head", log.head),
        Query("audit", "proof of an event", proof),
        Query("audit", "proof that it goes on", consistency),
    ]
