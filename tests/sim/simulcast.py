"""A simulated camera in three sizes with three frame rates each, as browsers send it: VP8, temporal layers in a pattern
of eight frames, each frame made from one or two before it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from tests.sim.browser import MID_ID, Sender, vp8_descriptor

RID_ID, REPAIRED_RID_ID = 10, 11
RIDS = ("q", "h", "f")

PATTERN = [
    # temporal layer, whether it needs none but those of layer 0, and how many frames back those are that it needs
    (0, False, (4,)),
    (2, True, (1,)),
    (1, True, (2,)),
    (2, False, (1, 2)),
    (0, False, (4,)),
    (2, False, (1, 2)),
    (1, False, (2, 4)),
    (2, False, (1, 2)),
]

FULL_BYTES = 9600
"""Of a frame of the largest layer: 2.3 Mbit/s at 30 a second."""
PACKET = 1200
VOICE_BPS = 40_000
"""What a browser sets aside for sound of what it may send."""


@dataclass
class LayerSender(Sender):
    bytes_per_frame: int = FULL_BYTES
    active: bool = False
    place: int = 0
    """In the pattern."""

    def next_frame(self) -> list[tuple[int, int, bytes, bool]]:
        key, self.key_wanted = self.key_wanted, False
        self.keys_sent += key
        if key:
            self.place = 0
        temporal, sync, back = PATTERN[self.place % 8]
        needs = [] if key else [self.frame - each + 1 for each in back]
        self.place += 1
        if temporal == 0:
            self.tl0 += 1
        size = self.bytes_per_frame * (3 if key else 1)
        count = -(-size // PACKET)
        packets = []
        for index in range(count):
            body = struct.pack("!BIIHHII", not key, self.name, self.frame, index, count, *[*needs, 0, 0][:2])
            payload = vp8_descriptor(self.picture, self.tl0, index == 0, temporal, sync) + body
            payload += bytes(max(size // count - len(payload), 0))
            packets.append((self.seq, self.timestamp, payload, index == count - 1))
            self.sent[self.seq & 0xFFFF] = (self.timestamp, payload)
            self.seq += 1
        self.frame += 1
        self.picture += 1
        self.timestamp += 3000
        return packets


@dataclass
class SimulcastCamera:
    """Sends the sizes that are wanted, the largest no faster than it was told."""

    name: int
    layers: list[LayerSender] = field(default_factory=list)
    ceiling: int = 0
    told: list[int] = field(default_factory=list)
    """All ceilings that it was ever told."""
    on: bool = True

    def __post_init__(self) -> None:
        for place, rid in enumerate(RIDS):
            layer = LayerSender(10 * self.name + place, ssrc=5000 + 10 * self.name + place)
            layer.bytes_per_frame = FULL_BYTES >> 2 * (2 - place)
            layer.names = _names(RID_ID, rid)
            layer.repeated_names = _names(REPAIRED_RID_ID, rid)
            layer.active = rid == "f"
            self.layers.append(layer)

    @property
    def senders(self) -> list[LayerSender]:
        return self.layers

    def sending(self) -> list[LayerSender]:
        return [layer for layer in self.layers if layer.active and self.on]

    def want(self, mask: int) -> None:
        for place, layer in enumerate(self.layers):
            wanted = bool(mask >> place & 1)
            layer.key_wanted |= wanted and not layer.active
            layer.active = wanted

    def ask_key(self, ssrc: int) -> None:
        # as Chromium does: one request, a key frame of each
        for layer in self.layers:
            layer.key_wanted = True

    def obey(self, bps: int) -> None:
        self.ceiling = bps
        self.told.append(bps)
        largest = max((place for place, layer in enumerate(self.layers) if layer.active), default=0)
        for place, layer in enumerate(self.layers):
            full = FULL_BYTES >> 2 * (2 - place)
            below = sum(FULL_BYTES >> 2 * (2 - lower) for lower in range(place) if self.layers[lower].active)
            least = 200
            room = (bps - VOICE_BPS) // 240 - below
            layer.bytes_per_frame = min(full, max(room, least)) if place == largest else full


def _names(extension: int, rid: str) -> bytes:
    return bytes([MID_ID << 4]) + b"1" + bytes([extension << 4]) + rid.encode()
