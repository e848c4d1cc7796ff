"""A patient's export: all of it, readable, without what nobody has a right to, and made while it is sent."""

from __future__ import annotations

import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from clinic import Quality
from recording.age import Identity, open_bytes
from tests.signaling.keeping.asking import Office, an_office
from tests.signaling.kept import SESSION, START

PATIENT = {"patient": "pat-1", "sessions": [SESSION]}


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with an_office(tmp_path, quality_keep_days=36_500, brand_name="Blue Clinic") as office:
        yield office


def opened(body: bytes) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(body))
    assert archive.testzip() is None
    return archive


async def test_it_has_every_kind_as_data_and_as_a_page(office: Office) -> None:
    answer = await office.posts("/exports", PATIENT)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/zip")
    archive = opened(answer.body)
    quality = json.loads(archive.read("quality.json"))
    assert [each["figures"] for each in quality] == [{"n": 0}, {"n": 1}, {"n": 2}]
    (recording,) = json.loads(archive.read("recordings.json"))
    assert (recording["id"], recording["deleted"]) == ("rec-1", False)
    assert "Ask the clinic" in recording["how_to_get_it"]
    (given,) = json.loads(archive.read("consents.json"))
    assert "signature" not in given
    contents = json.loads(archive.read("contents.json"))
    found = {kind: count for kind, count in contents["records"].items() if count and kind != "access_log"}
    assert found == {"recordings": 1, "quality": 3, "consents": 1, "viewings": 2}
    page = archive.read("viewings.html").decode()
    assert "dr-blue" in page
    assert "<script" not in page
    readme = archive.read("README.txt").decode()
    assert "Blue Clinic" in readme
    assert "45 CFR 164.524(a)(1)(i)" in readme


async def test_what_somebody_wrote_is_no_markup(office: Office) -> None:
    await office.qualities.keep([Quality(SESSION, "<b>x</b>", START, "patient", START, True, {"<i>": "&"})])
    page = opened((await office.posts("/exports", PATIENT)).body).read("quality.html").decode()
    assert "<b>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page


async def test_it_is_encrypted_for_whoever_is_named(office: Office) -> None:
    identity = Identity.generate(os.urandom)
    answer = await office.posts("/exports", PATIENT | {"recipient": str(identity.recipient)})
    assert answer.body[:2] != b"PK"
    assert len(json.loads(opened(open_bytes(answer.body, [identity])).read("quality.json"))) == 3
    assert (await office.posts("/exports", PATIENT | {"recipient": "age1nonsense"})).code == "bad_recipient"


async def test_a_patient_of_whom_nothing_is_kept_gets_an_archive_that_says_so(office: Office) -> None:
    archive = opened((await office.posts("/exports", {"patient": "pat-9"})).body)
    records = json.loads(archive.read("contents.json"))["records"]
    assert {kind for kind, count in records.items() if count} <= {"access_log"}


async def test_memory_does_not_grow_with_what_there_is(office: Office) -> None:
    """Ten thousand records of a kilobyte pass through a few hundred of them."""
    filler = {"text": "x" * 1000}
    for first in range(0, 10_000, 1000):
        await office.qualities.keep(
            [
                Quality(SESSION, f"many-{first + number}", START, "patient", START, True, filler)
                for number in range(1000)
            ]
        )
    url = f"{office.server.url}/api/keeping/exports"
    headers = {"Authorization": "Bearer an-api-key-for-tests-that-is-long-enough"}
    tracemalloc.start()
    try:
        async with office.server.http.post(url, json=PATIENT, headers=headers) as answer:
            size = 0
            async for piece in answer.content.iter_chunked(65_536):
                size += len(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 50_000
    assert peak < 6_000_000, "11 MB of records were in memory at once"


@pytest.mark.parametrize("body", [{}, {"patient": ""}, {"patient": "pat-1", "notes": "yes"}, PATIENT | {"more": 1}])
async def test_a_wrong_question_is_refused(office: Office, body: dict[str, object]) -> None:
    assert (await office.posts("/exports", body)).code == "bad_request"
