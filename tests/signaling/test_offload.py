"""Offload: what goes into the bucket when, what leaves the disk, and a bucket that is away, wrong or not there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from clinic import Job, Output, Recordings, Retention, TrackState, open_database, sqlite_url
from clinic.jobs import Jobs
from recording.age import Identity, Recipient
from recording.keys import ClinicKey, SealedKey
from recording.matroska import CLUSTER
from recording.sealed import SealedWriter, files_of
from recording.storage import Bucket, Storage, StorageError, Uploads
from signaling.capture_books import output_context
from signaling.clock import Clock
from signaling.offload import LONGEST_REST, Offload
from signaling.recovery import recover
from signaling.vault import Vault
from tests.recording.storage.buckets import KilledAt
from tests.recording.storage.store import SECRET, Store, a_store
from tests.signaling.crashed import NOW, Crashed

WHOLE, TAIL = "rec/track.age", "rec/track.tail.age"


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with a_store() as store:
        yield store


class Clinic:
    """A service's recordings, one of them being captured, and its bucket. Its clock stands where the test puts it."""

    def __init__(self, store: Store, crashed: Crashed) -> None:
        self.store = store
        self.crashed = crashed
        self.name = store.new_bucket()
        self.now = 0.0
        self.content = b""
        self.use(store.bucket(self.name))
        self.writer = SealedWriter(crashed.folder / "rec", "track", crashed.person.recipient, os.urandom)

    def use(self, bucket: Bucket, *, keep_local: bool = False) -> None:
        """A service that begins anew, with this bucket."""
        self.storage = Storage(self.crashed.folder, bucket)
        self.offload = Offload(
            recordings=Recordings(self.crashed.database),
            storage=self.storage,
            uploads=Uploads(self.storage, bucket),
            clock=Clock(steady=lambda: self.now),
            random=lambda: 1.0,
            keep_local=keep_local,
        )

    @property
    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.crashed.folder)) for path in self.crashed.folder.rglob("*.age"))

    @property
    def objects(self) -> dict[str, bytes]:
        return self.store.objects(self.name)

    @property
    def vault(self) -> Vault:
        database, key = self.crashed.database, self.crashed.key
        return Vault(Recordings(database), Retention(database), key, self.crashed.folder, os.urandom, self.storage)

    def grows(self, size: int) -> None:
        more = os.urandom(size) if self.content else CLUSTER + os.urandom(size)
        self.writer.write(more)
        self.content += more
        self.writer.checkpoint()

    async def ends(self) -> None:
        self.writer.close()
        await self.crashed.books.end_file("track", TrackState.FINISHED, 1000, len(self.content))
        await self.crashed.books.end("rec", NOW)

    async def look(self) -> None:
        await self.offload.look()
        await self.offload.done()

    async def read(self, identity: Identity) -> bytes:
        with self.storage.open("rec", "track", identity) as track:
            return track.read_at(0, track.size + 1)


@pytest_asyncio.fixture
async def clinic(store: Store, tmp_path: Path) -> AsyncIterator[Clinic]:
    database = open_database(sqlite_url(tmp_path / "clinic.db"))
    await database.upgrade()
    crashed = Crashed(tmp_path, database)
    await crashed.leave(written=False)
    yield Clinic(store, crashed)
    await database.close()


async def test_a_recording_goes_up_while_it_runs_and_leaves_the_disk_when_it_is_there(clinic: Clinic) -> None:
    for size in (100, 200_000, 5):
        clinic.grows(size)
        await clinic.look()
        assert any(".parts/" in key for key in clinic.objects)
        assert clinic.files == [WHOLE, TAIL], "the disk has all of it while it grows"
    await clinic.ends()
    await clinic.look()
    assert list(clinic.objects) == [WHOLE]
    assert clinic.files == []
    (checked,) = await clinic.vault.verify("rec")
    assert (checked.bytes, checked.problem) == (len(clinic.content), None)
    await clinic.look()
    assert not (clinic.crashed.folder / "rec").exists()


async def test_the_loss_of_the_whole_machine_costs_what_came_since_the_last_look(
    clinic: Clinic, tmp_path: Path
) -> None:
    clinic.grows(300_000)
    await clinic.look()
    kept = len(clinic.content)
    clinic.grows(10)
    clinic.crashed.folder.rename(tmp_path / "lost")
    done = await recover(clinic.crashed.books, clinic.crashed.folder, NOW, clinic.storage)
    assert (done.recordings, done.tracks, done.lost) == (1, 1, 0)
    assert await clinic.read(clinic.crashed.person) == clinic.content[:kept]
    await clinic.look()
    assert list(clinic.objects) == [WHOLE]
    assert clinic.files == []


