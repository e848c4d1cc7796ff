"""The one table of what the server answers to. The app and the OpenAPI document are both made from it."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from signaling.api import TokenAnswer, TokenApi, TokenRequest
from signaling.health import Health, HealthAnswer
from signaling.ice_api import IceAnswer, IceApi
from signaling.openapi import document
from signaling.pages import ClientAnswer, Pages
from signaling.probes import ProbeAnswer, ProbeRequest, Probes
from signaling.route import Route
from signaling.websocket import WebSocketDoor

ASKING_FOR_TOKENS = (
    "bad_request",
    "unauthorized",
    "wrong_host",
    "wrong_origin",
    "too_large",
    "not_json",
    "too_many_requests",
)

WITH_A_TICKET = ("token_invalid", "token_expired", "token_revoked", "resume_expired", "too_many_requests")


def route_table(
    api: TokenApi,
    pages: Pages,
    door: WebSocketDoor,
    health: Health,
    ice: IceApi,
    probes: Probes,
    recordings: Sequence[Route],
    *,
    version: str,
) -> list[Route]:
    """`recordings`: those of `recordings_routes.py` and `quality_api.py`, which ask the clinic's records."""

    async def openapi(request: web.Request) -> web.Response:
        return web.json_response(description)

    table = [
        Route("GET", "/", pages.start, "Leads to the join page.", None, "pages", status=302),
        Route("GET", "/video-call/demo", pages.page, "The join form of the demonstration.", "text/html", "pages"),
        Route("GET", "/video-call/therapy", pages.page, "A session, for therapists.", "text/html", "pages"),
        Route("GET", "/video-call/secure-therapy", pages.page, "A session, for patients.", "text/html", "pages"),
        Route("GET", "/recordings", pages.recordings, "Recordings, for those who may.", "text/html", "pages"),
        Route("GET", "/check", pages.check, "The check before a call.", "text/html", "pages"),
        Route("GET", "/staff", pages.staff, "What the clinic's staff work with.", "text/html", "pages"),
        Route(
            "GET",
            "/web-digest",
            pages.digest,
            "The digest of the web client, and of each of its files.",
            "text/plain",
            "pages",
            description="To be compared with what `therabook web-digest` finds in the source.",
        ),
        Route("GET", "/brand.css", pages.style, "The brand's colours.", "text/css", "pages"),
        Route("GET", "/brand/logo", pages.logo, "The brand's logo.", "image/*", "pages", refusals=("not_found",)),
        Route(
            "GET",
            "/static/{hash}/{path:.+}",
            pages.asset,
            "A file of the web client.",
            "*/*",
            "pages",
            refusals=("not_found",),
            parameters={"hash": "The hash of the whole client, as the pages name it.", "path": "The file."},
        ),
        Route(
            "GET",
            "/api/client",
            pages.client,
            "What the server says about itself to its client.",
            ClientAnswer,
            "client",
        ),
        Route(
            "GET",
            "/socket",
            door.open,
            "The signaling socket.",
            None,
            "client",
            description="A WebSocket for pages of this server. Its messages are described in docs/protocol.md.",
            status=101,
            refusals=("bad_request", "wrong_origin", "too_many_requests"),
        ),
        Route(
            "POST",
            "/api/ice",
            ice.issue,
            "TURN servers with a short-lived credential.",
            IceAnswer,
            "client",
            description="For whoever has a join token, or the token with which they come back.",
            refusals=WITH_A_TICKET,
            ticket=True,
        ),
        Route(
            "POST",
            "/api/probe",
            probes.open,
            "A connection to the media server that gives back what it gets, for a check before a call.",
            ProbeAnswer,
            "client",
            description="Ended by the server after a few seconds, if it does not end by itself.",
            request=ProbeRequest,
            refusals=(*WITH_A_TICKET, "bad_request", "bad_offer", "server_full", "too_large", "not_json"),
            ticket=True,
        ),
        *(
            Route(
                "POST",
                path,
                api.issue,
                summary,
                TokenAnswer,
                "tokens",
                description="For the clinic's servers. A link is /video-call/therapy#token=TOKEN.",
                request=TokenRequest,
                refusals=ASKING_FOR_TOKENS,
                api_key=True,
            )
            for path, summary in (
                ("/api/token", "A token with which one person joins one session."),
                ("/api/100ms-token", "The same, where deployments of the hosted service used to ask."),
            )
        ),
        *recordings,
        Route("GET", "/api/openapi.json", openapi, "This document.", "application/json", "operations"),
        Route("GET", "/healthz", health.alive, "Whether the server is alive.", HealthAnswer, "operations"),
        Route(
            "GET",
            "/readyz",
            health.ready,
            "Whether the server takes new people.",
            HealthAnswer,
            "operations",
            description="503 while it starts and while it shuts down.",
        ),
        Route("GET", "/metrics", health.count, "Counters for Prometheus.", "text/plain", "operations"),
    ]
    description = document(table, title="TheraBook Video", version=version)
    return table
