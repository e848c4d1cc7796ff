"""What the server receives of a call shows and says nothing: its packets are opened with its own keys of SRTP, put
together and given to real decoders, and the wires, the log, the data folder and the memory are searched for what people
are called and have written. The same search in a call that is not encrypted finds all of it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from recording.frames import Codec
from tests.browser.conftest import MakePerson
from tests.browser.content import DOCTOR, PATIENT, SCREEN, Content
from tests.browser.decoded import DECODERS, pictures, stands_out
from tests.browser.overheard import HearingMediaWire, HearingWire, Overheard, Sent, an_overheard_service, offered_by
from tests.browser.person import Person
from tests.browser.protection import make_old
from tests.leaks.memory import MAY_LOOK, found_in
from tests.leaks.searched import family, search

pytestmark = pytest.mark.timeout(180)

NAMES = ("Wilhelmina Planted", "Zacharias Planted")
WRITTEN = "Planted: the appointment is on Tuesday"
PLANTED = {"one name": NAMES[0].encode(), "the other name": NAMES[1].encode(), "what was written": WRITTEN.encode()}

CODEC: Codec = "VP8"
"""Of pictures, in all of these calls."""

HEARD_DB, NOISE_DB = 20.0, 6.0
"""How far a pitch stands out that is heard, and at most in noise."""


@dataclass
class Received:
    """What there is to be had at the server of what one person sends."""

    frames: int
    """Of pictures."""
    shown: dict[str, Counter[Content | None]]
    """Of pictures that each decoder makes of them, by whose they are. None: nobody's."""
    sounds: int
    """Packets."""
    stands_out: dict[str, float]
    """How much louder than others their pitch is in what each decoder makes of them, dB."""


@dataclass
class Everything:
    people: list[Received]
    """The therapist, who shares a screen too, and the patient."""
    unopened: int
    """Packets that none of the server's keys opens."""
    planted: dict[str, set[str]]
    """Where what people are called and have written was found."""


async def _call(folder: Path, session: str, person: MakePerson, *flags: str, encrypts: bool) -> Everything:
    """Two who see and hear each other, write, and share a screen."""
    async with (
        an_overheard_service(folder, *flags) as service,
        HearingMediaWire(service) as media,
        HearingWire(service) as web,
    ):
        doctor, patient = await person(NAMES[0], DOCTOR), await person(NAMES[1], PATIENT)
        for someone in () if encrypts else (doctor, patient):
            await make_old(someone)
        await doctor.join(web.link(await service.link("therapist", session)))
        await patient.join(web.link(await service.link("patient", session)))
        await doctor.admit(patient)
        await doctor.sees_and_hears(patient)
        await patient.sees_and_hears(doctor)
        await doctor.says(WRITTEN)
        await doctor.press("Share screen")
        await patient.sees_a_screen(doctor)
        await patient.press("Chat")
        await patient.reads(WRITTEN)
        await patient.sees_and_hears(doctor)
        offered = await offered_by(doctor, patient)
        remembered = await asyncio.to_thread(found_in, family(service.pid), PLANTED) if MAY_LOOK else set()
        for someone in (doctor, patient):
            await someone.page.close()
    overheard = Overheard(media.heard, service.srtp_keys, offered)
    assert {frame.codec for frame in overheard.frames} == {CODEC, "opus"}
    assert overheard.lost < 0.01 * len(overheard.packets)
    wires = folder / "wires"
    wires.mkdir()
    (wires / "web").write_bytes(web.everything())
    (wires / "media").write_bytes(b"\0".join(overheard.packets))
    planted = {"wires": _found(wires), "disk": _found(service.data, service.log), "memory": remembered}
    return Everything([_decoded(overheard, each) for each in (doctor, patient)], overheard.unopened, planted)


def _found(*places: Path) -> set[str]:
    return {found.partition(" in ")[0] for found in search(places, PLANTED)}


def _decoded(overheard: Overheard, someone: Person) -> Received:
    streams, voices = overheard.streams(someone, CODEC), overheard.streams(someone, "opus")
    return Received(
        frames=sum(map(len, streams)),
        shown={each: _shown(streams, someone, each) for each in DECODERS[CODEC]},
        sounds=sum(map(len, voices)),
        stands_out={each: _stands_out(voices, someone, each) for each in DECODERS["opus"]},
    )


def _shown(streams: list[list[Sent]], someone: Person, decoder: str) -> Counter[Content | None]:
    known = (someone.content, SCREEN)
    shown = [each.content for stream in streams for each in pictures((frame.data for frame in stream), decoder)]
    return Counter(each if each in known else None for each in shown)


def _stands_out(voices: list[list[Sent]], someone: Person, decoder: str) -> float:
    return max(stands_out((packet.data for packet in voice), someone.content.pitch, decoder) for voice in voices)


async def test_what_the_server_receives_shows_and_says_nothing(
    tmp_path: Path, session: str, person: MakePerson
) -> None:
    received = await _call(tmp_path, session, person, encrypts=True)
    print(received)
    assert received.unopened == 0, "all of it was looked at"
    for each in received.people:
        assert each.frames > 100
        assert all(shown.keys() <= {None} for shown in each.shown.values())
        assert each.sounds > 150
        assert all(loud < NOISE_DB for loud in each.stands_out.values())
    assert received.planted == {"wires": set(), "disk": set(), "memory": set()}


async def test_in_a_call_that_is_not_encrypted_the_same_search_finds_everything(
    tmp_path: Path, session: str, person: MakePerson
) -> None:
    received = await _call(tmp_path, session, person, "--encryption", "preferred", encrypts=False)
    print(received)
    assert received.unopened == 0
    for each in received.people:
        for shown in each.shown.values():
            assert shown.total() == each.frames
            assert shown[None] < 0.2 * each.frames
        assert all(loud > HEARD_DB for loud in each.stands_out.values())
    assert all(shown[SCREEN] > 10 for shown in received.people[0].shown.values())
    assert received.planted["wires"] == set(PLANTED)
    assert received.planted["disk"] == set(), "it is kept nowhere, encrypted or not"
    if MAY_LOOK:
        assert received.planted["memory"] == set(PLANTED)