async def test_everything_stays_on_the_disk_too_where_that_is_wanted(clinic: Clinic) -> None:
    clinic.grows(100_000)
    await clinic.ends()
    bucket = KilledAt(clinic.store, clinic.name)
    clinic.use(bucket, keep_local=True)
    await clinic.look()
    assert clinic.files == list(clinic.objects) == [WHOLE]
    asked = len(bucket.calls)
    await clinic.look()
    assert len(bucket.calls) == asked, "the bucket is not asked again about what it is known to have"


async def test_a_bucket_that_is_gone_for_a_minute_costs_nothing(clinic: Clinic) -> None:
    clinic.grows(100_000)
    await clinic.look()
    before = clinic.objects
    clinic.store.goes()
    with capture_logs() as logs:
        try:
            for _ in range(30):
                clinic.now += 2
                clinic.grows(20_000)
                await clinic.look()
            assert clinic.files == [WHOLE, TAIL]
            assert await clinic.read(clinic.crashed.person) == clinic.content
        finally:
            clinic.store.starts()
        assert clinic.objects == before
        clinic.now += LONGEST_REST
        await clinic.look()
        await clinic.ends()
        await clinic.look()
    assert clinic.files == []
    assert list(clinic.objects) == [WHOLE]
    assert await clinic.read(clinic.crashed.person) == clinic.content
    assert [(log["log_level"], log["event"]) for log in logs] == [
        ("error", "recordings stay on the disk"),
        ("info", "the bucket takes recordings again"),
    ], "said once, not each time"


async def test_rests_grow_and_are_shortened_by_chance(clinic: Clinic) -> None:
    clinic.grows(100_000)
    clinic.store.goes()
    try:
        rests = []
        for _ in range(8):
            await clinic.look()
            rests.append(clinic.offload._rest_until - clinic.now)
            clinic.now = clinic.offload._rest_until
        assert rests == [2, 4, 8, 16, 32, 60, 60, 60]
        clinic.offload._random = lambda: 0.0
        await clinic.look()
        assert clinic.offload._rest_until - clinic.now == 30
    finally:
        clinic.store.starts()


async def test_what_is_wrong_with_the_bucket_is_said_and_recordings_stay(clinic: Clinic) -> None:
    clinic.grows(100_000)
    await clinic.ends()
    with capture_logs() as logs:
        clinic.use(clinic.store.bucket("nobody-made-this"))
        await clinic.look()
        with clinic.store.with_users() as (key_id, _):
            clinic.use(clinic.store.bucket(clinic.name, key_id=key_id, secret=SECRET))
            await clinic.look()
    assert [log["problem"] for log in logs] == [
        "There is no such bucket.",
        "The bucket refuses the access key, or what it may do is not enough.",
    ]
    assert SECRET not in str(logs)
    assert key_id not in str(logs)
    assert clinic.files == [WHOLE]


async def test_what_was_shredded_is_gone_from_the_bucket(clinic: Clinic) -> None:
    clinic.grows(100_000)
    await clinic.look()
    await clinic.ends()
    await clinic.look()
    await clinic.vault.shred("rec", None, by="test", reason="asked for", now=NOW)
    assert clinic.objects == {}
    assert await clinic.vault.retention.files_to_remove() == []


async def test_what_was_shredded_while_the_bucket_was_away_is_remembered_until_it_is_gone(clinic: Clinic) -> None:
    clinic.grows(100_000)
    await clinic.ends()
    await clinic.look()
    clinic.store.goes()
    try:
        proof = await clinic.vault.shred("rec", None, by="test", reason="asked for", now=NOW)
        assert [key.id for key in proof.keys] == ["seat"], "what counts is the key"
        with pytest.raises(StorageError):
            await clinic.vault.remove(await clinic.vault.retention.files_to_remove())
    finally:
        clinic.store.starts()
    assert await clinic.vault.retention.files_to_remove() == ["rec/track"]
    await clinic.vault.remove(["rec/track"])
    assert clinic.objects == {}
    assert await clinic.vault.retention.files_to_remove() == []


async def test_what_is_shredded_just_while_it_is_sent_does_not_stay(clinic: Clinic) -> None:
    clinic.grows(100_000)
    await clinic.ends()
    shredding = Shreds(clinic)
    clinic.use(shredding)
    await clinic.look()
    assert shredding.sent
    assert clinic.objects == {}


class Shreds(KilledAt):
    """Somebody has the recording deleted while it is on its way here."""

    def __init__(self, clinic: Clinic) -> None:
        super().__init__(clinic.store, clinic.name)
        self.clinic = clinic
        self.sent = False

    async def put_file(self, key: str, file: int) -> None:
        await self.clinic.vault.shred("rec", None, by="test", reason="asked for", now=NOW)
        await super().put_file(key, file)
        self.sent = True


