"""A recorded call: what the cameras and microphones of two browsers showed and played is in the clinic's files, though
it was encrypted end to end, as every call of browsers that can.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import re
from array import array
from pathlib import Path

import av
import pytest
from playwright.async_api import expect

from tests.browser.conftest import MakePerson
from tests.browser.content import COLOURS, DOCTOR, INTERPRETER, PATIENT, Content
from tests.browser.protection import badge
from tests.browser.service import COMMAND, Service
from tests.browser.test_consent import asks, call, is_recorded


async def command(service: Service, *words: str, answer: str = "y\n") -> str:
    process = await asyncio.create_subprocess_exec(
        str(COMMAND),
        "recordings",
        words[0],
        *("--data-dir", str(service.data)),
        *words[1:],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate(answer.encode())
    assert process.returncode == 0, said.decode()
    return said.decode()


async def the_recording_of(service: Service, session: str) -> str:
    """Its id, once it is captured; its film may be there by then, or not."""
    for _ in range(100):
        listed = await command(service, "list", "--session", session)
        if any(f" {state} " in listed for state in ("captured", "composing", "ready")):
            return listed.split()[0]
        await asyncio.sleep(0.2)
    raise AssertionError(f"not captured: {listed!r}")


def numbers_shown(file: Path, content: Content) -> list[int]:
    """The counter in each picture of a camera's file; fails if a picture is somebody else's."""
    numbers = []
    with av.open(str(file)) as container:
        for frame in container.decode(video=0):
            picture = frame.reformat(format="rgb24")
            for letter, x in zip(content.colours, (0.25, 0.75), strict=True):
                seen, meant = _pixel(picture, x, 0.33), COLOURS[letter]
                assert max(abs(a - b) for a, b in zip(seen, meant, strict=True)) < 60, "somebody else's picture"
            bits = [_pixel(picture, (block + 0.5) / 8, 0.85)[0] > 128 for block in range(8)]
            assert (bits[0], bits[7]) == (True, False)
            numbers.append(sum(bit << place for place, bit in enumerate(reversed(bits[1:7]))))
    return numbers


def _pixel(picture: av.VideoFrame, x: float, y: float) -> bytes:
    plane = picture.planes[0]
    start = int(y * picture.height) * plane.line_size + 3 * int(x * picture.width)
    return bytes(plane)[start : start + 3]


def pitch_heard(file: Path) -> int:
    """Whose pitch is the loudest in a microphone's file, Hz."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=8000)
    sound = array("h")
    with av.open(str(file)) as container:
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                sound.frombytes(bytes(part.planes[0])[: 2 * part.samples])
    return max((content.pitch for content in (DOCTOR, PATIENT, INTERPRETER)), key=lambda pitch: _power(sound, pitch))


def _power(sound: array[int], pitch: int) -> float:
    step = 2 * math.pi * pitch / 8000
    real = sum(sample * math.cos(step * number) for number, sample in enumerate(sound))
    imaginary = sum(sample * math.sin(step * number) for number, sample in enumerate(sound))
    return math.hypot(real, imaginary)


@pytest.mark.timeout(180)
async def test_everything_that_was_shown_and_said_is_recorded_sealed_and_can_be_exported(
    service: Service, session: str, person: MakePerson, tmp_path: Path
) -> None:
    doctor, patient = await call(service, session, person)
    await asks(doctor)
    await patient.press("Agree")
    await is_recorded(doctor, patient)
    for someone in (doctor, patient):
        await expect(badge(someone)).to_contain_text("End to end")
    await expect(doctor.recording).to_contain_text(re.compile(r"0:0[6-9]"), timeout=20_000)
    await doctor.page.get_by_role("button", name=re.compile("^Recording")).first.click()
    await doctor.press("Stop recording")

    recording = await the_recording_of(service, session)
    verified = await command(service, "verify", recording)
    assert verified.count("can be read") == 4, verified
    await command(service, "export", recording, "--to", str(tmp_path / "clear"), "--clear")
    files = {path.name: path for path in (tmp_path / "clear").iterdir()}
    for role, content in (("therapist", DOCTOR), ("patient", PATIENT)):
        (camera,) = [path for name, path in files.items() if name.startswith(role) and "camera" in name]
        (microphone,) = [path for name, path in files.items() if name.startswith(role) and "microphone" in name]
        numbers = numbers_shown(camera, content)
        assert len(numbers) > 60, "at least ten pictures a second"
        steps = [(later - earlier) % 64 for earlier, later in itertools.pairwise(numbers)]
        assert max(steps) < 20, "in order, without a long gap"
        assert pitch_heard(microphone) == content.pitch

    for path in (service.data / "recordings").rglob("*"):
        if path.is_file():
            assert path.read_bytes().startswith(b"age-encryption.org/v1\n"), path.name
    await command(service, "shred", recording, "--reason", "asked for")
    assert " shredded " in await command(service, "list", "--session", session)
    assert not list((service.data / "recordings").rglob("*.age"))
