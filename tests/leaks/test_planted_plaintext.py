"""Nothing of a recorded call lies anywhere in clear: its packets carry planted patterns, and the data folder, temporary
files, the log, and what the processes have open are searched for them, for people's names, and for the keys."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from clinic import Recordings, Retention, Whole, open_database, sqlite_url
from clinic.states import JobState
from recording.age import Identity
from recording.keys import ClinicKey
from signaling.vault import Vault
from tests.leaks.searched import family, search, swapped, written_by
from tests.signaling.process import Process, a_process
from tests.signaling.recorded_call import a_recorded_call, what_is_kept

NAMES = ("Wilhelmina Planted", "Zacharias Planted")
SECRET_KEY = b"AGE-SECRET-KEY-1"
"""What the text of every age identity begins with."""

LOOK = 0.05
FILM_WITHIN = 60.0


class Looked:
    """What the processes of a service had open to write to, and in swap, at any of many looks."""

    def __init__(self, process: Process) -> None:
        self.written: set[Path] = set()
        self.swapped = 0
        self.processes: set[int] = set()
        self._pid = process.pid
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def close(self) -> None:
        self._looking.cancel()
        await asyncio.wait([self._looking])
        if not self._looking.cancelled():
            self._looking.result()

    async def _look(self) -> None:
        while True:
            for pid in family(self._pid):
                self.processes.add(pid)
                self.written |= written_by(pid)
                self.swapped = max(self.swapped, swapped(pid))
            await asyncio.sleep(LOOK)


@asynccontextmanager
async def looked_at(process: Process) -> AsyncIterator[Looked]:
    looked = Looked(process)
    try:
        yield looked
    finally:
        await looked.close()


@asynccontextmanager
async def a_vault(data: Path, key: ClinicKey) -> AsyncIterator[Vault]:
    database = open_database(sqlite_url(data / "clinic.db"))
    try:
        yield Vault(Recordings(database), Retention(database), key, data / "recordings", os.urandom)
    finally:
        await database.close()


@pytest.mark.parametrize("key", ["file", "sealed"])
async def test_nothing_of_a_recorded_call_and_its_film_lies_anywhere_in_clear(key: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    clinics = Identity.generate(os.urandom)
    flags = ["--recordings-key", "sealed", "--recordings-public-key", str(clinics.recipient)] if key == "sealed" else []
    async with a_process(tmp_path, data, *flags) as process:
        places = [data, process.temporary, process.log]
        brought = ClinicKey(clinics, os.urandom)
        if key == "file":
            brought = ClinicKey.from_file(data / "recordings-key", os.urandom)
        async with looked_at(process) as looked, a_recorded_call(process, NAMES) as call:
            planted = {f"a packet of {name}": each.pattern for name, each in zip(NAMES, call.callers, strict=True)}
            planted |= {f"the name {name}": name.encode() for name in NAMES}
            await call.sends(150)
            assert search(places, planted) == [], "while it is written"
            await call.stops_recording()
            async with a_vault(data, brought) as vault:
                whole = await _filmed(vault)
            await call.loses_nothing()
        assert _can_be_dumped(process.pid) == _can_be_dumped(process.writer) == 0
        await process.stop()
    async with a_vault(data, brought) as vault:
        kept = await what_is_kept(vault, call.callers)
        assert all(len(numbers[source]) > 50 for numbers in kept.numbers for source in numbers), "it can be found there"
        film = whole.outputs[0]
        with vault.open_output(film, await vault.output_identity(film)) as reader:
            assert b"ftyp" in reader.read_at(0, 64), "and so is the film"
        for number, person in enumerate(whole.people):
            planted |= _key(f"key {number}", await vault.identity(person))
        planted |= _key("the film's key", await vault.output_identity(film))
    assert search(places, planted) == []
    holders = {found.partition(" in ")[2] for found in search(places, {"an identity": SECRET_KEY})}
    assert holders == ({str(data / "recordings-key")} if key == "file" else set())
    elsewhere = {path for path in looked.written if not any(path.is_relative_to(place) for place in places)}
    assert not elsewhere
    if os.geteuid() == 0:  # others may not look into these processes
        assert any(path.suffix == ".age" for path in looked.written), "it can be seen what they write"
    assert len(looked.processes) >= 3, "the service, the writer, the one that made the film"
    if looked.swapped:
        pytest.skip("all that can be searched was searched, but this machine has put some of the service into swap")


async def test_a_service_that_is_killed_leaves_nothing_in_clear_either(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with a_process(tmp_path, data, "--no-recordings-compose") as process:
        async with a_recorded_call(process, NAMES) as call:
            await call.sends(150)
            for pid in reversed(family(process.pid)):
                os.kill(pid, signal.SIGKILL)
        planted = {f"a packet of {name}": each.pattern for name, each in zip(NAMES, call.callers, strict=True)}
        planted |= {f"the name {name}": name.encode() for name in NAMES}
        assert list(data.rglob("*.tail.age")), "it was killed while it wrote"
        places = [data, process.temporary, process.log]
        async with a_vault(data, ClinicKey.from_file(data / "recordings-key", os.urandom)) as vault:
            kept = await what_is_kept(vault, call.callers)
            assert all(len(numbers[source]) > 25 for numbers in kept.numbers for source in numbers)
            for number, person in enumerate((await _whole(vault)).people):
                planted |= _key(f"key {number}", await vault.identity(person))
    assert search(places, planted) == []


async def _whole(vault: Vault) -> Whole:
    """The only recording there is."""
    (recording,) = (await vault.recordings.find()).recordings
    return await vault.recordings.get(recording.id)


async def _filmed(vault: Vault) -> Whole:
    """Once the recording is kept, and a film was made of it."""
    async with asyncio.timeout(FILM_WITHIN):
        while True:
            whole = await _whole(vault)
            assert not [job for job in whole.jobs if job.state in (JobState.FAILED, JobState.CANCELLED)]
            if whole.outputs:
                return whole
            await asyncio.sleep(0.1)


def _can_be_dumped(pid: int) -> int:
    """Bytes of its memory that the kernel would put into a file."""
    found = re.search(r"^Max core file size +(\d+)", Path(f"/proc/{pid}/limits").read_text(), re.MULTILINE)
    assert found is not None, "as much as there is"
    return int(found[1])


def _key(name: str, identity: Identity) -> dict[str, bytes]:
    return {
        name: identity.secret.get_secret_value(),
        f"{name} as text": identity.text().get_secret_value().encode(),
    }
