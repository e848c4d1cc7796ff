"""The policy of end-to-end encryption: whether somebody whose browser cannot encrypt may be in a session.

Rules:
- What the setting and the tokens say combines to the strictest of it, whoever comes first, and never becomes laxer in a
  session.
- Where it is required, nobody is let in who does not encrypt; whoever is in when it becomes required is put out.
- Where it is preferred, everyone present is told as long as somebody is there who does not.

Not here: encryption, of which this package knows nothing but a recorder (`recorder.py`); docs/e2ee.md.
"""

from __future__ import annotations

from typing import Literal, get_args

Encryption = Literal["preferred", "required"]
"""`required`: everybody's browser encrypts, or does not come in. `preferred`: one that cannot may be there in the
clear, and everyone present is told."""

STRICTNESS: tuple[Encryption, ...] = get_args(Encryption)


def strictest(*policies: Encryption) -> Encryption:
    return max(policies, key=STRICTNESS.index)
