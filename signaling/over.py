"""What people are told when they are no longer in a session. Not here: requests that are refused (`refusals.py`)."""

from __future__ import annotations

from signaling.messages import OverReason

OVER: dict[OverReason, str] = {
    "left": "You left the session.",
    "removed": "You were removed from this session.",
    "declined": "The therapist could not let you in now.",
    "ended": "The session has ended.",
    "expired": "The session has reached its time limit.",
    "moved": "The call goes on on your other device.",
    "lost": "The connection was away for too long.",
    "unencrypted": "This session is encrypted from end to end, and your browser cannot do that. Use a current browser.",
}
