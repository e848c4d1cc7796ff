"""The recording of one session: from the question to its end. A pure state machine, driven by `room.py`.

Rules:
- Nothing is captured before somebody who may record has pressed record and everyone present may be recorded
  (`consent.py`). Capture is ordered then, and runs when the shell says that it has begun.
- It runs only while everyone present may be recorded, somebody who may record is present, nobody has paused it and
  no fault is reported. So a newcomer pauses it until they have answered, and whoever leads pauses it by being away.
- After a newcomer's no it goes on only when somebody presses resume, which asks those again who said no.
- The rule where somebody said at check-in to be counts as soon as they are present (`consent.py` says how).
- Whoever withdraws ends it. So does a place where nothing may be recorded, and a fault that cannot be mended.
- An ended recording is never continued: the next start is another one, and asks everybody.
- Where everyone encrypts, everyone is asked: a browser gives its keys when its person has agreed, not when told.
- The recorder is there as long as any of this goes on, and may be given keys while it is opened or runs. Whenever that
  is over, its keys are forgotten: `ForgetKeys`, or `EndCapture`.
- Every `BeginCapture` is followed by exactly one `EndCapture`; what is captured at a moment is told by `Capture` and
  `Release`, which never name anybody who may not be recorded.

Times are seconds since 1970 on a clock that only goes forward. Not here: files (`recording/`), and what people are
shown of all this (`view.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

from recording.e2ee import Entropy
from signaling.consent import Consents
from signaling.orders import (
    BeginCapture,
    ConsentKind,
    EndCapture,
    EndReason,
    ForgetKeys,
    GoOnCapture,
    HoldCapture,
    KeepConsent,
    NameCaptured,
    OpenWith,
    Order,
    SealCapture,
)
from signaling.recorder import Recorder
from signaling.recording_rules import ConsentPolicy, Rule, strictest
from signaling.refusals import Refused
from signaling.roles import Role
from signaling.sealed_messages import Sealed
from signaling.seat import Phase as SeatPhase
from signaling.seat import Seat
from signaling.wiring import Tap, retap, taps

if TYPE_CHECKING:
    from sfu import PeerId


class Phase(Enum):
    ASKING = "asking"
    OPENING = "opening"
    """Everyone has agreed and capture was ordered, but has not begun."""
    RUNNING = "running"
    PAUSED = "paused"
    DECLINED = "declined"
    """Over, because of what somebody said. Kept so that those who may record are told."""
    FAILED = "failed"
    """Over, because of a fault of ours."""


MOVES: dict[Phase, frozenset[Phase]] = {
    Phase.ASKING: frozenset({Phase.OPENING, Phase.DECLINED}),
    Phase.OPENING: frozenset({Phase.RUNNING, Phase.DECLINED, Phase.FAILED}),
    Phase.RUNNING: frozenset({Phase.PAUSED, Phase.DECLINED, Phase.FAILED}),
    Phase.PAUSED: frozenset({Phase.RUNNING, Phase.DECLINED, Phase.FAILED}),
    Phase.DECLINED: frozenset(),
    Phase.FAILED: frozenset(),
}
"""From every phase the recording may also be over without leaving anything to be told."""

CAPTURES = (Phase.OPENING, Phase.RUNNING, Phase.PAUSED)
"""Phases in which the shell holds an open capture."""

Declined = Literal["refused", "withdrawn", "place"]


@dataclass
class Take:
    """One recording."""

    id: str
    phase: Phase
    since: float
    """When the phase began."""
    started_at: float | None = None
    """When capture began."""
    recorded: float = 0.0
    """Seconds captured before `since`."""
    held: bool = False
    """Paused until somebody presses resume."""
    problem: str | None = None
    """A sentence for everyone about the fault that holds or ended it."""
    warning: str | None = None
    """A sentence about trouble that does neither: nothing is lost by it so far, or what one of them sends."""
    declined: Declined | None = None

    def turn(self, phase: Phase, now: float) -> None:
        if phase not in MOVES[self.phase]:
            raise RuntimeError(f"a recording cannot turn from {self.phase.value} to {phase.value}")
        if self.phase is Phase.RUNNING:
            self.recorded += now - self.since
        self.phase, self.since = phase, now


class SessionRecording:
    def __init__(self, session: str, policy: ConsentPolicy, new_id: Callable[[], str], entropy: Entropy) -> None:
        """`new_id` names a recording, so that no other in the world has that name."""
        self._session = session
        self._entropy = entropy
        self.recorder: Recorder | None = None
        self.takes_keys = False
        """Whether the recorder may be given keys, as people were told last: a recording is opened or runs, so everyone
        present has agreed."""
        self._recorders = 0
        self._recorded = ""
        """The recording that the recorder is of."""
        self._sealed = True
        """Whether everybody present encrypts."""
        self._says: list[tuple[str, str]] = []
        self.consents = Consents(policy)
        self._checked_in: dict[str, Rule] = {}
        """By identity: the strictest of where they said at check-in to be."""
        self.take: Take | None = None
        self._new_id = new_id
        self._orders: list[Order] = []
        self._taps: dict[Tap, PeerId] = {}

    # What people ask for: `requests.py` has checked who may -------------------------------------------------------

    def start(self, person: str, role: Role, now: float) -> None:
        """Asks everyone. Whoever starts it has agreed by that, where a plain yes is enough."""
        if self.take is not None and self.take.phase in (Phase.ASKING, *CAPTURES):
            raise Refused("recording_already")
        if self.consents.rule == "never":
            raise Refused("recording_not_here")
        self._ask_for_keys()
        self.consents.ask_anew()
        self.take = Take(self._new_id(), Phase.ASKING, now)
        if self.consents.rule == "all" and not self.consents.policy.asks_place:
            self.agree(person, role, self.consents.policy.words.version, None, None, now)

    def pause(self) -> None:
        self._captured().held = True

    def resume(self) -> None:
        """Goes on, as soon as everyone present may be recorded; those who said no are asked again."""
        self._captured().held = False
        self.consents.ask_again()

    def stop(self) -> None:
        """Ends it, gives up asking, or puts away what was told of one that is over."""
        if self.take is None:
            raise Refused("not_recording")
        self._end("stopped")
        self.take = None

    def agree(
        self, person: str, role: Role, text: str | None, place: str | None, signed_as: str | None, now: float
    ) -> None:
        if self.take is None or self.take.phase not in (Phase.ASKING, *CAPTURES):
            raise Refused("not_asked")
        answer = self.consents.agree(person, text, place, signed_as)
        if answer is not None:
            self._keep(self.take, person, role, "agree", now, answer.place, answer.signed_as)

    def refuse(self, person: str, role: Role, now: float) -> None:
        """A no, before or after a yes. With nothing to refuse it does nothing: a no is never wrong."""
        if self.take is None or self.take.phase not in (Phase.ASKING, *CAPTURES):
            return
        kind = self.consents.refuse(person)
        if kind is None:
            return
        self._keep(self.take, person, role, kind, now)
        if kind == "withdraw":
            self._decline(self.take, "withdrawn", now)
        elif self.take.started_at is None:
            self._decline(self.take, "refused", now)
        else:
            self.take.held = True

    # What was said at check-in ------------------------------------------------------------------------------------

    def checked_in(self, identity: str, rule: Rule) -> None:
        """Somebody, who may not have come yet, says to be where this rule holds."""
        self._checked_in[identity] = strictest(rule, self._checked_in.get(identity, rule))

    def rule_of(self, identity: str) -> Rule | None:
        """Where they said at check-in to be."""
        return self._checked_in.get(identity)

    # What the shell reports: of a recording that is over by now it is passed over ----------------------------------

    def began(self, recording: str, now: float) -> None:
        """Capture has begun, or a fault that was reported by `stalled` is over."""
        take = self._named(recording)
        if take is not None:
            take.problem = None
            if take.phase is Phase.OPENING:
                take.turn(Phase.RUNNING, now)
                take.started_at = now

    def stalled(self, recording: str, sentence: str) -> None:
        """Capture cannot go on at the moment, and may later. Before it has begun there is nothing to say of it."""
        take = self._named(recording)
        if take is not None and take.phase is not Phase.OPENING:
            take.problem = sentence

    def warned(self, recording: str, sentence: str | None) -> None:
        """There is trouble that does not hold it up; None: it is over."""
        take = self._named(recording)
        if take is not None:
            take.warning = sentence

    def failed(self, recording: str, sentence: str, now: float) -> None:
        take = self._named(recording)
        if take is not None:
            self._end("failed")
            take.turn(Phase.FAILED, now)
            take.problem = sentence

    # What people say to the recorder ------------------------------------------------------------------------------

    def hear(self, seat: Seat, message: Sealed) -> None:
        """Raises Refused."""
        take, recorder = self.take, self.recorder
        if take is None or recorder is None:
            raise Refused("not_recording")
        if message.page != recorder.page:
            return
        said = recorder.hear(seat, message.body, takes_keys=self.takes_keys and self.consents.permits(seat.id))
        self._says += [(seat.id, body) for body in said.answers]
        if said.key is not None:
            self._orders.append(OpenWith(take.id, seat.number, said.key.key_id, said.key.key))
        if said.name is not None and not seat.entry.name:
            self._orders.append(NameCaptured(take.id, seat.id, said.name))

    def follow_what_was_heard(self) -> list[Order]:
        return self._take_orders()

    def says(self) -> list[tuple[str, str]]:
        """What the recorder has to say since it was last asked: (person, body)."""
        says, self._says = self._says, []
        return says

    # After every change -------------------------------------------------------------------------------------------

    def follow(self, seats: Sequence[Seat], now: float | None) -> tuple[list[Order], list[Order]]:
        """The orders to carry out before anybody is wired anew, and those for afterwards.

        Nobody has come, gone or answered when `now` is None.
        """
        present = [seat for seat in seats if seat.phase is SeatPhase.PRESENT]
        before, self._sealed = self._sealed, all(seat.encrypts for seat in present)
        for rule in [self.rule_of(seat.entry.identity) for seat in present]:
            self.consents.at_least(rule or "notice")
        if self.take is not None:
            self._ask_for_keys()
        if now is not None:
            self._review([seat.id for seat in present], any(seat.may("record") for seat in present), now)
        self._attend(present)
        if self._sealed != before and self.take is not None and self.take.phase in CAPTURES:
            self._orders.append(SealCapture(self.take.id, self._sealed))
        running = self.take is not None and self.take.phase is Phase.RUNNING
        wanted = taps(self.take.id, seats, self.consents.permits) if self.take is not None and running else {}
        released, captured = retap(self._taps, wanted, sealed=self._sealed)
        self._taps = wanted
        # What held or ended it comes first for those who are no longer to be captured, last for those who are.
        return [*released, *self._take_orders()], captured

    def _review(self, present: Sequence[str], led: bool, now: float) -> None:
        """Brings the recording in line with who is present and what they have said."""
        self.consents.keep(present)
        take = self.take
        if take is None:
            return
        if take.phase in (Phase.DECLINED, Phase.FAILED):
            if not led:
                self.take = None
            return
        if self.consents.rule == "never":
            self._decline(take, "place", now)
            return
        concerned = led if take.started_at is None else any(map(self.consents.has_agreed, present))
        if not concerned:
            self._end("left")
            self.take = None
            return
        everyone = all(map(self.consents.permits, present))
        clear = everyone and led and not take.held and take.problem is None
        if take.phase is Phase.ASKING and everyone:
            take.turn(Phase.OPENING, now)
            self._orders.append(BeginCapture(take.id))
        elif take.phase is Phase.RUNNING and not clear:
            take.turn(Phase.PAUSED, now)
            self._orders.append(HoldCapture(take.id))
        elif take.phase is Phase.PAUSED and clear:
            take.turn(Phase.RUNNING, now)
            self._orders.append(GoOnCapture(take.id))

    def _attend(self, present: Sequence[Seat]) -> None:
        """The recorder comes, goes, and knows who else does."""
        take = self.take if self.take is not None and self.take.phase in (Phase.ASKING, *CAPTURES) else None
        if self.recorder is not None and (take is None or take.id != self._recorded):
            self.recorder.close()
            self.recorder, self.takes_keys, self._says = None, False, []
        if take is None:
            return
        if self.recorder is None:
            self._recorders += 1
            self._recorded = take.id
            self.recorder = Recorder(self._session, self._recorders, self._entropy)
        took_keys = self.takes_keys
        opens = take.phase in (Phase.OPENING, Phase.RUNNING)
        self.takes_keys = opens and all(self.consents.permits(seat.id) for seat in present)
        if took_keys and not self.takes_keys:
            self._orders.append(ForgetKeys(take.id, None))
            self.recorder.keys_forgotten()
        self._orders += [ForgetKeys(take.id, number) for number in self.recorder.part(present)]
        self._says += self.recorder.greet(present)

    # Inside -------------------------------------------------------------------------------------------------------

    def _ask_for_keys(self) -> None:
        if self._sealed:
            self.consents.at_least("all")

    def _captured(self) -> Take:
        if self.take is None or self.take.phase not in (Phase.RUNNING, Phase.PAUSED):
            raise Refused("not_recording")
        return self.take

    def _named(self, recording: str) -> Take | None:
        take = self.take
        return take if take is not None and take.id == recording and take.phase in CAPTURES else None

    def _decline(self, take: Take, why: Declined, now: float) -> None:
        self._end(why)
        take.turn(Phase.DECLINED, now)
        take.declined = why

    def _end(self, reason: EndReason) -> None:
        if self.take is not None and self.take.phase in CAPTURES:
            self._orders.append(EndCapture(self.take.id, reason))

    def _take_orders(self) -> list[Order]:
        orders, self._orders = self._orders, []
        return orders

    def _keep(
        self,
        take: Take,
        person: str,
        role: Role,
        kind: ConsentKind,
        now: float,
        place: str | None = None,
        signed_as: str | None = None,
    ) -> None:
        self._orders.append(
            KeepConsent(
                recording=take.id,
                person=person,
                role=role,
                kind=kind,
                text_version=self.consents.policy.words.version,
                rule=self.consents.rule,
                place=place,
                signed_as=signed_as,
                at=now,
            )
        )
