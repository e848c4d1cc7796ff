"""Views of the recording: what each person may know of it, and nothing else.

Everyone present knows that the session is recorded, or is to be, and what they have answered themselves. Who else has
not answered, and who said no, is told only to those who may record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from signaling.recording_messages import ConsentPlace, ConsentText, Recording, RecordingPhase
from signaling.recording_rules import strictest
from signaling.seat import Phase as SeatPhase
from signaling.seat import Seat
from signaling.session_recording import Phase, SessionRecording, Take

SHOWN: dict[Phase, RecordingPhase] = {
    Phase.ASKING: "asking",
    Phase.OPENING: "asking",
    Phase.RUNNING: "running",
    Phase.PAUSED: "paused",
    Phase.DECLINED: "declined",
    Phase.FAILED: "failed",
}


def recording_for(seat: Seat, seats: Sequence[Seat], recording: SessionRecording | None) -> Recording | None:
    """The recording as this person may know it."""
    if recording is None or recording.take is None or seat.phase is not SeatPhase.PRESENT:
        return None
    take, consents = recording.take, recording.consents
    leads = seat.may("record")
    if take.phase is Phase.DECLINED and not leads:
        return None
    present = [other for other in seats if other.phase is SeatPhase.PRESENT]
    over = take.phase in (Phase.DECLINED, Phase.FAILED)
    standing = consents.standing(seat.id)
    asked = [other.id for other in present if consents.standing(other.id) == "asked"]
    refused = [other.id for other in present if consents.standing(other.id) == "refused"]
    return Recording(
        phase=SHOWN[take.phase],
        recorder=recording.recorder.page if recording.recorder is not None else None,
        keys=recording.takes_keys,
        since=round(take.since, 3),
        started_at=None if take.started_at is None else round(take.started_at, 3),
        recorded_s=round(take.recorded, 3),
        you="none" if over else standing,
        text=_question(recording) if standing == "asked" and not over else None,
        waiting_on=asked if leads and not over else [],
        refused=refused if leads else [],
        declined=take.declined,
        paused_by=_pause(take, present) if take.phase is Phase.PAUSED else None,
        problem=take.problem or take.warning,
    )


def _question(recording: SessionRecording) -> ConsentText:
    policy, rule = recording.consents.policy, recording.consents.rule
    places = policy.table if policy.asks_place else ()
    return ConsentText(
        version=policy.words.version,
        title=policy.words.title,
        body=policy.words.body,
        signed=rule == "written",
        places=[ConsentPlace(name=p, signed=strictest(rule, policy.rule_at(p)) == "written") for p in places],
    )


def _pause(take: Take, present: Sequence[Seat]) -> Literal["person", "newcomer", "alone", "fault"]:
    if take.problem is not None:
        return "fault"
    if take.held:
        return "person"
    return "newcomer" if any(other.may("record") for other in present) else "alone"
