"""Measures what datagrams that mean harm do to the calls of others: `python -m bench.hostile`, options with --help.

A hundred calls run. For each kind of attack: the calls in quiet, then the same calls while a million such datagrams
come, then people who join meanwhile. The method is told in docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench import flood, harm, stage
from bench.attacks import ATTACKS, Attack, Known, Who
from bench.client import CONNECT_SECONDS, client_socket, connect
from bench.description import Line
from bench.errors import Failed
from bench.flood import FIRST_SEQ, HEADERS, Flood, Volley
from bench.place import elsewhere
from bench.processes import Cores, holdings, standing_still, undelivered
from bench.systems.ours import FIRST_SSRC, Ours, Person, start
from bench.traffic import Figures, Setting, Traffic

ATTACKER_SSRC = 666_000
STRANGERS = 64
"""Sockets that strangers send from, each with an IP address of its own."""

SOURCES = 512
"""IP addresses that strangers' TCP connections come from."""

WARM_SECONDS = 1.0
SETTLE_SECONDS = 0.5
"""After the last datagram of a flood: what it set off belongs to it."""

MATES = 1
"""The group of the calls in the attacker's own room."""

RECOVER_SECONDS = 1.0

HARMED = 1
SLOWED = 3
"""Exit codes, the first one before the other."""


@dataclass(frozen=True)
class Plan:
    attacks: tuple[str, ...]
    datagrams: int
    rate: int
    """Datagrams of the flood a second."""
    mbit_per_s: int
    """Of the flood, headers included: large datagrams come less often."""
    rooms: int
    packets_per_s: int
    """Of all calls together."""
    bytes: int
    quiet_seconds: float
    joins: int
    stop_seconds: float
    """The server itself is stopped so long in the middle of each attack, to see that harm is seen."""
    options: dict[str, Any]
    """Fields of `MediaConfig`."""
    apart: bool


@dataclass(frozen=True)
class Row:
    """What one kind of attack did."""

    attack: Attack
    flood: dict[str, int]
    quiet: Figures
    attacked: Figures
    quiet_harm: harm.Harm
    harm: harm.Harm
    caused_bytes: float
    """That the server sent to anybody, beyond what it sends in quiet."""
    answered_bytes: float
    """That came back to where the flood came from, beyond what comes there in quiet."""
    counters: dict[str, int]
    undelivered: int
    undelivered_joining: int
    grown_kb: int
    descriptors: int
    join_seconds: list[float | None]
    """None for those who did not get in."""

    @property
    def facts(self) -> dict[str, Any]:
        sent = self.flood["bytes_sent"] or 1
        return {
            "attack": self.attack.name,
            "who": self.attack.who.value,
            "sent": self.flood["sent"],
            "sent_per_s": round(self.flood["sent"] / (self.attacked.counts["window_ns"] / 1e9 - SETTLE_SECONDS)),
            "sent_bytes": self.flood["bytes_sent"],
            "answered_per_byte": round(max(self.answered_bytes, 0.0) / sent, 4),
            "caused_per_byte": round(max(self.caused_bytes, 0.0) / sent, 4),
            "calls": self.harm.calls,
            "harmed": self.harm.harmed,
            "harm": asdict(self.harm),
            "quiet_harm": asdict(self.quiet_harm),
            "loss": self.attacked.loss,
            "quiet_loss": self.quiet.loss,
            "p50_us": self.attacked.percentile(0.5),
            "p99_us": self.attacked.percentile(0.99),
            "max_us": self.attacked.counts["worst_ns"] / 1000,
            "quiet_p50_us": self.quiet.percentile(0.5),
            "quiet_p99_us": self.quiet.percentile(0.99),
            "p99_ratio": harm.slower(self.quiet, self.attacked),
            "room_mates_p99_us": self.attacked.percentile(0.99, MATES),
            "room_mates_quiet_p99_us": self.quiet.percentile(0.99, MATES),
            "server_cores": self.attacked.server_load,
            "quiet_server_cores": self.quiet.server_load,
            "generator_busy": self.attacked.own_load,
            "generator_stalls": self.attacked.counts["stalls"],
            "undelivered_by_kernel": self.undelivered,
            "undelivered_while_joining": self.undelivered_joining,
            "memory_grown_kb": self.grown_kb,
            "descriptors_grown": self.descriptors,
            "counters": self.counters,
            "join_seconds": self.join_seconds,
            "remarks": self._remarks(),
        }

    def _remarks(self) -> list[str]:
        remarks = []
        if self.quiet_harm.harmed:
            remarks.append(f"in quiet too calls were harmed: {self.quiet_harm.words}")
        if self.undelivered:
            remarks.append(f"the kernel threw {self.undelivered} datagrams away: its buffer was full")
        if self.attacked.counts["stalls"]:
            remarks.append(f"the generator itself stood still {self.attacked.counts['stalls']} times for 5 ms and more")
        if self.flood["connections"]:
            remarks.append(f"{self.flood['connections']:,} connections were begun")
        if self.flood["failed"]:
            remarks.append(f"{self.flood['failed']:,} times the flood could not send")
        if None in self.join_seconds:
            remarks.append(f"{self.join_seconds.count(None)} of {len(self.join_seconds)} who wanted to join did not")
        return remarks


