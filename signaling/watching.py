"""Watching: what one person looks at, and what the media server says of it.

Which of their slots are shown in which size, whom they have put before the others, whose picture their connection is
too weak for, and which of their own encodings anybody watches. Pure, and forgotten with the media connection.

Not here: who plays in which slot (`wiring.py`), which encoding a slot gets (`sfu`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sfu import LayersWanted, PeerId, PictureHeld
from signaling.messages import Source, View, Wanted
from signaling.orders import Order, Rank, Show
from signaling.sparing import Sparing

FULL = 4320
"""Lines. The height of a slot of which nobody has said how it is shown."""

OTHERS, SPEAKING, CHOSEN = 0, 1, 2
"""Ranks: where there is not enough for all, the higher one is given more."""

Standing = tuple[int, bool]
"""Of a slot: its rank, and whether it is sure to be given something before others are given anything."""


@dataclass
class Watching:
    pinned: str | None = None
    held: set[str] = field(default_factory=set)
    """Slots whose picture is stopped for want of room."""
    wanted: dict[Source, list[str]] = field(default_factory=dict)
    """Of what this person sends: the encodings that anybody watches."""
    told: Wanted = field(default_factory=lambda: Wanted(layers={}))
    """The same, and what their connection allows of it, as their page knows it."""
    _heights: dict[str, int] = field(default_factory=dict)
    _shown: dict[str, int] = field(default_factory=dict)
    _ranked: dict[str, Standing] = field(default_factory=dict)

    def look(self, view: View, slots: Collection[str]) -> None:
        """`slots`: this person's own. Others are passed over: the page spoke of what was a moment ago."""
        self._heights = {shown.mid: shown.height for shown in view.slots if shown.mid in slots}
        self.pinned = view.pinned

    def take(self, event: LayersWanted | PictureHeld) -> None:
        """What the media server says."""
        if isinstance(event, LayersWanted):
            self.wanted = {source: list(rids) for source, rids in event.layers.items()}
        elif event.held:
            self.held.add(event.slot)
        else:
            self.held.discard(event.slot)

    def page_is_new(self) -> None:
        """Whoever listens now was told nothing."""
        self.told = Wanted(layers={})

    def news(self, sparing: Sparing) -> Wanted | None:
        """What the page has to be told. `sparing`: of what this person sends."""
        layers: dict[Source, list[str]] = {"camera": [], "screen": []} if sparing.no_pictures else dict(self.wanted)
        wanted = Wanted(layers=layers, sound=sparing.sound)
        if wanted == self.told:
            return None
        self.told = wanted
        return wanted

    def orders(self, peer: PeerId, slots: Sequence[str], standings: Mapping[str, Standing]) -> list[Order]:
        """What the media server has to be told. `standings`: of the slots in which a picture plays."""
        orders: list[Order] = []
        for slot in slots:
            height = self._heights.get(slot, FULL)
            if self._shown.get(slot, FULL) != height:
                self._shown[slot] = height
                orders.append(Show(peer, slot, height))
        for slot, standing in standings.items():
            if self._ranked.get(slot, (OTHERS, False)) != standing:
                self._ranked[slot] = standing
                orders.append(Rank(peer, slot, *standing))
        return orders
