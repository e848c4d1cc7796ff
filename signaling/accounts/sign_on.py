"""Single sign-on: OpenID Connect Core 1.0 by the authorization code flow, with PKCE (RFC 7636), state and nonce.

What the provider says is believed when its signature is right, by one of three algorithms with a key of its own that
the token names, and every claim is what it should be. Nothing here looks at a clock or rolls dice. Not here: whose
account it is, and browsers (`sign_on_api.py`)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode, urlsplit

import aiohttp
import jwt
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError

ALGORITHMS = ("RS256", "ES256", "EdDSA")
"""What is taken, whatever a token or the provider says. No `none`, and nothing with a shared secret."""

KEY_TYPES = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}

SHORTEST_RSA = 2048

LEEWAY = 60.0
"""Seconds by which the provider's clock may differ."""

OLDEST = 10 * 60.0
"""Seconds since a token was made: it comes here at once."""

KEEP = 10 * 60.0
"""Seconds for which what the provider says about itself is kept."""

AGAIN = 30.0
"""Seconds between looking for a new key of it, so that made-up key ids cannot make us ask all the time."""

LARGEST = 256 * 1024
TIMEOUT = aiohttp.ClientTimeout(total=10)

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class SignOnFailed(Exception):
    """What came back is not to be believed. `why` is for the log: it quotes nothing."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class SignOnUnavailable(Exception):
    """The provider cannot be reached, or says nothing that can be understood."""


@dataclass(frozen=True)
class Provider:
    """As the clinic's settings name it."""

    issuer: str
    client_id: str
    client_secret: SecretStr | None
    name: str


@dataclass(frozen=True)
class Asked:
    """What was asked, to be compared with what comes back."""

    state: str
    nonce: str
    verifier: str
    redirect: str


@dataclass(frozen=True)
class Person:
    """Who it is, as the provider says."""

    subject: str
    email: str | None
    """Only if the provider has verified it."""


Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class _Discovered(BaseModel):
    model_config = ConfigDict(extra="ignore")

    issuer: Text
    authorization_endpoint: Text
    token_endpoint: Text
    jwks_uri: Text
    authorization_response_iss_parameter_supported: bool = False
    token_endpoint_auth_methods_supported: list[str] = Field(default_factory=lambda: ["client_secret_basic"])


class _Claims(BaseModel):
    """Strict: a number is no text, and a text no number."""

    model_config = ConfigDict(extra="ignore", strict=True)

    iss: Text
    sub: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    aud: str | list[str]
    exp: int | float
    iat: int | float
    nbf: int | float | None = None
    nonce: Text
    azp: str | None = None
    at_hash: str | None = None
    email: Annotated[str, StringConstraints(max_length=320)] | None = None
    email_verified: bool | Literal["true", "false"] | None = None


