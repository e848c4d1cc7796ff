"""Kinds of routes of accounts, and what each kind may be refused with.

Not here: the routes (`routes.py`, `managing_routes.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from aiohttp import web
from pydantic import BaseModel

from clinic import BadValue, ClinicError
from signaling.refusals import Refused
from signaling.route import Handler, Route
from signaling.staff_roles import StaffAction

log = structlog.get_logger("accounts")

TAG = "accounts"
ROOT = "/api/staff"

ANYBODY = ("too_many_requests", "records_unavailable", "audit_unavailable")
SENT = ("bad_request", "not_json", "too_large", "wrong_origin")
SIGNED_IN = ("sign_in_needed", "second_factor_needed", *ANYBODY)
ENTRY = ("unauthorized", "enrol_needed", "not_allowed", *SIGNED_IN)
TRIED = ("sign_in_locked", *SENT, *ANYBODY)
BY_PASSKEY = ("challenge_invalid", "passkey_refused")

MEANING = {
    "account": "The account's id.",
    "passkey": "The passkey's id.",
    "session": "The id of a session of one's own.",
    "key": "The key's id.",
    "emergency": "The id of the emergency access.",
}


Answer = type[BaseModel] | None


def get(
    path: str,
    handler: Handler,
    summary: str,
    answer: Answer,
    refusals: Sequence[str],
    *,
    staff: StaffAction | None = None,
    query: type[BaseModel] | None = None,
) -> Route:
    return route("GET", ROOT + path, handler, summary, answer, None, refusals, staff=staff, query=query)


def post(
    path: str,
    handler: Handler,
    summary: str,
    answer: Answer,
    request: type[BaseModel],
    refusals: Sequence[str],
    description: str = "",
    *,
    staff: StaffAction | None = None,
    status: int | None = None,
) -> Route:
    whole = ROOT + path
    return route(
        "POST", whole, handler, summary, answer, request, refusals, staff=staff, status=status, description=description
    )


def own_post(
    path: str, handler: Handler, summary: str, answer: Answer, request: type[BaseModel], refusals: Sequence[str]
) -> Route:
    return post(path, handler, summary, answer, request, (*SENT, *refusals), staff="own_account")


def route(
    method: str,
    path: str,
    handler: Handler,
    summary: str,
    answer: Answer,
    request: type[BaseModel] | None,
    refusals: Sequence[str],
    *,
    status: int | None = None,
    **more: Any,
) -> Route:
    parameters = {name: meaning for name, meaning in MEANING.items() if f"{{{name}}}" in path}
    return Route(
        method,
        path,
        refusing(handler),
        summary,
        answer,
        TAG,
        status=status or (200 if answer is not None else 204),
        request=request,
        refusals=tuple(dict.fromkeys(refusals)),
        parameters=parameters,
        **more,
    )


def refusing(handler: Handler) -> Handler:
    """Whatever the stores raise, as what whoever asked is told."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except BadValue as error:
            raise Refused("bad_request", f"This cannot be kept: {error}.") from None
        except ClinicError as error:
            log.error("the records cannot be reached", error_type=type(error).__name__)
            raise Refused("records_unavailable", retry_after=30.0) from None

    return answer
