"""Many runs made one object and one table: medians, the least and the most, ratios between systems of the same run.

A ratio is taken within each repeat, where both sides were measured a minute apart, and the median of those is told:
what a shared machine does in the long run falls out of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.loads import Condition, Load
from bench.systems import Kind
from bench.traffic import Figures

FLOORS: dict[Kind, str] = {"blocking": "floor", "gathering": "floor, gathering"}
JANUS = ("janus", "janus, event_loops=1")
LIVEKIT = ("livekit", "livekit, batching")
SATURATED = 0.01
"""Loss above which a server has not kept up: what it used for each packet is then not what it needs."""

OTHERS = 0.1
"""Cores that others may use in a run: more, and caches, clock and scheduler are no longer the server's own."""

LATE = 0.02
"""Share of packets that the generator sent more than 1 ms late, above which a run says more of it than of a server."""


@dataclass(frozen=True)
class Run:
    """One system under one load, once."""

    system: str
    kind: Kind
    load: Load
    condition: Condition
    repeat: int
    figures: Figures
    wakeups_per_packet: float
    others: float
    """Cores that neither the server nor the generator used."""
    resident_kb: int
    syscalls_per_packet: float | None = None
    media_us_per_packet: float | None = None
    """What the media threads used of it; the rest is Python."""

    @property
    def values(self) -> dict[str, float]:
        figures = self.figures
        counts = figures.counts
        values = {
            "cpu_us_per_packet": figures.cpu_us_per_packet,
            "p50_us": figures.percentile(0.5),
            "p99_us": figures.percentile(0.99),
            "p999_us": figures.percentile(0.999),
            "max_us": counts["worst_ns"] / 1000,
            "loss": figures.loss,
            "server_cores": figures.server_load,
            "generator_busy": figures.own_load,
            "generator_late": counts["sent_late"] / counts["sent"] if counts["sent"] else 0.0,
            "wakeups_per_packet": self.wakeups_per_packet,
            "others_cores": self.others,
            "resident_kb": self.resident_kb,
        }
        for name in ("syscalls_per_packet", "media_us_per_packet"):
            value = getattr(self, name)
            if value is not None:
                values[name] = value
        return values


Key = tuple[Load, Condition, str]


def results(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """For each load, condition and system one object; loads in order, systems as they were first measured."""
    groups: dict[Key, list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.load, run.condition, run.system].append(run)
    order = {name: at for at, name in enumerate(dict.fromkeys(run.system for run in runs))}
    conditions = list(Condition)
    keys = sorted(groups, key=lambda key: (key[0], conditions.index(key[1]), order[key[2]]))
    return [_result(key, groups) for key in keys]


def _result(key: Key, groups: Mapping[Key, Sequence[Run]]) -> dict[str, Any]:
    load, condition, system = key
    runs = groups[key]
    columns = {name: [run.values[name] for run in runs if name in run.values] for name in runs[-1].values}
    result: dict[str, Any] = {
        "system": system,
        "kind": runs[0].kind,
        "load": str(load),
        "condition": condition.value,
        **{name: _rounded(median(column)) for name, column in columns.items()},
    }
    # what Python does meanwhile in the other conditions is no part of a packet's cost
    compared = runs if condition is Condition.QUIET else ()
    floor = groups.get((load, Condition.QUIET, FLOORS[runs[0].kind]), ())
    result["ratio_to_floor"] = _ratio(compared, floor)
    for name, set_ups in (("ratio_to_janus", JANUS), ("ratio_to_livekit", LIVEKIT)):
        # to the better of its set-ups, at this load; without one there is nothing to compare with
        others = [groups[load, Condition.QUIET, each] for each in set_ups if (load, Condition.QUIET, each) in groups]
        result[name] = _ratio(compared, min(others, key=_cost, default=()))
    result["range"] = {name: [_rounded(min(column)), _rounded(max(column))] for name, column in columns.items()}
    result["packets"] = sum(run.figures.counts["expected"] for run in runs)
    result["later_than_20_ms"] = sum(run.figures.counts["above_20_ms"] for run in runs)
    result["of_these_by_the_generator"] = sum(run.figures.counts["excused_20_ms"] for run in runs)
    result["runs"] = len(runs)
    faults: Counter[str] = Counter()
    for run in runs:
        faults.update(run.figures.faults)
    result["faults"] = dict(faults)
    result["remarks"] = _remarks(result)
    return result


def _cost(runs: Iterable[Run]) -> float:
    return median(run.figures.cpu_us_per_packet for run in runs)


def _ratio(runs: Iterable[Run], others: Iterable[Run]) -> float | None:
    costs = {run.repeat: run.figures.cpu_us_per_packet for run in others}
    ratios = [run.figures.cpu_us_per_packet / costs[run.repeat] for run in runs if costs.get(run.repeat)]
    return round(median(ratios), 3) if ratios else None


def _remarks(result: Mapping[str, Any]) -> list[str]:
    remarks = []
    if result["loss"] > SATURATED:
        remarks.append("saturated: it lost packets, and what it used for the others is not what it needs")
    if result["generator_late"] > LATE or result["generator_busy"] > 0.9:
        remarks.append("the generator did not keep up")
    if result["others_cores"] > OTHERS:
        remarks.append("the machine was not quiet")
    if result["faults"]:
        remarks.append("packets came back wrong")
    return remarks


def _rounded(value: float) -> float:
    return round(value, 5) if value < 1 else round(value, 2)


COLUMNS = (
    ("system", "system", "{:<24}"),
    ("cpu_us_per_packet", "us/packet", "{:>9.2f}"),
    ("ratio_to_floor", "x floor", "{:>7.2f}"),
    ("ratio_to_janus", "x Janus", "{:>7.2f}"),
    ("ratio_to_livekit", "x LiveK", "{:>7.2f}"),
    ("p50_us", "p50 us", "{:>8.0f}"),
    ("p99_us", "p99 us", "{:>8.0f}"),
    ("p999_us", "p99.9", "{:>8.0f}"),
    ("max_us", "max", "{:>8.0f}"),
    ("loss", "loss", "{:>8.5f}"),
    ("server_cores", "cores", "{:>5.2f}"),
    ("wakeups_per_packet", "wakes/p", "{:>7.2f}"),
    ("generator_busy", "gen", "{:>5.2f}"),
    ("others_cores", "others", "{:>6.2f}"),
)


def table(found: Sequence[Mapping[str, Any]]) -> str:
    """For people. Ranges of the CPU time stand behind it in brackets."""
    lines = []
    heading = None
    for result in found:
        title = f"{result['load']}, {result['condition']}"
        if title != heading:
            heading = title
            names = (f"{title:<{_width(form)}}"[: _width(form)] for _, title, form in COLUMNS)
            lines += ["", heading, "  ".join(names) + "  [min, max] us"]
        cells = [
            form.format(result[name]) if result[name] is not None else " " * (_width(form) - 1) + "-"
            for name, _, form in COLUMNS
        ]
        least, most = result["range"]["cpu_us_per_packet"]
        media = f"  media {result['media_us_per_packet']:.2f}" if "media_us_per_packet" in result else ""
        lines.append("  ".join(cells) + f"  [{least:.2f}, {most:.2f}]{media}")
        lines += [f"    {remark}" for remark in result["remarks"]]
    return "\n".join(lines).lstrip("\n")


def _width(form: str) -> int:
    return int(form[3:].partition(".")[0].rstrip("}f"))
