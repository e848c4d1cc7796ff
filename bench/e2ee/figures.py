"""What was measured, made figures: of each run, of each kind of call, ratios within a repeat, and what is not as it
should be. Pure.

Not here: measuring (`cost.py`, `joins.py`, `recorder.py`), and how it is shown (`report.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.e2ee.calls import KINDS, Kind
from bench.errors import Failed
from bench.network.ratios import summary

DEARER = 1.15
"""Times the main thread's and the worker's time of the same call that is not encrypted."""

FORWARDING = 1.10
"""Times the processor time of a forwarded packet. It should be 1; a server with a single call does little, and that
little is no more even than this."""

LATER_MS = 100.0
"""That joining may take longer."""

LINES, PICTURES = 720, 28.0
"""Of what is sent, at the least: less, and a run says what an encoder without time costs."""

OTHERS_CORES = 0.15
CPU_LIMITED = 0.05

RATIOS = {
    "main_and_worker_ms": "the page's main thread and its worker",
    "page_ms": "all of the page's process",
    "browser_ms": "all of the browser",
    "server_us": "the server, for a forwarded packet",
    "media_us": "its media thread, for a forwarded packet",
    "packets_per_s": "packets sent",
    "kbit_per_s": "bits sent",
}
"""What is compared within a repeat."""


@dataclass(frozen=True)
class Used:
    """Processor time of everybody so far."""

    at: float
    """Seconds of a clock."""
    main_ns: int
    worker_ns: int
    page_ns: int
    browser_ns: int
    server_ns: int
    media_ns: int
    machine_s: float
    own_s: float
    """Of the benchmark and all that it has started."""


@dataclass(frozen=True)
class Counted:
    counters: Mapping[str, int]
    """The media server's."""
    sent: Sequence[Mapping[str, Any]]
    """The publisher's `outbound-rtp` reports (W3C webrtc-stats, section 7.5)."""


@dataclass(frozen=True)
class Run:
    kind: Kind
    repeat: int
    values: Mapping[str, float]
    """`_ms`: on a core, for each second of the call."""
    remarks: Sequence[str]


@dataclass(frozen=True)
class Join:
    kind: Kind
    number: int
    times_ms: Mapping[str, float]
    """By what was waited for."""


# A call's cost --------------------------------------------------------------------------------------------------------


def run(kind: Kind, repeat: int, used: tuple[Used, Used], counted: tuple[Counted, Counted]) -> Run:
    """What happened between two looks. Raises Failed if it was nothing, or another kind of call."""
    before, after = used
    seconds = after.at - before.at
    first, last = (each.sent for each in counted)
    pictures = _more(first, last, "video", "framesEncoded")
    sounds = _more(first, last, "audio", "packetsSent")
    forwarded = counted[1].counters.get("rtp_forwarded", 0) - counted[0].counters.get("rtp_forwarded", 0)
    if not (pictures and sounds and forwarded):
        raise Failed(f"{kind}: {pictures:.0f} pictures, {sounds:.0f} sounds, {forwarded} packets forwarded")
    worker = after.worker_ns - before.worker_ns
    if (worker > 0) != (kind != "clear"):
        raise Failed(f"{kind}: a worker used {worker / 1e6:.0f} ms")

    def ms(name: str) -> float:
        return float(getattr(after, name) - getattr(before, name)) / 1e6 / seconds

    packets = {name: _more(first, last, name, "packetsSent") for name in ("video", "audio")}
    size = {name: _more(first, last, name, "bytesSent") for name in ("video", "audio")}
    values = {
        "main_ms": ms("main_ns"),
        "worker_ms": ms("worker_ns"),
        "main_and_worker_ms": ms("main_ns") + ms("worker_ns"),
        "page_ms": ms("page_ns"),
        "browser_ms": ms("browser_ns"),
        "worker_us_per_frame": worker / 1000 / (pictures + sounds),
        "server_us": (after.server_ns - before.server_ns) / 1000 / forwarded,
        "media_us": (after.media_ns - before.media_ns) / 1000 / forwarded,
        "forwarded_per_s": forwarded / seconds,
        "pictures_per_s": pictures / seconds,
        "sounds_per_s": sounds / seconds,
        "lines": lines_of(last),
        "encoding_ms": _more(first, last, "video", "totalEncodeTime") * 1000 / seconds,
        "packets_per_s": sum(packets.values()) / seconds,
        "kbit_per_s": sum(size.values()) * 8 / 1000 / seconds,
        "packets_per_picture": packets["video"] / pictures,
        "bytes_per_picture": size["video"] / pictures,
        "bytes_per_sound": size["audio"] / sounds,
        "others_cores": max(after.machine_s - before.machine_s - (after.own_s - before.own_s), 0.0) / seconds,
        "cpu_limited": _limited(first, last) / seconds,
    }
    return Run(kind, repeat, values, _remarks(values))


