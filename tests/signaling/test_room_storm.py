"""Anything may happen in a room in any order: what must never be is never."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from signaling import messages as m
from signaling.refusals import Refused
from signaling.roles import Role
from signaling.seat import Phase
from tests.signaling.stage import Actor, Stage

ROLES: tuple[Role, ...] = ("therapist", "patient", "interpreter", "observer")


def check(stage: Stage) -> None:
    """What holds after every step."""
    room = stage.room
    assert len(room.present()) <= room.limit
    assert all(seat.phase is not Phase.GONE for seat in room.seats)
    present = {seat.peer for seat in room.present()}
    for (subscriber, _), (publisher, _) in stage.wires.items():
        assert subscriber in present
        assert publisher in present
    by_peer = {seat.peer: seat for seat in room.seats if seat.peer is not None}
    for (peer, source), paused in stage.paused.items():
        seat = by_peer.get(peer)
        if seat is not None and not paused:
            assert seat.phase is Phase.PRESENT
            assert seat.sends(source)  # type: ignore[arg-type]
    for actor in stage.actors:
        if not actor.hung_up and room.seat_of(actor.connection) is not None and actor.seat.phase is Phase.WAITING:
            assert actor.state.people == []
            assert actor.state.slots == []


@settings(max_examples=settings().max_examples // 2)
@given(st.data())
def test_nobody_outside_the_session_is_ever_heard_seen_or_told(data: st.DataObject) -> None:
    stage = Stage(limit=3, length=500.0, waiting=300.0)
    for _ in range(data.draw(st.integers(5, 40), label="steps")):
        in_room = [a for a in stage.actors if not a.hung_up and stage.room.seat_of(a.connection)]
        away = [a for a in stage.actors if a.hung_up and any(s.id == a.seat_id for s in stage.room.seats)]
        what = data.draw(st.sampled_from(["join", "say", "socket", "media", "resume", "time", "offer"]), label="what")
        if what == "join":
            role = data.draw(st.sampled_from(ROLES))
            name = data.draw(st.sampled_from("ABCDEF"))
            try:
                stage.join(role, f"{role} {name}", move=data.draw(st.booleans()))
            except Refused:
                assert stage.actors.pop()
        elif what == "say" and in_room:
            data.draw(st.sampled_from(in_room)).says(data.draw(messages(stage)))
        elif what == "socket" and in_room:
            data.draw(st.sampled_from(in_room)).loses_socket()
        elif what == "media" and in_room:
            actor = data.draw(st.sampled_from(in_room))
            if actor.peer is not None and actor.seat.peer == actor.peer:
                actor.loses_media(data.draw(st.booleans()))
        elif what == "resume" and away:
            resume(data.draw(st.sampled_from(away)), data.draw(st.booleans()))
        elif what == "offer" and in_room:
            stage.offer(data.draw(st.sampled_from(in_room)), same=data.draw(st.booleans()))
        elif what == "time":
            stage.passes(data.draw(st.sampled_from([0.3, 10.0, 16.0, 200.0])))
        check(stage)


def resume(actor: Actor, reloaded: bool) -> None:
    try:
        actor.resumes(reloaded)
    except Refused as refused:
        assert refused.code == "resume_expired"  # noqa: PT017 - others are failures


def messages(stage: Stage) -> st.SearchStrategy[m.Message]:
    person = st.sampled_from([seat.id for seat in stage.room.seats])
    flag = st.booleans()
    return st.one_of(
        st.builds(m.Devices, microphone=flag, camera=flag, screen=flag),
        st.builds(m.Hand, raised=flag),
        st.builds(m.Chat, text=st.just("hello"), sealed=flag),
        st.builds(m.Sealed, to=person | st.just("recorder"), page=st.integers(1, 3), body=st.just("aGVsbG8")),
        st.builds(m.Admit, person=person),
        st.builds(m.Admit, person=person),
        st.builds(m.Decline, person=person),
        st.builds(m.Remove, person=person),
        st.builds(m.AskToMute, person=person),
        st.builds(m.AllowScreen, person=person, allowed=flag),
        st.builds(m.Lock, locked=flag),
        st.builds(m.MoveAnswer, allowed=flag),
        st.just(m.Leave()),
        st.just(m.End()),
    )
