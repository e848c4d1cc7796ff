"""Shows that the traffic finds what a forwarder does wrong: the floor is told to make one kind of mistake after the
other, and the counter that is there for it must move, by as much as it should; and whoever was harmed by it, or by a
forwarder that stood still, must be called harmed. `python -m bench.selftest`.
"""

from __future__ import annotations

import sys

from bench import harm
from bench.harm import Harm
from bench.place import LOOPBACK
from bench.processes import Cores, standing_still
from bench.systems.floor import FAULT_EVERY, Fault, Floor
from bench.traffic import Figures, Setting, Traffic

PACKETS = 2000
SECONDS = 1.0

SEEN_IN = {
    Fault.LOSE: "lost",
    Fault.TWICE: "duplicates",
    Fault.CHANGE_PAYLOAD: "bad_payload",
    Fault.CHANGE_SEALED: "bad_auth",
    Fault.CHANGE_SSRC: "bad_ssrc",
    Fault.SKIP_PICTURE: "bad_picture",
    Fault.LATE: "above_20_ms",
}


STILL_ROOMS = 4
STILL_PACKETS = 400
"""A second: what comes while the forwarder stands still must fit into its socket's buffer, or it is lost besides."""

STILL_SECONDS = {0.3: False, 0.7: True}
"""How long the forwarder stands still, and whether that is harm."""

HARMING = (Fault.LOSE, Fault.TWICE, Fault.CHANGE_PAYLOAD, Fault.CHANGE_SEALED, Fault.CHANGE_SSRC, Fault.SKIP_PICTURE)


def run(fault: Fault) -> Figures:
    server = Floor(LOOPBACK, Cores.shared(), 0, fault)
    traffic = Traffic()
    try:
        server.open_rooms(1, 1, traffic)
        return traffic.run(Setting(PACKETS, SECONDS, spin=False))
    finally:
        traffic.close()
        server.close()


def stand_still(seconds: float) -> Harm:
    """In the middle of a run."""
    server = Floor(LOOPBACK, Cores.shared(), 0)
    traffic = Traffic()
    try:
        server.open_rooms(STILL_ROOMS, 1, traffic)
        with standing_still(server.pid, SECONDS / 4, seconds):
            return harm.of(traffic.run(Setting(STILL_PACKETS, SECONDS + seconds, spin=False)).calls)
    finally:
        traffic.close()
        server.close()


def told(what: str, found: bool, facts: str) -> bool:
    print(f"{what:<26}{'found' if found else 'NOT FOUND':<11}{facts}")
    return found


def main() -> int:
    right = []
    quiet = run(Fault.NONE)
    if quiet.faults or quiet.counts["lost"] or harm.of(quiet.calls).harmed:
        right.append(told("without a fault", False, f"{quiet.faults}, {quiet.counts['lost']} lost"))
    for fault, counter in SEEN_IN.items():
        figures = run(fault)
        least = figures.counts["expected"] // FAULT_EVERY
        found = figures.counts[counter] >= least
        name = fault.name.lower().replace("_", " ")
        right.append(told(name, found, f"{counter} {figures.counts[counter]}, made {least}"))
        harmed = harm.of(figures.calls)
        if fault in HARMING:
            right.append(told(f"  harm by {name}", harmed.harmed == 1, harmed.words))
    for seconds, harmful in STILL_SECONDS.items():
        harmed = stand_still(seconds)
        found = (harmed.still == STILL_ROOMS) is harmful and (harmful or harmed.harmed == 0)
        right.append(told(f"stands still {seconds} s", found, f"{harmed.words}, {harmed.longest_gap_ms:.0f} ms"))
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
