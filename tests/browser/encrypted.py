"""What becomes of encrypted frames between real browsers, as the browsers count it, and a person who encrypts under
another key than the one they gave away."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.browser.person import Person, eventually

SCRIPT = "".join(Path(__file__).with_name(name).read_text() for name in ("insight.js", "encrypted.js"))

HARMLESS = {"no-key", "no-slot", "replay"}
"""Why frames may be dropped where all is well: they were before this person's time here, or came twice."""

SAMPLES_OF_SOUND = (960, 2880, 5760)
"""In a packet: of 20 ms, and of 60 or 120 from those who were told that a way is narrow."""

SILENCE = -50
"""dB. Below it is what a decoder makes up when nothing comes."""


@dataclass(frozen=True)
class Came:
    """What has come of somebody's camera and microphone so far, and what the decoders made of it."""

    camera_packets: int
    frames: int
    """That were given to the decoder, or are about to be."""
    decoded: int
    key_frames: int
    """Of these."""
    height: int
    sound_packets: int
    played: int
    """Samples that were decoded; not those that were made up for what is missing."""
    energy: float


@dataclass(frozen=True)
class Counts:
    """What somebody's worker has done with frames so far. `clear`: let through as they were."""

    sealed: int
    opened: int
    clear: int
    dropped: dict[str, int]
    """By why."""


async def came(viewer: Person, other: Person) -> Came:
    return Came(**await viewer.evaluate("name => window.encrypted.came(name)", other.name))


async def counts(someone: Person) -> Counts:
    return Counts(**await someone.evaluate("() => window.encrypted.counts()"))


async def spoils(someone: Person, spoiled: bool) -> None:
    """From their next key on they encrypt under another one than they gave away, or under the same again."""
    await someone.evaluate("spoiled => { window.encrypted.spoils = spoiled; }", spoiled)


async def is_end_to_end(someone: Person) -> None:
    """The sign in the top line says so."""

    async def look() -> bool:
        sign = await someone.evaluate('() => document.querySelector("tb-protection-pill")?.textContent ?? ""')
        return bool(re.search("In transit.*End to end", sign))

    await eventually(look, f"{someone.name} reads that it is encrypted end to end")


async def is_told(someone: Person, sentence: str, *, seconds: float = 10) -> None:
    """It stands somewhere on their page."""

    async def look() -> bool:
        return bool(await someone.evaluate("text => document.body.innerText.includes(text)", sentence))

    await eventually(look, f"{someone.name} reads: {sentence}", seconds=seconds)


async def nothing_comes_through(viewer: Person, other: Person, *, seconds: float) -> None:
    """For so long packets come of the other's camera and microphone, and no decoder gets anything out of them."""
    before = await came(viewer, other)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        heard = await viewer.evaluate("time => window.recognise.sounds(time)", 900)
        assert not [sound for sound in heard if sound["loudness"] > SILENCE], f"{viewer.name} hears {heard}"
    after = await came(viewer, other)
    both = f"{viewer.name} of {other.name}: {before} {after}"
    assert after.camera_packets > before.camera_packets, both
    assert after.sound_packets > before.sound_packets, both
    kept = [(each.frames, each.decoded, each.key_frames, each.played) for each in (before, after)]
    assert kept[0] == kept[1], both


async def runs_dry(viewer: Person, other: Person, *, seconds: float = 10) -> None:
    """What was under way of the other has been shown and played."""
    last: Came | None = None

    async def look() -> bool:
        nonlocal last
        before, last = last, await came(viewer, other)
        await viewer.listens()
        return before is not None and (before.decoded, before.played) == (last.decoded, last.played)

    await eventually(look, f"{viewer.name} decodes nothing more of {other.name}", seconds=seconds)


async def opened_everything(viewer: Person, *others: Person, gone: Sequence[Person] = ()) -> None:
    """Decoders got something from everybody, and no frame that was not opened before; also of those who are gone."""
    for other in others:
        found = await came(viewer, other)
        assert min(found.decoded, found.key_frames, found.played, found.energy) > 0, found
    small = [await other.evaluate("() => window.insight.smallSound") for other in (*others, *gone)]
    samples = SAMPLES_OF_SOUND[max(small)]
    given = int(await viewer.evaluate("samples => window.encrypted.given(samples)", samples))
    told = await counts(viewer)
    assert 0 < given <= told.opened, f"{viewer.name}: {given} {told}, small sound: {small}"
    assert told.clear == 0, f"{viewer.name}: {told}"
    assert told.dropped.keys() <= HARMLESS, f"{viewer.name}: {told}"
