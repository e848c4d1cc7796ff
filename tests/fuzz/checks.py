"""What holds for everything that the engine sends, whatever was done to it."""

from __future__ import annotations

from collections.abc import Iterable

from aiortc.rtp import RtcpPacket

from tests.fuzz import models
from tests.fuzz.world import H264, H264_RTX, OPUS, VP8, VP8_RTX, VP9, VP9_RTX, Datagram, World, is_rtcp

TRANSPORT_FEEDBACK = 205

LARGEST = 1600
"""Bytes of anything but DTLS and STUN that is sent."""

DESCRIPTORS = {VP8: models.read_vp8, VP9: models.read_vp9, H264: models.read_h264}
REPEATED = {VP8_RTX: VP8, VP9_RTX: VP9, H264_RTX: H264}


def check_sent(world: World, sent: Iterable[Datagram]) -> None:
    """All of it is well-formed and goes to somebody who is in the call."""
    members = {guest.address for guest in (world.publisher, world.viewer, world.hostile, world.watcher)}
    for data, address in sent:
        assert address in members, "something is sent to a stranger"
        assert 12 <= len(data) <= LARGEST
        if is_rtcp(data):
            for part in models.split_rtcp(data):
                if part[1] == TRANSPORT_FEEDBACK and part[0] & 31 == 15:
                    models.read_arrivals(part)  # its length is odd, and aiortc takes that for a fault
                else:
                    RtcpPacket.parse(part)
        else:
            packet = models.read_rtp(data)
            assert packet is not None, "a malformed packet is sent"
            assert not packet.extensions
            assert packet.pt in DESCRIPTORS or packet.pt in REPEATED or packet.pt == OPUS


class Forwarding:
    """What a publisher sent, to recognise what its viewers get: nothing but that, changed in nothing but numbers."""

    def __init__(self) -> None:
        self._sent: set[tuple[int, bool, bytes]] = set()

    def note(self, packet: models.Rtp) -> None:
        for pt, payload in ((packet.pt, packet.payload), (REPEATED.get(packet.pt), packet.payload[2:])):
            if pt is not None:
                self._sent.add((pt, packet.marker, self._masked(pt, payload)))

    def check(self, data: bytes) -> None:
        packet = models.read_rtp(data)
        assert packet is not None
        repeated = packet.pt in REPEATED
        pt = REPEATED.get(packet.pt, packet.pt)
        payload = self._masked(pt, packet.payload[2:] if repeated else packet.payload)
        assert (pt, packet.marker, payload) in self._sent, "made up or changed"

    @staticmethod
    def _masked(pt: int, payload: bytes) -> bytes:
        return models.masked(payload, DESCRIPTORS[pt](payload)) if pt in DESCRIPTORS else payload
