"""Rules: what holds for a session unless its tokens say otherwise. Pure data. Times in seconds."""

from __future__ import annotations

from dataclasses import dataclass

from signaling.encryption import Encryption


@dataclass(frozen=True)
class Rules:
    encryption: Encryption = "required"
    limit: int = 2
    """People in the session at once; waiting ones do not count."""
    length: float = 90 * 60
    waiting: float = 120 * 60
    """How long one person may wait. Longer, and forgotten tabs fill the waiting room."""
    waiting_room: int = 20
    """People waiting at once. Bounds what a leaked link can do to the therapist's list."""
    grace: float = 15.0
    """Lower, and a change from Wi-Fi to mobile ends calls; higher, and ghosts stay in the session."""
    silence: float = 15.0
    """After how long the media server reports a silent peer: so long ago was it last heard."""
    asking: float = 30.0
    """How long a device is asked to hand over before silence means no."""
