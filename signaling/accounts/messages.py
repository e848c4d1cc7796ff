"""What the API of accounts is asked and what it answers. Strict: what is not here is refused.

All times are seconds since 1970. Ids of accounts, sessions, passkeys, keys are short words that say nothing.
Not here: what any of it does (`routes.py` says where).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from signaling.appointments.messages import Email
from signaling.staff_roles import Scope, StaffAction, StaffRole

Login = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""What somebody types to sign in: a name, or an e-mail address. Capitals and spaces around it do not count."""
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=500)]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
NewPassword = Annotated[SecretStr, Field(min_length=12, max_length=200)]
Password = Annotated[SecretStr, Field(min_length=1, max_length=200)]
Token = Annotated[SecretStr, Field(min_length=20, max_length=100)]
Code = Annotated[SecretStr, Field(min_length=6, max_length=40)]
Roles = Annotated[list[StaffRole], Field(min_length=1, max_length=5)]
ChallengeId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]

Stage = Literal["second_factor", "enrol", "done"]
"""`second_factor`: the password was right, one of `ways` is to follow. `enrol`: signed in, but the clinic wants a
second factor, and this account has none yet: nothing but `/api/staff/me` and `/api/staff/security` answers until it
has. `done`: signed in."""

Way = Literal["totp", "passkey", "recovery"]


class Ask(BaseModel):
    """A question: nothing but its own fields is taken."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Nothing(Ask):
    """`{}`."""


# Signing in ---------------------------------------------------------------------------------------------------------


class SignOnWay(BaseModel):
    """Single sign-on that the clinic has set up."""

    name: str
    """What its button says it is."""


class StateAnswer(BaseModel):
    """What the sign-in page has to know before anybody has signed in."""

    needs_setup: bool
    """Nobody is administrator yet: the page asks for the set-up token."""
    password: bool
    """Whether people sign in by password and by passkey."""
    sign_on: SignOnWay | None
    second_factor: Literal["required", "optional"]
    shortest_password: int


class SetupRequest(Ask):
    token: Token
    """From the operator's terminal, or from the file DATA_DIR/setup-token."""
    login: Login
    name: Name
    password: NewPassword


class SignInRequest(Ask):
    login: Login
    password: Password


class CodeRequest(Ask):
    """A TOTP code (six digits), or a recovery code."""

    code: Code


class SignInAnswer(BaseModel):
    stage: Stage
    ways: list[Way]
    """With `second_factor`: what this account has."""


class PasskeyOptions(BaseModel):
    """For `navigator.credentials`: `options` is what `PublicKeyCredential.parse…OptionsFromJSON` takes."""

    challenge: ChallengeId
    """To be sent back with what the authenticator says. Good once, for five minutes."""
    options: dict[str, Any]


class PasskeyProof(Ask):
    challenge: ChallengeId
    credential: Annotated[dict[str, Any], Field(max_length=20)]
    """What `PublicKeyCredential.toJSON()` gives."""


class SignOnAnswer(BaseModel):
    address: str
    """Where the browser goes to sign in there. It comes back to `/staff`, or to `/staff#problem=CODE`."""


class InvitationRequest(Ask):
    token: Token
    """What stands behind `#invitation=` in the link."""


class InvitationAnswer(BaseModel):
    """Whom the link is for."""

    login: str
    name: str
    expires_at: float


class AcceptRequest(Ask):
    token: Token
    password: NewPassword


# Who is signed in ---------------------------------------------------------------------------------------------------


class EmergencyAnswer(BaseModel):
    """Emergency access: what the role alone does not allow, for a while."""

    id: str
    account: str
    name: str
    """Of whoever took it."""
    reason: str
    since: float
    until: float
    ended_at: float | None
    """When they gave it back themselves."""
    acknowledged_by: str | None
    """The account that has looked at it."""
    acknowledged_at: float | None


class MeAnswer(BaseModel):
    id: str
    login: str
    name: str
    roles: list[StaffRole]
    actions: list[StaffAction]
    """What all roles together allow, and what emergency access adds at the moment."""
    stage: Literal["enrol", "done"]
    idle_seconds: int
    """After this long without a request they are signed out. The page says so before."""
    expires_at: float
    """When they are signed out in any case."""
    confirmed_until: float
    """Until then, changes of the own security need no `confirm`."""
    emergency: EmergencyAnswer | None
    emergencies_open: int
    """How many emergencies nobody has looked at yet: for those who may (`close_alerts`)."""


class PasskeyAnswer(BaseModel):
    id: str
    name: str
    made_at: float
    used_at: float | None


class SessionAnswer(BaseModel):
    """A browser in which somebody is signed in."""

    id: str
    current: bool
    browser: str
    """Its name and system in a few words, such as `Firefox, Linux`."""
    signed_in_at: float
    seen_at: float
    expires_at: float


