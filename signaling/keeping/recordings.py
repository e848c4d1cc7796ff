"""Recordings as a kind of record: their keys go, and with those everything; their files after that (`vault.py`).

A recording is known by its session, so it is a patient's as far as their session was theirs alone. Not here: holds on
single recordings, which the page of recordings places (`recordings_api.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from clinic import Held, IllegalMove, Recording, Recordings, RecordingState, Retention, ShredProof
from clinic.keeping.kinds import Sheet
from clinic.keeping.records import DeletedSecret, Due, Gone, Subject
from signaling.vault import Vault

HERE = (
    RecordingState.CAPTURED,
    RecordingState.COMPOSING,
    RecordingState.READY,
    RecordingState.FAILED,
)
"""What there is still something of."""

HOW = "Ask the clinic to play it for you, or for a copy that only you can open (an age file for your own key)."


class KeptRecordings:
    def __init__(self, vault: Vault, ended: Callable[[str], None] = lambda recording: None) -> None:
        """`ended`: whoever watches this recording sees its end."""
        self._vault = vault
        self._ended = ended

    @property
    def _recordings(self) -> Recordings:
        return self._vault.recordings

    @property
    def _retention(self) -> Retention:
        return self._vault.retention

    async def due(self, before: float, now: float) -> Due:
        """By the deadline that each has with it, which follows the rule (`sweep.py`)."""
        return Due(*await self._retention.over(now))

    async def forget(self, before: float, limit: int, now: float) -> Gone:
        ids: list[str] = []
        secrets: list[DeletedSecret] = []
        for recording in await self._retention.due(now, limit):
            proof = await self._vault.shred(recording.id, None, by="retention", reason="Its time was over.", now=now)
            self._ended(recording.id)
            ids.append(recording.id)
            secrets += _secrets(proof)
        return Gone(tuple(ids), tuple(secrets))

    async def of_patient(self, who: Subject, after: str | None, limit: int) -> Sheet:
        sessions = sorted(who.sessions)
        at = 0 if after is None else int(after)
        shown = []
        for session in sessions[at : at + limit]:
            for recording in await self._of_session(session):
                shown.append(
                    {
                        "id": recording.id,
                        "session": recording.session,
                        "started_at": recording.started_at,
                        "ended_at": recording.ended_at,
                        "deleted": recording.state is RecordingState.SHREDDED,
                        "how_to_get_it": HOW if recording.state in HERE else None,
                    }
                )
        more = str(at + limit) if at + limit < len(sessions) else None
        return Sheet(tuple(shown), more)

    async def delete_of_patient(self, who: Subject, limit: int, *, by: str, reason: str, now: float) -> Gone:
        """All of them at once: each is a transaction of its own."""
        ids: list[str] = []
        secrets: list[DeletedSecret] = []
        held = left = 0
        for session in sorted(who.sessions):
            for recording in await self._of_session(session):
                if recording.state is RecordingState.SHREDDED:
                    continue
                try:
                    proof = await self._vault.shred(recording.id, None, by=by, reason=reason, now=now)
                except Held:
                    held += 1
                    continue
                except IllegalMove:
                    left += 1  # it is being recorded
                    continue
                self._ended(recording.id)
                ids.append(recording.id)
                secrets += _secrets(proof)
        for session in sorted(who.shared):
            left += len([each for each in await self._of_session(session) if each.state in HERE])
        return Gone(tuple(ids), tuple(secrets), held=held, left=left)

    async def delete_one(self, id: str, *, by: str, reason: str, now: float) -> Gone:
        proof = await self._vault.shred(id, None, by=by, reason=reason, now=now)
        self._ended(id)
        return Gone((id,), tuple(_secrets(proof)))

    async def _of_session(self, session: str) -> list[Recording]:
        page = await self._recordings.find(only=session, limit=200)
        found = list(page.recordings)
        while page.next is not None:
            page = await self._recordings.find(only=session, after=page.next, limit=200)
            found += page.recordings
        return found


def _secrets(proof: ShredProof) -> list[DeletedSecret]:
    return [DeletedSecret(key.of, key.id, key.sha256) for key in proof.keys]
