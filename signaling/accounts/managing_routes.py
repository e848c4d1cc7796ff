"""The part of the route table for administrators: accounts, keys of software, emergency access.

Not here: what any route does.
"""

from __future__ import annotations

from collections.abc import Sequence

from signaling.accounts import messages as m
from signaling.accounts.api_keys import ApiKeysApi
from signaling.accounts.emergency import EmergencyApi
from signaling.accounts.managing import ManagingApi
from signaling.accounts.route_kinds import ENTRY, SENT, get, post
from signaling.route import Route
from signaling.staff_roles import StaffAction


def managing(api: ManagingApi) -> Sequence[Route]:
    one = "/accounts/{account}"
    known = ("no_such_account", *ENTRY)
    fresh = ("confirm_needed", *known)
    action: StaffAction = "manage_accounts"
    return [
        get(
            "/accounts",
            api.find,
            "All accounts.",
            m.AccountsAnswer,
            ("bad_request", *ENTRY),
            staff=action,
            query=m.AccountsQuery,
        ),
        post(
            "/accounts",
            api.make,
            "A new account, with an invitation; sent by e-mail, if there is an address.",
            m.InvitedAnswer,
            m.NewAccountRequest,
            ("confirm_needed", "login_taken", *SENT, *ENTRY),
            staff=action,
            status=201,
        ),
        get(one, api.show, "One account.", m.AccountAnswer, known, staff=action),
        *(
            post(f"{one}/{path}", handler, summary, answer, request, (*more, *SENT, *entry), staff=action)
            for path, handler, summary, answer, request, more, entry in (
                (
                    "change",
                    api.change,
                    "Name, login, e-mail address or roles.",
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
                    "A new link, to choose a password; sent by e-mail, if that is asked for.",
                    m.InvitedAnswer,
                    m.InviteRequest,
                    ("account_disabled",),
                    fresh,
                ),
                ("reset-second-factor", api.reset, "They set up a new one.", m.AccountAnswer, m.Nothing, (), fresh),
                ("unlock", api.unlock, "They may try again at once.", m.AccountAnswer, m.Nothing, (), known),
                ("sign-out", api.sign_out, "Ends all their sessions.", None, m.Nothing, (), known),
            )
        ),
    ]


def api_keys(api: ApiKeysApi) -> Sequence[Route]:
    action: StaffAction = "manage_keys"
    return [
        get("/keys", api.find, "Keys of the clinic's software.", m.KeysAnswer, ENTRY, staff=action),
        post(
            "/keys",
            api.make,
            "A new key. Its secret is shown once.",
            m.NewKeyAnswer,
            m.NewKeyRequest,
            ("confirm_needed", "too_many_keys", *SENT, *ENTRY),
            staff=action,
            status=201,
        ),
        post(
            "/keys/{key}/revoke",
            api.revoke,
            "Nobody gets in by it any more.",
            m.KeyAnswer,
            m.Nothing,
            ("no_such_key", *SENT, *ENTRY),
            staff=action,
        ),
    ]


def emergencies(api: EmergencyApi) -> Sequence[Route]:
    return [
        post(
            "/emergency",
            api.take,
            "Emergency access: read what one's role does not show, and say why.",
            m.EmergencyAnswer,
            m.EmergencyRequest,
            ("emergency_already", *SENT, *ENTRY),
            staff="break_glass",
        ),
        post(
            "/emergency/end",
            api.end,
            "Gives it back.",
            None,
            m.Nothing,
            ("no_such_emergency", *SENT, *ENTRY),
            staff="break_glass",
        ),
        get(
            "/emergencies",
            api.find,
            "Who took it, when and why.",
            m.EmergenciesAnswer,
            ("bad_request", *ENTRY),
            staff="close_alerts",
            query=m.EmergenciesQuery,
        ),
        post(
            "/emergencies/{emergency}/acknowledge",
            api.acknowledge,
            "Says that somebody has looked at it.",
            m.EmergencyAnswer,
            m.Nothing,
            ("no_such_emergency", "not_your_own", "changed_meanwhile", *SENT, *ENTRY),
            staff="close_alerts",
        ),
    ]
