"""Anything may happen to a recording in any order: nobody is ever captured who has not agreed, or no longer does."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import settings

from signaling import messages as m
from signaling import orders as o
from signaling.recording_rules import STRICTNESS, WORDS, ConsentPolicy, Rule, strictest
from signaling.refusals import Refused
from signaling.roles import Role
from tests.signaling.stage import Actor, Stage

ROLES: tuple[Role, ...] = ("therapist", "patient", "interpreter", "observer")
PLACES = ("Here", "There", "Nowhere")
STEPS = {
    **dict.fromkeys(("yes", "begins"), 3),
    **dict.fromkeys(("admit", "answer", "resume"), 2),
    **dict.fromkeys(("join", "record", "shell", "switch", "say", "socket", "media", "time", "offer"), 1),
}
"""What happens, and how often."""

STORMS = settings().max_examples * 4
"""More with the profile that also draws more examples. A failure names the seed of its storm."""


class Witness:
    """Believes nothing but the orders, read one by one, and remembers what each person has said."""

    def __init__(self, stage: Stage, policy: ConsentPolicy) -> None:
        self.stage = stage
        self.policy = policy
        self.rule: Rule = policy.base
        self.said: dict[tuple[str, str], o.KeepConsent] = {}
        self.captured: dict[tuple[str, str, str], str] = {}
        self.begun: set[str] = set()
        self.ended: set[str] = set()
        self._read = 0

    def reads(self) -> None:
        people = {actor.peer: actor.seat_id for actor in self.stage.actors if actor.peer is not None}
        for order in self.stage.orders[self._read :]:
            match order:
                case o.KeepConsent():
                    self.said[order.recording, order.person] = order
                    if order.place is not None:
                        self.rule = strictest(self.rule, self.policy.table[order.place])
                case o.BeginCapture(recording):
                    assert recording not in self.begun
                    self.begun.add(recording)
                case o.EndCapture(recording):
                    assert recording in self.begun
                    assert recording not in self.ended
                    self.ended.add(recording)
                case o.Capture(recording, person, source, _):
                    assert recording in self.begun - self.ended
                    assert self.may_be_captured(recording, person)
                    self.captured[recording, person, source] = recording
                case o.Release(recording, person, source):
                    del self.captured[recording, person, source]
                case o.Connect(publisher, _, subscriber, _):
                    for recording in set(self.captured.values()):
                        assert self.may_be_captured(recording, people[publisher])
                        assert self.may_be_captured(recording, people[subscriber])
        self._read = len(self.stage.orders)

    def may_be_captured(self, recording: str, person: str) -> bool:
        said = self.said.get((recording, person))
        if self.rule == "never":
            return False
        if said is None:
            return self.rule == "notice" and not self.policy.asks_place
        return said.kind == "agree" and (self.rule != "written" or said.signed_as is not None)


def check(stage: Stage, witness: Witness) -> None:
    """What holds after every step."""
    witness.reads()
    room, recording = stage.room, stage.room.recording
    assert recording is not None
    assert strictest(recording.consents.rule, witness.rule) == recording.consents.rule
    assert set(witness.captured) == set(stage.taps)
    present = {seat.id: seat for seat in room.present()}
    for (name, person, source), publisher in stage.taps.items():
        assert stage.captures[name] == "running"
        assert present[person].peer == publisher
        assert present[person].sends(source)
        assert any(seat.may("record") for seat in present.values())
        assert all(witness.may_be_captured(name, each) for each in present)
    if room.empty:
        assert witness.begun == witness.ended
    for actor in stage.actors:
        if actor.hung_up or room.seat_of(actor.connection) is None:
            continue
        shown = actor.state.recording
        if actor.seat_id not in present:
            assert shown is None
        elif stage.taps:
            assert shown is not None
            assert shown.phase == "running"
            assert shown.you in ("agreed", "none")
        if shown is not None and not actor.seat.may("record"):
            assert (shown.waiting_on, shown.refused, shown.declined) == ([], [], None)


def test_nobody_is_recorded_without_consent() -> None:
    reached = Counter[str]()
    for seed in range(STORMS):
        try:
            reached.update(storm(random.Random(seed)))
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise
    # It would prove nothing if nothing was ever recorded in it.
    assert {"stopped", "left", "withdrawn", "place", "failed"} <= reached.keys()
    assert reached["Capture"] > STORMS / 2
    assert reached["GoOnCapture"] > STORMS / 10


def storm(chance: random.Random) -> set[str]:
    """Returns what it has led to."""
    table = {place: chance.choice(STRICTNESS) for place in PLACES if chance.random() < 0.7}
    policy = ConsentPolicy(chance.choice(("notice", "all", "all", "written")), table if chance.random() < 0.5 else {})
    stage = Stage(policy, limit=4, length=3000.0, waiting=300.0)
    witness = Witness(stage, policy)
    begin(stage, recorded=chance.random() < 0.7)
    check(stage, witness)
    for _ in range(chance.randint(20, 60)):
        step(stage, chance)
        check(stage, witness)
    return {type(order).__name__ for order in stage.orders} | set(stage.captures.values())


def begin(stage: Stage, recorded: bool) -> None:
    therapist = stage.therapist()
    patient = stage.admitted(therapist, "patient", "patient A")
    if recorded:
        therapist.records("start")
        for actor in (therapist, patient):
            says_yes(actor)
        if stage.captures and stage.captures[stage.recording] == "opening":
            stage.capture_begins()


def says_yes(actor: Actor, place: int = 0, signed_as: str | None = "A. B.") -> None:
    """As the question wants it, if there is one."""
    shown = actor.state.recording
    if shown is not None and shown.text is not None:
        places = shown.text.places
        actor.agrees(places[place % len(places)].name if places else None, signed_as)


def step(stage: Stage, chance: random.Random) -> None:
    what = chance.choices(list(STEPS), list(STEPS.values()))[0]
    in_room = [a for a in stage.actors if not a.hung_up and stage.room.seat_of(a.connection)]
    away = [a for a in stage.actors if a.hung_up and any(s.id == a.seat_id for s in stage.room.seats)]
    if what == "join":
        role = chance.choice(ROLES)
        try:
            stage.join(role, f"{role} " + chance.choice("ABCD"), move=chance.random() < 0.3)
        except Refused:
            stage.actors.pop()
    elif what == "begins" and stage.captures and stage.captures[stage.recording] in ("opening", "held"):
        stage.capture_begins()
    elif what == "shell" and stage.captures:
        shell(stage, chance)
    elif what == "resume" and away:
        resume(chance.choice(away), chance.random() < 0.5)
    elif what == "time":
        stage.passes(chance.choice((0.3, 10.0, 16.0, 200.0)))
    elif in_room:
        somebody_does(stage, chance.choice(in_room), what, chance)


def somebody_does(stage: Stage, actor: Actor, what: str, chance: random.Random) -> None:
    def flag() -> bool:
        return chance.random() < 0.5

    match what:
        case "record":
            actor.records(chance.choice(("start", "start", "start", "pause", "resume", "resume", "stop")))
        case "yes":
            says_yes(actor, chance.randrange(3), chance.choice(("A. B.", "A. B.", None)))
        case "answer":
            actor.says(any_answer(chance))
        case "admit" if actor.state.waiting:
            actor.says(m.Admit(person=actor.state.waiting[0].id))
        case "switch":
            actor.says(m.Devices(microphone=flag(), camera=flag(), screen=flag()))
        case "say":
            actor.says(anything(stage, chance))
        case "socket":
            actor.loses_socket()
        case "media" if actor.peer is not None and actor.seat.peer == actor.peer:
            actor.loses_media(flag())
        case "offer":
            stage.offer(actor, same=flag())


def shell(stage: Stage, chance: random.Random) -> None:
    """The shell reports of any capture that there ever was."""
    recording = chance.choice((*stage.captures, stage.recording))
    match chance.choice(("began", "stalled", "failed")):
        case "began":
            stage.capture_begins(recording)
        case "stalled":
            stage.carry_out(stage.room.capture_stalled(recording, "It does not answer.", stage.now))
        case _:
            stage.carry_out(stage.room.capture_failed(recording, "The disk is full.", stage.now))


def resume(actor: Actor, reloaded: bool) -> None:
    try:
        actor.resumes(reloaded)
    except Refused as refused:
        assert refused.code == "resume_expired"  # noqa: PT017 - others are failures


def any_answer(chance: random.Random) -> m.Consent:
    """Right or wrong, asked for or not; a no once in three."""
    if chance.random() < 0.33:
        return m.Consent(agreed=False)
    return m.Consent(
        agreed=True,
        text=chance.choice((WORDS.version, WORDS.version, "old", None)),
        place=chance.choice((None, None, *PLACES)),
        signed_as=chance.choice((None, "A. B.")),
    )


def anything(stage: Stage, chance: random.Random) -> m.Message:
    person = chance.choice([seat.id for seat in stage.room.seats])
    return chance.choice(
        (
            m.Admit(person=person),
            m.Decline(person=person),
            m.Remove(person=person),
            m.AllowScreen(person=person, allowed=True),
            m.MoveAnswer(allowed=chance.random() < 0.5),
            m.Leave(),
            m.Leave(),
            m.End(),
        )
    )
