"""A sign-on service: OpenID Connect with its own keys, made with another library than the product's. It tells the
truth, until a test has it lie."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

CLIENT, SECRET = "clinic-video", "a secret/of the client"
SUBJECT, EMAIL = "person-17", "Grey@Clinic.Example"

Claims = dict[str, Any]


class SignOnServer:
    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.issuer = ""
        self.keys: dict[str, Key] = {
            "RS256": RSAKey.generate_key(2048, {"kid": "rsa-1", "use": "sig"}),
            "ES256": ECKey.generate_key("P-256", {"kid": "ec-1", "use": "sig"}),
            "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed-1", "use": "sig"}),
        }
        self.algorithm = "RS256"
        self.published: list[dict[str, Any]] | None = None
        """Instead of the keys above."""
        self.asked: dict[str, dict[str, str]] = {}
        """By code: what the browser came with."""
        self.lies: Callable[[Claims], Claims] = lambda claims: claims
        self.token: Callable[[Claims, str], str] | None = None
        """Instead of an honest signature: from claims and algorithm to a token."""
        self.metadata: dict[str, Any] = {}
        self.traded = 0
        self.keys_read = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._discover)
        app.router.add_get("/authorize", self._authorize)
        app.router.add_post("/token", self._token)
        app.router.add_get("/keys", self._keys)
        return app

    async def _discover(self, request: web.Request) -> web.Response:
        whole = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }
        return web.json_response(whole | self.metadata)

    async def _authorize(self, request: web.Request) -> web.Response:
        """Whoever comes is signed in at once."""
        asked = dict(request.query)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.asked) + 1}"
        self.asked[code] = asked
        back = asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"], "iss": self.issuer})
        return web.Response(status=302, headers={"Location": back})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        expected = base64.b64encode(b"clinic-video:a+secret%2Fof+the+client").decode()
        asked = self.asked.pop(str(form["code"]), None)
        if request.headers.get("Authorization") != f"Basic {expected}" or asked is None:
            return web.json_response({"error": "invalid_grant"}, status=400)
        challenge = encoded(hashlib.sha256(str(form["code_verifier"]).encode()).digest())
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.traded += 1
        now = self.clock()
        kind = hashlib.sha512 if self.algorithm == "EdDSA" else hashlib.sha256
        access = "an-access-token"
        hashed = kind(access.encode()).digest()
        claims = {
            "iss": self.issuer,
            "sub": SUBJECT,
            "aud": CLIENT,
            "azp": CLIENT,
            "exp": int(now) + 300,
            "iat": int(now),
            "nonce": asked["nonce"],
            "at_hash": encoded(hashed[: len(hashed) // 2]),
            "email": EMAIL,
            "email_verified": True,
        }
        claims = self.lies(claims)
        make = self.token or self.honest
        return web.json_response(
            {"access_token": access, "token_type": "Bearer", "id_token": make(claims, self.algorithm)}
        )

    async def _keys(self, request: web.Request) -> web.Response:
        self.keys_read += 1
        if self.published is not None:
            return web.json_response({"keys": self.published})
        return web.json_response({"keys": [each.as_dict(private=False) for each in self.keys.values()]})

    def honest(self, claims: Claims, algorithm: str) -> str:
        key = self.keys[algorithm]
        return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])


def by_hand(header: dict[str, Any], claims: Claims, sign: Callable[[bytes], bytes]) -> str:
    """A token that no library would make."""
    signed = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    return f"{signed}.{encoded(sign(signed.encode()))}"


def with_secret(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda signed: hmac.new(secret, signed, hashlib.sha256).digest()


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@contextlib.asynccontextmanager
async def a_sign_on_server(clock: Callable[[], float]) -> AsyncIterator[SignOnServer]:
    service = SignOnServer(clock)
    server = TestServer(service.app(), host="127.0.0.1")
    await server.start_server()
    service.issuer = f"http://127.0.0.1:{server.port}"
    try:
        yield service
    finally:
        await server.close()
