"""Inputs made from other inputs: bits turned, numbers pushed to their limits, parts moved, doubled and left out.

Seeded: the same seed and the same corpus give the same inputs. Not here: which inputs are worth keeping
(`driver.py`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from tests.fuzz.target import Target

LIMITS = (0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 100, 127, 128, 192, 200, 205, 206, 223, 254, 255)
WIDE_LIMITS = (
    *(0, 1, 255, 256, 1000, 1200, 1500, 1600, 1601, 2048, 4095, 4096, 0x7FFF, 0x8000, 0xBEDE, 0xFFFE, 0xFFFF),
    *(0x1000, 0x100F, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF),
)
MOST_CHANGES = 5
"""Of one input. More, and nothing of what made it worth keeping is left."""

HINTS_TRIED = 20
"""Most of what is compared never stood in the input."""


class Mutator:
    def __init__(self, target: Target, chance: random.Random) -> None:
        self._target = target
        self._chance = chance
        self.hints: Sequence[tuple[bytes, bytes]] = ()
        """(what the code found, what it compared that with), from the last input that was looked at closely."""
        self._ways: list[Callable[[bytearray], None]] = [
            self._turn_bit,
            self._set_byte,
            self._set_limit,
            self._add_little,
            self._delete,
            self._double,
            self._insert_random,
            self._insert_word,
            self._overwrite_word,
            self._truncate,
            self._follow_hint,
            self._follow_hint,
        ]

    def mutate(self, data: bytes, others: Sequence[bytes]) -> bytes:
        """`others` are inputs that parts may be taken from."""
        shape = self._target.shape
        for _ in range(self._chance.randint(1, MOST_CHANGES)):
            if shape is None:
                data = self._change(data, others)
                continue
            parts = shape.split(data)
            if not parts or self._chance.random() < 0.3:
                parts = self._rearrange(parts, shape.split(self._chance.choice(others)) if others else [])
            else:
                at = self._chance.randrange(len(parts))
                parts[at] = self._change(parts[at], others)
            data = shape.join(parts)
        return data[: self._target.longest]

    def _rearrange(self, parts: list[bytes], foreign: list[bytes]) -> list[bytes]:
        chance = self._chance
        at = chance.randrange(len(parts) + 1)
        way = chance.randrange(8)
        if way > 5:
            if self._target.words:
                parts[at : at + (way == 6)] = [chance.choice(self._target.words)]
        elif way == 0 and parts:
            del parts[at : at + chance.randint(1, 4)]
        elif way == 1 and parts:
            copied = parts[at : at + chance.randint(1, 4)]
            parts[at:at] = copied * chance.choice((1, 1, 2, 8))
        elif way == 2 and len(parts) > 1:
            one, other = chance.sample(range(len(parts)), 2)
            parts[one], parts[other] = parts[other], parts[one]
        elif way == 3:
            parts = parts[:at] + foreign[chance.randrange(len(foreign) + 1) :]
        elif foreign:
            first = chance.randrange(len(foreign))
            parts[at : at + (way == 4)] = foreign[first : first + chance.randint(1, 4)]
        return parts

    def _change(self, data: bytes, others: Sequence[bytes]) -> bytes:
        changed = bytearray(data)
        if others and self._chance.random() < 0.05:
            other = self._chance.choice(others)
            first = self._chance.randrange(len(other) + 1)
            at = self._chance.randrange(len(changed) + 1)
            changed[at:at] = other[first : first + self._length()]
        else:
            self._chance.choice(self._ways)(changed)
        return bytes(changed)

    def _length(self) -> int:
        return self._chance.choice((1, 1, 2, 3, 4, 8, 16, 40, 200))

    def _place(self, data: bytearray, size: int = 1) -> int:
        # the first bytes of a packet are its header: look there as often as everywhere else together
        last = max(len(data) - size, 0)
        return (
            self._chance.randrange(min(last, 16) + 1) if self._chance.random() < 0.5 else self._chance.randint(0, last)
        )

    def _turn_bit(self, data: bytearray) -> None:
        if data:
            data[self._place(data)] ^= 1 << self._chance.randrange(8)

    def _set_byte(self, data: bytearray) -> None:
        if data:
            data[self._place(data)] = self._chance.choice((*LIMITS, self._chance.randrange(256)))

    def _set_limit(self, data: bytearray) -> None:
        size = self._chance.choice((2, 4))
        if len(data) >= size:
            at = self._place(data, size)
            value = self._chance.choice((*WIDE_LIMITS, len(data), len(data) - at, (len(data) - at) // 4))
            data[at : at + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "big")

    def _add_little(self, data: bytearray) -> None:
        size = self._chance.choice((1, 2, 4))
        if len(data) >= size:
            at = self._place(data, size)
            value = int.from_bytes(data[at : at + size], "big") + self._chance.randint(-16, 16)
            data[at : at + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "big")

    def _delete(self, data: bytearray) -> None:
        at = self._place(data)
        del data[at : at + self._length()]

    def _double(self, data: bytearray) -> None:
        at = self._place(data)
        copied = data[at : at + self._length()]
        data[at:at] = copied * self._chance.choice((1, 1, 3))

    def _insert_random(self, data: bytearray) -> None:
        at = self._place(data, 0)
        length = self._length()
        data[at:at] = self._chance.choice(
            (self._chance.randbytes(length), bytes([self._chance.choice(LIMITS)]) * length)
        )

    def _insert_word(self, data: bytearray) -> None:
        if self._target.words:
            at = self._place(data, 0)
            data[at:at] = self._chance.choice(self._target.words)

    def _overwrite_word(self, data: bytearray) -> None:
        if self._target.words:
            word = self._chance.choice(self._target.words)
            at = self._place(data, len(word))
            data[at : at + len(word)] = word

    def _truncate(self, data: bytearray) -> None:
        if data:
            del data[self._place(data) :]

    def _follow_hint(self, data: bytearray) -> None:
        """Writes what the code compared with in the place of what it found."""
        for _ in range(HINTS_TRIED):
            seen, wanted = self._chance.choice(self.hints) if self.hints else (b"", b"")
            if seen and seen in data:
                break
        else:
            self._turn_bit(data)
            return
        at = data.find(seen, self._chance.randrange(len(data)))
        if at < 0:
            at = data.find(seen)
        data[at : at + len(seen)] = wanted