class SecurityAnswer(BaseModel):
    has_password: bool
    password_changed_at: float | None
    totp_since: float | None
    passkeys: list[PasskeyAnswer]
    recovery_codes_left: int
    sessions: list[SessionAnswer]


class ConfirmRequest(Ask):
    """One of the two. A passkey has an address of its own."""

    password: Password | None = None
    code: Code | None = None


class PasswordRequest(Ask):
    current: Password
    new: NewPassword


class TotpAnswer(BaseModel):
    """For an authenticator app. Nothing counts until a code has been confirmed."""

    secret: str
    address: str
    """otpauth://totp/..."""
    qr: str
    """A picture of it, as data:image/svg+xml;..., for an `img`."""


class FactorAnswer(BaseModel):
    """A second factor is there now."""

    recovery_codes: list[str]
    """Ten, the first time; empty otherwise. Shown once, never again."""


class NewPasskeyRequest(PasskeyProof):
    name: Label


class RenameRequest(Ask):
    name: Label


# Managing accounts --------------------------------------------------------------------------------------------------


class AccountAnswer(BaseModel):
    id: str
    login: str
    name: str
    email: str | None
    """Where their invitations go, if the clinic has said so."""
    roles: list[StaffRole]
    active: bool
    external_id: str | None
    made_at: float
    signed_in_at: float | None
    invited_until: float | None
    """An invitation is open until then."""
    second_factor: bool
    locked_until: float | None
    """Too many wrong passwords or codes: nobody signs in by these before that."""


class AccountsAnswer(BaseModel):
    accounts: list[AccountAnswer]
    next: str | None


class AccountsQuery(Ask):
    after: ChallengeId | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 100


class NewAccountRequest(Ask):
    login: Login
    name: Name
    roles: Roles
    external_id: ExternalId | None = None
    email: Email | None = None
    """Is kept, and the link is sent there."""


class InviteRequest(Ask):
    email: Email | None = None
    """Is kept, and the link is sent there. None: the link is not sent, and an address that is kept stays."""


class InvitedAnswer(BaseModel):
    account: AccountAnswer
    link: str | None
    """For the member of staff, to be handed over by a safe way: good once, shown once. None: they come by single
    sign-on only."""
    expires_at: float | None
    sent_to: str | None
    """A mail with the link is on its way there. None: it is not; either none was asked for or this server sends
    none."""


class ChangeAccountRequest(Ask):
    """What is left out stays as it is."""

    name: Name | None = None
    login: Login | None = None
    roles: Roles | None = None
    external_id: ExternalId | None = None
    """So that the booking system's list means this account from now on."""
    email: Email | None = None
    """Null: is forgotten."""


# Keys of the clinic's software --------------------------------------------------------------------------------------


class KeyAnswer(BaseModel):
    id: str
    name: str
    scopes: list[Scope]
    made_at: float
    made_by: str
    expires_at: float | None
    used_at: float | None
    """To the minute."""
    revoked_at: float | None


class KeysAnswer(BaseModel):
    keys: list[KeyAnswer]


class NewKeyRequest(Ask):
    name: Label
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=8)]
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class NewKeyAnswer(BaseModel):
    key: KeyAnswer
    secret: str
    """What the software sends as `Authorization: Bearer`. Shown once, never again."""


# Emergency access ---------------------------------------------------------------------------------------------------


class EmergencyRequest(Ask):
    reason: Reason
    """Is kept encrypted, and shown to administrators and auditors."""


class EmergenciesAnswer(BaseModel):
    emergencies: list[EmergencyAnswer]


class EmergenciesQuery(Ask):
    open: bool = False
    """Only those that nobody has looked at."""


# Provisioning -------------------------------------------------------------------------------------------------------


class SyncUser(Ask):
    external_id: ExternalId
    """How the booking system calls them. It stays the same when everything else changes."""
    login: Login
    name: Name
    roles: Roles
    active: bool = True
    email: Email | None = None
    """Where an administrator's invitations go; nothing is sent by this. Null: is forgotten; left out: stays as it
    is."""


class SyncRequest(Ask):
    users: Annotated[list[SyncUser], Field(max_length=2000)]
    complete: bool = False
    """These are all: whoever came by this way earlier and is not named is disabled, never the last administrator."""
    dry_run: bool = False
    """Only says what would change."""


class SyncChange(BaseModel):
    external_id: str
    account: str | None
    """None: it would be made."""
    change: Literal["create", "update", "disable", "enable", "keep"]
    fields: list[Literal["login", "name", "roles", "email"]]
    why_kept: Literal["last_administrator"] | None = None
    """With `keep`: why somebody stays as they are."""


class SyncAnswer(BaseModel):
    dry_run: bool
    changes: list[SyncChange]
    unchanged: int
