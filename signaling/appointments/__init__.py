"""Appointments over HTTP: booking them, the links with which people come, check-in, the day, who is late or missing.

`rules.py` and `attendance.py` are pure; `messages.py` says what goes in and out, `told.py` who is told of a change.
Not here: mail, SMS and webhooks, which are told; how sessions go (`sessions.py`).
"""
