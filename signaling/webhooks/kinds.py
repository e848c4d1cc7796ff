"""The kinds of events that webhooks tell of, and how each follows from what the audit log is told.

A webhook says that something happened and to which ids; what may be known of it is asked for with an API key. Names,
addresses, and what was said or written are never in one. Not here: how they are delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

Kind = Literal[
    "session.started",
    "session.ended",
    "person.joined",
    "person.waiting",
    "person.admitted",
    "person.left",
    "recording.started",
    "recording.paused",
    "recording.resumed",
    "recording.finished",
    "recording.failed",
    "recording.ready",
    "recording.deleted",
    "consent.asked",
    "consent.given",
    "consent.refused",
    "consent.withdrawn",
    "appointment.made",
    "appointment.moved",
    "appointment.cancelled",
    "appointment.checked_in",
    "appointment.missed",
    "usage.ready",
    "endpoint.tested",
]

KINDS: Final[Mapping[Kind, tuple[str, str]]] = {
    "session.started": ("Somebody came to a session that nobody was in.", ""),
    "session.ended": ("The last person left a session, or it was ended for all.", "`why`"),
    "person.joined": ("Somebody came to a session's door.", "`role`"),
    "person.waiting": ("They wait to be let in.", "`role`"),
    "person.admitted": ("They were let in.", "`role`"),
    "person.left": ("They left, were lost, removed, or not let in.", "`role`, `why`"),
    "recording.started": ("A recording began: everybody had agreed.", "`recording`"),
    "recording.paused": ("It paused.", "`recording`"),
    "recording.resumed": ("It went on.", "`recording`"),
    "recording.finished": ("It ended; what was recorded can be played.", "`recording`, `why`"),
    "recording.failed": ("It failed.", "`recording`"),
    "recording.ready": ("A film was made of it.", "`recording`"),
    "recording.deleted": ("Its keys were destroyed: nothing opens it any more.", "`recording`"),
    "consent.asked": ("Everybody was asked whether the session may be recorded.", "`recording`"),
    "consent.given": ("Somebody agreed.", "`recording`, `role`"),
    "consent.refused": ("Somebody refused.", "`recording`, `role`"),
    "consent.withdrawn": ("Somebody withdrew what they had agreed to.", "`recording`, `role`"),
    "appointment.made": ("An appointment was made.", "`appointment`, `external`, `revision`, `starts_at`, `minutes`"),
    "appointment.moved": ("It was moved or changed.", "`appointment`, `external`, `revision`, `starts_at`, `minutes`"),
    "appointment.cancelled": ("It was cancelled.", "`appointment`, `external`, `revision`, `starts_at`, `minutes`"),
    "appointment.checked_in": ("A patient or a guest answered the questions before a visit.", "`appointment`"),
    "appointment.missed": ("Its time is over, and they were never there together.", "`appointment`"),
    "usage.ready": ("A session's minutes have been reckoned.", "`appointment`"),
    "endpoint.tested": ("Somebody tries whether deliveries arrive. In no session; its id is `test`.", ""),
}
"""Kind -> what it says, and what stands in its `data`. docs/webhooks.md is compared with this."""

ALL: Final[tuple[Kind, ...]] = get_args(Kind)

FROM_AUDIT: Final[Mapping[str, Kind]] = {
    "call.join": "person.joined",
    "call.wait": "person.waiting",
    "call.admit": "person.admitted",
    "call.leave": "person.left",
    "call.decline": "person.left",
    "call.remove": "person.left",
    "consent.ask": "consent.asked",
    "consent.give": "consent.given",
    "consent.refuse": "consent.refused",
    "consent.withdraw": "consent.withdrawn",
    "record.start": "recording.started",
    "record.pause": "recording.paused",
    "record.resume": "recording.resumed",
    "record.stop": "recording.finished",
    "record.fail": "recording.failed",
    "recording.delete": "recording.deleted",
    "checkin.give": "appointment.checked_in",
}
"""Kinds of events of the audit log -> of webhooks. Sessions begin and end with the people in them (`feed.py`);
appointments are told by those who change them, in the same transaction."""

SUBJECTS: Final[Mapping[str, str]] = {"recording": "recording", "consent": "recording", "appointment": "appointment"}
"""What an event's `subject` is called in `data`, by the first word of its kind."""

DETAILS: Final = ("role", "why")
"""What of an event's details goes into `data`, where it is a word."""
