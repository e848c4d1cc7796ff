"""The recorder gets what it needs when everyone has agreed, and has nothing left when that is over."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from recording.e2ee import PrivateKey
from signaling import messages as m
from signaling import orders as o
from signaling import recorder as recorders
from signaling import relay
from signaling.recording_rules import ConsentPolicy
from tests.signaling.sealing_page import SealingPage, encode
from tests.signaling.stage import Actor, Stage


class Encrypted:
    """A stage on which everybody's page encrypts."""

    def __init__(self, policy: ConsentPolicy | None = None, **rules: Any) -> None:
        self.stage = Stage(policy or ConsentPolicy(), limit=4, **rules)
        self.pages: dict[int, SealingPage] = {}
        self._read: dict[int, int] = {}

    def page(self, actor: Actor, *, name: str | None = None, honest: bool = True) -> SealingPage:
        page = SealingPage(actor.says, name=name, seed=actor.connection, honest=honest)
        self.pages[actor.connection] = page
        self.talk()
        return page

    def join(self, role: str, name: str, *, told: str | None = None, honest: bool = True) -> tuple[Actor, SealingPage]:
        actor = self.stage.join(role, name, tells_name=False)  # type: ignore[arg-type]
        for host in self.stage.actors:
            if actor.state.phase == "waiting" and not host.hung_up and "admit" in host.state.may:
                host.says(m.Admit(person=actor.seat_id))
        return actor, self.page(actor, name=told or name, honest=honest)

    def talk(self) -> None:
        """Everybody takes all that comes, until nothing more does."""
        busy = True
        while busy:
            busy = False
            for actor in self.stage.actors:
                page = self.pages.get(actor.connection)
                at = self._read.get(actor.connection, 0)
                if page is not None and not actor.hung_up and at < len(actor.inbox):
                    self._read[actor.connection] = at + 1
                    page.take(actor.inbox[at])
                    busy = True

    def begins(self) -> None:
        self.stage.capture_begins()
        self.talk()

    def does(self, actor: Actor, message: m.Message) -> None:
        actor.says(message)
        self.talk()

    def keys(self) -> dict[int, bytes]:
        """The newest that the writer has, by number."""
        return {number: list(keys.values())[-1] for number, keys in self.stage.keys.items()}


@pytest.fixture
def call() -> Encrypted:
    return Encrypted()


@pytest.fixture
def people(call: Encrypted) -> tuple[tuple[Actor, SealingPage], tuple[Actor, SealingPage]]:
    return call.join("therapist", "Dr. Blue"), call.join("patient", "Alex")


Two = tuple[tuple[Actor, SealingPage], tuple[Actor, SealingPage]]


def recorded(call: Encrypted, people: Two) -> None:
    (doctor, _), (patient, _) = people
    doctor.records("start")
    call.talk()
    patient.agrees()
    call.talk()
    call.begins()
    assert doctor.shown.phase == "running"


def test_the_recorder_shakes_hands_while_it_is_asked_and_gets_no_key(call: Encrypted, people: Two) -> None:
    (doctor, doctors), (patient, patients) = people
    assert doctor.state.recording is None
    doctor.records("start")
    call.talk()
    for actor, page in people:
        assert (actor.shown.recorder, actor.shown.keys) == (1, False)
        assert page.agreements == 1
    assert call.stage.names == {doctor.seat_id: "Dr. Blue", patient.seat_id: "Alex"}
    assert call.stage.keys == {}
    doctors.give(doctors.number * 256, bytes(32))
    patients.give(patients.number * 256, bytes(32))
    assert call.stage.keys == {}
    assert doctors.has == patients.has == []


def test_it_is_told_to_be_there_before_it_says_anything(call: Encrypted, people: Two) -> None:
    (doctor, _), (patient, _) = people
    doctor.records("start")
    for actor in (doctor, patient):
        at = next(n for n, each in enumerate(actor.inbox) if isinstance(each, m.SealedFrom))
        assert any(isinstance(each, m.State) and each.recording is not None for each in actor.inbox[:at])


