"""The media plane: packets in, packets out. Knows peers, tracks and slots; never people, HTTP or files.

A packet's way: `core` (receive, open, rewrite, seal, send; connectivity checks too). What is rare comes to Python:
offers (`sdp`), credentials (`ice`), handshakes (`records`, `dtls`), joined in `peer` and `plane`, run by `server`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfu.config import MediaConfig
from sfu.core import Run, split_heard
from sfu.errors import ConfigError, PeerError, PeerErrorCode
from sfu.events import (
    KIND_OF_SOURCE,
    Heard,
    Kind,
    LayersWanted,
    LostReason,
    MediaEvent,
    PeerAnswer,
    PeerConnected,
    PeerId,
    PeerLost,
    PeerReport,
    PictureHeld,
    Slot,
    Source,
)

if TYPE_CHECKING:
    from sfu.server import MediaServer

__all__ = [
    "KIND_OF_SOURCE",
    "ConfigError",
    "Heard",
    "Kind",
    "LayersWanted",
    "LostReason",
    "MediaConfig",
    "MediaEvent",
    "MediaServer",
    "PeerAnswer",
    "PeerConnected",
    "PeerError",
    "PeerErrorCode",
    "PeerId",
    "PeerLost",
    "PeerReport",
    "PictureHeld",
    "Run",
    "Slot",
    "Source",
    "split_heard",
]


def __getattr__(name: str) -> Any:
    """The server when it is first asked for: who reads what was heard, as the writer of recordings does, starts in half
    the time without all that handshakes need."""
    if name != "MediaServer":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from sfu.server import MediaServer

    return MediaServer
