"""The routes of usage.

Not here: what they answer (`api.py`).
"""

from __future__ import annotations

from signaling.api_access import GUARDED
from signaling.route import Route
from signaling.usage.answers import (
    CodesAnswer,
    KeyAnswer,
    MonthsAnswer,
    PatientAnswer,
    PeopleAnswer,
    PeopleQuery,
    SessionQuery,
    SessionsAnswer,
    SessionsQuery,
    SittingDetails,
    StatementQuery,
    YearQuery,
)
from signaling.usage.api import UsageApi
from signaling.usage.codes import Codes

FILES = ("text/csv", "application/pdf")

COUNTED = (
    "Only what was two-way is counted: docs/billing.md says exactly what a minute is. Therapists get their own. As "
    "JSON, or with `format` as CSV or PDF."
)


def usage_routes(api: UsageApi) -> list[Route]:
    return [
        Route(
            "GET",
            "/api/usage/sessions",
            api.sessions,
            "Sessions with their minutes and the codes that are suggested for them, the newest first.",
            SessionsAnswer,
            "usage",
            description=COUNTED,
            refusals=(*GUARDED, "bad_request"),
            staff="read_usage",
            own=True,
            query=SessionsQuery,
            also=FILES,
        ),
        Route(
            "GET",
            "/api/usage/sessions/{id}",
            api.session,
            "One session: who had which part of it, its gaps, and when who sent what.",
            SittingDetails,
            "usage",
            description=COUNTED,
            refusals=(*GUARDED, "bad_request", "not_found"),
            staff="read_usage",
            own=True,
            query=SessionQuery,
            also=FILES,
            parameters={"id": "As the list names it: a session that is held each week has many."},
        ),
        Route(
            "GET",
            "/api/usage/therapists",
            api.therapists,
            "The minutes of each therapist in a month.",
            PeopleAnswer,
            "usage",
            description=COUNTED,
            refusals=(*GUARDED, "bad_request"),
            staff="read_usage",
            own=True,
            query=PeopleQuery,
            also=FILES,
        ),
        Route(
            "GET",
            "/api/usage/patients",
            api.patients,
            "The minutes of each patient in a month.",
            PeopleAnswer,
            "usage",
            description=COUNTED,
            refusals=(*GUARDED, "bad_request"),
            staff="read_usage",
            query=PeopleQuery,
            also=FILES,
        ),
        Route(
            "GET",
            "/api/usage/patients/{id}",
            api.patient,
            "The minutes of one patient, by month; as PDF their sessions, like an invoice.",
            PatientAnswer,
            "usage",
            description=COUNTED,
            refusals=(*GUARDED, "bad_request", "not_found"),
            staff="read_usage",
            own=True,
            query=YearQuery,
            also=FILES,
            parameters={"id": "The patient's id, as the clinic's systems call them."},
        ),
        Route(
            "GET",
            "/api/usage/months",
            api.months,
            "The minutes of each month of a year.",
            MonthsAnswer,
            "usage",
            description=COUNTED,
            refusals=(*GUARDED, "bad_request"),
            staff="read_usage",
            own=True,
            query=YearQuery,
            also=FILES,
        ),
        Route(
            "GET",
            "/api/usage/statement",
            api.statement,
            "A signed statement of a month's minutes.",
            "application/json",
            "usage",
            description="To be checked by anybody, offline: `therabook usage verify FILE` (docs/billing.md).",
            refusals=(*GUARDED, "bad_request"),
            staff="read_usage",
            own=True,
            query=StatementQuery,
        ),
        Route(
            "GET",
            "/api/usage/key",
            api.key,
            "The public key that verifies statements.",
            KeyAnswer,
            "usage",
        ),
        Route(
            "GET",
            "/api/usage/codes",
            api.codes,
            "The table of service codes, all its versions.",
            CodesAnswer,
            "usage",
            refusals=GUARDED,
            staff="read_usage",
            own=True,
        ),
        Route(
            "PUT",
            "/api/usage/codes",
            api.change_codes,
            "A new version of the table of service codes, for sessions that begin from now on.",
            CodesAnswer,
            "usage",
            refusals=(*GUARDED, "bad_request", "not_json", "too_large", "changed_meanwhile"),
            staff="change_billing",
            request=Codes,
        ),
    ]
