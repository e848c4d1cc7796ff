"""A recorded call through the whole server, with aiortc's peer connections as browsers and the real writer: what is
captured, of whom, and when not."""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import av
import pytest

from clinic import Consents, Recordings, RecordingState, Retention, Whole, open_database, sqlite_url
from recording.keys import ClinicKey
from signaling import keys
from signaling import messages as m
from signaling.receipts import Receipts, is_genuine
from signaling.recording_rules import WORDS
from signaling.vault import Vault
from tests.signaling.server import Client, Server, a_server
from tests.signaling.test_call import WITHIN, Caller

DOCTOR, PATIENT = 60, 180
"""The brightness of their pictures."""


class Clinic:
    """What the clinic's own people find afterwards."""

    def __init__(self, folder: Path, key: ClinicKey | None = None) -> None:
        """`key`: where the server has only the public half of it."""
        self.data = folder / "data"
        self._database = open_database(sqlite_url(self.data / "clinic.db"))
        self.recordings = Recordings(self._database)
        self.consents = Consents(self._database)
        key = key or ClinicKey.from_file(self.data / "recordings-key", os.urandom)
        self.vault = Vault(self.recordings, Retention(self._database), key, self.data / "recordings", os.urandom)

    async def only(self, state: RecordingState | None = RecordingState.CAPTURED) -> Whole:
        """The one recording there is, once it is in that state."""
        async with asyncio.timeout(WITHIN):
            while True:
                page = await self.recordings.find()
                if page.recordings and state in (None, page.recordings[0].state):
                    assert len(page.recordings) == 1
                    return await self.recordings.get(page.recordings[0].id)
                await asyncio.sleep(0.05)

    async def films(self, role: str) -> None:
        """Waits until the camera of somebody in this role is being recorded."""
        async with asyncio.timeout(WITHIN):
            while True:
                whole = await self.only(None)
                theirs = {person.person_id for person in whole.people if person.role == role}
                if any(track.person_id in theirs and track.source == "camera" for track in whole.tracks):
                    return
                await asyncio.sleep(0.05)

    async def lumas(self, whole: Whole, to: Path) -> dict[str, list[int]]:
        """The brightness of each recorded picture, by the role of whose it is."""
        found: dict[str, list[int]] = {}
        for path in await self.vault.export(whole.recording.id, to, None):
            if "camera" in path.name:
                with av.open(str(path)) as container:
                    lumas = [int(statistics.median(bytes(f.planes[0])[::97])) for f in container.decode(video=0)]
                found.setdefault(path.name.split("-")[0], []).extend(lumas)
        return found

    async def close(self) -> None:
        await self._database.close()


@asynccontextmanager
async def a_clinic(folder: Path, key: ClinicKey | None = None) -> AsyncIterator[Clinic]:
    clinic = Clinic(folder, key)
    try:
        yield clinic
    finally:
        await clinic.close()


async def a_call(server: Server) -> tuple[Caller, Caller]:
    """A therapist and an admitted patient, both sending."""
    doctor, patient = Caller(await server.client(), DOCTOR), Caller(await server.client(), PATIENT)
    await doctor.joins(server.token("therapist", limit=3), "Dr. Blue")
    await patient.joins(server.token("patient", limit=3), "Alex Planted")
    state = await doctor.client.state(lambda state: state.waiting)
    await doctor.client.says(m.Admit(person=state.waiting[0].id))
    await patient.client.state(lambda state: state.phase == "present")
    return doctor, patient


async def phase(client: Client, wanted: str, **more: Any) -> m.Recording:
    def holds(state: m.State) -> bool:
        recording = state.recording
        return (
            recording is not None
            and recording.phase == wanted
            and all(getattr(recording, name) == value for name, value in more.items())
        )

    recording = (await client.state(holds)).recording
    assert recording is not None
    return recording


async def agrees(client: Client) -> None:
    await client.says(m.Consent(agreed=True, text=WORDS.version))


