"""What every answer carries and every error looks like, and which callers are taken at their word.

Security headers go on each response, errors too. Errors are JSON with a sentence and a code. Nothing here logs a path,
an address or what was sent.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog
from aiohttp import web

from signaling.metrics import Metrics
from signaling.refusals import Refused

log = structlog.get_logger("http")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Middleware(Protocol):
    """As aiohttp calls one."""

    def __call__(self, request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]: ...


LOCALHOST = frozenset({"localhost", "127.0.0.1", "[::1]"})

_HOST = re.compile(r"^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$")

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), screen-wake-lock=(self), "
        "fullscreen=(self), picture-in-picture=(self), autoplay=(self), "
        "geolocation=(), payment=(), usb=(), serial=(), midi=(), hid=()"
    ),
}


def content_security_policy(host: str) -> str:
    # The one trusted type that is made is the address of our own worker (`web/js/e2ee/start-worker.js`).
    # 'self' covers the socket in current browsers; Safari before 15.4 wants it named.
    sockets = f" ws://{host} wss://{host}" if _HOST.match(host) else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        f"connect-src 'self'{sockets}; font-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types worker"
    )


def secure(strict_transport: bool) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """For `app.on_response_prepare`. `strict_transport`: tell browsers never to come without TLS again."""

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(FIXED)
        response.headers["Content-Security-Policy"] = content_security_policy(request.host)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.pop("Server", None)
        if strict_transport:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"

    return add


def problem(refused: Refused) -> web.Response:
    headers = {}
    if refused.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if refused.retry_after is not None:
        headers["Retry-After"] = str(math.ceil(refused.retry_after))
    return web.json_response({"error": refused.error, "code": refused.code}, status=refused.status, headers=headers)


def errors_and_counts(metrics: Metrics) -> Middleware:
    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "none"
        try:
            response = await handler(request)
        except Refused as refused:
            metrics.refused.labels(refused.code).inc()
            response = problem(refused)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            codes = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
            response = problem(Refused(codes.get(error.status, "bad_request")))
            if "Allow" in error.headers:
                response.headers["Allow"] = error.headers["Allow"]
        except Exception as error:  # a fault of ours: seen in the log, told as such
            log.exception("fault", route=route, error_type=type(error).__name__)
            response = problem(Refused("internal"))
        metrics.requests.labels(route, str(response.status)).inc()
        return response

    return answer


def same_origin(request: web.Request, allowed: Sequence[str]) -> bool:
    """Whether the page that asks was served by this server (or is one of `allowed`); none named is not."""
    origin = request.headers.get("Origin", "")
    scheme, _, host = origin.partition("://")
    return origin in allowed or (scheme in ("http", "https") and host != "" and host.lower() == request.host.lower())


def from_own_page(request: web.Request) -> bool:
    """Whether a page of this server sent it, also by a form: with our referrer policy a form's origin is `null`, but
    browsers say where it came from (Fetch Metadata), and let no page say it."""
    if request.headers.get("Origin", "null") == "null":
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    return same_origin(request, ())


def bearer(request: web.Request) -> str | None:
    """What stands behind `Authorization: Bearer`."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def bare_host(host: str) -> str:
    """The host without its port."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdecimal() else host.lower()


def client_address(request: web.Request, proxies: Sequence[Network]) -> str:
    """Who asks, for rate limits only. `X-Forwarded-For` counts only as far as trusted proxies wrote it."""
    address = request.remote or ""
    forwarded = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    while forwarded and _within(address, proxies):
        address = forwarded.pop()
    return address


def _within(address: str, networks: Sequence[Network]) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in networks)
