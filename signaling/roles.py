"""Who may do what: tables, role x action, in sessions and with recordings. The server decides; clients only read it."""

from __future__ import annotations

from typing import Literal

Role = Literal["therapist", "patient", "interpreter", "observer"]

Action = Literal[
    "enter",
    "publish",
    "share_screen",
    "chat",
    "raise_hand",
    "admit",
    "ask_to_mute",
    "allow_screen",
    "remove",
    "lock",
    "end",
    "record",
]
"""`enter`: comes in without waiting. `admit` includes declining. `record`: starts, pauses and stops recordings, where
the clinic has them. There is no action that unmutes anyone."""

PERMISSIONS: dict[Role, frozenset[Action]] = {
    "therapist": frozenset(
        {
            "enter",
            "publish",
            "share_screen",
            "chat",
            "raise_hand",
            "admit",
            "ask_to_mute",
            "allow_screen",
            "remove",
            "lock",
            "end",
            "record",
        }
    ),
    "patient": frozenset({"publish", "chat", "raise_hand"}),
    "interpreter": frozenset({"publish", "chat", "raise_hand"}),
    "observer": frozenset({"chat"}),
}

Keeper = Literal["therapist", "supervisor", "administrator", "auditor"]
"""Who opens the page of recordings, and what for."""

KeeperAction = Literal[
    "list",
    "play",
    "download_sealed",
    "download_clear",
    "compose",
    "hold",
    "delete",
    "see_viewings",
    "verify",
]
"""`play` includes names and chapters. `hold` includes releasing."""

KEEPER_PERMISSIONS: dict[Keeper, frozenset[KeeperAction]] = {
    "therapist": frozenset({"list", "play", "download_sealed", "compose"}),
    "supervisor": frozenset({"list", "play", "download_sealed", "compose", "download_clear", "hold"}),
    "administrator": frozenset(
        {
            "list",
            "play",
            "download_sealed",
            "download_clear",
            "compose",
            "hold",
            "delete",
            "see_viewings",
            "verify",
        }
    ),
    "auditor": frozenset({"list", "see_viewings", "verify"}),
}