async def is_asked(client: Client) -> None:
    state = await client.state(lambda state: state.recording is not None and state.recording.text is not None)
    assert state.recording is not None
    assert state.recording.text is not None
    assert state.recording.text.version == WORDS.version


async def start(doctor: Caller, patient: Caller) -> None:
    """The one asks, the other agrees, and it runs."""
    await doctor.client.says(m.Record(action="start"))
    await is_asked(patient.client)
    await agrees(patient.client)
    await phase(doctor.client, "running")


async def hang_up(*callers: Caller) -> None:
    await asyncio.gather(*(caller.pc.close() for caller in callers))


async def test_a_call_is_recorded_from_consent_to_stop_each_person_in_files_of_their_own(tmp_path: Path) -> None:
    async with a_server(tmp_path, encryption="preferred") as server, a_clinic(tmp_path) as clinic:
        doctor, patient = await a_call(server)
        began = time.monotonic()
        await start(doctor, patient)
        for role in ("therapist", "patient"):
            await clinic.films(role)
        await asyncio.sleep(2.5)
        await doctor.client.says(m.Record(action="stop"))
        whole = await clinic.only()
        longest = 1000 * (time.monotonic() - began)
        assert {(p.role, p.wrapped_key is not None) for p in whole.people} == {
            ("therapist", True),
            ("patient", True),
        }
        assert len(whole.tracks) == 4
        assert all(2_000 <= (track.duration_ms or 0) <= longest for track in whole.tracks)
        assert {check.problem for check in await clinic.vault.verify(whole.recording.id)} == {None}
        lumas = await clinic.lumas(whole, tmp_path / "clear")
        assert {
            role: abs(statistics.median(each) - wanted) < 12
            for (role, each), wanted in zip(sorted(lumas.items()), (PATIENT, DOCTOR), strict=True)
        } == {"patient": True, "therapist": True}
        names = {person.role: await clinic.vault.name(person) for person in whole.people}
        assert names == {"therapist": "Dr. Blue", "patient": "Alex Planted"}
        await hang_up(doctor, patient)


async def test_nothing_is_written_before_everyone_has_agreed_and_nothing_after_somebody_withdraws(
    tmp_path: Path,
) -> None:
    async with a_server(tmp_path, encryption="preferred") as server:
        doctor, patient = await a_call(server)
        await doctor.client.says(m.Record(action="start"))
        await is_asked(patient.client)
        await asyncio.sleep(1)
        assert not list((tmp_path / "data").rglob("*.age"))
        await agrees(patient.client)
        await phase(patient.client, "running")
        await asyncio.sleep(1.5)
        await patient.client.says(m.Consent(agreed=False))
        async with a_clinic(tmp_path) as clinic:
            whole = await clinic.only()
            sizes = {path: path.stat().st_size for path in (tmp_path / "data").rglob("*.age")}
            assert sizes
            await asyncio.sleep(1)
            assert {path: path.stat().st_size for path in (tmp_path / "data").rglob("*.age")} == sizes
            kept = await clinic.consents.of_recording(whole.recording.id)
            assert [(each.role, each.kind) for each in kept] == [
                ("therapist", "agree"),
                ("patient", "agree"),
                ("patient", "withdraw"),
            ]
            public = Receipts(keys.receipt_key(tmp_path / "data")).public
            assert all(is_genuine(each, public) for each in kept)
            assert (await clinic.consents.text(kept[0].text_version)).body == WORDS.body
        await hang_up(doctor, patient)


async def test_who_refuses_is_not_recorded_and_the_call_goes_on(tmp_path: Path) -> None:
    async with a_server(tmp_path, encryption="preferred") as server:
        doctor, patient = await a_call(server)
        await doctor.client.says(m.Record(action="start"))
        await is_asked(patient.client)
        await patient.client.says(m.Consent(agreed=False))
        await phase(doctor.client, "declined", declined="refused")
        await patient.sees(DOCTOR)
        await doctor.sees(PATIENT)
        assert not list((tmp_path / "data").rglob("*.age"))
        await hang_up(doctor, patient)


