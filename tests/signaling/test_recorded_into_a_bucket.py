"""A recorded call through the whole server whose bucket is gone for the middle of it.

BUCKET_GONE=60 make test TESTS=tests/signaling/test_recorded_into_a_bucket.py does it for a minute, with the pauses
between attempts that a clinic's server makes.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import pytest

from signaling import messages as m
from signaling import offload
from tests.recording.storage.store import KEY_ID, REGION, SECRET, Store, a_store
from tests.signaling.server import Client, a_server
from tests.signaling.test_call import WITHIN, Caller
from tests.signaling.test_recorded_call import Clinic, a_call, a_clinic, hang_up, start
from therabook.recordings import storage
from therabook.settings import load

QUICK = 4.0
GONE = float(os.environ.get("BUCKET_GONE", QUICK))
"""Seconds."""


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with a_store() as store:
        yield store


async def keeps_reading(client: Client) -> None:
    """As a page does: otherwise the server takes it for gone."""
    while True:
        await client.socket.receive()


@dataclass
class Counted:
    """Packets that everybody has received, and those that are known to be missing."""

    heard: int = 0
    seen: int = 0
    lost: int = 0


async def counted(*callers: Caller) -> Counted:
    found = Counted()
    for caller in callers:
        for transceiver in caller.pc.getTransceivers():
            for each in (await transceiver.receiver.getStats()).values():
                if each.type == "inbound-rtp":
                    found.heard += each.packetsReceived * (each.kind == "audio")
                    found.seen += each.packetsReceived * (each.kind == "video")
                    found.lost += each.packetsLost
    return found


def spoken(path: Path) -> int:
    """Packets of a recorded voice."""
    with av.open(str(path)) as container:
        return sum(packet.pts is not None for packet in container.demux(audio=0))


def begun(store: Store, name: str) -> int:
    """Tracks of which something is there."""
    return len({key.partition(".age.parts/")[0] for key in store.keys(name) if ".age.parts/" in key})


@pytest.mark.timeout(120 + 3 * GONE)
async def test_a_bucket_that_is_gone_for_a_while_costs_neither_the_call_nor_the_recording_anything(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if GONE == QUICK:
        monkeypatch.setattr(offload, "EVERY", 0.3)
        monkeypatch.setattr(offload, "FIRST_REST", 0.3)
        monkeypatch.setattr(offload, "LONGEST_REST", 1.0)
    name = store.new_bucket()
    settings: dict[str, Any] = {
        "recordings_bucket": f"s3://{name}/video",
        "recordings_bucket_endpoint": store.endpoint,
        "recordings_bucket_region": REGION,
        "recordings_bucket_key_id": KEY_ID,
        "recordings_bucket_secret": SECRET,
        "recordings_compose": False,
    }
    async with a_server(tmp_path, encryption="preferred", **settings) as server:
        doctor, patient = await a_call(server)
        await start(doctor, patient)
        reading = [asyncio.create_task(keeps_reading(each.client)) for each in (doctor, patient)]
        async with asyncio.timeout(WITHIN):
            while await asyncio.to_thread(begun, store, name) < 4:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await asyncio.to_thread(store.goes)
        before = await counted(doctor, patient)
        await asyncio.sleep(GONE)
        during = await counted(doctor, patient)
        await asyncio.to_thread(store.starts)
        await asyncio.sleep(1)
        at_last = await counted(doctor, patient)
        await doctor.client.says(m.Record(action="stop"))
        async with a_clinic(tmp_path) as clinic:
            whole = await clinic.only()
            await is_moved(store, name, clinic, {f"video/{track.file}.age" for track in whole.tracks})
        after = await counted(doctor, patient)
        for task in reading:
            task.cancel()
        await hang_up(doctor, patient)

    # the call: packets came all the time, and none is missing
    assert min(during.heard - before.heard, during.seen - before.seen) > 50
    assert after.lost == 0

    # the recording, as another machine with the database and the key finds it
    async with a_clinic(tmp_path) as clinic:
        files = storage(load({"data_dir": tmp_path / "data"} | settings, environment={}))
        vault = replace(clinic.vault, storage=files)
        checked = await vault.verify(whole.recording.id)
        assert len(checked) == 4
        assert {check.problem for check in checked} == {None}
        voices = [
            spoken(path)
            for path in await vault.export(whole.recording.id, tmp_path / "clear", None)
            if "mic" in path.name
        ]
    assert len(voices) == 2
    assert sum(voices) >= at_last.heard - before.heard, "everything that was said meanwhile"
    assert SECRET not in repr(files)


async def is_moved(store: Store, name: str, clinic: Clinic, keys: set[str]) -> None:
    """Waits until the bucket has these and nothing else, and the disk nothing."""
    async with asyncio.timeout(30 + 2 * GONE):
        while not await asyncio.to_thread(_is_moved, store, name, clinic, keys):  # noqa: ASYNC110
            await asyncio.sleep(0.2)


def _is_moved(store: Store, name: str, clinic: Clinic, keys: set[str]) -> bool:
    return store.keys(name) == keys and not list((clinic.data / "recordings").rglob("*.age"))
