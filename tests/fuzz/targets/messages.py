"""What a client says on the signaling socket (`signaling/messages.py`).

Input: the text of one message.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator

from pydantic import ValidationError

from signaling.messages import ClientMessage, client_messages
from tests.fuzz.target import TOKENS, Target

LONGEST = {"name": 60, "text": 4000, "token": 4096, "person": 64, "place": 80, "signed_as": 60}
"""Characters of what others are shown or we keep, by field."""


def run(data: bytes) -> Hashable:
    taken, reason = _take(data)
    assert _take(data) == (taken, reason), "the same message is understood in two ways"
    if taken is None:
        return reason
    written = taken.model_dump_json()
    assert _take(written.encode()) == (taken, frozenset()), "what was taken is not what is written"
    fields = json.loads(written)
    for name, longest in LONGEST.items():
        if fields.get(name) is not None:
            assert 1 <= len(fields[name]) <= longest
            assert fields[name] == fields[name].strip() or name in ("token", "place")
    # how long a text is, roughly: to lead to its limit
    texts = {(name, len(value).bit_length()) for name, value in fields.items() if isinstance(value, str)}
    return frozenset({fields["type"], *texts, *(name for name, value in fields.items() if value is True)})


def _take(data: bytes) -> tuple[ClientMessage | None, Hashable]:
    try:
        # as the socket gives it: aiohttp has refused what is not UTF-8
        return client_messages.validate_json(data.decode("utf-8", "replace")), frozenset()
    except ValidationError as error:
        return None, frozenset(_place(each["type"], each["loc"]) for each in error.errors(include_url=False)[:5])


def _place(kind: str, where: tuple[int | str, ...]) -> Hashable:
    # the name of a field that there is not is the client's, and each would count as something new
    return kind, where[:-1] if kind == "extra_forbidden" else where


def seeds() -> Iterator[bytes]:
    sources = {"microphone": "0", "camera": "1", "screen": None}
    offer = {"sdp": "v=0\r\n", "sources": sources}
    join = {"type": "join", "version": 1, "token": "a.b.c", "name": " Ada ", "microphone": True, "camera": False}
    for message in (
        join,
        join | {"offer": offer, "move": True},
        {"type": "resume", "version": 1, "token": "a.b.c", "offer": None, "microphone": True, "camera": True},
        {"type": "offer", "offer": offer},
        {"type": "devices", "microphone": True, "camera": False, "screen": True},
        {"type": "hand", "raised": True},
        {"type": "chat", "text": "\u00fc\n\ud83d\ude42".encode("utf-16", "surrogatepass").decode("utf-16")},
        *({"type": kind, "person": "Ab_-9"} for kind in ("admit", "decline", "remove", "ask_to_mute")),
        {"type": "allow_screen", "person": "x", "allowed": True},
        {"type": "lock", "locked": False},
        {"type": "move_answer", "allowed": True},
        {"type": "record", "action": "start"},
        {"type": "consent", "agreed": True, "text": "1a2b", "place": "Home state", "signed_as": "A. G."},
        {"type": "consent", "agreed": False},
        {"type": "stats", "ms": 5000, "sent": [], "received": []},
        {
            "type": "stats",
            "ms": 600_000,
            "path": {"candidate": "relay", "protocol": "udp", "relay": "tls"},
            "round_trip_ms": 60_000,
            "send_limit": 1_000_000_000,
            "join_ms": 0,
            "sent": [
                {
                    "source": "camera",
                    "bitrate": 1_500_000,
                    "loss": 0.015,
                    "limited": "cpu",
                    "layers": [{"width": 1280, "height": 720, "frame_rate": 29.9, "bitrate": 1_400_000}],
                }
            ],
            "received": [{"person": "x", "source": "microphone", "bitrate": 0, "concealed": 1, "jitter_ms": None}],
        },
        {"type": "chat", "text": "again", "ref": "0a1b2c3d4e5f6a7b"},
        {"type": "chat", "text": "aGVsbG8", "sealed": True},
        {"type": "join", "version": 1, "token": "a.b.c", "name": None, "encrypts": True},
        {"type": "sealed", "to": "Ab_-9", "page": 1, "body": "eyJraW5kIjoiY29tbWl0In0"},
        {"type": "sealed", "to": "recorder", "page": 9_007_199_254_740_991, "body": "A"},
        {"type": "name", "name": "Ada"},
        {"type": "ping"},
        {"type": "leave"},
        {"type": "end"},
    ):
        yield json.dumps(message).encode()


TARGET = Target(
    "messages",
    run,
    seeds,
    words=(
        *(
            b'"type":',
            b'"join"',
            b'"offer"',
            b'"version":',
            b'"sources":{',
            b'"person":',
            b"null",
            b"true",
            b"1.0",
            b"-0",
        ),
        *(
            b'"\\u0000"',
            b'"\\ud800"',
            b"1e999",
            b'"' + b"a" * 61 + b'"',
            b'"' + b"[" * 65 + b'"',
            b"\xff",
            b"NaN",
            b"[" * 300,
        ),
    ),
    shape=TOKENS,
    watched=("signaling/messages.py", "signaling/stats.py"),
)
