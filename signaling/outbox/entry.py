"""The entry in a calendar that goes with a message (iCalendar, RFC 5545, sent as RFC 5546 says).

One appointment has one UID for ever, and a SEQUENCE that grows with each change, so that a calendar moves or removes
the entry that it has. Times are in UTC: every calendar shows its own. Not here: the mail around it (`mail.py`).
"""

from __future__ import annotations

import datetime

from icalendar import Calendar, Event, vCalAddress

from signaling.outbox.letters import Letter

METHODS = {"invitation": "REQUEST", "moved": "REQUEST", "cancelled": "CANCEL"}
"""By kind of message; reminders and the like come without an entry."""

PRODUCT = "-//Video//Appointments//EN"
"""Says nothing of a clinic: whoever sees the calendar sees this too."""


def entry(letter: Letter, *, summary: str, sender: str, host: str) -> tuple[str, str] | None:
    """The calendar and its method; None for messages without one. `sender`: the address that mail comes from.
    `host`: what makes a UID ours alone."""
    method, facts = METHODS.get(letter.kind), letter.facts
    if method is None or facts.starts_at is None or letter.about is None:
        return None
    start = datetime.datetime.fromtimestamp(facts.starts_at, datetime.UTC)
    event = Event()
    event.add("uid", f"{letter.about}@{host}")
    event.add("sequence", facts.revision)
    event.add("dtstamp", datetime.datetime.fromtimestamp(letter.written_at, datetime.UTC).replace(microsecond=0))
    event.add("dtstart", start)
    event.add("dtend", start + datetime.timedelta(minutes=facts.minutes))
    event.add("summary", summary)
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("organizer", vCalAddress(f"mailto:{sender}"))
    attendee = vCalAddress(f"mailto:{letter.to.get_secret_value()}")
    attendee.params["PARTSTAT"] = "NEEDS-ACTION"
    attendee.params["RSVP"] = "FALSE"
    event.add("attendee", attendee)
    if method == "REQUEST" and facts.link:
        event.add("url", facts.link)
        event.add("location", facts.link)
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    calendar.add_component(event)
    return calendar.to_ical().decode("utf-8"), method