def test_when_everyone_has_agreed_it_gets_everybodys_key(call: Encrypted, people: Two) -> None:
    (doctor, doctors), (patient, patients) = people
    doctor.records("start")
    call.talk()
    patient.agrees()
    call.talk()
    assert doctor.shown.phase == "asking"
    assert doctor.shown.keys
    assert call.keys() == {1: doctors.key, 2: patients.key}
    assert (doctors.has, patients.has) == ([doctors.key_id], [patients.key_id])
    call.begins()
    assert call.keys() == {1: doctors.key, 2: patients.key}


@pytest.mark.parametrize("how", ["stop", "pause", "withdraw", "leave", "fail", "stall"])
def test_whatever_ends_or_holds_it_takes_all_its_keys_away(call: Encrypted, people: Two, how: str) -> None:
    recorded(call, people)
    (doctor, doctors), (patient, _) = people
    match how:
        case "stop" | "pause":
            doctor.records("stop" if how == "stop" else "pause")
        case "withdraw":
            patient.refuses()
        case "leave":
            doctor.says(m.Leave())
        case "fail":
            call.stage.capture_fails()
        case "stall":
            call.stage.capture_stalls()
    assert call.stage.keys == {}
    if how != "leave":
        assert doctor.state.recording is None or not doctor.shown.keys
        # a key that was on its way, and one that a page gives that has not noticed
        doctors.give(doctors.key_id, doctors.key)
        assert call.stage.keys == {}


def test_after_a_pause_it_gets_new_keys_and_only_those(call: Encrypted, people: Two) -> None:
    recorded(call, people)
    (doctor, doctors), (_, patients) = people
    before = call.keys()
    call.does(doctor, m.Record(action="pause"))
    meanwhile = {1: doctors.key, 2: patients.key}
    call.does(doctor, m.Record(action="resume"))
    assert doctor.shown.phase == "running"
    after = call.keys()
    assert set(after) == {1, 2}
    assert not {*after.values()} & {*before.values(), *meanwhile.values()}
    assert all(len(keys) == 1 for keys in call.stage.keys.values())


def test_whoever_leaves_is_forgotten_and_the_others_are_not(call: Encrypted, people: Two) -> None:
    recorded(call, people)
    (doctor, _), (patient, _) = people
    call.does(patient, m.Leave())
    assert doctor.shown.phase == "running"
    assert set(call.stage.keys) == {1}


def test_a_newcomer_takes_them_away_until_they_have_agreed(call: Encrypted, people: Two) -> None:
    recorded(call, people)
    before = call.keys()
    newcomer, page = call.join("interpreter", "Inka")
    assert call.stage.keys == {}
    assert page.agreements == 1
    assert call.stage.names[newcomer.seat_id] == "Inka"
    newcomer.agrees()
    call.talk()
    assert newcomer.shown.phase == "running"
    assert set(call.keys()) == {1, 2, 3}
    assert not {*call.keys().values()} & {*before.values()}


def test_a_newcomer_while_it_is_opened_takes_them_away_too(call: Encrypted, people: Two) -> None:
    (doctor, _), (patient, _) = people
    doctor.records("start")
    patient.agrees()
    call.talk()
    assert set(call.stage.keys) == {1, 2}
    newcomer, _ = call.join("interpreter", "Inka")
    assert call.stage.keys == {}
    assert not doctor.shown.keys
    call.begins()
    assert doctor.shown.phase == "paused"
    newcomer.agrees()
    call.talk()
    assert set(call.stage.keys) == {1, 2, 3}


def test_each_recording_has_a_recorder_of_its_own(call: Encrypted, people: Two) -> None:
    recorded(call, people)
    (doctor, doctors), (patient, patients) = people
    first = doctors.handshake
    assert first is not None
    assert first._peer is not None
    call.does(doctor, m.Record(action="stop"))
    assert doctor.state.recording is None
    doctor.records("start")
    call.talk()
    assert doctor.shown.recorder == 2
    second = doctors.handshake
    assert second is not None
    assert second._peer is not None
    assert first._peer.public != second._peer.public
    # what was sealed for the first one comes to nothing
    doctor.says(m.Sealed(to="recorder", page=1, body=encode(first.seal_name("Somebody else"))))
    assert call.stage.names[doctor.seat_id] == "Dr. Blue"
    patient.agrees()
    call.talk()
    call.begins()
    assert call.keys() == {1: doctors.key, 2: patients.key}


