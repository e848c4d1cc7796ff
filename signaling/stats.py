"""What a browser has counted of its own media connection, as its page tells it every five seconds.

It comes from the other side and may be a lie. Ranges and lengths bound what a lie can be; what is believed of it, and
about whom, is `quality.py`'s and `attention.py`'s. No ids of the browser and no addresses: there is no field for them.

Not here: how it is read from a browser (`web/js/statistics.js`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from signaling.message import Message, PersonId, Source

Bits = Annotated[int, Field(ge=0, le=1_000_000_000)]
"""Bits a second."""

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
"""A part of the whole."""

Milliseconds = Annotated[int, Field(ge=0, le=60_000)]

Pixels = Annotated[int, Field(ge=0, le=8192)]

FrameRate = Annotated[float, Field(ge=0.0, le=240.0, allow_inf_nan=False)]
"""Frames a second."""

Candidate = Literal["host", "srflx", "prflx", "relay"]
"""How the client's own end of the way was found (RFC 8445): its own address, as seen from outside by a STUN server or
by us, or that of a TURN server."""

Limit = Literal["none", "bandwidth", "cpu", "other"]
"""What kept a picture from being better."""


class SentLayer(Message):
    """One encoding of a picture, as it left the browser. What was switched off is left out."""

    width: Pixels
    height: Pixels
    frame_rate: FrameRate
    bitrate: Bits


class SentStats(Message):
    """What the browser sent of one source. Loss, jitter and round trip are what the server reported back to it."""

    source: Source
    bitrate: Bits
    loss: Share | None = None
    jitter_ms: Milliseconds | None = None
    round_trip_ms: Milliseconds | None = None
    limited: Limit | None = None
    """What held for the longest part of the time."""
    layers: Annotated[list[SentLayer], Field(max_length=4)]
    """Of pictures, the smallest first."""


class ReceivedStats(Message):
    """What the browser received of one source of another person, while that was on."""

    person: PersonId
    source: Source
    bitrate: Bits
    loss: Share | None = None
    jitter_ms: Milliseconds | None = None
    concealed: Share | None = None
    """Sound that was invented because what should have been heard was not there."""
    freezes: Annotated[int, Field(ge=0, le=1000)] | None = None
    """How often the picture stood still. Null where nobody looked: the page was hidden."""
    frozen_ms: Annotated[int, Field(ge=0, le=600_000)] | None = None
    """How long, for those that ended in this time."""
    width: Pixels | None = None
    height: Pixels | None = None
    frame_rate: FrameRate | None = None


class PathStats(Message):
    """The way that media takes now."""

    candidate: Candidate
    protocol: Literal["udp", "tcp"]
    relay: Literal["udp", "tcp", "tls"] | None = None
    """How the client speaks with its TURN server."""


class Stats(Message):
    """How the call was in the last seconds, as this person's browser measured it. Nothing answers it.

    Sent every 5 s while they are present, and at once when the first picture has come. More often than that is
    dropped; so is what it says of people who are not in the session.
    """

    type: Literal["stats"] = "stats"
    ms: Annotated[int, Field(ge=100, le=600_000)]
    """The time that it is about."""
    path: PathStats | None = None
    """Null while there is none."""
    round_trip_ms: Milliseconds | None = None
    """Of the checks on that way."""
    send_limit: Bits | None = None
    """What the browser believes that it can send in all."""
    join_ms: Annotated[int, Field(ge=0, le=600_000)] | None = None
    """Told once: from pressing Join to the first picture of another person that could be shown, or to their first sound
    where no camera is on. It counts from when there was somebody to be seen, if that was later: being let in, or the
    other's coming."""
    sent: Annotated[list[SentStats], Field(max_length=3)]
    received: Annotated[list[ReceivedStats], Field(max_length=36)]
