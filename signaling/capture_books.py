"""What is remembered of a recording while it runs: consents, keys, files and its end, kept in `clinic/`.

Waits a while for a database that is away. Not here: what happens meanwhile (`capture.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from clinic import Consent, Consents, ConsentText, Mark, Person, Recording, Recordings, Track, TrackState, Unavailable
from clinic.records import MarkKind
from recording.age import Entropy, Identity, seal_bytes
from recording.keys import KeyProvider
from signaling.messages import Source
from signaling.orders import KeepConsent
from signaling.receipts import Receipts
from signaling.recording_rules import Words
from signaling.roles import Role

T = TypeVar("T")

RETRIES = (0.5, 1.0, *[2.0] * 7)
"""Seconds between attempts, while the database is away. Longer, and it is noticed later that it is back: meanwhile
nothing new is recorded."""

DAY = 86_400.0


def context_of(recording: str, person: str) -> str:
    """What a person's key is wrapped for."""
    return f"{recording}/{person}"


def output_context(recording: str, output: str) -> str:
    """What the key of something that was made of a recording is wrapped for."""
    return f"{recording}/output/{output}"


@dataclass(frozen=True)
class Books:
    """All raise clinic.Unavailable after some patience, KeyUnavailable, KeyRefused."""

    recordings: Recordings
    consents: Consents
    keys: KeyProvider
    receipts: Receipts
    entropy: Entropy
    keep_days: int | None
    """After so many days retention deletes a recording; None: never by itself."""

    async def keep_words(self, words: Words, now: float) -> None:
        """The words that people are asked with from now on."""
        text = ConsentText(words.version, words.title, words.body, now)
        await patiently(lambda: self.consents.keep_text(text))

    async def keep_consent(self, session: str, order: KeepConsent, words: Words, identity: Identity) -> None:
        """`identity`: the person's, so that their signature goes when their tracks do."""
        sealed = None
        if order.signed_as is not None:
            sealed = seal_bytes(order.signed_as.encode(), [identity.recipient], self.entropy)
        consent = Consent(
            recording_id=order.recording,
            session=session,
            person_id=order.person,
            role=order.role,
            kind=order.kind,
            text_version=order.text_version,
            text_sha256=ConsentText(words.version, words.title, words.body, 0.0).sha256,
            rule=order.rule,
            at=order.at,
            signature=b"",
            place=order.place,
            signed_as_sealed=sealed,
        )
        await patiently(lambda: self.consents.keep(self.receipts.sign(consent)))

    async def begin(self, recording: str, session: str, rule: str, now: float) -> None:
        begun = Recording(
            id=recording,
            session=session,
            started_at=now,
            rule=rule,
            key_provider=self.keys.describe(),
            delete_after=None if self.keep_days is None else now + self.keep_days * DAY,
        )
        await patiently(lambda: self.recordings.create(begun))

    async def add_person(self, recording: str, person: str, role: Role, name: str, identity: Identity) -> None:
        """Their key, wrapped, before anything is sealed with it. Their name is sealed with it too."""
        wrapped = await self.keys.wrap(identity.secret, context_of(recording, person))
        named = self._seal(name, identity)
        await patiently(lambda: self.recordings.add_person(Person(recording, person, role, named, wrapped)))

    async def rename(self, recording: str, person: str, name: str, identity: Identity) -> None:
        """Of somebody who was added: their name was not known yet, or is another now."""
        named = self._seal(name, identity)
        await patiently(lambda: self.recordings.rename_person(recording, person, named))

    async def add_file(
        self, recording: str, person: str, source: Source, file: str, codec: str, started_ms: int
    ) -> None:
        track = Track(file, recording, person, source, codec, started_ms, f"{recording}/{file}")
        await patiently(lambda: self.recordings.open_track(track))

    async def end_file(self, file: str, state: TrackState, duration_ms: int | None, size: int | None) -> None:
        await patiently(lambda: self.recordings.finish_track(file, state, duration_ms, size))

    async def mark(self, recording: str, at_ms: int, kind: MarkKind, person: str | None) -> None:
        await patiently(lambda: self.recordings.mark(Mark(recording, at_ms, kind, person)))

    async def end(self, recording: str, now: float) -> None:
        await patiently(lambda: self.recordings.captured(recording, now))

    def _seal(self, name: str, identity: Identity) -> bytes:
        return seal_bytes(name.encode(), [identity.recipient], self.entropy)


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Asks again while the database is away. Raises clinic.Unavailable in the end, and what `ask` raises."""
    for pause in RETRIES:
        try:
            return await ask()
        except Unavailable:
            await asyncio.sleep(pause)
    return await ask()