def test_its_private_key_is_gone_with_it(call: Encrypted, people: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref[Watched]] = []

    class Watched(PrivateKey):
        __slots__ = ("__weakref__",)

        @classmethod
        def generate(cls, entropy: object) -> Watched:
            key = cls(PrivateKey.generate(entropy)._key)  # type: ignore[arg-type]
            made.append(weakref.ref(key))
            return key

    monkeypatch.setattr(recorders, "PrivateKey", Watched)
    recorded(call, people)
    (doctor, _), _ = people
    assert made[0]() is not None
    doctor.records("stop")
    gc.collect()
    assert [each() for each in made] == [None]


def test_a_page_that_was_loaded_again_and_a_socket_that_was_lost(call: Encrypted, people: Two) -> None:
    recorded(call, people)
    (doctor, _), (patient, patients) = people
    patient.loses_socket()
    back = patient.resumes()
    page = call.pages[back.connection] = patients  # the same page
    page._say = back.says
    call.talk()
    assert page.agreements == 1  # what was agreed stands
    assert call.keys()[2] == patients.key
    page.new_epoch()
    page._give()
    call.talk()
    assert call.keys()[2] == page.key

    back.loses_socket()
    again = back.resumes(reloaded=True)
    fresh = call.page(again, name="Alex")
    assert fresh.agreements == 1
    assert call.keys()[2] == fresh.key
    assert doctor.shown.phase == "running"


def test_a_name_in_the_token_is_the_one_in_the_recording(call: Encrypted) -> None:
    doctor = call.stage.join("therapist", "typed", tells_name=False, entry_name="Dr. Blue")
    call.page(doctor, name="Somebody else")
    doctor.records("start")
    call.talk()
    assert call.stage.names == {}


# Hostile pages -------------------------------------------------------------------------------------------------


@pytest.fixture
def hostile(call: Encrypted, people: Two) -> Iterator[tuple[Encrypted, Actor, SealingPage]]:
    """A third one, who has agreed like everybody; the others are not disturbed."""
    mallory, page = call.join("interpreter", "Mallory", honest=False)
    (doctor, _), (patient, _) = people
    doctor.records("start")
    call.talk()
    patient.agrees()
    mallory.agrees()
    call.talk()
    call.begins()
    before = call.keys()
    assert set(before) == {1, 2}
    yield call, mallory, page
    assert {number: key for number, key in call.keys().items() if number != 3} == before
    assert doctor.shown.phase == "running"


def test_keys_for_another_persons_number_are_not_taken(hostile: tuple[Encrypted, Actor, SealingPage]) -> None:
    call, _, page = hostile
    for key_id in (256, 512, 1023, 1024, 65_535 * 256):
        if key_id // 256 != 3:
            page.give(key_id, b"m" * 32)
    assert set(call.stage.keys) == {1, 2}
    assert page.has == []
    page.give(3 * 256 + 255, b"m" * 32)
    assert call.keys()[3] == b"m" * 32


def test_no_flood_of_keys_gets_through(hostile: tuple[Encrypted, Actor, SealingPage]) -> None:
    call, mallory, page = hostile
    for number in range(500):
        page.give(3 * 256 + number % 256, number.to_bytes(32))
    assert mallory.refused == "too_many_messages"
    assert len(call.stage.keys[3]) <= relay.BURST


@pytest.mark.parametrize(
    "body",
    [
        "x",
        "AAAA",
        "A" * 4096,
        encode(b"{}"),
        encode(b"[" * 3000),
        encode(b'{"kind":"commit"}'),
        encode(b'{"kind":"sealed","enc":"AA","ciphertext":"AA","sequence":1}'),
        encode(b'{"kind":"reveal","public":"' + b"A" * 87 + b'","nonce":"' + b"A" * 43 + b'"}'),
        "A-_" * 100,
    ],
)
def test_garbage_is_dropped(hostile: tuple[Encrypted, Actor, SealingPage], body: str) -> None:
    call, mallory, page = hostile
    mallory.says(m.Sealed(to="recorder", page=1, body=body))
    page.give(3 * 256, b"m" * 32)
    assert call.keys()[3] == b"m" * 32
    assert mallory.all(m.Error) == []