async def test_a_newcomer_pauses_the_recording_until_they_agree(tmp_path: Path) -> None:
    async with a_server(tmp_path, encryption="preferred") as server:
        doctor, patient = await a_call(server)
        await start(doctor, patient)
        await asyncio.sleep(1.2)  # whoever comes within a second is there from the beginning
        guest = Caller(await server.client(), 120)
        await guest.joins(server.token("interpreter", limit=3), "Ines")
        state = await doctor.client.state(lambda state: state.waiting)
        await doctor.client.says(m.Admit(person=state.waiting[0].id))
        await phase(patient.client, "paused", paused_by="newcomer")
        await is_asked(guest.client)
        await agrees(guest.client)
        await phase(patient.client, "running")
        async with a_clinic(tmp_path) as clinic:
            await clinic.films("interpreter")
            await asyncio.sleep(0.5)  # so that there are pictures in it
            await doctor.client.says(m.End())
            whole = await clinic.only()
            turns = [mark for mark in whole.marks if mark.kind in ("join", "pause", "resume")]
            assert [mark.kind for mark in turns] == ["pause", "resume", "join"]
            roles = {person.person_id: person.role for person in whole.people}
            assert roles[turns[-1].person_id or ""] == "interpreter"
            lumas = await clinic.lumas(whole, tmp_path / "clear")
            assert set(lumas) == {"therapist", "patient", "interpreter"}
        await hang_up(doctor, patient, guest)


def _patients_camera_is(on: bool, state: m.State) -> bool:
    return any(person.role == "patient" and person.camera is on for person in state.people)


async def test_what_people_switch_is_marked(tmp_path: Path) -> None:
    async with a_server(tmp_path, encryption="preferred") as server:
        doctor, patient = await a_call(server)
        await start(doctor, patient)
        await asyncio.sleep(1.2)
        for camera in (False, True):
            await patient.client.says(m.Devices(microphone=True, camera=camera, screen=False))
            await doctor.client.state(partial(_patients_camera_is, camera))
        await asyncio.sleep(0.5)
        await doctor.client.says(m.End())
        async with a_clinic(tmp_path) as clinic:
            whole = await clinic.only()
            roles = {person.person_id: person.role for person in whole.people}
            marks = [(mark.kind, roles.get(mark.person_id or "")) for mark in whole.marks]
            assert marks[:2] == [("camera_off", "patient"), ("camera_on", "patient")]
        await hang_up(doctor, patient)


async def test_a_writer_that_dies_is_told_of_at_once_and_the_recording_goes_on(tmp_path: Path) -> None:
    async with a_server(tmp_path, encryption="preferred") as server:
        doctor, patient = await a_call(server)
        await start(doctor, patient)
        await asyncio.sleep(2)
        os.kill(writer_of(os.getpid()), signal.SIGKILL)
        paused = await phase(patient.client, "paused", paused_by="fault")
        assert paused.problem is not None
        await phase(doctor.client, "running")
        await patient.sees(DOCTOR)
        await asyncio.sleep(1)
        await doctor.client.says(m.Record(action="stop"))
        async with a_clinic(tmp_path) as clinic:
            whole = await clinic.only()
            assert len(whole.tracks) == 8
            assert {track.state.value for track in whole.tracks} == {"recovered", "finished"}
            assert {check.problem for check in await clinic.vault.verify(whole.recording.id)} == {None}
        await hang_up(doctor, patient)


def writer_of(server: int) -> int:
    """The process that writes this one's recordings."""
    for each in Path("/proc").glob("[0-9]*"):
        try:
            words = (each / "cmdline").read_bytes().split(b"\0")
            parent = int((each / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it has ended
        if b"recording.writing" in words and parent == server:
            return int(each.name)
    pytest.fail("there is no writer")
