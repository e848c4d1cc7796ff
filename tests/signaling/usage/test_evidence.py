"""What is taken for media that flow: from rooms as they are, and reports as the media server makes them."""

from __future__ import annotations

from typing import Any

import pytest

from sfu import PeerId, PeerReport
from signaling import messages as m
from signaling.usage.evidence import PICTURE_BPS, Evidence
from signaling.usage.meter import Seen
from tests.signaling.stage import Actor, Stage


def report(bits_in: float = 400_000.0, bits_out: float = 400_000.0, confirmed: int = 0, **more: Any) -> PeerReport:
    fields: dict[str, Any] = {"loss_up": 0.0, "loss_down": 0.0, "rtt_ms": 30.0, "transport": "udp"} | more
    return PeerReport(bits_in=bits_in, bits_out=bits_out, confirmed=confirmed, **fields)


class Looked(Stage):
    def __init__(self) -> None:
        super().__init__(limit=4)
        self.evidence = Evidence()

    def looks(self, heard: tuple[Actor, ...] = (), **reports: PeerReport) -> dict[str, Seen]:
        """By identity. Whoever is not named has an ordinary report."""
        self.evidence.hear({actor.peer: -30.0 for actor in heard if actor.peer is not None})
        by_peer: dict[PeerId, PeerReport] = {
            actor.peer: reports.get(actor.name, report()) for actor in self.actors if actor.peer is not None
        }
        found = self.evidence.look([self.room], by_peer)
        return {seen.person: seen for people in found.values() for seen in people}


@pytest.fixture
def stage() -> Looked:
    return Looked()


@pytest.fixture
def doctor(stage: Looked) -> Actor:
    return stage.join("therapist", "Doc", identity="t1")


@pytest.fixture
def alex(stage: Looked, doctor: Actor) -> Actor:
    return stage.admitted(doctor, "patient", "Alex", identity="p1")


def test_people_are_known_by_their_tokens_and_only_while_they_are_in(stage: Looked, doctor: Actor) -> None:
    waiting = stage.join("patient", "Kim", identity="p2")
    assert set(stage.looks()) == {"t1"}, "whoever waits is not in the session"
    doctor.says(m.Admit(person=waiting.seat_id))
    assert set(stage.looks()) == {"t1", "p2"}
    stage.admitted(doctor, "observer", "Olga", identity="o1", sources=None)
    assert set(stage.looks()) == {"t1", "p2"}, "observers neither send nor count"


def test_a_session_in_which_only_somebody_waits_is_none(stage: Looked) -> None:
    stage.patient()
    assert stage.looks() == {}


def test_what_is_switched_on_and_comes_is_what_they_send(stage: Looked, doctor: Actor, alex: Actor) -> None:
    assert stage.looks((doctor, alex))["p1"] == Seen("p1", "patient", "video", True)
    alex.says(m.Devices(microphone=True, camera=False, screen=False))
    assert stage.looks((doctor, alex))["p1"].sends == "audio"
    alex.says(m.Devices(microphone=False, camera=False, screen=False))
    assert stage.looks((doctor,))["p1"].sends == "muted"
    alex.says(m.Devices(microphone=False, camera=True, screen=False))
    assert stage.looks((doctor,))["p1"].sends == "video"


def test_a_microphone_that_is_on_and_of_which_nothing_comes_sends_nothing(
    stage: Looked, doctor: Actor, alex: Actor
) -> None:
    alex.says(m.Devices(microphone=True, camera=False, screen=False))
    assert stage.looks((doctor, alex))["p1"].sends == "audio"
    assert stage.looks((doctor,))["p1"].sends == "lost", "reports of what it gets still come from it"
    assert stage.looks((doctor, alex))["p1"].sends == "audio"


def test_a_silent_microphone_is_heard_between_two_looks(stage: Looked, doctor: Actor, alex: Actor) -> None:
    alex.says(m.Devices(microphone=True, camera=False, screen=False))
    stage.evidence.hear({alex.peer: -127.0} if alex.peer is not None else {})
    for _ in range(7):
        stage.evidence.hear({})
    assert stage.looks((doctor,))["p1"].sends == "audio"


def test_whose_browser_tells_no_levels_is_believed_by_what_comes(stage: Looked, doctor: Actor, alex: Actor) -> None:
    alex.says(m.Devices(microphone=True, camera=False, screen=False))
    assert stage.looks()["p1"].sends == "audio"
    assert stage.looks(Alex=report(bits_in=0.0))["p1"].sends == "lost"


def test_of_whom_nothing_comes_is_lost_and_to_whom_nothing_goes_receives_nothing(
    stage: Looked, doctor: Actor, alex: Actor
) -> None:
    assert stage.looks(Alex=report(bits_in=0.0))["p1"] == Seen("p1", "patient", "lost", True)
    assert stage.looks(Alex=report(bits_out=0.0))["p1"] == Seen("p1", "patient", "video", False)
    alex.loses_media(silent=True)
    assert stage.looks()["p1"] == Seen("p1", "patient", "lost", False)


def test_a_lost_socket_alone_takes_nothing_away(stage: Looked, doctor: Actor, alex: Actor) -> None:
    alex.loses_socket()
    stage.passes(12.0)
    assert alex.seat.reconnecting
    assert stage.looks()["p1"].both


def test_whoever_confirms_pictures_no_more_receives_nothing_until_they_do_again(
    stage: Looked, doctor: Actor, alex: Actor
) -> None:
    assert stage.looks(Alex=report(confirmed=10))["p1"].receives
    assert stage.looks(Alex=report(confirmed=30))["p1"].receives
    assert not stage.looks(Alex=report(confirmed=30))["p1"].receives
    assert not stage.looks(Alex=report(bits_out=5_000.0, confirmed=30))["p1"].receives, "pictures were given up by then"
    assert stage.looks(Alex=report(confirmed=31))["p1"].receives


def test_sound_alone_need_not_be_confirmed(stage: Looked, doctor: Actor, alex: Actor) -> None:
    quiet = report(bits_out=PICTURE_BPS / 3, confirmed=10)
    assert all(stage.looks(Alex=quiet)["p1"].receives for _ in range(5))
    assert all(stage.looks(Alex=report(confirmed=0))["p1"].receives for _ in range(5)), "it never confirms anything"


def test_pictures_that_the_way_does_not_carry_are_not_sent(stage: Looked, doctor: Actor, alex: Actor) -> None:
    alex.seat.sparing._pictures.on = True
    assert alex.seat.sparing.no_pictures
    assert stage.looks((doctor, alex))["p1"].sends == "audio"
