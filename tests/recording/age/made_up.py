"""Keys, chance and texts that are the same each time."""

from __future__ import annotations

import random

from recording.age import Entropy, Identity

IDENTITY = Identity.generate(random.Random(1).randbytes)
OTHER = Identity.generate(random.Random(2).randbytes)
RECIPIENT = IDENTITY.recipient


def chance(seed: int) -> Entropy:
    return random.Random(seed).randbytes


def text(size: int, seed: int = 0) -> bytes:
    """Without two chunks alike."""
    return random.Random(seed).randbytes(size)