class Siege:
    """The calls, and one attacker after the other."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        cores = Cores.apart() if plan.apart else Cores.shared()
        self._address, _ = stage.enter(cores)
        self._system: Ours = start(self._address, cores, **plan.options)
        self._traffic = Traffic()
        self._number = 0
        self._victim, self._mate = self._open_rooms()
        self.quiet_joins = self._joins(None)

    def close(self) -> None:
        self._traffic.close()
        self._system.close()

    def measure(self, attack: Attack) -> Row:
        attacker = self._enter_attacker()
        strangers = [client_socket(source) for source in elsewhere(self._address, STRANGERS)]
        nobody = client_socket(self._address)
        server = attacker.remote.candidates[0]
        target = nobody.getsockname() if attack.who is Who.NOBODY else server
        try:
            for each in strangers:
                each.connect(target)
            return self._attack(attack, attacker, strangers, server)
        finally:
            self._system.leave(attacker)
            for each in (attacker.client.socket, nobody, *strangers):
                each.close()
            time.sleep(RECOVER_SECONDS)

    def _attack(self, attack: Attack, attacker: Person, strangers: list[socket.socket], server: tuple[str, int]) -> Row:
        plan, own = self.plan, attacker.endpoint
        ammunition = attack.load(self._known(attacker))
        slot_ssrc = attacker.remote.media[1].ssrcs[0]
        copied = ammunition.copies and attack.who is Who.STRANGER
        sockets = strangers if attack.who is not Who.JOINED else [own.socket]
        if copied:
            sockets = [own.socket, strangers[0]]

        rate, bits = plan.rate * ammunition.share, plan.mbit_per_s * 1e6

        def volley(total: int, seq: int = FIRST_SEQ) -> Volley:
            sources = elsewhere(self._address, SOURCES)
            return Volley(total, rate, bits, sockets, server, own, slot_ssrc, sources, seq)

        self._traffic.run(self._setting(WARM_SECONDS, measured=False))
        with Flood(ammunition, replace(volley(0), sockets=[own.socket])) as silence:
            before = self._system.counters()
            quiet = self._traffic.run(self._setting(plan.quiet_seconds), silence)
            between = self._system.counters()
            quiet_back = silence.counts["bytes_back"]
        held, dropped = holdings(self._system.pid), undelivered(server[1])
        seconds = SETTLE_SECONDS + flood.seconds(ammunition, plan.datagrams, rate, bits)
        with Flood(ammunition, volley(plan.datagrams)) as firing:
            with standing_still(self._system.pid, seconds / 2, plan.stop_seconds):
                attacked = self._traffic.run(self._setting(seconds + plan.stop_seconds), firing)
            counts = firing.counts
        longer = attacked.counts["window_ns"] / quiet.counts["window_ns"]
        after = self._system.counters()
        expected = {name: (between[name] - before.get(name, 0)) * longer for name in between}
        now, lost = holdings(self._system.pid), undelivered(server[1]) - dropped
        with Flood(ammunition, volley(int(rate * CONNECT_SECONDS * plan.joins), counts["next_seq"])) as firing:
            joins = self._joins(firing) if plan.joins else []
        # strangers' sockets get nothing in quiet
        usual_back = quiet_back * longer if own.socket in sockets else 0.0
        return Row(
            attack,
            counts,
            quiet,
            attacked,
            harm.of(quiet.calls),
            harm.of(attacked.calls),
            _wire_bytes(after) - _wire_bytes(between) - _wire_bytes(expected),
            counts["bytes_back"] - usual_back,
            harm.grown(between, after, expected),
            lost,
            undelivered(server[1]) - dropped - lost,
            now.proportional_kb - held.proportional_kb,
            now.descriptors - held.descriptors,
            joins,
        )

    def _open_rooms(self) -> tuple[Person, Person]:
        """The first room is the one that the attacker is in. Returns those who publish and watch there."""
        victim = self._system.join([Line("sendonly", ssrc=FIRST_SSRC - 1)], "attacked")
        mate = self._system.join([Line("recvonly"), Line("recvonly")], "attacked")
        connect([(victim.client, victim.remote), (mate.client, mate.remote)])
        self._system.wire(victim, mate, 0)
        sending = victim.sending()
        self._traffic.add_publisher(sending)
        self._traffic.add_subscriber(mate.receiving(0, MATES), sending)
        self._traffic.add_subscriber(mate.receiving(1), None)
        self._system.open_rooms(self.plan.rooms - 1, 1, self._traffic)
        return victim, mate

    def _enter_attacker(self) -> Person:
        """Somebody who publishes and watches in the first room like anybody else."""
        self._number += 1
        lines = [Line("sendonly", ssrc=ATTACKER_SSRC + self._number), Line("recvonly")]
        attacker = self._system.join(lines, "attacked")
        connect([(attacker.client, attacker.remote)])
        self._system.wire(self._victim, attacker, 1)
        self._system.wire(attacker, self._mate, 1)
        return attacker

    def _known(self, attacker: Person) -> Known:
        sending = attacker.sending()
        return Known(
            self._victim.client.name,
            attacker.endpoint.checks,
            attacker.client.hello,
            sending.ssrc,
            attacker.remote.media[1].ssrcs[0],
            sending.mid_id,
            sending.transport_id,
        )

    def _setting(self, seconds: float, measured: bool = True, spin: bool = True) -> Setting:
        pid = self._system.pid if measured else 0
        return Setting(self.plan.packets_per_s, seconds, self.plan.bytes, spin=spin, pid=pid, measured=measured)

    def _joins(self, flood: Flood | None) -> list[float | None]:
        """How long people take who join while the calls, and the flood, go on. They need the generator's core too: it
        sleeps between packets then, and comes first when it wakes."""
        found: list[float | None] = []

        def join() -> None:
            try:
                found.extend(self._join(f"joining {number}") for number in range(self.plan.joins))
            finally:
                self._traffic.stop()

        thread = threading.Thread(target=join, name="joining")
        with _starting(thread), stage.first(True):
            seconds = (CONNECT_SECONDS + 5) * (self.plan.joins + 1)
            self._traffic.run(self._setting(seconds, measured=False, spin=False), flood)
        return found

    def _join(self, room: str) -> float | None:
        began = time.monotonic()
        person = self._system.join([Line("recvonly")], room)
        try:
            connect([(person.client, person.remote)])
        except Failed:
            return None
        finally:
            took = time.monotonic() - began
            self._system.leave(person)
            person.client.close()
        return round(took, 3)


def _wire_bytes(counters: Mapping[str, float]) -> float:
    """That left, with the headers around them."""
    return counters["bytes_out"] + HEADERS * counters["packets_out"]


@contextmanager
def _starting(thread: threading.Thread) -> Iterator[None]:
    thread.start()
    yield
    thread.join()


def table(rows: Sequence[dict[str, Any]]) -> str:
    """For people: two lines for each kind."""
    heading = (
        f"{'kind of attack':<36} {'sent':>9} {'a second':>9} {'back':>6} {'caused':>6} {'harmed':>8} "
        f"{'p50 us':>13} {'p99 us':>15} {'x':>5} {'cores':>10}"
    )
    lines = [heading]
    who = ""
    for row in rows:
        if row["who"] != who:
            who = row["who"]
            lines += ["", f"from {who}" if who != Who.NOBODY.value else "to nobody"]
        lines.append(
            f"{row['attack']:<36} {row['sent']:>9,} {row['sent_per_s']:>9,} {row['answered_per_byte']:>6.2f} "
            f"{row['caused_per_byte']:>6.2f} {row['harmed']:>3} of {row['calls']:<3}"
            f"{row['quiet_p50_us']:>6.0f} >{row['p50_us']:>6.0f} {row['quiet_p99_us']:>7.0f} >{row['p99_us']:>7.0f} "
            f"{row['p99_ratio'] or 0:>5.2f} {row['quiet_server_cores']:>4.2f} >{row['server_cores']:>5.2f}"
        )
        lines.append("    " + "; ".join(_second_line(row)))
    return "\n".join(lines)


def _second_line(row: dict[str, Any]) -> list[str]:
    joined = [seconds for seconds in row["join_seconds"] if seconds is not None]
    parts = [f"{name} {count:,}" for name, count in list(row["counters"].items())[:6]]
    if row["harmed"]:
        parts.insert(
            0, f"{row['harm']['packets_lost']} packets lost, {row['harm']['longest_gap_ms']:.0f} ms without any"
        )
    if joined:
        parts.append(f"joining took up to {max(joined):.2f} s")
    if row["memory_grown_kb"] > 1024:
        parts.append(f"memory +{row['memory_grown_kb'] / 1024:.1f} MB")
    return [*parts, *row["remarks"]]


def verdict(rows: Sequence[dict[str, Any]]) -> tuple[str, int]:
    """In words, and as exit code."""
    against = [row for row in rows if row["who"] != Who.NOBODY.value]
    harmed = [row["attack"] for row in against if row["harmed"]]
    slowed = [row["attack"] for row in against if (row["p99_ratio"] or 0.0) > harm.SLOWER]
    said = [f"{len(against)} kinds of attack, calls harmed by {len(harmed)}: {', '.join(harmed) or 'none'}"]
    said.append(f"p99 above {harm.SLOWER:.0f} times the quiet one under {len(slowed)}: {', '.join(slowed) or 'none'}")
    return "\n".join(said), HARMED if harmed else SLOWED if slowed else 0


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.hostile", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help="few datagrams of each kind: whether everything works")
    parser.add_argument("--attack", action="append", help="only kinds whose name has this in it; may be repeated")
    parser.add_argument("--datagrams", type=int, default=1_000_000, help="of each kind")
    parser.add_argument("--rate", type=int, default=50_000, help="of the flood, datagrams a second")
    parser.add_argument(
        "--mbit", type=int, default=1_000, help="of the flood, Mbit/s at most: what a network card brings"
    )
    parser.add_argument("--rooms", type=int, default=100, help="calls, one publishes and one watches")
    parser.add_argument("--packets", type=int, default=5_000, help="a second, of all calls together")
    parser.add_argument("--bytes", type=int, default=1100, help="of an RTP packet, before it is sealed")
    parser.add_argument("--quiet-seconds", type=float, default=10.0, help="measured before each kind")
    parser.add_argument("--joins", type=int, default=3, help="people who join under each kind; 0 leaves that out")
    parser.add_argument(
        "--stop", type=int, default=0, help="stop the server for so many ms under each kind: everybody must be harmed"
    )
    parser.add_argument("--option", action="append", default=[], help="field of MediaConfig, e.g. gathering=false")
    parser.add_argument("--anywhere", action="store_true", help="leave it to the scheduler which core runs what")
    parser.add_argument("--output", type=Path, default=stage.RESULTS, help="folder for hostile.json")
    return parser.parse_args(given)


def _plan(given: argparse.Namespace) -> Plan:
    names = [each.name for each in ATTACKS if not given.attack or any(part in each.name for part in given.attack)]
    options = {name: json.loads(value) for name, _, value in (each.partition("=") for each in given.option)}
    return Plan(
        attacks=tuple(names),
        datagrams=20_000 if given.quick else given.datagrams,
        rate=given.rate,
        mbit_per_s=given.mbit,
        rooms=given.rooms,
        packets_per_s=given.packets,
        bytes=given.bytes,
        quiet_seconds=1.0 if given.quick else given.quiet_seconds,
        joins=min(given.joins, 1) if given.quick else given.joins,
        stop_seconds=given.stop / 1000,
        options=options,
        apart=not given.anywhere,
    )


def main(given: Sequence[str] | None = None) -> int:
    arguments = _arguments(given)
    plan = _plan(arguments)
    siege = Siege(plan)
    rows: list[dict[str, Any]] = []

    def found() -> dict[str, object]:
        told = {"plan": asdict(plan), "quiet_join_seconds": siege.quiet_joins, "results": rows}
        return stage.result("hostile", {**told, "verdict": verdict(rows)[0]})

    try:
        for attack in ATTACKS:
            if attack.name in plan.attacks:
                stage.say(f"{attack.name}, from {attack.who.value}")
                rows.append(siege.measure(attack).facts)
                stage.write(arguments.output, "hostile", found())
    finally:
        siege.close()
    said, code = verdict(rows)
    print(json.dumps(found(), indent=1) if arguments.json else f"{table(rows)}\n\n{said}")
    return code


if __name__ == "__main__":
    sys.exit(main())
