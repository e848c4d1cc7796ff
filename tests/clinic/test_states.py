"""Which state may follow which."""

from __future__ import annotations

import itertools

import pytest

from clinic import IllegalMove, RecordingState, TrackState
from clinic.states import RECORDING_MOVES, TRACK_MOVES, check_move

R = RecordingState


def reachable(start: RecordingState) -> set[RecordingState]:
    found, looking = {start}, [start]
    while looking:
        for each in RECORDING_MOVES[looking.pop()] - found:
            found.add(each)
            looking.append(each)
    return found


def test_the_tables_know_every_state() -> None:
    assert set(RECORDING_MOVES) == set(RecordingState)
    assert set(TRACK_MOVES) == set(TrackState)


def test_the_ordinary_way_leads_from_capturing_to_shredded() -> None:
    way = [R.CAPTURING, R.CAPTURED, R.COMPOSING, R.READY, R.SHREDDED]
    for old, new in itertools.pairwise(way):
        check_move(RECORDING_MOVES, old, new)


def test_every_state_is_reached_and_each_can_end_in_shredded() -> None:
    assert reachable(R.CAPTURING) == set(RecordingState)
    assert all(R.SHREDDED in reachable(each) for each in RecordingState)


def test_nothing_leads_back_from_shredded() -> None:
    for each in RecordingState:
        with pytest.raises(IllegalMove, match=f"{each.value} cannot follow shredded"):
            check_move(RECORDING_MOVES, R.SHREDDED, each)


def test_what_is_being_captured_cannot_be_shredded_or_composed() -> None:
    for each in (R.SHREDDED, R.COMPOSING, R.READY, R.CAPTURING):
        with pytest.raises(IllegalMove):
            check_move(RECORDING_MOVES, R.CAPTURING, each)


def test_nothing_is_captured_again() -> None:
    assert not [old for old, new in RECORDING_MOVES.items() if R.CAPTURING in new]
    assert not [old for old, new in TRACK_MOVES.items() if TrackState.WRITING in new]
