"""What a person looks at reaches the media server, and what that says of their pictures reaches them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from sfu import LayersWanted, PictureHeld
from signaling import messages as m
from signaling import orders as o
from signaling.attention import Speakers
from tests.signaling.stage import Actor, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage(limit=4)


@pytest.fixture
def therapist(stage: Stage) -> Actor:
    return stage.therapist()


@pytest.fixture
def patient(stage: Stage, therapist: Actor) -> Actor:
    return stage.admitted(therapist, "patient", "Alex")


@pytest.fixture
def interpreter(stage: Stage, therapist: Actor, patient: Actor) -> Actor:
    return stage.admitted(therapist, "interpreter", "Ines")


def slot_of(viewer: Actor, other: Actor, source: m.Source = "camera") -> str:
    return next(each.mid for each in viewer.state.slots if each.person == other.seat_id and each.source == source)


def shown(viewer: Actor) -> list[tuple[str, int]]:
    """All that the media server was told of the sizes in which this person sees, in order."""
    return [
        (each.slot, each.height)
        for each in viewer.stage.orders
        if isinstance(each, o.Show) and each.subscriber == viewer.peer
    ]


def ranks(viewer: Actor) -> dict[str, tuple[int, bool]]:
    """The last that it was told of each slot."""
    told = [each for each in viewer.stage.orders if isinstance(each, o.Rank) and each.subscriber == viewer.peer]
    return {each.slot: (each.rank, each.sure) for each in told}


def looks(viewer: Actor, pinned: Actor | None = None, **heights: int) -> None:
    slots = [m.Shown(mid=mid, height=height) for mid, height in heights.items()]
    viewer.says(m.View(slots=slots, pinned=pinned.seat_id if pinned else None))


def test_sizes_are_told_once_and_what_is_not_named_is_full_again(therapist: Actor, patient: Actor) -> None:
    looks(therapist, v0=320, v1=0)
    looks(therapist, v0=320, v1=0)
    assert shown(therapist) == [("v0", 320), ("v1", 0)]
    looks(therapist, v1=0)
    assert shown(therapist)[2:] == [("v0", 4320)]


def test_only_ones_own_picture_slots_are_taken(therapist: Actor, patient: Actor) -> None:
    looks(therapist, a0=10, v99=10, v3=10)
    assert shown(therapist) == [("v3", 10)]
    assert shown(patient) == []
    assert therapist.all(m.Error) == [], "the page spoke of what was a moment ago"


@pytest.mark.parametrize("height", [-1, 4321, 1.5, "320", True])
def test_a_height_is_a_number_of_lines(height: object) -> None:
    with pytest.raises(ValidationError):
        m.client_messages.validate_python({"type": "view", "slots": [{"mid": "v0", "height": height}], "pinned": None})


def test_a_view_names_no_more_slots_than_there_can_be() -> None:
    many = [{"mid": f"v{n}", "height": 1} for n in range(65)]
    with pytest.raises(ValidationError):
        m.client_messages.validate_python({"type": "view", "slots": many, "pinned": None})


def test_a_new_connection_is_looked_at_in_full_until_its_page_says_otherwise(stage: Stage, therapist: Actor) -> None:
    patient = stage.admitted(therapist, "patient", "Alex")
    looks(patient, v0=0)
    back = patient.resumes(reloaded=True)
    assert shown(back) == []
    looks(back, v0=0)
    assert shown(back) == [("v0", 0)]


def test_whom_somebody_pins_matters_most_to_them_alone(therapist: Actor, patient: Actor, interpreter: Actor) -> None:
    looks(therapist, pinned=patient)
    assert ranks(therapist)[slot_of(therapist, patient)] == (2, False)
    assert slot_of(interpreter, patient) not in ranks(interpreter)
    looks(therapist)
    assert ranks(therapist)[slot_of(therapist, patient)] == (0, False)


def test_an_interpreters_picture_is_sure_to_everybody_else(
    therapist: Actor, patient: Actor, interpreter: Actor
) -> None:
    for viewer in (therapist, patient):
        assert ranks(viewer)[slot_of(viewer, interpreter)] == (0, True)
    assert ranks(interpreter) == {}


def test_a_shared_screen_matters_most(therapist: Actor, patient: Actor) -> None:
    therapist.says(m.Devices(microphone=True, camera=True, screen=True))
    assert ranks(patient)[slot_of(patient, therapist, "screen")] == (2, False)
    assert slot_of(patient, therapist) not in ranks(patient)


def test_who_spoke_last_matters_more_than_who_is_silent(
    stage: Stage, therapist: Actor, patient: Actor, interpreter: Actor
) -> None:
    stage.hears(Alex=-20.0)
    assert ranks(therapist)[slot_of(therapist, patient)] == (1, False)
    stage.now += 5
    stage.hears()
    assert ranks(therapist)[slot_of(therapist, patient)] == (1, False), "also in a pause"
    stage.hears(**{"Dr. Blue": -20.0})
    assert ranks(therapist)[slot_of(therapist, patient)] == (1, False), "nobody is their own speaker"
    assert ranks(interpreter)[slot_of(interpreter, therapist)] == (1, False)
    assert ranks(interpreter)[slot_of(interpreter, patient)] == (0, False)


def test_two_who_speak_at_once_do_not_take_turns() -> None:
    speakers = Speakers()
    for turn in range(8):
        speakers.look({"a": -20.0 - 20 * (turn % 2), "b": -40.0 + 20 * (turn % 2)}, turn * 0.25)
        assert list(speakers.recent) == ["a"]
    speakers.look({"b": -20.0}, 10.0)
    assert list(speakers.recent) == ["b", "a"]
    speakers.forget("b")
    assert list(speakers.recent) == ["a"]


def test_a_held_picture_is_told_to_the_one_whose_connection_is_too_weak(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    slot = slot_of(therapist, patient)
    assert therapist.peer is not None
    stage.carry_out(stage.room.media_told(PictureHeld(therapist.peer, slot, True)))
    held = {each.source: each.held for each in therapist.state.slots}
    assert held == {"microphone": False, "camera": True}
    assert not any(each.held for each in patient.state.slots)
    stage.carry_out(stage.room.media_told(PictureHeld(therapist.peer, slot, False)))
    assert not any(each.held for each in therapist.state.slots)


def test_the_page_is_told_which_encodings_anybody_watches_and_again_on_a_new_socket(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    assert patient.peer is not None
    wanted = LayersWanted(patient.peer, {"camera": ("q", "f")})
    stage.carry_out(stage.room.media_told(wanted))
    stage.carry_out(stage.room.media_told(wanted))
    assert [each.layers for each in patient.all(m.Wanted)] == [{"camera": ["q", "f"]}]
    assert therapist.all(m.Wanted) == []
    patient.loses_socket()
    back = patient.resumes()
    assert [each.layers for each in back.all(m.Wanted)] == [{"camera": ["q", "f"]}]


def test_a_reloaded_page_is_told_nothing_of_the_connection_before(
    stage: Stage, therapist: Actor, patient: Actor
) -> None:
    assert patient.peer is not None
    stage.carry_out(stage.room.media_told(LayersWanted(patient.peer, {"camera": ()})))
    assert patient.last(m.Wanted).layers == {"camera": []}
    back = patient.resumes(reloaded=True)
    assert back.all(m.Wanted) == []


def test_what_is_said_of_a_connection_that_is_gone_is_nothing(stage: Stage, therapist: Actor, patient: Actor) -> None:
    peer = patient.peer
    assert peer is not None
    patient.loses_media()
    stage.carry_out(stage.room.media_told(LayersWanted(peer, {"camera": ()})))
    stage.carry_out(stage.room.media_told(PictureHeld(peer, "v0", True)))
    assert patient.all(m.Wanted) == []
