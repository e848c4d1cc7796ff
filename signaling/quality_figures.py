"""The figures of one person's connection, as they are kept and as the API tells them.

What was kept by an older version is read too: every figure may be missing, and one that is not known any more is left
out. Not here: how they are gathered (`quality.py`), and who may ask (`quality_api.py`).
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from signaling.message import Source
from signaling.quality_spread import Spread
from signaling.stats import Limit

ReconnectKind = Literal["socket", "ice", "media", "device"]
"""`socket`: the page came back on another socket, or was loaded again. `ice`: the way of the media changed. `media`: a
whole new media connection. `device`: the person took the call over on another device."""

Failure = Literal["silent", "timeout", "dtls_failed", "closed", "fault", "unfinished"]
"""Why no media connection ever came about. `silent`: nothing of it reached us, as where a firewall lets neither UDP nor
TCP through. `timeout`: the same most likely; the browser gave up before we did. `dtls_failed`: the handshake failed.
`unfinished`: they went within seconds. `fault`: ours."""


class Figures(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Measure(Figures):
    """A measure over the whole time, weighted by time. `p95`: it was no more than this for 95% of the time."""

    average: float
    p50: float
    p95: float
    most: float


class Way(Figures):
    """One direction of a person's connection, as the media server measured it."""

    bitrate: Measure | None = None
    """bit/s."""
    loss: Measure | None = None
    """0 to 1."""


class Sent(Figures):
    """One source that the person sent, as their browser told it."""

    seconds: float = 0.0
    bitrate: Measure | None = None
    loss: Measure | None = None
    jitter_ms: Measure | None = None
    round_trip_ms: Measure | None = None
    frame_rate: Measure | None = None
    """Of the largest layer."""
    sizes: dict[str, float] = {}
    """Seconds for which the largest layer had this many lines: `180`, `360`, `720` ..."""
    limited: dict[Limit, float] = {}
    """Seconds by what kept the picture from being better."""


class Received(Figures):
    """One kind of source that the person received, whoever sent it, as their browser told it."""

    seconds: float = 0.0
    bitrate: Measure | None = None
    loss: Measure | None = None
    jitter_ms: Measure | None = None
    concealed: Measure | None = None
    """Sound: the part that was invented."""
    frame_rate: Measure | None = None
    sizes: dict[str, float] = {}
    freezes: int = 0
    frozen_s: float = 0.0


class Other(Figures):
    """What the person received of one other person. This is what they say, not how the other's connection was."""

    seconds: float = 0.0
    bitrate: float = 0.0
    """Average of all sources together, bit/s."""
    loss: float | None = None
    """Average of their sources."""
    freezes: int = 0
    frozen_s: float = 0.0
    concealed: float | None = None


class Connection(Figures):
    """How one person's connection was. `up` is from the person to the server, `down` from the server to them."""

    measured_s: float = 0.0
    """How long the media server has measured it: while they were present and not alone."""
    told_s: float = 0.0
    """How much of that the person's browser has told about; 0 where it never did."""
    join_ms: int | None = None
    """From pressing Join to the first picture, as the browser says; None where there was nobody to be seen."""
    connect_ms: int | None = None
    """From the offer to the media connection."""
    round_trip_ms: Measure | None = None
    """Between browser and server."""
    up: Way = Way()
    down: Way = Way()
    candidates: dict[str, float] = {}
    """Seconds by the kind of way: `host`, `srflx`, `prflx`, `relay`."""
    transports: dict[str, float] = {}
    """Seconds by what carried it: `udp`, `tcp`; `relay-udp`, `relay-tcp`, `relay-tls` to a TURN server."""
    sent: dict[Source, Sent] = {}
    received: dict[Source, Received] = {}
    others: dict[str, Other] = {}
    """By the other's id within the session."""
    reconnects: dict[ReconnectKind, int] = {}
    attempts: int = 0
    """Media connections that were begun."""
    losses: dict[str, int] = {}
    """Media connections that were lost or did not come about, by reason."""


def measure(spread: Spread, digits: int) -> Measure | None:
    """A spread, rounded to so many decimal places."""
    found = spread.summary()
    if found is None:
        return None
    return Measure(
        average=round(found.average, digits),
        p50=round(found.p50, digits),
        p95=round(found.p95, digits),
        most=round(found.most, digits),
    )
