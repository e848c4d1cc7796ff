"""Webhooks over HTTP: endpoints, their secrets, the log of deliveries, and replays.

Every change stands in the audit log before it is made. Not here: what is delivered, and when (`deliverer.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web
from pydantic import BaseModel, SecretStr

from clinic import BadValue, ClinicError, Conflict, Unknown
from clinic.webhooks.deliveries import DeliveryStore
from clinic.webhooks.endpoints import Endpoints
from clinic.webhooks.records import DeliveryState, Endpoint, WebhookEvent
from signaling.api_access import GUARDED, ApiAccess, Caller
from signaling.audit_port import Audit
from signaling.bodies import read_json, read_query
from signaling.clock import Clock
from signaling.outward import Outward
from signaling.refusals import Refused
from signaling.route import Handler, Route
from signaling.webhooks import questions as q
from signaling.webhooks.deliverer import body_of
from signaling.webhooks.kinds import ALL
from signaling.webhooks.secrets import Seals, Secrets, opened, place

TEST_SESSION = "test"

CHANGING = (*GUARDED, "bad_request", "not_json", "too_large")
PARAMETERS = {"id": "The endpoint's id.", "event": "The event's id (`webhook-id`)."}


class WebhooksApi:
    def __init__(
        self,
        *,
        endpoints: Endpoints,
        deliveries: DeliveryStore,
        seals: Seals,
        outward: Outward,
        access: ApiAccess,
        audit: Audit,
        clock: Clock,
        new_id: Callable[[], str],
        new_secret: Callable[[], SecretStr],
        keep_trying: float,
    ) -> None:
        self._endpoints = endpoints
        self._deliveries = deliveries
        self._seals = seals
        self._outward = outward
        self._access = access
        self._audit = audit
        self._clock = clock
        self._new_id = new_id
        self._new_secret = new_secret
        self._keep_trying = keep_trying

    def routes(self) -> list[Route]:
        one = "/api/webhooks/{id}"
        found = (*GUARDED, "no_such_webhook")
        changed = (*CHANGING, "no_such_webhook")
        return [
            _route("GET", "/api/webhooks", self.all, "Who is told of events.", q.EndpointsAnswer, GUARDED),
            _route(
                "POST",
                "/api/webhooks",
                self.add,
                "A new endpoint, with the secret by which it knows us.",
                q.EndpointMade,
                (*CHANGING, "bad_webhook", "too_many_webhooks"),
                request=q.EndpointRequest,
                status=201,
            ),
            _route(
                "PATCH",
                one,
                self.change,
                "Changes an endpoint.",
                q.EndpointAnswer,
                (*changed, "bad_webhook"),
                request=q.EndpointChange,
            ),
            _route(
                "DELETE",
                one,
                self.remove,
                "Removes an endpoint: what waits for it is given up.",
                None,
                (*found, "audit_unavailable"),
                status=204,
            ),
            _route(
                "POST",
                f"{one}/secret",
                self.rotate,
                "A new secret. For a while deliveries are signed with both.",
                q.SecretAnswer,
                changed,
                request=q.SecretRequest,
            ),
            _route(
                "POST",
                f"{one}/test",
                self.test,
                "Sends an event that says nothing, to try whether deliveries arrive.",
                q.TestAnswer,
                (*found, "audit_unavailable", "webhook_off"),
                status=202,
            ),
            _route(
                "GET",
                f"{one}/deliveries",
                self.log,
                "What was delivered, what waits, and what was given up.",
                q.DeliveriesAnswer,
                (*found, "bad_request"),
                query=q.DeliveriesQuery,
            ),
            _route(
                "GET",
                f"{one}/deliveries/{{event}}",
                self.details,
                "One delivery, with each attempt.",
                q.DeliveryDetails,
                (*found, "no_such_delivery"),
            ),
            _route(
                "POST",
                f"{one}/replay",
                self.replay,
                "Delivers once more what was delivered or given up: one event, or a period.",
                q.ReplayAnswer,
                (*changed, "no_such_delivery", "webhook_off"),
                request=q.ReplayRequest,
                status=202,
            ),
        ]

    async def all(self, request: web.Request) -> web.Response:
        await self._caller(request)
        with _store():
            found = await self._endpoints.all()
        return _json(q.EndpointsAnswer(endpoints=[self._answer(each) for each in found], kinds=list(ALL)))

    async def add(self, request: web.Request) -> web.Response:
        caller = await self._caller(request)
        asked = await read_json(request, q.EndpointRequest)
        self._check(asked.url)
        id, secret, now = self._new_id(), self._new_secret(), self._clock.wall()
        await self._record(caller, id, "added")
        endpoint = Endpoint(
            id=id,
            url_sealed=self._seals.seal(asked.url, place("url", id)),
            secrets_sealed=Secrets(secret).sealed(self._seals, id),
            kinds=tuple(dict.fromkeys(asked.kinds)),
            active=asked.active,
            created_at=now,
            changed_at=now,
        )
        with _store():
            try:
                await self._endpoints.add(endpoint)
            except Conflict:
                raise Refused("too_many_webhooks") from None
        made = q.EndpointMade(endpoint=self._answer(endpoint), secret=secret.get_secret_value())
        return _json(made, status=201)

    async def change(self, request: web.Request) -> web.Response:
        caller, id = await self._one(request)
        asked = await read_json(request, q.EndpointChange)
        if asked.url is not None:
            self._check(asked.url)
        names = " ".join(sorted(asked.model_fields_set)) or "nothing"
        await self._record(caller, id, "changed", names=names)
        with _store():
            changed = await self._endpoints.change(
                id,
                self._clock.wall(),
                url_sealed=None if asked.url is None else self._seals.seal(asked.url, place("url", id)),
                kinds=None if asked.kinds is None else tuple(dict.fromkeys(asked.kinds)),
                active=asked.active,
            )
        return _json(self._answer(changed))

    async def remove(self, request: web.Request) -> web.Response:
        caller, id = await self._one(request)
        await self._record(caller, id, "removed")
        with _store():
            await self._endpoints.remove(id, self._clock.wall())
        return web.Response(status=204)

    async def rotate(self, request: web.Request) -> web.Response:
        caller, id = await self._one(request)
        asked = await read_json(request, q.SecretRequest)
        await self._record(caller, id, "secret")
        now, secret, overlap = self._clock.wall(), self._new_secret(), asked.overlap_hours * 3600.0
        with _store():
            endpoint = await self._endpoints.get(id)
            both = opened(endpoint.secrets_sealed, self._seals, id).rotated(secret, now, overlap)
            await self._endpoints.change(id, now, secrets_sealed=both.sealed(self._seals, id))
        return _json(q.SecretAnswer(secret=secret.get_secret_value(), old_until=now + overlap))

    async def test(self, request: web.Request) -> web.Response:
        caller, id = await self._one(request, active=True)
        await self._record(caller, id, "tested")
        event = WebhookEvent(self._new_id(), "endpoint.tested", TEST_SESSION, self._clock.wall(), {})
        with _store():
            await self._deliveries.add([event], self._keep_trying, only=id)
        return _json(q.TestAnswer(event=event.id), status=202)

    async def log(self, request: web.Request) -> web.Response:
        _, id = await self._one(request)
        asked = read_query(request, q.DeliveriesQuery)
        states = [DeliveryState(asked.state)] if asked.state else []
        with _store():
            page = await self._deliveries.page(
                id, states=states, session=asked.session or None, before=asked.before, limit=asked.limit
            )
        return _json(
            q.DeliveriesAnswer(deliveries=[q.DeliveryAnswer.of(each) for each in page.deliveries], next=page.next)
        )

    async def details(self, request: web.Request) -> web.Response:
        _, id = await self._one(request)
        with _store("no_such_delivery"):
            delivery, attempts = await self._deliveries.get(id, request.match_info["event"])
        return _json(
            q.DeliveryDetails(
                delivery=q.DeliveryAnswer.of(delivery),
                body=body_of(delivery).decode(),
                attempts=[q.AttemptAnswer.of(each) for each in attempts],
            )
        )

    async def replay(self, request: web.Request) -> web.Response:
        caller, id = await self._one(request, active=True)
        asked = await read_json(request, q.ReplayRequest)
        await self._audit.record(
            "webhook.replay",
            caller.kind,
            caller.id,
            session=asked.session,
            subject=id,
            event=asked.event,
            since=asked.since,
            until=asked.until,
        )
        with _store("no_such_delivery"):
            count, more = await self._deliveries.replay(
                id,
                self._clock.wall(),
                self._keep_trying,
                event=asked.event,
                since=asked.since,
                until=asked.until,
                session=asked.session,
                failed_only=asked.failed_only,
            )
        return _json(q.ReplayAnswer(deliveries=count, more=more), status=202)

    async def _caller(self, request: web.Request) -> Caller:
        return await self._access.require(request, "manage_webhooks")

    async def _one(self, request: web.Request, *, active: bool = False) -> tuple[Caller, str]:
        """Who asks, and for which endpoint. `active`: it must be switched on."""
        caller = await self._caller(request)
        id = request.match_info["id"]
        with _store():
            endpoint = await self._endpoints.get(id)
        if endpoint.removed_at is not None:
            raise Refused("no_such_webhook")
        if active and not endpoint.active:
            raise Refused("webhook_off")
        return caller, id

    def _check(self, url: str) -> None:
        try:
            self._outward.check(url)
        except ValueError as error:
            raise Refused("bad_webhook", f"{str(error)[:1].upper()}{str(error)[1:]}.") from None

    def _answer(self, endpoint: Endpoint) -> q.EndpointAnswer:
        return q.EndpointAnswer.of(endpoint, self._seals.open(endpoint.url_sealed, place("url", endpoint.id)))

    async def _record(self, caller: Caller, endpoint: str, what: str, *, names: str | None = None) -> None:
        await self._audit.record("webhook.change", caller.kind, caller.id, subject=endpoint, what=what, names=names)


@contextmanager
def _store(unknown: str = "no_such_webhook") -> Iterator[None]:
    """What the store raises, as whoever asks is told."""
    try:
        yield
    except (Unknown, BadValue):
        raise Refused(unknown) from None
    except ClinicError:
        raise Refused("records_unavailable", retry_after=30.0) from None


def _route(
    method: str,
    path: str,
    handler: Handler,
    summary: str,
    answer: type[BaseModel] | None,
    refusals: tuple[str, ...],
    *,
    request: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    status: int = 200,
) -> Route:
    return Route(
        method,
        path,
        handler,
        summary,
        answer,
        "webhooks",
        status=status,
        request=request,
        refusals=refusals,
        staff="manage_webhooks",
        query=query,
        parameters={name: text for name, text in PARAMETERS.items() if f"{{{name}}}" in path},
    )


def _json(answer: BaseModel, status: int = 200) -> web.Response:
    return web.json_response(text=answer.model_dump_json(), status=status)
