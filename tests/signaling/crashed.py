"""A data folder as a crash of the whole service leaves it, with one recording in it."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import SecretBytes

from clinic import Consents, Database, Person, Recording, Recordings, Retention, Track
from recording.age import Identity, seal_bytes
from recording.keys import ClinicKey, KeyProvider
from recording.matroska import CLUSTER
from recording.sealed import SealedWriter
from signaling.capture_books import Books, context_of
from signaling.receipts import Receipts
from signaling.vault import Vault

BEGAN, NOW = 1_000_000.0, 1_000_600.0


class Crashed:
    """A data folder with one recording that was being captured: one person, one track with so much in it."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder / "recordings"
        self.clinics = Identity.generate(os.urandom)
        self.key: KeyProvider = ClinicKey(self.clinics, os.urandom)
        self.person = Identity.generate(os.urandom)
        self.database = database
        self.content = CLUSTER + os.urandom(150_000)

    @property
    def books(self) -> Books:
        receipts = Receipts(SecretBytes(bytes(32)))
        return Books(Recordings(self.database), Consents(self.database), self.key, receipts, os.urandom, None)

    @property
    def vault(self) -> Vault:
        return Vault(Recordings(self.database), Retention(self.database), self.key, self.folder, os.urandom)

    async def leave(self, *, written: bool = True, finished: bool = False) -> None:
        """`written`: not only begun."""
        books = self.books
        await books.recordings.create(Recording("rec", "session", BEGAN, "all", self.key.describe()))
        wrapped = await self.key.wrap(self.person.secret, context_of("rec", "seat"))
        name = seal_bytes(b"Alex", [self.person.recipient], os.urandom)
        await books.recordings.add_person(Person("rec", "seat", "patient", name, wrapped))
        await books.recordings.open_track(Track("track", "rec", "seat", "camera", "VP8", 0, "rec/track"))
        (self.folder / "rec").mkdir(parents=True)
        if written:
            writer = SealedWriter(self.folder / "rec", "track", self.person.recipient, os.urandom)
            writer.write(self.content)
            writer.checkpoint()
            writer.write(b"lost with the crash")
            writer.close() if finished else writer.abandon()
