"""Alerts over HTTP: those that are open, and closing one. That somebody closed it is written down first.

Not here: what is unusual (`rules.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from clinic import BadValue, ClinicError, Conflict, Unknown
from clinic.alerts.records import Alert
from clinic.alerts.store import AlertStore
from signaling.api_access import GUARDED, ApiAccess
from signaling.audit_port import Audit
from signaling.bodies import read_query
from signaling.clock import Clock
from signaling.refusals import Refused
from signaling.route import Route

log = structlog.get_logger("alerts")

TAG = "alerts"


class AlertsQuery(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    state: Literal["open", "closed", "all"] = "open"
    after: Annotated[str, StringConstraints(max_length=100)] | None = None
    """`next` of the page before."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class AlertAnswer(BaseModel):
    id: str
    rule: str
    at: float
    actor_kind: str | None
    actor: str | None
    """Who did it, as the audit log calls them; null: nobody in particular."""
    session: str | None
    count: int
    """How often, at least; or of how many."""
    seconds: int
    """Within which time."""
    closed_at: float | None
    closed_by: str | None

    @classmethod
    def of(cls, alert: Alert) -> AlertAnswer:
        return cls(**vars(alert))


class AlertsAnswer(BaseModel):
    alerts: list[AlertAnswer]
    """Newest first."""
    next: str | None
    """For `after`; null: that was all."""


class AlertsApi:
    def __init__(self, *, store: AlertStore, audit: Audit, access: ApiAccess, clock: Clock) -> None:
        self._store = store
        self._audit = audit
        self._access = access
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route(
                "GET",
                "/api/alerts",
                self.find,
                "What was unusual, newest first.",
                AlertsAnswer,
                TAG,
                query=AlertsQuery,
                refusals=("bad_request", *GUARDED),
                staff="read_audit",
            ),
            Route(
                "POST",
                "/api/alerts/{alert}/close",
                self.close,
                "Somebody has looked at it.",
                None,
                TAG,
                status=204,
                refusals=("not_found", "changed_meanwhile", *GUARDED),
                staff="close_alerts",
                parameters={"alert": "The alert's id."},
            ),
        ]

    async def find(self, request: web.Request) -> web.Response:
        await self._access.require(request, "read_audit")
        asked = read_query(request, AlertsQuery)
        open = None if asked.state == "all" else asked.state == "open"
        try:
            page = await self._store.find(open=open, after=asked.after, limit=asked.limit)
        except BadValue as error:
            raise Refused("bad_request", f"This cannot be asked: {error}.") from None
        except ClinicError as error:
            raise _away(error) from None
        answer = AlertsAnswer(alerts=[AlertAnswer.of(each) for each in page.alerts], next=page.next)
        return web.json_response(text=answer.model_dump_json())

    async def close(self, request: web.Request) -> web.Response:
        caller = await self._access.require(request, "close_alerts")
        try:
            alert = await self._store.get(request.match_info["alert"])
            if alert.closed_at is not None:
                raise Refused("changed_meanwhile")
            await self._audit.record(
                "alert.close", caller.kind, caller.id, session=alert.session, subject=alert.id, rule=alert.rule
            )
            await self._store.close(alert.id, by=caller.id, now=self._clock.wall())
        except (Unknown, BadValue):
            raise Refused("not_found") from None
        except Conflict:
            raise Refused("changed_meanwhile") from None
        except ClinicError as error:
            raise _away(error) from None
        return web.Response(status=204)


def _away(error: ClinicError) -> Refused:
    log.error("the records cannot be reached", error_type=type(error).__name__)
    return Refused("records_unavailable", retry_after=30.0)
