"""Tokens: signed links into a session and to recordings, and the short-lived ones that bring a lost connection back.

JSON Web Tokens (RFC 7519), HS256 and nothing else. The algorithm is the server's choice, never the token's (RFC 8725,
section 3.1); audience, issuer, expiry, a unique id and the kind are required and checked. The kind (`typ`) keeps a
token for one thing from being used for another. Whether a token was revoked is asked of `revocations.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

import jwt
from pydantic import BaseModel, ConfigDict, Field, SecretBytes, StringConstraints, ValidationError

from signaling.encryption import Encryption
from signaling.recording_rules import Rule
from signaling.refusals import Refused
from signaling.roles import Keeper, Role

ALGORITHM = "HS256"
AUDIENCE = "therabook-video"
ISSUER = "therabook"
LONGEST = 4096
"""Characters. A token of ours has about 400."""

SessionId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
UserId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
TokenId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


class _Claims(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    jti: TokenId
    exp: int


class JoinClaims(_Claims):
    """Who may come to the door of which session."""

    typ: Literal["join"] = "join"
    room: SessionId
    sub: UserId
    role: Role
    name: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    """If given, the name that others see, whatever the person types."""
    limit: Annotated[int, Field(ge=2, le=12)] | None = None
    minutes: Annotated[int, Field(ge=1, le=24 * 60)] | None = None
    encryption: Encryption | None = None
    """Whether everybody's browser has to encrypt. The stricter of this, other tokens and the setting holds."""
    consent_rule: Rule | None = None
    """For recordings, where the person said at check-in to be; not the place itself. The strictest of everybody's
    holds."""


class SeatClaims(BaseModel):
    """Where somebody sat a moment ago, for a server that does not know it any more (`returning.py`)."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    until: int
    """Seconds since 1970 until which the seat may be given back."""
    identity: UserId
    role: Role
    name: Annotated[str, StringConstraints(max_length=60)] = Field(repr=False)
    number: Annotated[int, Field(ge=1)]
    page: Annotated[int, Field(ge=1)]
    numbers: Annotated[int, Field(ge=1)]
    """The last number that was given to anybody."""
    link: TokenId
    """The unique id of the token that they came with, and when that expires."""
    link_expires: float
    admitted: bool
    since: float
    """When they took the seat, seconds since 1970."""
    limit: Annotated[int, Field(ge=2, le=12)]
    length: float
    """Of the session, in seconds."""
    started_at: float | None = None
    locked: bool
    encryption: Encryption
    consent_rule: Rule | None = None


class ResumeClaims(_Claims):
    """Which seat may be taken again. While that seat exists, good only if it has handed out nothing newer."""

    typ: Literal["resume"] = "resume"
    room: SessionId
    sub: str
    """The person's id in the session."""
    seat: SeatClaims | None = None


class RecordingsClaims(_Claims):
    """Who may do what with recordings. Good as often as wanted until it expires."""

    typ: Literal["recordings"] = "recordings"
    sub: UserId
    role: Keeper
    room: SessionId | None = None
    """If given, recordings of this session only: of others it is not even said that they exist."""


Claims = JoinClaims | ResumeClaims | RecordingsClaims
C = TypeVar("C", JoinClaims, ResumeClaims, RecordingsClaims)


class Tokens:
    """Signs and checks. Times are seconds since 1970; nothing here looks at a clock."""

    def __init__(self, key: SecretBytes) -> None:
        self._key = key

    def sign(self, claims: Claims, now: float) -> str:
        content = claims.model_dump(exclude_none=True) | {"aud": AUDIENCE, "iss": ISSUER, "iat": int(now)}
        return jwt.encode(content, self._key.get_secret_value(), algorithm=ALGORITHM)

    def read_join(self, token: str, now: float) -> JoinClaims:
        """Raises Refused: `token_invalid` or `token_expired`."""
        return self._read(JoinClaims, token, now, "token_expired")

    def read_resume(self, token: str, now: float) -> ResumeClaims:
        """Raises Refused: `token_invalid` or `resume_expired`."""
        return self._read(ResumeClaims, token, now, "resume_expired")

    def read_recordings(self, token: str, now: float) -> RecordingsClaims:
        """Raises Refused: `token_invalid` or `token_expired`."""
        return self._read(RecordingsClaims, token, now, "token_expired")

    def _read(self, kind: type[C], token: str, now: float, expired: str) -> C:
        if len(token) > LONGEST:
            raise Refused("token_invalid")
        try:
            content = jwt.decode(
                token,
                self._key.get_secret_value(),
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                # Expiry is checked below, against the time that was passed in.
                options={
                    "require": ["aud", "iss", "exp", "iat", "jti", "sub"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
            claims = kind.model_validate(content)
        except (jwt.InvalidTokenError, ValidationError, ValueError):
            raise Refused("token_invalid") from None
        if claims.exp <= now:
            raise Refused(expired)
        return claims
