"""Appointments: when a therapist meets whom, the links with which people come, and what they said at check-in.

`tables.py` says what is kept, `records.py` what goes in and comes out; `appointments.py`, `patients.py`, `links.py`,
`series.py` and `checkins.py` are the stores. `calendar.py` reckons with time zones. Not here: who may ask for it
(`signaling/appointments`), and what people are told by mail.
"""