async def test_a_film_goes_up_as_tracks_do_once_it_is_kept(clinic: Clinic) -> None:
    clinic.grows(1_000)
    await clinic.ends()
    own = Identity.generate(os.urandom)
    film = SealedWriter(clinic.crashed.folder / "rec", "film", own.recipient, os.urandom)
    film.write(b"a film")
    film.close()
    await clinic.look()
    assert clinic.files == ["rec/film.age"], "nobody knows yet what this is"
    jobs = Jobs(clinic.crashed.database)
    await jobs.add(Job("film", "compose", "rec", NOW))
    job = await jobs.claim(NOW, 30.0)
    assert job is not None
    wrapped = await clinic.crashed.key.wrap(own.secret, output_context("rec", "film"))
    digest = hashlib.sha256(files_of(clinic.crashed.folder / "rec", "film").main.read_bytes()).hexdigest()
    assert await jobs.finish(job, Output("film", "rec", "mp4", NOW, 6, digest, wrapped, "rec/film"))
    await clinic.look()
    assert clinic.files == []
    assert set(clinic.objects) == {WHOLE, "rec/film.age"}
    whole = await clinic.vault.recordings.get("rec")
    with clinic.vault.open_output(whole.outputs[0], await clinic.vault.output_identity(whole.outputs[0])) as reader:
        assert reader.read_at(0, 100) == b"a film"


async def test_a_track_that_is_being_composed_stays_until_it_is_given_back(clinic: Clinic) -> None:
    clinic.grows(1_000)
    await clinic.ends()
    await clinic.storage.bring("rec", "track")
    await clinic.look()
    assert clinic.files == list(clinic.objects) == [WHOLE]
    clinic.storage.give_back("rec", "track")
    await clinic.look()
    assert clinic.files == []


async def test_where_the_server_cannot_open_recordings_both_parts_of_a_torn_track_go_up(clinic: Clinic) -> None:
    clinic.crashed.key = SealedKey(Recipient.parse(str(clinic.crashed.clinics.recipient)), os.urandom)
    clinic.grows(100_000)
    clinic.writer.abandon()
    done = await recover(clinic.crashed.books, clinic.crashed.folder, NOW, clinic.storage)
    assert (done.recordings, done.tracks) == (1, 1)
    await clinic.look()
    assert clinic.files == []
    assert set(clinic.objects) == {WHOLE, TAIL}
    clinic.crashed.key = ClinicKey(clinic.crashed.clinics, os.urandom)
    (checked,) = await clinic.vault.verify("rec")
    assert (checked.bytes, checked.problem) == (len(clinic.content), None)


async def test_what_nobody_knows_is_left_alone(clinic: Clinic) -> None:
    clinic.grows(1_000)
    strange = clinic.crashed.folder / "somebody-elses"
    strange.mkdir()
    (strange / "file.age").write_bytes(b"not ours")
    (clinic.crashed.folder / "a note").write_text("not ours either")
    await clinic.look()
    assert not any(key.startswith("somebody") for key in clinic.objects)
    assert (strange / "file.age").exists()


async def test_a_recording_that_runs_keeps_its_folder_though_nothing_is_in_it_yet(clinic: Clinic) -> None:
    await clinic.look()
    assert (clinic.crashed.folder / "rec").is_dir()


async def test_a_fault_of_ours_ends_one_files_turn_and_nothing_else(clinic: Clinic) -> None:
    clinic.grows(1_000)

    class Faulty(Uploads):
        async def grow(self, recording: str, name: str) -> bool:
            raise RuntimeError("a fault")

    good = clinic.offload._uploads
    clinic.offload._uploads = Faulty(clinic.storage, clinic.store.bucket(clinic.name))
    with capture_logs() as logs:
        await clinic.look()
    assert [log["event"] for log in logs] == ["a fault in offloading"]
    clinic.offload._uploads = good
    await clinic.look()
    assert clinic.objects


async def test_a_bucket_that_is_away_is_not_taken_for_damage(clinic: Clinic) -> None:
    clinic.grows(100_000)
    await clinic.ends()
    await clinic.look()
    clinic.store.goes()
    try:
        with pytest.raises(StorageError):
            await clinic.vault.verify("rec")
    finally:
        clinic.store.starts()
    client, damaged = clinic.store.client(), clinic.objects[WHOLE][:-1] + b"x"
    client.put_object(Bucket=clinic.name, Key=WHOLE, Body=damaged)
    (checked,) = await clinic.vault.verify("rec")
    assert checked.problem is not None
