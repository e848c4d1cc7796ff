"""What can be wrong with what the store is asked, or with the database itself. Messages hold no value that was given.

Not here: the codes and sentences that people get (`signaling/refusals.py`).
"""

from __future__ import annotations

from sqlalchemy.exc import DontWrapMixin


class ClinicError(Exception):
    """Everything that the store raises on purpose. After any of them nothing of that one call was kept."""


class BadDatabase(ClinicError):
    """The database cannot be used at all. `str()` is for the operator and says what to do."""


class Unavailable(ClinicError):
    """The database is away, full, or busy for too long. The same call may work later; whether a change that was
    being committed just then was kept, only asking again tells."""


class Tampered(Unavailable):
    """The audit log's database contradicts what was signed: events are missing, or others than they were. Nothing is
    written any more, so that what is there can be looked at."""


class BadValue(DontWrapMixin, ClinicError, ValueError):
    """A value that cannot be kept: too long, with characters that no database takes, a time outside of history."""


class Unknown(ClinicError):
    """There is no such recording, person, track or text."""


class Conflict(ClinicError):
    """What is to be written contradicts what is there: an id that is taken, a person whose key is gone."""


class IllegalMove(ClinicError):
    """A state that cannot follow the present one (`states.py`)."""


class Held(ClinicError):
    """It is on hold, or must be kept for another reason: nothing of it may be deleted until that is over."""


class LastOne(ClinicError):
    """Nobody else could do what this account can: there is always an administrator."""
