"""What the composing process is told, and what it says: one JSON line in, JSON lines out.

The order holds secrets and names, so it goes over standard input only, and neither it nor anything made of it prints
them. Not here: what is done with it.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Source = Literal["microphone", "camera", "screen"]

LARGEST_ORDER = 16 * 1024 * 1024
"""Bytes of the line: some 50,000 clips. Bounds what is read before it can be judged."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Clip(_Model):
    """One track's file, in the recording's time: the file's own time is zero at `started_ms`."""

    track: str
    person: str
    source: Source
    started_ms: int = Field(ge=0)
    duration_ms: int | None = Field(ge=0)
    """None where nobody has seen its end, after a crash: it is measured before anything is planned."""
    folder: str
    """Where the file lies, and its tail if it has one (`recording/sealed`)."""
    name: str
    """Without `.age`."""
    size: int | None = Field(default=None, ge=0)
    """Bytes of it in the clear that there should be, where that is known: fewer are told."""

    @property
    def ended_ms(self) -> int:
        return self.started_ms + (self.duration_ms or 0)


class Mark(_Model):
    """As the recording has it. Kinds that mean nothing to a film are passed over."""

    at_ms: int
    kind: str
    person: str | None = None


class Words(_Model):
    """What chapters are called. `{name}` is who it is about."""

    start: str = "Start"
    join: str = "{name} joined"
    screen: str = "{name} shared the screen"
    pause: str = "After a pause"
    somebody: str = "Somebody"
    """Whose name is not known."""


class Order(_Model):
    """One film, or one mix of all sounds. A clip whose person has no identity here was shredded: it is absent, and
    that is no fault."""

    clips: tuple[Clip, ...]
    identities: dict[str, SecretStr]
    """By person, `AGE-SECRET-KEY-1...`."""
    marks: tuple[Mark, ...] = ()
    names: dict[str, SecretStr] = {}
    """By person. They go into the titles of chapters, and with `show_names` into the picture."""
    words: Words = Words()
    show_names: bool = False
    """Draws into each picture whose it is."""
    show_time: bool = False
    """Draws into the corner when it was: the day and the time of day where this runs, or without `started_at` the time
    since the recording began."""
    started_at: float | None = Field(default=None, ge=0, le=250_000_000_000)
    """When the recording began: its time zero, seconds since 1970."""
    folder: str
    """Where the film goes, as `NAME.age`."""
    name: str
    recipient: str
    """To whom it is sealed, `age1...`."""
    sound_only: bool = False
    """All that was said, without pictures: an MP4 of sound alone, which is what .m4a means."""
    width: int = Field(default=1280, ge=64, le=3840, multiple_of=2)
    height: int = Field(default=720, ge=64, le=2160, multiple_of=2)
    fps: int = Field(default=30, ge=1, le=60)
    memory_bytes: int = Field(default=3 << 30, ge=256 << 20)
    """Of address space. A process at 720p uses some hundred megabytes."""
    cpu_seconds: int = Field(default=4 * 3600, ge=1)

    def line(self) -> bytes:
        """With its secrets in the clear."""
        data = self.model_dump(mode="json")
        data["identities"] = {person: secret.get_secret_value() for person, secret in self.identities.items()}
        data["names"] = {person: name.get_secret_value() for person, name in self.names.items()}
        return json.dumps(data).encode() + b"\n"


class Trouble(_Model):
    """A clip that could not be used, or only in part. The sentence holds no names."""

    track: str
    sentence: str


class Done(_Model):
    size: int
    """Bytes of the age file."""
    sha256: str
    """Of the age file, in hex."""
    duration_ms: int
    troubles: tuple[Trouble, ...] = ()


class Said(_Model):
    """One line of the process: one of these."""

    progress: float | None = None
    """From 0 to 1."""
    done: Done | None = None
    failed: str | None = None

    def line(self) -> bytes:
        return self.model_dump_json(exclude_none=True).encode() + b"\n"
