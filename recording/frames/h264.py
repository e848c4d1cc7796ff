"""H264 (RFC 6184, packetization mode 1): single NAL units, STAP-A and FU-A, put together to access units (Annex B).

An access unit is what has one timestamp, up to the marker. Parameter sets are kept, and every key frame begins with
those it needs, so that a decoder can start at any. If frames are encrypted, parameter sets too are taken only from
those that were opened. Not here: B-frames, which no browser sends.
"""

from __future__ import annotations

from collections.abc import Iterator

from recording.frames.bits import BadBits, Bits
from recording.frames.frame import LARGEST_FRAME, PART_COST, Frame, Opener
from recording.frames.sps import picture_size

_SLICES = range(1, 6)
_IDR, _SPS, _PPS, _DELIMITER, _FILLER = 5, 7, 8, 9, 12
_UNITS = range(1, 24)
_STAP_A, _FU_A = 24, 28
_FU_START, _FU_END = 0x80, 0x40

_START_CODE = b"\x00\x00\x00\x01"

_MOST_SETS = 16
"""Parameter sets of each kind that are kept. Browsers use one."""

_LONGEST_SET = 1024
"""Bytes of a parameter set. Real ones have less than a hundred."""


class H264:
    def __init__(self, opener: Opener | None = None) -> None:
        self._opener = opener
        self.wants_key = True
        self.broken = 0
        self._timestamp: int | None = None
        """Of the access unit that is being put together; None between two."""
        self._whole = False
        """Nothing of it is missing so far."""
        self._after_gap = False
        """It can't be told whether the next packet is the first of its access unit."""
        self._units: list[bytes] = []
        self._size = 0
        self._fragments: list[bytes] = []
        self._sps: dict[int, bytes] = {}
        self._pps: dict[int, bytes] = {}
        self._latest_sps = b""

    def push(self, timestamp: int, marker: bool, payload: bytes) -> Frame | None:
        if not payload:
            return None
        if timestamp != self._timestamp:
            self._begin(timestamp, payload)
        if self._whole and not self._take(payload):
            self._lose()
        if not marker:
            return None
        self._timestamp = None
        self._after_gap = False
        return self._end(timestamp) if self._whole else None

    def gap(self) -> None:
        self.wants_key = True
        self._whole = False
        self._after_gap = True
        self._clear()

    def _begin(self, timestamp: int, payload: bytes) -> None:
        if self._units or self._fragments:
            self._lose()  # its end never came
        # after a gap only what comes first in an access unit shows that it was not begun before
        self._whole = not self._after_gap or _begins_with_sps(payload)
        self._after_gap = False
        self._timestamp = timestamp

    def _take(self, payload: bytes) -> bool:
        """False if the packet is malformed."""
        kind = payload[0] & 0x1F
        if payload[0] & 0x80:
            return False
        if kind == _FU_A:
            return self._take_fragment(payload)
        if self._fragments:
            return False
        if kind == _STAP_A:
            return all(self._take_unit(unit) for unit in _aggregated(payload))
        return self._take_unit(payload)

    def _take_fragment(self, payload: bytes) -> bool:
        """Section 5.8."""
        if len(payload) < 3:
            return False
        flags = payload[1]
        if flags & _FU_START:
            if self._fragments:
                return False
            self._fragments.append(bytes([payload[0] & 0xE0 | flags & 0x1F]))
        elif not self._fragments:
            return False
        self._fragments.append(payload[2:])
        self._size += len(payload) + PART_COST
        if self._size > LARGEST_FRAME:
            return False
        if not flags & _FU_END:
            return True
        unit = b"".join(self._fragments)
        self._fragments = []
        return self._take_unit(unit)

    def _take_unit(self, unit: bytes) -> bool:
        kind = unit[0] & 0x1F if unit else 0
        if kind not in _UNITS or unit[0] & 0x80:
            return False
        if kind in (_SPS, _PPS) and self._opener is None and not self._keep_set(kind, unit):
            return False
        if kind not in (_DELIMITER, _FILLER):
            self._units.append(unit)
            self._size += len(unit) + PART_COST
        return self._size <= LARGEST_FRAME

    def _open(self, opener: Opener, sent: list[bytes]) -> list[bytes] | None:
        """The units that were encrypted; None if they were not, or are malformed."""
        opened = opener(_annex_b(sent))
        units = _units(opened) if opened else []
        kinds = [unit[0] & 0x1F for unit in units]
        if not units or not all(unit[0] & 0x80 == 0 and unit[0] & 0x1F in _UNITS for unit in units):
            return None
        sets = [(kind, unit) for kind, unit in zip(kinds, units, strict=True) if kind in (_SPS, _PPS)]
        if not all(self._keep_set(kind, unit) for kind, unit in sets):
            return None
        return [unit for kind, unit in zip(kinds, units, strict=True) if kind not in (_DELIMITER, _FILLER)]

    def _keep_set(self, kind: int, unit: bytes) -> bool:
        if len(unit) > _LONGEST_SET:
            return False
        try:
            # section 7.3.2: behind the profile, its constraints and the level, or at once
            number = Bits(unit[4:12] if kind == _SPS else unit[1:9]).golomb()
        except BadBits:
            return False
        kept = self._sps if kind == _SPS else self._pps
        if number >= _MOST_SETS:
            return False
        kept[number] = unit
        if kind == _SPS:
            self._latest_sps = unit
        return True

    def _end(self, timestamp: int) -> Frame | None:
        if self._fragments:
            self._lose()
            return None
        units = self._units
        self._clear()
        kinds = {unit[0] & 0x1F for unit in units}
        if kinds.isdisjoint(_SLICES):
            return None  # parameter sets by themselves: they are kept
        if self._opener is not None:
            opened = self._open(self._opener, units)
            if opened is None:
                self._lose()
                return None
            units, kinds = opened, {unit[0] & 0x1F for unit in opened}
        if _IDR in kinds:
            return self._key_frame(timestamp, [unit for unit in units if unit[0] & 0x1F not in (_SPS, _PPS)])
        return None if self.wants_key else Frame(_annex_b(units), timestamp, False)

    def _key_frame(self, timestamp: int, units: list[bytes]) -> Frame | None:
        width, height = picture_size(self._latest_sps)
        if not width or not self._pps:
            self._lose()
            return None
        self.wants_key = False
        sets = [kept[number] for kept in (self._sps, self._pps) for number in sorted(kept)]
        parameters = _annex_b(sets)
        return Frame(parameters + _annex_b(units), timestamp, True, 0, width, height, parameters)

    def _lose(self) -> None:
        self.broken += 1
        self.wants_key = True
        self._whole = False
        self._clear()

    def _clear(self) -> None:
        self._units = []
        self._fragments = []
        self._size = 0


def _annex_b(units: list[bytes]) -> bytes:
    return b"".join(_START_CODE + unit for unit in units)


def _units(frame: bytes) -> list[bytes]:
    """Of an access unit in Annex B; what stands before its first start code is left out."""
    return [unit for part in frame.split(_START_CODE[1:])[1:] if (unit := part.rstrip(b"\x00"))]


def _aggregated(payload: bytes) -> Iterator[bytes]:
    """The units of a STAP-A (section 5.7.1); an empty one where it is malformed."""
    at = 1
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 2], "big")
        unit = payload[at + 2 : at + 2 + size]
        yield unit if len(unit) == size else b""
        at += 2 + size


def _begins_with_sps(payload: bytes) -> bool:
    kind = payload[0] & 0x1F
    if kind == _STAP_A:
        return any(unit[:1] and unit[0] & 0x1F == _SPS for unit in _aggregated(payload))
    if kind == _FU_A:
        return len(payload) > 1 and payload[1] & _FU_START != 0 and payload[1] & 0x1F == _SPS
    return kind == _SPS
