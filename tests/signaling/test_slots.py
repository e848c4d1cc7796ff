"""Which of the others plays where."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from signaling import messages as m
from signaling.messages import Assignment, Source
from signaling.slots import SlotTable
from tests.signaling.stage import Stage

BOTH: tuple[Source, ...] = ("microphone", "camera")


def table(audio: int = 3, video: int = 4) -> SlotTable:
    made = SlotTable()
    made.offered([f"a{n}" for n in range(audio)], [f"v{n}" for n in range(video)])
    return made


def places(assignments: list[Assignment]) -> dict[tuple[str, str], str]:
    return {(a.person, a.source): a.mid for a in assignments}


def test_microphone_and_camera_of_one_person_share_a_pair() -> None:
    found = places(table().assign([("p", BOTH), ("q", BOTH)], None))
    assert found == {("p", "microphone"): "a0", ("p", "camera"): "v0", ("q", "microphone"): "a1", ("q", "camera"): "v1"}


def test_a_screen_plays_in_the_last_video_slot() -> None:
    assert places(table().assign([("p", (*BOTH, "screen"))], "p"))[("p", "screen")] == "v3"


def test_everybody_keeps_their_place_when_others_leave_and_newcomers_fill_the_gap() -> None:
    slots = table()
    slots.assign([("p", BOTH), ("q", BOTH), ("r", BOTH)], None)
    found = places(slots.assign([("q", BOTH), ("r", BOTH)], None))
    assert (found[("q", "camera")], found[("r", "camera")]) == ("v1", "v2")
    assert places(slots.assign([("q", BOTH), ("r", BOTH), ("s", BOTH)], None))[("s", "camera")] == "v0"


def test_who_has_no_camera_takes_no_video_slot() -> None:
    assert places(table().assign([("p", ["microphone"])], None)) == {("p", "microphone"): "a0"}


def test_those_for_whom_there_is_no_slot_get_one_when_more_are_offered() -> None:
    slots = table(1, 2)
    others = [("p", BOTH), ("q", BOTH)]
    assert ("q", "camera") not in places(slots.assign(others, None))
    slots.offered(["a0", "a1", "a2"], ["v0", "v1", "v2", "v3"])
    found = places(slots.assign(others, None))
    assert (found[("p", "camera")], found[("q", "camera")]) == ("v0", "v1")


def test_a_slot_that_becomes_free_goes_to_somebody_without_one() -> None:
    slots = table(1, 2)
    slots.assign([("p", BOTH), ("q", BOTH)], None)
    assert places(slots.assign([("q", BOTH)], None))[("q", "camera")] == "v0"


def test_more_slots_are_asked_for_once_and_no_more_than_the_session_can_need() -> None:
    slots = table(1, 2)
    assert slots.wanted(1, limit=12) is None
    assert slots.wanted(2, limit=12) == 4
    assert slots.wanted(3, limit=12) is None
    assert slots.wanted(5, limit=6) == 5
    slots.offered(["a"] * 5, ["v"] * 6)
    assert slots.wanted(5, limit=6) is None


def test_a_client_is_asked_for_more_slots_when_the_room_outgrows_its_own() -> None:
    stage = Stage(limit=6)
    therapist = stage.therapist(slots=(1, 2))
    stage.admitted(therapist, "patient", "First")
    assert therapist.all(m.MoreSlots) == []
    second = stage.admitted(therapist, "patient", "Second")
    asked = therapist.last(m.MoreSlots)
    assert asked.audio >= 2
    assert asked.video == asked.audio + 1
    assert ("Second", "camera") not in therapist.hears_and_sees()
    stage.offer(therapist, slots=(asked.audio, asked.video))
    assert ("Second", "camera") in therapist.hears_and_sees()
    assert [slot.person for slot in therapist.state.slots].count(second.seat_id) == 2


def test_a_client_that_receives_nothing_is_given_nothing() -> None:
    assert table(0, 0).assign([("p", BOTH)], "p") == []


@given(
    st.integers(0, 6),
    st.integers(0, 6),
    st.lists(st.tuples(st.sets(st.sampled_from("pqrstu")), st.booleans()), min_size=1, max_size=8),
)
def test_no_slot_ever_plays_two_things_and_nobody_plays_twice(
    audio: int, video: int, history: list[tuple[set[str], bool]]
) -> None:
    slots = table(audio, video)
    for people, shares in history:
        others = [(person, (*BOTH, "screen")) for person in sorted(people)]
        screen = min(people, default=None) if shares else None
        found = slots.assign(others, screen)
        assert len({a.mid for a in found}) == len(found)
        assert len({(a.person, a.source) for a in found}) == len(found)
        assert {a.person for a in found} <= people
        if len(people) <= slots.pairs:
            assert len([a for a in found if a.source != "screen"]) == 2 * len(people)
