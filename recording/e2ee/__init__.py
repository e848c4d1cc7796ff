"""End-to-end encryption as the recorder needs it: frames are opened with keys that each person's browser gave it.

The protocol is docs/e2ee.md, the messages of its handshake are docs/e2ee-messages.md; the browser's side of it is
`web/js/e2ee`. All of it without sockets, clocks or chance of its own. Nothing comes out of here unopened.
"""

from __future__ import annotations

from recording.e2ee.clear_bytes import Format
from recording.e2ee.errors import BadFrame, BadKey, CannotOpen, E2eeError, Reason, UsedUp
from recording.e2ee.frames import Source, open_frame, seal_frame
from recording.e2ee.handshake import (
    Agreed,
    DoesNotFit,
    Event,
    Handshake,
    Missing,
    NotAgreed,
    Refusal,
    Refused,
    Taken,
)
from recording.e2ee.hpke import Entropy, PrivateKey, PublicKey
from recording.e2ee.keyring import KeyRing
from recording.e2ee.messages import BadMessage, Have, Name, SenderKey
from recording.e2ee.secret import Secret
from recording.e2ee.sframe import Sender

__all__ = [
    "Agreed",
    "BadFrame",
    "BadKey",
    "BadMessage",
    "CannotOpen",
    "DoesNotFit",
    "E2eeError",
    "Entropy",
    "Event",
    "Format",
    "Handshake",
    "Have",
    "KeyRing",
    "Missing",
    "Name",
    "NotAgreed",
    "PrivateKey",
    "PublicKey",
    "Reason",
    "Refusal",
    "Refused",
    "Secret",
    "Sender",
    "SenderKey",
    "Source",
    "Taken",
    "UsedUp",
    "open_frame",
    "seal_frame",
]
