"""A recorded session of known content, as sealed tracks, and what a film of it shows.

Pictures carry a number and flash with the beep of the same person. Not here: what is expected.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
from pydantic import SecretStr

from recording.age import Identity, open_bytes
from recording.compose import Clip, Mark, Order
from recording.compose.layout import Box, fit
from recording.compose.order import Source
from recording.frames import Codec
from recording.matroska import MatroskaWriter
from recording.sealed import SealedWriter
from tests.recording.age.made_up import IDENTITY, RECIPIENT, chance
from tests.recording.media.content import BITS, BRIGHT, DARK, Camera, Microphone

PICTURE_MS = 1000 / 30
SOUND_MS = 20
LIT_MS = 100
"""How long a flash and a beep last."""

SIZE = (192, 96)
"""Of the cameras."""


@dataclass
class Session:
    """Tracks are added one after the other; each person has a key of their own."""

    folder: Path
    identities: dict[str, Identity] = field(default_factory=dict)
    clips: list[Clip] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def identity(self, person: str) -> Identity:
        if person not in self.identities:
            self.identities[person] = Identity.generate(chance(100 + len(self.identities)))
        return self.identities[person]

    def camera(
        self,
        person: str,
        started_ms: int,
        duration_ms: int,
        first: int = 0,
        flash_ms: int = 0,
        codec: Codec = "VP8",
        source: Source = "camera",
        recorded_ms: int | None = None,
        size: tuple[int, int] = SIZE,
    ) -> Clip:
        """Pictures numbered from `first`, flashing each second after `flash_ms`. `recorded_ms`: how much of the
        duration is in the file."""
        clip = self._clip(person, source, started_ms, duration_ms)
        camera = Camera(codec, *size)
        file = SealedWriter(self.folder, clip.name, self.identity(person).recipient, chance(len(self.clips)))
        writer = MatroskaWriter(file, codec, *size)
        number = 0
        while (at := round(number * PICTURE_MS)) < (recorded_ms or duration_ms):
            picture = camera.picture(first + number, 1000 * at, key=number % 60 == 0, flash=_lit(at, flash_ms))
            writer.write(picture.data, at, picture.key)
            number += 1
        writer.close()
        file.close()
        return clip

    def microphone(
        self, person: str, started_ms: int, duration_ms: int, beep_ms: int = 0, muted: tuple[int, int] = (0, 0)
    ) -> Clip:
        """Beeps each second after `beep_ms`. `muted`: between these no packets came."""
        clip = self._clip(person, "microphone", started_ms, duration_ms)
        microphone = Microphone()
        file = SealedWriter(self.folder, clip.name, self.identity(person).recipient, chance(len(self.clips)))
        writer = MatroskaWriter(file, "opus")
        for at in range(0, duration_ms, SOUND_MS):
            sound = microphone.sound(at // SOUND_MS, 1000 * at, beep=_lit(at, beep_ms))
            if not muted[0] <= at < muted[1]:
                writer.write(sound.data, at, True, SOUND_MS)
        writer.close()
        file.close()
        return clip

    def order(self, **others: object) -> Order:
        settings: dict[str, object] = {
            "clips": tuple(self.clips),
            "identities": {person: identity.text() for person, identity in self.identities.items()},
            "marks": tuple(self.marks),
            "names": {"a": SecretStr("Ann"), "b": SecretStr("Ben")},
            "folder": str(self.folder),
            "name": "film",
            "recipient": str(RECIPIENT),
            "width": 640,
            "height": 360,
        }
        return Order.model_validate(settings | others)

    def film(self) -> bytes:
        return open_bytes((self.folder / "film.age").read_bytes(), [IDENTITY])

    def _clip(self, person: str, source: Source, started_ms: int, duration_ms: int) -> Clip:
        name = f"track-{len(self.clips)}"
        clip = Clip(
            track=name,
            person=person,
            source=source,
            started_ms=started_ms,
            duration_ms=duration_ms,
            folder=str(self.folder),
            name=name,
        )
        self.clips.append(clip)
        return clip


def two_people(folder: Path) -> Session:
    """Ann from the beginning, Ben from 1010 ms on; a pause from 4000 to 9000; Ann shares her screen from 10000 to
    11500; the end at 12000. Ann flashes and beeps at each second, Ben half a second after he came."""
    session = Session(folder)
    session.camera("a", 0, 4000)
    session.camera("b", 1010, 2990, 1000, flash_ms=500, codec="H264")
    session.microphone("a", 0, 4000)
    session.microphone("b", 1010, 2990, beep_ms=500)
    session.camera("a", 9000, 3000, 2000, codec="VP9")
    session.camera("b", 9000, 3000, 3000, flash_ms=500)
    session.microphone("a", 9000, 3000)
    session.microphone("b", 9000, 3000, beep_ms=500)
    session.camera("a", 10_000, 1500, 500, flash_ms=5000, source="screen", size=(384, 216))
    session.marks += [
        Mark(at_ms=0, kind="join", person="a"),
        Mark(at_ms=1010, kind="join", person="b"),
        Mark(at_ms=4000, kind="pause"),
        Mark(at_ms=9000, kind="resume"),
    ]
    return session


def frames_of(film: bytes) -> list[av.VideoFrame]:
    with av.open(io.BytesIO(film), "r") as container:
        container.streams.video[0].codec_context.options = {"err_detect": "explode"}
        return list(container.decode(video=0))


def at_ms(frame: av.VideoFrame) -> float:
    assert frame.pts is not None
    assert frame.time_base is not None
    return float(frame.pts * frame.time_base * 1000)


def look(frame: av.VideoFrame, box: Box, size: tuple[int, int] = SIZE) -> tuple[int, bool]:
    """The number and the flash of the picture in that box."""
    place = fit(box, *size)
    stripe = place.width * (size[0] // BITS) / size[0]
    number = sum(
        (_luma(frame, place.x + int((bit + 0.5) * stripe), place.y + place.height // 4) > (DARK + BRIGHT) // 2) << bit
        for bit in range(BITS)
    )
    return number, _luma(frame, place.x + place.width // 2, place.y + place.height * 3 // 4) > (DARK + BRIGHT) // 2


def is_dark(frame: av.VideoFrame, box: Box) -> bool:
    """Nothing is shown there."""
    columns = range(box.x + 4, box.x + box.width - 4, 16)
    rows = range(box.y + 4, box.y + box.height - 4, 16)
    return all(_luma(frame, x, y) < DARK - 6 for x in columns for y in rows)


def starts(times: Sequence[tuple[float, bool]]) -> list[float]:
    """When something that is on or off was switched on."""
    before = [False, *(lit for _, lit in times)]
    return [at for (at, lit), was in zip(times, before, strict=False) if lit and not was]


def _lit(at: int, offset: int) -> bool:
    return at >= offset and (at - offset) % 1000 < LIT_MS


def _luma(frame: av.VideoFrame, x: int, y: int) -> int:
    plane = frame.planes[0]
    return memoryview(plane).cast("B")[y * plane.line_size + x]
