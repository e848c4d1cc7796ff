"""What the audit log is told of a session.

Not here: its rows (`sessions.py`).
"""

from __future__ import annotations

import random

from bench.clinic.sessions import Booked
from clinic.audit.events import Event


def events_of(booked: Booked, chance: random.Random, now: float) -> list[Event]:
    """That day's: what led to it some days before is told with it."""
    at, whose = booked.starts_at, {"session": booked.session, "patient": booked.patient}
    told: list[tuple[str, float, str, str, dict[str, str]]] = [
        ("appointment.create", -3000, "key", "key-0", whose),
        ("link.issue", -2999, "key", "key-0", whose),
        ("message.send", -2900, "server", "outbox", whose),
        ("message.send", -2000, "server", "outbox", whose),
    ]
    if booked.was_seen(now):
        patient, therapist, session = booked.patient, booked.therapist, {"session": booked.session}
        told += [
            ("link.open", -180, "link", patient, whose),
            ("checkin.give", -150, "link", patient, whose),
            ("token.issue", -140, "link", patient, whose),
            ("call.wait", -130, "link", patient, whose),
            ("checkin.view", -100, "staff", therapist, whose),
            ("token.issue", -60, "staff", therapist, whose),
            ("call.join", -50, "staff", therapist, session),
            ("call.admit", 0, "staff", therapist, session),
            ("call.join", 1, "link", patient, whose),
            ("call.leave", 3000, "link", patient, whose),
            ("call.leave", 3001, "staff", therapist, session),
            ("call.end", 3002, "server", "sessions", session),
            ("note.write", 3100, "staff", therapist, whose),
        ]
        if booked.recorded:
            told += [
                ("consent.ask", 40, "staff", therapist, session),
                ("consent.give", 50, "link", patient, whose),
                ("consent.give", 51, "staff", therapist, session),
                ("record.start", 60, "staff", therapist, session),
                ("record.stop", 2990, "staff", therapist, session),
                ("key.use", 2991, "server", "vault", session),
                ("recording.compose", 3200, "staff", therapist, session),
                ("recording.view", 3300, "staff", therapist, session),
                ("recording.view", 3600 + chance.random() * 3600, "staff", therapist, session),
            ]
    subject = {"record": booked.recording, "recording": booked.recording, "note": booked.note}
    return [
        Event(
            kind,
            at + after,
            actor_kind,  # type: ignore[arg-type]
            actor,
            subject=subject.get(kind.partition(".")[0], booked.id),
            details={"role": "therapist" if actor_kind == "staff" else "patient"},
            **about,
        )
        for kind, after, actor_kind, actor, about in told
    ]
