"""What a case's figures are and whether they are as wanted. Pure.

used            media that arrived and was needed, of what could have: the bottleneck's rate without what is lost, or
                what the cameras take at most if that is less; beside others' downloads a fair share, if those are
                without end, else what they leave. In steady state, and over the whole case
queue           how long the calls' packets waited in the bottleneck beyond the path's own delay: p50 and p95 of all
                packets, and what stands: of the seconds in steady state the median of each one's least. A queue that
                is empty once in a second does not stand
frozen          seconds in which the picture stood still, as getStats counts them, of all calls, for each minute
concealed       of the sound that was played, the share that was made up
recovers        from when capacity came back until a second had 90% of the bit rate that there was before, or of what
                can be carried now if that is less; the slowest of a case
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.network.cases import Case, Span
from bench.network.clock import START
from bench.network.rate import SECOND
from bench.network.simulation import Measured, Viewed
from bench.network.subscriber import BIN_US

BINS = SECOND // BIN_US
BACK = 0.9
BEFORE_SECONDS = 10


@dataclass(frozen=True)
class Course:
    """A case over time, a value for each `BIN_US`. Bits a second; microseconds."""

    could: list[float]
    useful: list[float]
    each: list[list[float]]
    """Useful, of each call."""
    downloaded: list[float]
    waited: list[float]
    """The longest of each bin."""
    estimates: list[list[float]]


def course(measured: Measured) -> Course:
    bins = round(measured.case.seconds * BINS)
    each = [_bits(view.subscriber.useful, bins) for view in measured.forth]
    waited = [0.0] * bins
    for at, wait in measured.waited:
        place = at // BIN_US
        if place < bins:
            waited[place] = max(waited[place], wait)
    downloaded = [measured.downloaded.get(place, 0) * 8.0 * BINS for place in range(bins)]
    could = [could_carry(measured.case, place) for place in range(bins)]
    if measured.case.downloads is not None and measured.case.downloads.segments is not None:
        could = [max(rate - others, 0.0) for rate, others in zip(could, downloaded, strict=True)]
    return Course(
        could=could,
        useful=[sum(values) for values in zip(*each, strict=True)],
        each=each,
        downloaded=downloaded,
        waited=waited,
        estimates=[_estimates(view, bins) for view in measured.forth],
    )


def could_carry(case: Case, place: int) -> float:
    """Bits a second of calls, in a bin."""
    begin, end = place * BIN_US, (place + 1) * BIN_US
    if any(out[0] * SECOND <= begin < out[1] * SECOND for out in case.outages_down):
        return 0.0
    at = begin / SECOND
    sound = (case.sound_bytes + 64) * 8 * 50
    flows = [
        flow for flow in case.flows if flow.begins <= at and not any(begin <= at < end for begin, end in flow.pauses)
    ]
    most = len(flows) * (case.most_kbit * 1000 * HEADERS_TIMES + sound) * (1 - case.loss)
    carried = case.down.mean(begin, end) * (1 - case.loss)
    others = case.downloads
    if others is not None and others.segments is None and others.begins <= at:
        carried *= len(flows) / (len(flows) + others.count)
    return min(carried, most)


HEADERS_TIMES = 1.06
"""A camera's bits on the wire to those that its encoder was asked for, with full packets."""


def figures(measured: Measured) -> dict[str, Any]:
    case, found = measured.case, course(measured)
    standing = _standing(measured.waited, case.steady)
    waited = sorted(wait / 1000 for _, wait in measured.waited)
    recoveries = [recovery(case, found, span) for span in case.returns]
    views = measured.forth
    minutes = case.seconds / 60 * len(views)
    sounds = [view.sound for view in views]
    freezes = [view.slot.pictures.freezes for view in views]
    told: dict[str, Any] = {
        "case": case.key,
        "title": case.title,
        "seconds": case.seconds,
        "kbit_per_s": _rounded(_mean(found.useful) / 1000),
        "could_kbit_per_s": _rounded(_mean(found.could) / 1000),
        "used": _share(found, [(0.0, case.seconds)]),
        "used_steady": _share(found, case.steady) if case.settles_s else None,
        "queue_p50_ms": _rounded(percentile(waited, 0.5)),
        "queue_p95_ms": _rounded(percentile(waited, 0.95)),
        "queue_standing_ms": None if standing is None else _rounded(standing),
        "frozen_s": _rounded(sum(each.frozen_us for each in freezes) / SECOND),
        "frozen_s_per_minute": _rounded(sum(each.frozen_us for each in freezes) / SECOND / minutes),
        "longest_freeze_s": _rounded(max(each.longest_us for each in freezes) / SECOND),
        "pictures_per_s": _rounded(sum(view.slot.frames for view in views) / minutes / 60),
        "concealed": round(max(each.concealed_share for each in sounds), 4),
        "repaired": round(sum(each.repaired for each in sounds) / max(sum(each.played for each in sounds), 1), 4),
        "sound_gap_ms": max(each.longest_gap for each in sounds) * 20,
        "recovers_s": None if not recoveries else max((each for each in recoveries if each is not None), default=None),
        "back_again": all(each is not None for each in recoveries),
        "shares": [_rounded(_mean(each) / 1000) for each in found.each],
    }
    if measured.back:
        back = [_mean(_bits(view.subscriber.useful, len(found.useful))) / 1000 for view in measured.back]
        told["way_back_kbit_per_s"] = [_rounded(each) for each in back]
    if case.downloads is not None:
        told["downloaded_kbit_per_s"] = _rounded(_mean(found.downloaded) / 1000)
    told["missed"] = missed(case, told)
    return told