def test_handshakes_without_end_are_no_harm(hostile: tuple[Encrypted, Actor, SealingPage]) -> None:
    call, mallory, page = hostile
    for _ in range(300):
        page._recorder = 0
        page._look(mallory.state)
        call.talk()
        call.stage.passes(1.0)
    recorder = call.stage.room.recording.recorder  # type: ignore[union-attr]
    assert recorder is not None
    assert len(recorder._hands) == 3
    page.give(3 * 256, b"m" * 32)
    assert call.keys()[3] == b"m" * 32


def test_names_that_cannot_be_read_are_not_taken(hostile: tuple[Encrypted, Actor, SealingPage]) -> None:
    call, mallory, page = hostile
    assert page.handshake is not None
    for name in ("\u202e\u2066", "\u200d"):
        page.send(page.handshake.seal_name(name))
    assert call.stage.names[mallory.seat_id] == "Mallory"
    page.send(page.handshake.seal_name("\u202eyrollaM"))
    assert call.stage.names[mallory.seat_id] == "yrollaM"


def test_only_those_who_are_present_speak_to_it(call: Encrypted, people: Two) -> None:
    recorded(call, people)
    waiting = call.stage.patient("Waits")
    waiting.says(m.Sealed(to="recorder", page=1, body="AAAA"))
    assert waiting.refused == "waiting"
    assert waiting.state.recording is None
    assert waiting.all(m.SealedFrom) == []


def test_what_was_sealed_for_it_in_another_session_comes_to_nothing(call: Encrypted, people: Two) -> None:
    recorded(call, people)
    (doctor, _), _ = people
    other = Encrypted(session="session-2")
    _, elsewhere = other.join("therapist", "Dr. Blue")
    other.stage.actors[0].records("start")
    other.talk()
    assert elsewhere.handshake is not None
    doctor.says(m.Sealed(to="recorder", page=1, body=encode(elsewhere.handshake.seal_name("Other"))))
    assert call.stage.names[doctor.seat_id] == "Dr. Blue"


# Where somebody cannot encrypt --------------------------------------------------------------------------------------


def test_where_somebody_does_not_encrypt_it_says_so_to_the_writer_and_shakes_hands_with_the_rest() -> None:
    call = Encrypted(ConsentPolicy(base="notice"), encryption="preferred")
    doctor, _ = call.join("therapist", "Dr. Blue")
    doctor.records("start")
    call.talk()
    call.begins()
    assert call.stage.sealed == {call.stage.recording: True}
    old = call.stage.patient("Old", encrypts=False)
    call.does(doctor, m.Admit(person=old.seat_id))
    assert doctor.state.clear
    assert call.stage.sealed == {call.stage.recording: False}
    assert old.all(m.SealedFrom) == []
    old.says(m.Sealed(to="recorder", page=1, body="AAAA"))
    assert old.refused == "cannot_encrypt"
    call.does(old, m.Leave())
    assert call.stage.sealed == {call.stage.recording: True}


def test_a_recording_that_begins_in_the_clear_is_told_so_with_each_track() -> None:
    call = Encrypted(encryption="preferred")
    doctor, _ = call.join("therapist", "Dr. Blue")
    old = call.stage.patient("Old", encrypts=False)
    call.does(doctor, m.Admit(person=old.seat_id))
    doctor.records("start")
    old.agrees()
    call.begins()
    captures = [order for order in call.stage.orders if isinstance(order, o.Capture)]
    assert {order.sealed for order in captures} == {False}


def test_no_order_shows_a_key_or_a_name() -> None:
    call = Encrypted()
    doctor, page = call.join("therapist", "Dr. Blue")
    doctor.records("start")
    call.talk()
    shown = repr([order for order in call.stage.orders if isinstance(order, o.OpenWith | o.NameCaptured)])
    assert "OpenWith" in shown
    assert "NameCaptured" in shown
    assert "Blue" not in shown
    assert page.key.hex() not in shown
    assert str(page.key) not in shown