class SignOn:
    def __init__(self, provider: Provider, http: aiohttp.ClientSession) -> None:
        self.provider = provider
        self._http = http
        self._known: tuple[float, _Discovered] | None = None
        self._keys: dict[str, dict[str, Any]] = {}
        self._keys_at = -KEEP

    async def address(self, asked: Asked, now: float) -> str:
        """Where the browser goes. Raises SignOnUnavailable."""
        known = await self._discovered(now)
        challenge = _base64url(hashlib.sha256(asked.verifier.encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": asked.redirect,
            "scope": "openid email profile",
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(known.authorization_endpoint).query else "?"
        return known.authorization_endpoint + joint + urlencode(query)

    async def person(self, code: str, issuer: str | None, asked: Asked, now: float) -> Person:
        """Trades the code for who it is. `issuer`: what stood in the answer (RFC 9207). Raises SignOnFailed,
        SignOnUnavailable."""
        known = await self._discovered(now)
        if issuer is None and known.authorization_response_iss_parameter_supported:
            raise SignOnFailed("the answer does not say whose it is")
        if issuer is not None and issuer != known.issuer:
            raise SignOnFailed("the answer is another provider's")
        tokens = await self._trade(known, code, asked)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or len(id_token) > LARGEST:
            raise SignOnFailed("no id_token")
        claims = await self._verified(id_token, now)
        self._check(claims, asked, access_token if isinstance(access_token, str) else None, _algorithm(id_token), now)
        verified = claims.email_verified in (True, "true")
        return Person(claims.sub, claims.email if verified else None)

    # The token -------------------------------------------------------------------------------------------------------

    async def _verified(self, token: str, now: float) -> _Claims:
        algorithm = _algorithm(token)
        header = jwt.get_unverified_header(token)
        kid = header.get("kid")
        if not isinstance(kid, str) or not kid:
            raise SignOnFailed("the token does not say by which key")
        if "crit" in header:
            raise SignOnFailed("the token has extensions that are not known")
        key = await self._key(kid, algorithm, now)
        try:
            content = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            return _Claims.model_validate(content)
        except (jwt.InvalidTokenError, ValidationError, ValueError, TypeError):
            raise SignOnFailed("signature or claims are not right") from None

    def _check(self, claims: _Claims, asked: Asked, access: str | None, algorithm: str, now: float) -> None:
        """OpenID Connect Core, section 3.1.3.7."""
        audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if claims.iss != self.provider.issuer:
            raise SignOnFailed("another issuer")
        if audience != [self.provider.client_id]:
            # More than one would be allowed with azp; nobody else is to have a token that is good here.
            raise SignOnFailed("another audience")
        if claims.azp is not None and claims.azp != self.provider.client_id:
            raise SignOnFailed("for another party")
        if not now - LEEWAY < claims.exp:
            raise SignOnFailed("expired")
        if not now - OLDEST < claims.iat < now + LEEWAY:
            raise SignOnFailed("made at another time")
        if claims.nbf is not None and not claims.nbf < now + LEEWAY:
            raise SignOnFailed("not good yet")
        if not hmac.compare_digest(claims.nonce.encode(), asked.nonce.encode()):
            raise SignOnFailed("another nonce")
        if claims.at_hash is not None and (access is None or claims.at_hash != _at_hash(access, algorithm)):
            raise SignOnFailed("another access token")

    async def _key(self, kid: str, algorithm: str, now: float) -> Any:
        fresh = now - self._keys_at < KEEP
        if (not fresh or kid not in self._keys) and now - self._keys_at >= (AGAIN if fresh else 0.0):
            await self._read_keys(now)
        found = self._keys.get(kid)
        if found is None:
            raise SignOnFailed("signed by a key that the provider does not have")
        if found.get("kty") != KEY_TYPES[algorithm] or found.get("alg", algorithm) != algorithm:
            raise SignOnFailed("signed by a key of another kind")
        if found.get("use", "sig") != "sig":
            raise SignOnFailed("signed by a key that is for something else")
        try:
            key = jwt.PyJWK(found, algorithm=algorithm).key
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            raise SignOnFailed("the provider's key cannot be used") from None
        if algorithm == "RS256" and getattr(key, "key_size", 0) < SHORTEST_RSA:
            raise SignOnFailed("the provider's key is too short")
        return key

    # The provider ----------------------------------------------------------------------------------------------------

    async def _discovered(self, now: float) -> _Discovered:
        if self._known is not None and now - self._known[0] < KEEP:
            return self._known[1]
        content = await self._get(self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
        try:
            found = _Discovered.model_validate(content)
        except ValidationError:
            raise SignOnUnavailable from None
        if found.issuer != self.provider.issuer:
            raise SignOnUnavailable
        for address in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
            if not is_safe(address, self.provider.issuer):
                raise SignOnUnavailable
        self._known = now, found
        return found

    async def _read_keys(self, now: float) -> None:
        content = await self._get((await self._discovered(now)).jwks_uri)
        listed = content.get("keys")
        keys = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        self._keys = {each["kid"]: each for each in keys[:100] if isinstance(each.get("kid"), str)}
        self._keys_at = now

    async def _trade(self, known: _Discovered, code: str, asked: Asked) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": asked.redirect,
            "code_verifier": asked.verifier,
        }
        secret = self.provider.client_secret
        headers = {}
        if secret is None:
            form["client_id"] = self.provider.client_id
        elif "client_secret_basic" in known.token_endpoint_auth_methods_supported:
            pair = f"{_form_encoded(self.provider.client_id)}:{_form_encoded(secret.get_secret_value())}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self.provider.client_id, "client_secret": secret.get_secret_value()}
        try:
            async with self._http.post(
                known.token_endpoint, data=form, headers=headers, timeout=TIMEOUT, allow_redirects=False
            ) as answer:
                if 400 <= answer.status < 500:
                    raise SignOnFailed("the provider does not take the code")
                return await _content(answer)
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise SignOnUnavailable from None

    async def _get(self, address: str) -> dict[str, Any]:
        try:
            async with self._http.get(address, timeout=TIMEOUT, allow_redirects=False) as answer:
                return await _content(answer)
        except (aiohttp.ClientError, TimeoutError, OSError):
            raise SignOnUnavailable from None


def is_safe(address: str, issuer: str) -> bool:
    """https; or http on this machine, where the issuer is as well (to try it)."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return parts.hostname is not None
    return parts.scheme == "http" and parts.hostname in LOOPBACK and urlsplit(issuer).hostname in LOOPBACK


async def _content(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    if answer.status != 200:
        raise SignOnUnavailable
    body = await answer.content.read(LARGEST + 1)
    while not answer.content.at_eof() and len(body) <= LARGEST:
        body += await answer.content.read(LARGEST + 1 - len(body))
    if len(body) > LARGEST:
        raise SignOnUnavailable
    try:
        content = json.loads(body)
    except ValueError:
        raise SignOnUnavailable from None
    if not isinstance(content, dict):
        raise SignOnUnavailable
    return content


def _algorithm(token: str) -> str:
    try:
        algorithm = jwt.get_unverified_header(token).get("alg")
    except (jwt.InvalidTokenError, ValueError):
        raise SignOnFailed("no token") from None
    if algorithm not in ALGORITHMS:
        raise SignOnFailed("signed in a way that is not taken")
    return str(algorithm)


def _at_hash(access: str, algorithm: str) -> str:
    """The left half of the hash that belongs to the algorithm; for EdDSA (Ed25519) that is SHA-512."""
    kind = hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256
    whole = kind(access.encode()).digest()
    return _base64url(whole[: len(whole) // 2])


def _form_encoded(text: str) -> str:
    """RFC 6749, section 2.3.1."""
    return urlencode({"": text})[1:]


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
