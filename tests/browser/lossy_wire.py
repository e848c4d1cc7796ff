"""A wire to the media port that loses packets by chance, in both directions."""

from __future__ import annotations

import random

from tests.browser.service import Service
from tests.browser.wire import Address, MediaWire


class LossyWire(MediaWire):
    """Loses nothing before `loss` is set: a part of all datagrams, from 0 to 1."""

    def __init__(self, service: Service, seed: int, address: str = MediaWire.ADDRESS) -> None:
        super().__init__(service, address)
        self.loss = 0.0
        self._chance = random.Random(seed)

    def _from_client(self, data: bytes, client: Address) -> None:
        if not self._loses():
            super()._from_client(data, client)

    def _from_service(self, data: bytes, client: Address) -> None:
        if not self._loses():
            super()._from_service(data, client)

    def _loses(self) -> bool:
        lost = self._chance.random() < self.loss
        self.dropped += lost
        return lost
