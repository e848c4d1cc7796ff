"""Links: a page of this server with a token in the fragment, which browsers never send to any server."""

from __future__ import annotations

from signaling.roles import Role
from signaling.tokens import JoinClaims, RecordingsClaims, Tokens
from therabook.settings import Settings, is_loopback

PAGES: dict[Role, str] = {
    "therapist": "/video-call/therapy",
    "patient": "/video-call/secure-therapy",
    "interpreter": "/video-call/secure-therapy",
    "observer": "/video-call/secure-therapy",
}


RECORDINGS = "/recordings"


def make_link(base: str, tokens: Tokens, claims: JoinClaims | RecordingsClaims, now: float) -> str:
    page = RECORDINGS if isinstance(claims, RecordingsClaims) else PAGES[claims.role]
    return f"{base}{page}#token={tokens.sign(claims, now)}"


def base_url(settings: Settings, port: int | None = None) -> str:
    """How people reach the server; `port` is where it listens, if not where the settings say."""
    if settings.public_url is not None:
        return settings.public_url
    scheme, usual = ("http", 80) if settings.tls == "off" else ("https", 443)
    # Browsers treat localhost as safe and give it cameras; an address that stands for all is none to open.
    host = "localhost" if is_loopback(settings.host) or settings.host in ("0.0.0.0", "::", "") else settings.host
    host = f"[{host}]" if ":" in host else host
    number = port or settings.port
    return f"{scheme}://{host}" + ("" if number == usual else f":{number}")
