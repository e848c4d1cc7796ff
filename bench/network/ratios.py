"""What real browsers report, made figures: what each side received, ratios in a repeat, what is not as wanted. Pure.

Not here: measuring (`compared.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from bench.network.browsers import Route
from bench.network.plot import Panel
from bench.network.real import CASES, Real
from bench.network.report import apart, joined, range_of

AS_GOOD = 0.95
"""Of what the same two reach directly."""

ROUTES: tuple[Route, Route] = ("ours", "direct")
TO_RIGHT, FROM_RIGHT = "to the right", "from the right"
SUMMED = (
    *("kbit_per_s", "frozen_s_per_minute", "pictures_per_s", "height", "concealed", "queue_p50_ms", "queue_p95_ms"),
    "used",
)


@dataclass(frozen=True)
class Direction:
    """What one side received in one run."""

    kbit_per_s: float
    """Of pictures, repeats left out."""
    frozen_s_per_minute: float
    pictures_per_s: float
    height: int
    concealed: float
    queue_p50_ms: float | None
    queue_p95_ms: float | None
    used: float | None
    course: list[float]
    """kbit/s, for each second."""


@dataclass(frozen=True)
class Run:
    case: Real
    route: Route
    repeat: int
    directions: dict[str, Direction]
    remarks: list[str]
    others_cores: float


def direction(
    case: Real,
    first: Mapping[str, Any],
    last: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    carried: Mapping[str, Any],
    way: str,
    span: tuple[float, float],
) -> Direction:
    """What one side received between two looks; `way`: of the right one's line, that it came through."""
    seconds = max((last["at"] - first["at"]) / 1000, 0.001)
    minutes = seconds / 60
    seen, heard = last["video"] or {}, last["audio"] or {}
    seen_before, heard_before = first["video"] or {}, first["audio"] or {}
    samples = _more(heard_before, heard, "totalSamplesReceived")
    line = carried["places"]["right"][way]
    begin, end = (each * 1_000_000 for each in span)
    waited = sorted(wait / 1000 for at, wait in line["waited"] if begin <= at < end)
    arrived = sum(size for place, size in line["bytes"].items() if begin <= int(place) * 100_000 < end)
    rate = case.down if way == "down" else case.up
    could = None if rate is None else rate.mean(round(begin), round(end)) * (1 - case.loss)
    pictures = _more(seen_before, seen, "framesDecoded")
    # stillness of more than five seconds is a pause for getStats, and for people the same
    frozen = _more(seen_before, seen, "totalFreezesDuration") + _more(seen_before, seen, "totalPausesDuration")
    # a picture that has not come back is a freeze that getStats has not counted yet
    still = [each["at"] for each in rows if (each["video"] or {}).get("framesDecoded") == seen.get("framesDecoded")]
    if seen and still and last["at"] - still[0] > 1500:
        frozen += min((last["at"] - still[0]) / 1000, seconds)
    return Direction(
        kbit_per_s=round(_media(seen_before, seen) * 8 / seconds / 1000, 1),
        frozen_s_per_minute=round(frozen / minutes, 2),
        pictures_per_s=round(pictures / seconds, 1),
        height=int(seen.get("frameHeight", 0)),
        concealed=round(_more(heard_before, heard, "concealedSamples") / samples, 4) if samples else 1.0,
        queue_p50_ms=round(waited[len(waited) // 2], 1) if waited else None,
        queue_p95_ms=round(waited[len(waited) * 95 // 100], 1) if waited else None,
        used=round(arrived * 8 / (span[1] - span[0]) / could, 3) if could else None,
        course=[
            round(_media(one["video"] or {}, other["video"] or {}) * 8 / max(other["at"] - one["at"], 1))
            for one, other in pairwise(rows)
        ],
    )


def results(cases: Sequence[Real], runs: Sequence[Run], failures: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """For each case one object: medians, the least and the most; ratios within a repeat."""
    return [_result(case, [run for run in runs if run.case is case], failures.get(case.key, ())) for case in cases]


def _result(case: Real, runs: Sequence[Run], failures: Sequence[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"case": case.key, "title": case.title, "directions": [], "failures": list(failures)}
    missed = list(failures)
    for name in (TO_RIGHT, FROM_RIGHT):
        by_route = {route: {run.repeat: run.directions[name] for run in runs if run.route == route} for route in ROUTES}
        ours, direct = by_route["ours"], by_route["direct"]
        both = [repeat for repeat in ours if repeat in direct and direct[repeat].kbit_per_s > 0]
        ratio = summary([ours[each].kbit_per_s / direct[each].kbit_per_s for each in both])
        told["directions"].append(
            {
                "direction": name,
                "ours": _summaries(list(ours.values())),
                "direct": _summaries(list(direct.values())),
                "ratio": ratio,
                "course": {
                    route: [joined(each.course) for each in found.values()] for route, found in by_route.items()
                },
            }
        )
        missed += _missed(case, name, told["directions"][-1])
    told["remarks"] = [f"{run.route}, repeat {run.repeat + 1}: {remark}" for run in runs for remark in run.remarks]
    told["others_cores"] = summary([run.others_cores for run in runs])
    told["runs"] = len(runs)
    told["missed"] = missed
    return told


def _missed(case: Real, name: str, told: Mapping[str, Any]) -> list[str]:
    missed = []
    ours, ratio = told["ours"], told["ratio"]
    if ratio is not None and not case.sound_only and ratio["median"] < AS_GOOD:
        missed.append(f"{name}: {ratio['median']:.2f} of what they reach directly")
    frozen = ours["frozen_s_per_minute"]
    if case.frozen_s_per_minute is not None and frozen and frozen["median"] >= case.frozen_s_per_minute:
        missed.append(f"{name}: frozen {frozen['median']:.1f} s in each minute")
    if case.concealed is not None and ours["concealed"] and ours["concealed"]["median"] > case.concealed:
        missed.append(f"{name}: {ours['concealed']['median']:.1%} of the sound was made up")
    return missed


def summary(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"median": round(median(values), 3), "least": round(min(values), 3), "most": round(max(values), 3)}


def words(run: Run) -> str:
    said = [
        f"{name}: {each.kbit_per_s:.0f} kbit/s, {each.pictures_per_s:.0f} pictures/s of {each.height} lines, "
        f"frozen {each.frozen_s_per_minute:.1f} s/min, sound made up {each.concealed:.1%}"
        for name, each in run.directions.items()
    ]
    return "; ".join([*said, *run.remarks])


def panels(found: Sequence[Mapping[str, Any]]) -> list[Panel]:
    """Each case and direction: ours and, as others', directly; of the first repeat."""
    made = []
    cases = {case.key: case for case in CASES}
    for told in found:
        for each in told["directions"]:
            ours, direct = each["course"]["ours"], each["course"]["direct"]
            if not ours or not direct or not ours[0]:
                continue
            case = cases[told["case"]]
            rate = case.down if each["direction"] == TO_RIGHT else case.up
            came = apart(ours[0])
            could = [0.0 if rate is None else rate.mean(at * 10**6, (at + 1) * 10**6) / 1000 for at in range(len(came))]
            medians = [each[route]["kbit_per_s"]["median"] for route in ROUTES]
            note = f"ours {medians[0]:.0f}, brown directly {medians[1]:.0f} kbit/s, ratio {range_of(each['ratio'], 2)}"
            failed = any(reason.startswith(each["direction"]) for reason in told["missed"])
            title = f"Chromium, {told['title']}, {each['direction']}"
            made.append(Panel(title, note, failed, 1.0, could, [came], apart(direct[0]), []))
    return made


def _summaries(found: Sequence[Direction]) -> dict[str, Any]:
    columns = {name: [getattr(each, name) for each in found] for name in SUMMED}
    return {name: summary([each for each in column if each is not None]) for name, column in columns.items()}


def _media(before: Mapping[str, Any], after: Mapping[str, Any]) -> float:
    """Bytes of pictures, what was sent twice left out."""
    return _more(before, after, "bytesReceived") - _more(before, after, "retransmittedBytesReceived")


def _more(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> float:
    # a report of another track begins anew
    same = before.get("id") == after.get("id") and before.get("ssrc") == after.get("ssrc")
    return max(float(after.get(name, 0)) - (float(before.get(name, 0)) if same else 0.0), 0.0)


def cpu_limited(first: Mapping[str, Any], last: Mapping[str, Any]) -> float:
    """The share of the time between two looks in which the processor made an encoder do less."""

    def seconds(look: Mapping[str, Any]) -> float:
        limited = [each.get("qualityLimitationDurations", {}) for each in look["sent"]]
        return max((float(each.get("cpu", 0.0)) for each in limited), default=0.0)

    return (seconds(last) - seconds(first)) / max((float(last["at"]) - float(first["at"])) / 1000, 0.001)
