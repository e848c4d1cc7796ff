"""PEOPLE: the HTTP API, the signaling socket, tokens, rooms, roles and the waiting room.

A person's way in, file by file: `routes.py` -> `connection.py` -> `entrance.py` -> `sessions.py` -> `room.py`, and
from there by orders (`orders.py`) to the media server. Packets are not this package's business: `sfu` has those.
"""
