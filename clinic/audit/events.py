"""What the audit log can say: the kinds of events, each with what it is about, and the shape of one.

An event holds ids as the clinic's own systems give them, never names, addresses, or what was said or written. Kinds are
closed: one that is not here cannot be written, so that a report can promise to be complete.
Not here: how events are kept (`log.py`), and who tells of them (`signaling`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

ActorKind = Literal["staff", "key", "link", "server", "operator"]
"""`staff`: somebody signed in. `key`: the clinic's software. `link`: whoever holds a link or a token for a session or
for recordings. `server`: this service by itself. `operator`: the command line."""

Detail = str | int | float | bool | None

KINDS: Final[Mapping[str, str]] = {
    # calls
    "call.join": "Somebody came to a session's door and was taken.",
    "call.wait": "Somebody waits to be let in.",
    "call.admit": "Somebody was let in; `subject` is who.",
    "call.decline": "Somebody was not let in.",
    "call.leave": "Somebody left, or was lost; `why` says how.",
    "call.remove": "Somebody was removed from a session.",
    "call.end": "A session was ended for all, or expired.",
    "call.refuse": "Somebody came to the door and was refused; `code` says why.",
    "call.move": "A call was moved from one device to another.",
    # consent and recordings
    "consent.ask": "Everybody was asked whether the session may be recorded.",
    "consent.give": "Somebody agreed to be recorded.",
    "consent.refuse": "Somebody refused to be recorded.",
    "consent.withdraw": "Somebody withdrew what they had agreed to.",
    "record.start": "A recording began.",
    "record.pause": "A recording paused.",
    "record.resume": "A recording went on.",
    "record.stop": "A recording ended.",
    "record.fail": "A recording failed.",
    "recording.list": "The list of recordings was looked at.",
    "recording.view": "A recording was played, or looked at in detail.",
    "recording.export": "A recording left the server: downloaded or exported.",
    "recording.compose": "A film of a recording was ordered.",
    "recording.verify": "A recording was checked.",
    "recording.hold": "A recording was put on hold, or released.",
    "recording.delete": "Keys of a recording were destroyed: nothing opens it any more.",
    "key.use": "A key of the clinic was used: to open, to sign, or to wrap.",
    "key.change": "A key was made, changed or taken away.",
    # people who sign in
    "account.sign_in": "Somebody signed in.",
    "account.sign_out": "Somebody signed out, or was signed out by the server; `why` says how.",
    "account.fail": "Somebody could not sign in; `code` says why.",
    "account.lock": "An account was locked, or unlocked.",
    "account.create": "An account was made.",
    "account.change": "An account was changed: roles, state, second factor, password; `what` says which.",
    "account.sync": "Accounts were provisioned by the booking system.",
    "account.break_glass": "Emergency access was taken; `subject` is where its reason is kept, encrypted.",
    "access.refuse": "Something was asked for that a role or a scope does not allow.",
    "apikey.create": "An API key was made.",
    "apikey.revoke": "An API key was taken away.",
    "token.issue": "A token for a session or for recordings was handed out.",
    # appointments, the day, notes
    "appointment.create": "An appointment was made.",
    "appointment.change": "An appointment was moved or changed.",
    "appointment.cancel": "An appointment was cancelled.",
    "appointment.view": "Appointments of a patient were looked at.",
    "link.issue": "A patient's or a guest's link was made.",
    "link.open": "A link was opened on a device.",
    "link.refuse": "A link was refused; `code` says why.",
    "link.revoke": "A link was revoked.",
    "checkin.give": "A patient checked in: answers were kept.",
    "checkin.view": "A check-in's answers were looked at.",
    "message.send": "An invitation, reminder or change was handed to a mail or SMS server.",
    "message.fail": "A message could not be sent for good.",
    "note.write": "A note was written.",
    "note.view": "A note was looked at.",
    "note.delete": "A note was deleted.",
    # usage, billing, webhooks
    "usage.view": "Minutes of sessions were looked at.",
    "usage.export": "Minutes were exported, or a statement was signed.",
    "billing.change": "The table of service codes was changed.",
    "webhook.change": "A webhook was made, changed or removed.",
    "webhook.fail": "A delivery was given up.",
    "webhook.replay": "Deliveries were sent again by hand.",
    # keeping
    "retention.change": "How long a kind of record is kept was changed.",
    "retention.run": "Records were deleted because their time was over.",
    "hold.place": "Records were put on legal hold.",
    "hold.release": "A legal hold was released.",
    "record.delete": "Records were deleted by somebody, with proof.",
    "patient.export": "Everything that is kept of a patient was exported.",
    "backup.make": "A backup was made.",
    "backup.restore": "A backup was restored.",
    # the log itself, and the server
    "audit.view": "The audit log was searched.",
    "audit.export": "The audit log was exported.",
    "audit.gap": "Events could not be written for a while; `count` says how many calls went on meanwhile.",
    "server.start": "The service started; `version` and `settings` (a digest) say as what.",
    "server.stop": "The service stopped.",
    "config.change": "The settings differ from those of the last start; `names` says which.",
    "code.served": "The web client that is served; `digest` says which.",
    "alert.raise": "Something unusual was noticed; `rule` says what.",
    "alert.close": "Somebody looked at an alert and closed it.",
}
"""Kind -> what it says, in English. Documents and the web client's catalogue are compared with this."""


@dataclass(frozen=True)
class Event:
    """One thing that happened."""

    kind: str
    at: float
    """Seconds since 1970 (UTC)."""
    actor_kind: ActorKind
    actor: str
    """Who did it: an account's id, a key's id, a token's `sub`, or what of the server did."""
    session: str | None = None
    """The session it is about."""
    patient: str | None = None
    """The patient it is about, as the clinic's own systems call them: what access by patient is searched by."""
    subject: str | None = None
    """What else it is about: an id of a recording, an account, an appointment, a person."""
    details: Mapping[str, Detail] = field(default_factory=dict)
    """A few plain values. Never a name, an address, a secret, or anything about health."""
