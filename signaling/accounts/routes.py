"""The part of the route table that is about accounts. What each is asked and answers stands in `messages.py`.

Every POST takes JSON (`{}` where nothing is asked) from a page of this server; `confirm_needed` is answered where it
must be sure that it is them, and they have not shown so within ten minutes: `POST /api/staff/confirm`, then the same
again. A page that asks by itself, without anybody at the keyboard, sends the header `Therabook-Background: 1`, so
that this keeps nobody signed in. Not here: what any route does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from aiohttp import web
from pydantic import BaseModel

from clinic import BadValue, ClinicError
from signaling.accounts import messages as m
from signaling.accounts.api_keys import ApiKeysApi
from signaling.accounts.emergency import EmergencyApi
from signaling.accounts.managing import ManagingApi
from signaling.accounts.security import SecurityApi
from signaling.accounts.sign_in import SignInApi
from signaling.accounts.sign_on_api import SignOnApi
from signaling.accounts.sync import SyncApi
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


def accounts_routes(
    sign_in: SignInApi,
    sign_on: SignOnApi,
    security: SecurityApi,
    managing: ManagingApi,
    keys: ApiKeysApi,
    emergencies: EmergencyApi,
    sync: SyncApi,
) -> list[Route]:
    return [
        *_coming_in(sign_in, sign_on),
        *_own(security),
        *_managing(managing),
        *_keys(keys),
        *_emergencies(emergencies),
        _route(
            "POST",
            "/api/accounts/sync",
            sync.sync,
            "Accounts become as the booking system says.",
            m.SyncAnswer,
            m.SyncRequest,
            (*ENTRY, "login_taken"),
            staff="sync_accounts",
            description="Idempotent. For the clinic's software, with a key of the scope `accounts`.",
        ),
    ]


def _coming_in(api: SignInApi, sign_on: SignOnApi) -> Sequence[Route]:
    return [
        _get("/state", api.state, "What the sign-in page has to know.", m.StateAnswer, ANYBODY),
        _post(
            "/setup",
            api.setup,
            "Makes the first administrator, for whoever has the operator's token.",
            m.SignInAnswer,
            m.SetupRequest,
            ("setup_done", "setup_token_wrong", "weak_password", *TRIED),
        ),
        _post(
            "/sign-in",
            api.sign_in,
            "The first step: a password.",
            m.SignInAnswer,
            m.SignInRequest,
            ("sign_in_failed", "passwords_off", *TRIED),
            "The answer is the same, and as late, for names that nobody has.",
        ),
        *(
            _post(
                f"/sign-in/{path}",
                handler,
                summary,
                m.SignInAnswer,
                m.CodeRequest,
                ("sign_in_needed", "code_wrong", *TRIED),
            )
            for path, handler, summary in (
                ("code", api.code, "The second step: a code of an authenticator app."),
                ("recovery", api.recovery, "The second step: a recovery code."),
            )
        ),
        _post(
            "/sign-in/passkey/options",
            api.passkey_options,
            "What a passkey has to sign: as the second step, or alone.",
            m.PasskeyOptions,
            m.Nothing,
            (*SENT, *ANYBODY),
        ),
        _post(
            "/sign-in/passkey",
            api.passkey,
            "What a passkey has signed.",
            m.SignInAnswer,
            m.PasskeyProof,
            ("sign_in_needed", "passwords_off", *BY_PASSKEY, *SENT, *ANYBODY),
        ),
        _post(
            "/sign-on",
            sign_on.begin,
            "Begins a single sign-on.",
            m.SignOnAnswer,
            m.Nothing,
            ("sign_on_off", "sign_on_unavailable", *SENT, *ANYBODY),
        ),
        Route(
            "GET",
            f"{ROOT}/sign-on/back",
            sign_on.back,
            "Where the sign-on service sends the browser back to.",
            None,
            TAG,
            description="Leads to /staff, with #problem=CODE if it did not work, or #second-factor=WAYS if more is to "
            "follow.",
            status=302,
        ),
        _post(
            "/invitation",
            api.invitation,
            "Whom an invitation is for.",
            m.InvitationAnswer,
            m.InvitationRequest,
            ("invitation_invalid", *SENT, *ANYBODY),
        ),
        _post(
            "/invitation/accept",
            api.accept,
            "Takes an invitation, with a password of one's own choice.",
            m.SignInAnswer,
            m.AcceptRequest,
            ("invitation_invalid", "weak_password", *SENT, *ANYBODY),
        ),
        _post("/sign-out", api.sign_out, "Signs out.", None, m.Nothing, (*SENT, *ANYBODY)),
    ]


def _own(api: SecurityApi) -> Sequence[Route]:
    entry = ("unauthorized", *SIGNED_IN)
    done = ("enrol_needed", *entry)
    fresh = ("confirm_needed", *done)
    passkey = "/security/passkeys/{passkey}"
    return [
        _get("/me", api.me, "Who is signed in, and what they may.", m.MeAnswer, entry, staff="own_account"),
        _own_post(
            "/confirm",
            api.confirm,
            "Shows again who it is.",
            None,
            m.ConfirmRequest,
            ("code_wrong", "sign_in_locked", *entry),
        ),
        _own_post(
            "/confirm/passkey/options", api.confirm_options, "The same, by passkey.", m.PasskeyOptions, m.Nothing, entry
        ),
        _own_post(
            "/confirm/passkey", api.confirm_passkey, "What it has signed.", None, m.PasskeyProof, (*BY_PASSKEY, *entry)
        ),
        _get(
            "/security", api.security, "One's own ways in, and sessions.", m.SecurityAnswer, entry, staff="own_account"
        ),
        _own_post(
            "/security/password",
            api.password,
            "Another password. All other sessions end.",
            None,
            m.PasswordRequest,
            ("code_wrong", "weak_password", "sign_in_locked", "changed_meanwhile", *done),
        ),
        _own_post(
            "/security/totp",
            api.totp,
            "A secret for an authenticator app.",
            m.TotpAnswer,
            m.Nothing,
            ("confirm_needed", *entry),
        ),
        _own_post(
            "/security/totp/confirm",
            api.confirm_totp,
            "A code of it: it counts from now on.",
            m.FactorAnswer,
            m.CodeRequest,
            ("confirm_needed", "code_wrong", "sign_in_locked", *entry),
        ),
        _own_post(
            "/security/totp/remove", api.remove_totp, "No app any more.", None, m.Nothing, ("last_factor", *fresh)
        ),
        _own_post(
            "/security/passkeys/options",
            api.passkey_options,
            "What a new passkey has to sign.",
            m.PasskeyOptions,
            m.Nothing,
            ("confirm_needed", *entry),
        ),
        _own_post(
            "/security/passkeys",
            api.add_passkey,
            "A new passkey.",
            m.FactorAnswer,
            m.NewPasskeyRequest,
            ("confirm_needed", "passkey_taken", *BY_PASSKEY, *entry),
        ),
        _own_post(
            f"{passkey}/rename",
            api.rename_passkey,
            "Calls a passkey something else.",
            None,
            m.RenameRequest,
            ("no_such_passkey", *done),
        ),
        _own_post(
            f"{passkey}/remove",
            api.remove_passkey,
            "Removes a passkey.",
            None,
            m.Nothing,
            ("no_such_passkey", "last_factor", *fresh),
        ),
        _own_post(
            "/security/recovery-codes", api.recovery_codes, "Ten new recovery codes.", m.FactorAnswer, m.Nothing, fresh
        ),
        _own_post(
            "/security/sessions/{session}/end",
            api.end_session,
            "Signs out another browser.",
            None,
            m.Nothing,
            ("no_such_session", *done),
        ),
        _own_post(
            "/security/sessions/end-others", api.end_others, "Signs out all other browsers.", None, m.Nothing, done
        ),
    ]


def _managing(api: ManagingApi) -> Sequence[Route]:
    one = "/accounts/{account}"
    known = ("no_such_account", *ENTRY)
    fresh = ("confirm_needed", *known)
    action: StaffAction = "manage_accounts"
    return [
        _get(
            "/accounts",
            api.find,
            "All accounts.",
            m.AccountsAnswer,
            ("bad_request", *ENTRY),
            staff=action,
            query=m.AccountsQuery,
        ),
        _post(
            "/accounts",
            api.make,
            "A new account, with an invitation.",
            m.InvitedAnswer,
            m.NewAccountRequest,
            ("confirm_needed", "login_taken", *SENT, *ENTRY),
            staff=action,
            status=201,
        ),
        _get(one, api.show, "One account.", m.AccountAnswer, known, staff=action),
        *(
            _post(f"{one}/{path}", handler, summary, answer, request, (*more, *SENT, *entry), staff=action)
            for path, handler, summary, answer, request, more, entry in (
                (
                    "change",
                    api.change,
                    "Name, login or roles.",
                    m.AccountAnswer,
                    m.ChangeAccountRequest,
                    ("login_taken", "last_administrator"),
                    fresh,
                ),
                (
                    "disable",
                    api.disable,
                    "Nobody gets in by it.",
                    m.AccountAnswer,
                    m.Nothing,
                    ("last_administrator",),
                    fresh,
                ),
                ("enable", api.enable, "It can be used again.", m.AccountAnswer, m.Nothing, (), fresh),
                (
                    "invite",
                    api.invite,
                    "A new link, to choose a password.",
                    m.InvitedAnswer,
                    m.Nothing,
                    ("account_disabled",),
                    fresh,
                ),
                ("reset-second-factor", api.reset, "They set up a new one.", m.AccountAnswer, m.Nothing, (), fresh),
                ("unlock", api.unlock, "They may try again at once.", m.AccountAnswer, m.Nothing, (), known),
                ("sign-out", api.sign_out, "Ends all their sessions.", None, m.Nothing, (), known),
            )
        ),
    ]


def _keys(api: ApiKeysApi) -> Sequence[Route]:
    action: StaffAction = "manage_keys"
    return [
        _get("/keys", api.find, "Keys of the clinic's software.", m.KeysAnswer, ENTRY, staff=action),
        _post(
            "/keys",
            api.make,
            "A new key. Its secret is shown once.",
            m.NewKeyAnswer,
            m.NewKeyRequest,
            ("confirm_needed", "too_many_keys", *SENT, *ENTRY),
            staff=action,
            status=201,
        ),
        _post(
            "/keys/{key}/revoke",
            api.revoke,
            "Nobody gets in by it any more.",
            m.KeyAnswer,
            m.Nothing,
            ("no_such_key", *SENT, *ENTRY),
            staff=action,
        ),
    ]


def _emergencies(api: EmergencyApi) -> Sequence[Route]:
    return [
        _post(
            "/emergency",
            api.take,
            "Emergency access: read what one's role does not show, and say why.",
            m.EmergencyAnswer,
            m.EmergencyRequest,
            ("emergency_already", *SENT, *ENTRY),
            staff="break_glass",
        ),
        _post(
            "/emergency/end",
            api.end,
            "Gives it back.",
            None,
            m.Nothing,
            ("no_such_emergency", *SENT, *ENTRY),
            staff="break_glass",
        ),
        _get(
            "/emergencies",
            api.find,
            "Who took it, when and why.",
            m.EmergenciesAnswer,
            ("bad_request", *ENTRY),
            staff="close_alerts",
            query=m.EmergenciesQuery,
        ),
        _post(
            "/emergencies/{emergency}/acknowledge",
            api.acknowledge,
            "Says that somebody has looked at it.",
            m.EmergencyAnswer,
            m.Nothing,
            ("no_such_emergency", "not_your_own", "changed_meanwhile", *SENT, *ENTRY),
            staff="close_alerts",
        ),
    ]


# Shorter --------------------------------------------------------------------------------------------------------------

Answer = type[BaseModel] | None


def _get(
    path: str,
    handler: Handler,
    summary: str,
    answer: Answer,
    refusals: Sequence[str],
    *,
    staff: StaffAction | None = None,
    query: type[BaseModel] | None = None,
) -> Route:
    return _route("GET", ROOT + path, handler, summary, answer, None, refusals, staff=staff, query=query)


def _post(
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
    return _route(
        "POST", whole, handler, summary, answer, request, refusals, staff=staff, status=status, description=description
    )


def _own_post(
    path: str, handler: Handler, summary: str, answer: Answer, request: type[BaseModel], refusals: Sequence[str]
) -> Route:
    return _post(path, handler, summary, answer, request, (*SENT, *refusals), staff="own_account")


def _route(
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
