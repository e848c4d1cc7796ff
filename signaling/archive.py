"""The archive: recordings as one visitor may see them, and whatever is wrong with them as refusals.

For a visitor whose token names one session, recordings of others do not exist. Not here: HTTP (`recordings_api.py`,
`recordings_files.py`), who a visitor is (`recordings_access.py`), keys and files (`vault.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from clinic import (
    BadValue,
    Conflict,
    Held,
    IllegalMove,
    Output,
    Person,
    Recording,
    RecordingState,
    Track,
    TrackState,
    Unavailable,
    Unknown,
    Viewing,
    ViewingKind,
    Viewings,
    Whole,
)
from recording.age import AgeError, Identity, Plaintext
from recording.keys import KeyRefused, KeyUnavailable
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.recordings_access import Visitor
from signaling.recordings_answers import MEDIA_TYPES, SUFFIXES, is_whole, media_type
from signaling.refusals import Refused
from signaling.vault import Vault

log = structlog.get_logger("recordings")

WATCHED_FOR = 3600.0
"""Seconds. Whoever plays a recording, in however many parts, is kept as having played it once in this time."""

REMEMBERED = 10_000
"""Visitors and recordings of whom it is remembered; of others the records are asked."""

TOLD: dict[ViewingKind, str] = {
    "played": "recording.view",
    "verified": "recording.verify",
    "downloaded_sealed": "recording.export",
    "downloaded_clear": "recording.export",
    "exported": "recording.export",
}
"""What the audit log calls it."""


@dataclass(frozen=True)
class Kept:
    """A film, a mix or a track, to be played or taken away."""

    recording: Recording
    id: str
    media_type: str
    filename: str
    wrapped_key: bytes
    whole: bool
    """One finished age file, as far as is known without opening it."""
    identity: Callable[[], Awaitable[Identity]]
    open: Callable[[Identity], AbstractContextManager[Plaintext]]


class Archive:
    def __init__(self, vault: Vault, viewings: Viewings, audit: Audit, clock: Clock) -> None:
        self.vault = vault
        self._audit = audit
        self.viewings = viewings
        self._clock = clock
        self._watched: dict[tuple[str, str, str], float] = {}
        self._watching = asyncio.Lock()

    async def whole(self, visitor: Visitor, recording: str) -> Whole:
        """Raises Refused: `no_such_recording`, for those that are there and not for them too."""
        whole = await self.vault.recordings.get(recording)
        if not visitor.sees(whole.recording.session):
            self._audit.told(
                "access.refuse",
                visitor.kind,
                visitor.who,
                session=visitor.room,
                subject=recording,
                code="no_such_recording",
            )
            raise Refused("no_such_recording")
        return whole

    async def names(self, visitor: Visitor, whole: Whole) -> dict[str, str]:
        """By person, as far as this visitor may know them and they can be opened now."""
        names: dict[str, str] = {}
        if not visitor.may("play") or not self.vault.keys.can_unwrap:
            return names
        for person in whole.people:
            try:
                if name := await self.vault.name(person):
                    names[person.person_id] = name
            except Unknown:
                continue  # it was deleted
            except (KeyUnavailable, KeyRefused, AgeError, UnicodeDecodeError) as error:
                log.warning("a name could not be opened", error_type=type(error).__name__)
        return names

    def output(self, whole: Whole, id: str) -> Kept:
        """A film or a mix. Raises Refused: `no_such_file`, `deleted`."""
        output = next((each for each in whole.outputs if each.id == id), None)
        if output is None:
            raise Refused("no_such_file")
        return self._kept_output(whole, output)

    def track(self, whole: Whole, id: str) -> Kept:
        """Raises Refused: `no_such_file`, `still_recording`, `deleted`."""
        track = next((each for each in whole.tracks if each.id == id), None)
        if track is None:
            raise Refused("no_such_file")
        person = next(each for each in whole.people if each.person_id == track.person_id)
        return self._kept_track(whole, track, person)

    async def tell(self, visitor: Visitor, kind: str, recording: Recording | None = None, **details: Any) -> None:
        """The audit log, before anything is shown or changed. Raises Refused: `audit_unavailable`; then nothing is."""
        await self._audit.record(
            kind,
            visitor.kind,
            visitor.who,
            session=visitor.room if recording is None else recording.session,
            subject=None if recording is None else recording.id,
            role=visitor.role,
            **(details | {"emergency": True} if visitor.emergency else details),
        )

    async def keep_viewing(self, visitor: Visitor, recording: Recording, kind: ViewingKind, **details: Any) -> None:
        """Before anything is shown. Raises Unavailable, Refused: then nothing is."""
        await self.tell(visitor, TOLD[kind], recording, how=kind, **details)
        await self.viewings.keep(Viewing(recording.id, visitor.who, visitor.role, kind, self._clock.wall()))

    async def keep_played(self, visitor: Visitor, recording: Recording, file: str) -> None:
        """As `keep_viewing`, once for an hour of watching and not for each part that a player asks for; but for each
        part while the audit log cannot be written, because then nothing is played."""
        key = (visitor.who, visitor.role, recording.id)
        async with self._watching:
            now = self._clock.wall()
            if self._audit.failing:
                await self.tell(visitor, "recording.view", recording, how="played", file=file)
            if key not in self._watched or not _lately(self._watched[key], now):
                # the records too: another server may have shown it, or this one before it was started again
                kept = await self.viewings.of_recording(recording.id)
                times = [each.at for each in kept if each.kind == "played" and (each.who, each.role) == key[:2]]
                if not times or not _lately(times[-1], now):
                    await self.keep_viewing(visitor, recording, "played", file=file)
                    times.append(now)
                self._remember(key, times[-1], now)

    def _remember(self, key: tuple[str, str, str], at: float, now: float) -> None:
        if len(self._watched) >= REMEMBERED:
            self._watched = {each: then for each, then in self._watched.items() if _lately(then, now)}
        while len(self._watched) >= REMEMBERED:
            del self._watched[next(iter(self._watched))]
        self._watched[key] = at

    def _kept_output(self, whole: Whole, output: Output) -> Kept:
        if output.wrapped_key is None or output.file is None:
            raise Refused("deleted")
        return Kept(
            recording=whole.recording,
            id=output.id,
            media_type=MEDIA_TYPES[output.kind],
            filename=f"{_day(whole.recording)}-{output.id[:6]}.{SUFFIXES[output.kind]}",
            wrapped_key=output.wrapped_key,
            whole=True,
            identity=lambda: self.vault.output_identity(output),
            open=lambda identity: self.vault.open_output(output, identity),
        )

    def _kept_track(self, whole: Whole, track: Track, person: Person) -> Kept:
        if person.wrapped_key is None:
            raise Refused("deleted")
        if track.state is TrackState.WRITING:
            raise Refused("still_recording")
        if not is_whole(track):
            raise Refused("no_such_file")
        return Kept(
            recording=whole.recording,
            id=track.id,
            media_type=media_type(track),
            filename=f"{_day(whole.recording)}-{person.role}-{track.source}-{track.id[:6]}.mkv",
            wrapped_key=person.wrapped_key,
            whole=track.size is not None,  # else a crash has left it, and nobody could finish it
            identity=lambda: self.vault.identity(person),
            open=lambda identity: self.vault.open(track, identity),
        )


def check_over(whole: Whole) -> None:
    """Raises Refused while it is recorded, and after it was deleted."""
    if whole.recording.state is RecordingState.CAPTURING:
        raise Refused("still_recording")
    if whole.recording.state is RecordingState.SHREDDED:
        raise Refused("deleted")


@contextmanager
def refusing(*, sealed: bool) -> Iterator[None]:
    """Whatever the archive's parts raise, as what whoever asked is told. `sealed`: this server never opens anything."""
    try:
        yield
    except Unknown:
        raise Refused("no_such_recording") from None
    except Held:
        raise Refused("on_hold") from None
    except (Conflict, IllegalMove):
        raise Refused("changed_meanwhile") from None
    except BadValue as error:
        raise Refused("bad_request", f"This cannot be asked: {error}.") from None
    except Unavailable as error:
        log.error("the records cannot be reached", error_type=type(error).__name__)
        raise Refused("records_unavailable", retry_after=30.0) from None
    except KeyUnavailable as error:
        if sealed:
            raise Refused("needs_clinic_key") from None
        log.error("the clinic's key cannot be reached", error_type=type(error).__name__)
        raise Refused("key_unavailable", str(error), retry_after=30.0) from None
    except KeyRefused as error:
        log.error("the clinic's key does not open a recording", error_type=type(error).__name__)
        raise Refused("key_refused", str(error)) from None
    except AgeError as error:
        log.error("a file of a recording cannot be opened", error_type=type(error).__name__)
        raise Refused("recording_damaged") from None
    except ConnectionError:
        raise  # of whoever asked
    except FileNotFoundError:
        log.error("a file of a recording is not there")
        raise Refused("no_such_file") from None
    except OSError as error:
        log.error("a file of a recording cannot be read", error_type=type(error).__name__)
        raise Refused("storage_unavailable", retry_after=30.0) from None


def _lately(at: float, now: float) -> bool:
    return 0.0 <= now - at < WATCHED_FOR


def _day(recording: Recording) -> str:
    """For the names of files: when it was, and nothing of who it was."""
    return datetime.fromtimestamp(recording.started_at, UTC).strftime("session-%Y-%m-%d-%H%M")
