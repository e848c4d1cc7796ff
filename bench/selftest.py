"""Shows that the traffic finds what a forwarder does wrong: the floor is told to make one kind of mistake after the
other, and the counter that is there for it must move, by as much as it should. `python -m bench.selftest`.
"""

from __future__ import annotations

import sys

from bench.place import LOOPBACK
from bench.processes import Cores
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


def run(fault: Fault) -> Figures:
    server = Floor(LOOPBACK, Cores.shared(), 0, fault)
    traffic = Traffic()
    try:
        server.open_rooms(1, 1, traffic)
        return traffic.run(Setting(PACKETS, SECONDS, spin=False))
    finally:
        traffic.close()
        server.close()


def main() -> int:
    wrong = 0
    quiet = run(Fault.NONE)
    if quiet.faults or quiet.counts["lost"]:
        print(f"without a fault: {quiet.faults}, {quiet.counts['lost']} lost")
        wrong += 1
    for fault, counter in SEEN_IN.items():
        counts = run(fault).counts
        least = counts["expected"] // FAULT_EVERY
        found = counts[counter] >= least
        wrong += not found
        verdict = "found" if found else "NOT FOUND"
        print(f"{fault.name.lower().replace('_', ' '):<16}{verdict:<11}{counter} {counts[counter]}, made {least}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
