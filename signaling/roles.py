"""Who may do what: one table, role x action. The server decides; the client only reads what it may."""

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
