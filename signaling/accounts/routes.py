"""The part of the route table that is about accounts. What each is asked and answers stands in `messages.py`.

Every POST takes JSON (`{}` where nothing is asked) from a page of this server; `confirm_needed` is answered where it
must be sure that it is them, and they have not shown so within ten minutes: `POST /api/staff/confirm`, then the same
again. A page that asks by itself, without anybody at the keyboard, sends the header `Therabook-Background: 1`, so
that this keeps nobody signed in. Not here: what any route does."""

from __future__ import annotations

from collections.abc import Sequence

from signaling.accounts import managing_routes
from signaling.accounts import messages as m
from signaling.accounts.api_keys import ApiKeysApi
from signaling.accounts.emergency import EmergencyApi
from signaling.accounts.managing import ManagingApi
from signaling.accounts.route_kinds import (
    ANYBODY,
    BY_PASSKEY,
    ENTRY,
    ROOT,
    SENT,
    SIGNED_IN,
    TAG,
    TRIED,
    get,
    own_post,
    post,
    route,
)
from signaling.accounts.security import SecurityApi
from signaling.accounts.sign_in import SignInApi
from signaling.accounts.sign_on_api import SignOnApi
from signaling.accounts.sync import SyncApi
from signaling.route import Route


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
        *managing_routes.managing(managing),
        *managing_routes.api_keys(keys),
        *managing_routes.emergencies(emergencies),
        route(
            "POST",
            "/api/accounts/sync",
            sync.sync,
            "Accounts become as the booking system says.",
            m.SyncAnswer,
            m.SyncRequest,
            (*SENT, *ENTRY, "login_taken"),
            staff="sync_accounts",
            description="Idempotent. For the clinic's software, with a key of the scope `accounts`.",
        ),
    ]


def _coming_in(api: SignInApi, sign_on: SignOnApi) -> Sequence[Route]:
    return [
        get("/state", api.state, "What the sign-in page has to know.", m.StateAnswer, ANYBODY),
        post(
            "/setup",
            api.setup,
            "Makes the first administrator, for whoever has the operator's token.",
            m.SignInAnswer,
            m.SetupRequest,
            ("setup_done", "setup_token_wrong", "weak_password", *TRIED),
        ),
        post(
            "/sign-in",
            api.sign_in,
            "The first step: a password.",
            m.SignInAnswer,
            m.SignInRequest,
            ("sign_in_failed", "passwords_off", *TRIED),
            "The answer is the same, and as late, for names that nobody has.",
        ),
        *(
            post(
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
        post(
            "/sign-in/passkey/options",
            api.passkey_options,
            "What a passkey has to sign: as the second step, or alone.",
            m.PasskeyOptions,
            m.Nothing,
            (*SENT, *ANYBODY),
        ),
        post(
            "/sign-in/passkey",
            api.passkey,
            "What a passkey has signed.",
            m.SignInAnswer,
            m.PasskeyProof,
            ("sign_in_needed", "passwords_off", *BY_PASSKEY, *SENT, *ANYBODY),
        ),
        post(
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
        post(
            "/invitation",
            api.invitation,
            "Whom an invitation is for.",
            m.InvitationAnswer,
            m.InvitationRequest,
            ("invitation_invalid", *SENT, *ANYBODY),
        ),
        post(
            "/invitation/accept",
            api.accept,
            "Takes an invitation, with a password of one's own choice.",
            m.SignInAnswer,
            m.AcceptRequest,
            ("invitation_invalid", "weak_password", "passwords_off", *SENT, *ANYBODY),
        ),
        post("/sign-out", api.sign_out, "Signs out.", None, m.Nothing, (*SENT, *ANYBODY)),
    ]


def _own(api: SecurityApi) -> Sequence[Route]:
    entry = ("unauthorized", *SIGNED_IN)
    done = ("enrol_needed", *entry)
    fresh = ("confirm_needed", *done)
    passkey = "/security/passkeys/{passkey}"
    return [
        get("/me", api.me, "Who is signed in, and what they may.", m.MeAnswer, entry, staff="own_account"),
        own_post(
            "/confirm",
            api.confirm,
            "Shows again who it is.",
            None,
            m.ConfirmRequest,
            ("code_wrong", "sign_in_locked", *entry),
        ),
        own_post(
            "/confirm/passkey/options", api.confirm_options, "The same, by passkey.", m.PasskeyOptions, m.Nothing, entry
        ),
        own_post(
            "/confirm/passkey", api.confirm_passkey, "What it has signed.", None, m.PasskeyProof, (*BY_PASSKEY, *entry)
        ),
        get(
            "/security", api.security, "One's own ways in, and sessions.", m.SecurityAnswer, entry, staff="own_account"
        ),
        own_post(
            "/security/password",
            api.password,
            "Another password. All other sessions end.",
            None,
            m.PasswordRequest,
            ("code_wrong", "weak_password", "sign_in_locked", "changed_meanwhile", *done),
        ),
        own_post(
            "/security/totp",
            api.totp,
            "A secret for an authenticator app.",
            m.TotpAnswer,
            m.Nothing,
            ("confirm_needed", *entry),
        ),
        own_post(
            "/security/totp/confirm",
            api.confirm_totp,
            "A code of it: it counts from now on.",
            m.FactorAnswer,
            m.CodeRequest,
            ("confirm_needed", "code_wrong", "sign_in_locked", *entry),
        ),
        own_post(
            "/security/totp/remove", api.remove_totp, "No app any more.", None, m.Nothing, ("last_factor", *fresh)
        ),
        own_post(
            "/security/passkeys/options",
            api.passkey_options,
            "What a new passkey has to sign.",
            m.PasskeyOptions,
            m.Nothing,
            ("confirm_needed", *entry),
        ),
        own_post(
            "/security/passkeys",
            api.add_passkey,
            "A new passkey.",
            m.FactorAnswer,
            m.NewPasskeyRequest,
            ("confirm_needed", "passkey_taken", *BY_PASSKEY, *entry),
        ),
        own_post(
            f"{passkey}/rename",
            api.rename_passkey,
            "Calls a passkey something else.",
            None,
            m.RenameRequest,
            ("no_such_passkey", *done),
        ),
        own_post(
            f"{passkey}/remove",
            api.remove_passkey,
            "Removes a passkey.",
            None,
            m.Nothing,
            ("no_such_passkey", "last_factor", *fresh),
        ),
        own_post(
            "/security/recovery-codes", api.recovery_codes, "Ten new recovery codes.", m.FactorAnswer, m.Nothing, fresh
        ),
        own_post(
            "/security/sessions/{session}/end",
            api.end_session,
            "Signs out another browser.",
            None,
            m.Nothing,
            ("no_such_session", *done),
        ),
        own_post(
            "/security/sessions/end-others", api.end_others, "Signs out all other browsers.", None, m.Nothing, done
        ),
    ]