def missed(case: Case, told: Mapping[str, Any]) -> list[str]:
    """What is not as wanted, in words."""
    wanted = case.wanted
    reasons = []
    if wanted.used is not None and told["used_steady"] is not None and told["used_steady"] < wanted.used:
        reasons.append(f"used {told['used_steady']:.2f} of what could be carried, {wanted.used:.2f} is wanted")
    standing = told["queue_standing_ms"]
    if wanted.standing_ms is not None and standing is not None and standing > wanted.standing_ms:
        reasons.append(f"a queue of {standing:.0f} ms stands")
    if wanted.recovered_s is not None:
        if not told["back_again"]:
            reasons.append("never came back to 90%")
        elif told["recovers_s"] is not None and told["recovers_s"] > wanted.recovered_s:
            reasons.append(f"came back to 90% after {told['recovers_s']:.1f} s")
    frozen = told["frozen_s_per_minute"]
    if wanted.frozen_s_per_minute is not None and frozen >= wanted.frozen_s_per_minute:
        reasons.append(f"frozen {frozen:.1f} s in each minute")
    if wanted.concealed is not None and told["concealed"] > wanted.concealed:
        reasons.append(f"{100 * told['concealed']:.1f}% of the sound was made up")
    if wanted.gap_ms is not None and told["sound_gap_ms"] > wanted.gap_ms:
        reasons.append(f"the sound was gone for {told['sound_gap_ms']} ms")
    return reasons


def recovery(case: Case, found: Course, span: Span) -> float | None:
    """Seconds from the return until a second had the bit rate again. None: it never did."""
    gone, back = (round(at * BINS) for at in span)
    before = _mean(found.useful[max(gone - BEFORE_SECONDS * BINS, 0) : gone])
    for at in range(back, len(found.useful) - BINS + 1):
        now = _mean(found.useful[at : at + BINS])
        if now >= BACK * min(before, _mean(found.could[at : at + BINS])):
            return (at + BINS - back) / BINS
    return None


def percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def _share(found: Course, spans: Sequence[Span]) -> float | None:
    got = could = 0.0
    for begin, end in spans:
        places = slice(round(begin * BINS), round(end * BINS))
        got += sum(found.useful[places])
        could += sum(found.could[places])
    return round(got / could, 3) if could else None


def _standing(waited: Sequence[tuple[int, int]], steady: Sequence[Span]) -> float | None:
    """Milliseconds."""
    least: dict[int, int] = {}
    for at, wait in waited:
        second = at // SECOND
        least[second] = min(least.get(second, wait), wait)
    seconds = {second for begin, end in steady for second in range(-int(-begin // 1), int(end))}
    found = [wait for second, wait in least.items() if second in seconds]
    return median(found) / 1000 if found else None


def _bits(found: Mapping[int, int], bins: int) -> list[float]:
    first = START // BIN_US
    return [found.get(first + place, 0) * 8.0 * BINS for place in range(bins)]


def _estimates(view: Viewed, bins: int) -> list[float]:
    values, last, at = [], 0.0, 0
    for place in range(bins):
        while at < len(view.estimates) and view.estimates[at][0] <= place * BIN_US:
            last = view.estimates[at][1]
            at += 1
        values.append(last)
    return values


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _rounded(value: float) -> float:
    return round(value, 2) if value < 100 else round(value, 1)