def cost(runs: Sequence[Run], failures: Sequence[str]) -> dict[str, Any]:
    """One object: medians, least and most of each kind; ratios of encrypted calls to the others of the same repeat."""
    groups: defaultdict[Kind, dict[int, Run]] = defaultdict(dict)
    for each in runs:
        groups[each.kind][each.repeat] = each
    encrypted = groups["encrypted"]
    told: dict[str, Any] = {
        "kinds": {kind: _kind(list(groups[kind].values())) for kind in KINDS if groups[kind]},
        "ratios": {},
        "more": {},
    }
    for other in KINDS[:-1]:
        both = sorted(encrypted.keys() & groups[other].keys())
        pairs = [(encrypted[each].values, groups[other][each].values) for each in both]
        told["ratios"][other] = {
            name: summary([one[name] / two[name] for one, two in pairs if two[name]]) for name in RATIOS
        }
        told["more"][other] = {name: summary([one[name] - two[name] for one, two in pairs]) for name in RATIOS}
    told["remarks"] = [f"{each.kind}, repeat {each.repeat + 1}: {word}" for each in runs for word in each.remarks]
    told["failed"] = [*failures, *_cost_missed(told["ratios"]["clear"])]
    return told


def _kind(runs: Sequence[Run]) -> dict[str, Any]:
    return {name: summary([each.values[name] for each in runs]) for name in runs[0].values}


def _cost_missed(ratios: Mapping[str, Mapping[str, float] | None]) -> list[str]:
    missed = []
    limits = {"main_and_worker_ms": DEARER, "server_us": FORWARDING, "media_us": FORWARDING}
    for name, most in limits.items():
        ratio = ratios[name]
        if ratio is None:
            missed.append(f"{RATIOS[name]}: there is nothing to compare")
        elif ratio["median"] > most:
            missed.append(f"{RATIOS[name]}: {ratio['median']:.2f} times, and {most:.2f} is the most")
    return missed


def _remarks(values: Mapping[str, float]) -> list[str]:
    remarks = []
    if values["others_cores"] > OTHERS_CORES:
        remarks.append(f"the machine was not quiet: others used {values['others_cores']:.2f} cores")
    if values["cpu_limited"] > CPU_LIMITED:
        remarks.append(f"the processor limited the encoder for {values['cpu_limited']:.0%} of the time")
    if values["lines"] < LINES or values["pictures_per_s"] < PICTURES:
        remarks.append(f"{values['pictures_per_s']:.1f} pictures/s of {values['lines']:.0f} lines were sent")
    return remarks


def _more(first: Sequence[Mapping[str, Any]], last: Sequence[Mapping[str, Any]], kind: str, name: str) -> float:
    def total(reports: Sequence[Mapping[str, Any]]) -> float:
        return float(sum(each.get(name, 0) for each in reports if each["kind"] == kind))

    return total(last) - total(first)


def lines_of(sent: Sequence[Mapping[str, Any]]) -> int:
    """Of the largest picture."""
    return max((int(each.get("frameHeight", 0)) for each in sent if each["kind"] == "video"), default=0)


def _limited(first: Sequence[Mapping[str, Any]], last: Sequence[Mapping[str, Any]]) -> float:
    """Seconds in which the processor made the encoder do less."""

    def seconds(reports: Sequence[Mapping[str, Any]]) -> float:
        return max((float(each.get("qualityLimitationDurations", {}).get("cpu", 0.0)) for each in reports), default=0.0)

    return seconds(last) - seconds(first)


# Joining --------------------------------------------------------------------------------------------------------------


def joining(found: Sequence[Join], failures: Sequence[str]) -> dict[str, Any]:
    kinds = [kind for kind in KINDS if any(each.kind == kind for each in found)]
    names = list(dict.fromkeys(name for each in found for name in each.times_ms))

    def times(kind: Kind, name: str) -> list[float]:
        return [each.times_ms[name] for each in found if each.kind == kind]

    told: dict[str, Any] = {
        "kinds": {
            kind: {name: {**(summary(times(kind, name)) or {}), "all": _whole(times(kind, name))} for name in names}
            for kind in kinds
        },
        "later_ms": {},
        "failed": list(failures),
    }
    for name in names:
        clear, encrypted = times("clear", name), times("encrypted", name)
        if not clear or not encrypted:
            told["failed"].append(f"{name}: there is nothing to compare")
            continue
        later = median(encrypted) - median(clear)
        told["later_ms"][name] = round(later)
        if later > LATER_MS:
            told["failed"].append(f"{name}: {later:.0f} ms later, and {LATER_MS:.0f} is the most")
    return told


def _whole(values: Sequence[float]) -> list[int]:
    return [round(each) for each in values]


# The recorder ---------------------------------------------------------------------------------------------------------


def recording(rounds: Sequence[Mapping[str, float]], frames: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """`rounds`: microseconds to open a frame, by source; `frames`: what they are, `per_s` of one person among it."""
    # two people, each with a camera and a microphone
    calls = [sum(2 * each[name] * about["per_s"] / 1000 for name, about in frames.items()) for each in rounds]
    return {
        "frames": dict(frames),
        "us_per_frame": {name: summary([each[name] for each in rounds]) for name in frames},
        "ms_per_call_second": summary(calls),
        "failed": [],
    }
