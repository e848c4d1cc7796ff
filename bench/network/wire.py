"""The wire between real browsers: a process that holds three network namespaces and carries packets between them, by
the same links as the simulation (`link.py`). `python -m bench.network.wire`; spoken to by `places.py`.

Each namespace has one interface, whose other end is here. So whatever a browser sends, over UDP or TCP, to the server
or to the other browser, goes through the links of its own namespace and then through those of the other, as in a house
with one line. It stands in for a kernel without netem.

A line of JSON on standard input is an order, each is answered by one on standard output:

    {"do": "shape", "links": {"right": {"down": {...}, "up": {...}}}}    from now on; rates are those of their beginning
    {"do": "begin"}                                                      the courses of rates and outages begin now
    {"do": "tell"}                                                       what was carried since `begin`
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import json
import os
import select
import struct
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from bench.network.link import Line, Path, Queue
from bench.network.rate import SECOND, Rate
from bench.stage import first

PLACES = {"middle": "10.97.0.1", "left": "10.97.1.1", "right": "10.97.2.1"}
INTERFACE = "eth0"
"""A name by which browsers take it for a cable."""

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x1, 0x1000
CLONE_NEWNET = 0x40000000
MOST_BYTES = 2048
BIN_US = 100_000
UDP = 17


@dataclass
class Carried:
    """Of UDP in one direction of a place, since `begin`."""

    bytes: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    """In each `BIN_US`, of what came out."""
    waited: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Direction:
    path: Path
    shape: dict[str, Any] = field(default_factory=dict)
    carried: Carried = field(default_factory=Carried)


class Place:
    """A namespace, its interface's other end, and the two directions of its line."""

    def __init__(self, address: str) -> None:
        self.address = bytes(int(each) for each in address.split("."))
        _unshare()
        self.namespace = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self.tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(self.tun, TUNSETIFF, struct.pack("16sH14x", INTERFACE.encode(), IFF_TUN | IFF_NO_PI))
        for command in (
            ["ip", "link", "set", "lo", "up"],
            ["ip", "addr", "add", f"{address}/24", "dev", INTERFACE],
            ["ip", "link", "set", INTERFACE, "up", "txqueuelen", "1000"],
            ["ip", "route", "add", "default", "dev", INTERFACE],
        ):
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own argument lists
        self.up, self.down = (Direction(Path(None, Line(0), 1)) for _ in range(2))


class Wire:
    def __init__(self) -> None:
        self.places = {name: Place(address) for name, address in PLACES.items()}
        self._by_address = {place.address: place for place in self.places.values()}
        self._by_tun = {place.tun: place for place in self.places.values()}
        self._under_way: list[tuple[int, int, bytes, Place, bool]] = []
        self._count = 0
        self._begun = 0
        self._late: list[int] = []
        self._refused = 0

    def run(self) -> None:
        said = b""
        tuns = list(self._by_tun)
        os.set_blocking(0, False)
        while True:
            until = self._under_way[0][0] - now_us() if self._under_way else SECOND
            ready, _, _ = select.select([0, *tuns], [], [], max(until, 0) / SECOND)
            for each in ready:
                if each == 0:
                    more = os.read(0, 65536)
                    if not more:
                        return
                    *lines, said = (said + more).split(b"\n")
                    for line in lines:
                        print(json.dumps(self._do(json.loads(line))), flush=True)
                else:
                    self._take(self._by_tun[each])
            self._pass_on()

    def _take(self, place: Place) -> None:
        while True:
            try:
                packet = os.read(place.tun, MOST_BYTES)
            except BlockingIOError:
                return
            target = self._by_address.get(packet[16:20]) if len(packet) >= 20 and packet[0] >> 4 == 4 else None
            if target is not None:
                self._put(place.up, packet, now_us(), target, True)

    def _put(self, direction: Direction, packet: bytes, now: int, target: Place, goes_on: bool) -> None:
        arrives = direction.path.send(now, len(packet))
        queue = direction.path.queue
        is_udp = packet[9] == UDP
        if queue is not None and queue.waited and is_udp and arrives is not None:
            direction.carried.waited.append((now - self._begun, queue.waited[-1][1]))
        if arrives is None:
            return
        if is_udp:
            direction.carried.bytes[(arrives - self._begun) // BIN_US] += len(packet)
        self._count += 1
        heapq.heappush(self._under_way, (arrives, self._count, packet, target, goes_on))

    def _pass_on(self) -> None:
        now = now_us()
        while self._under_way and self._under_way[0][0] <= now:
            due, _, packet, target, goes_on = heapq.heappop(self._under_way)
            if goes_on:
                self._put(target.down, packet, due, target, False)
                continue
            self._late.append(now_us() - due)
            try:
                os.write(target.tun, packet)
            except OSError:
                self._refused += 1

    def _do(self, order: dict[str, Any]) -> dict[str, Any]:
        if order["do"] == "shape":
            for name, place in self.places.items():
                for way, direction in (("up", place.up), ("down", place.down)):
                    direction.shape = order["links"].get(name, {}).get(way, {})
                    direction.path = make_path(direction.shape, now_us(), held=True)
            return {}
        if order["do"] == "begin":
            self._begun = now_us()
            self._late.clear()
            for place in self.places.values():
                for direction in (place.up, place.down):
                    direction.carried = Carried()
                    direction.path = continued(direction.path, direction.shape, self._begun)
            return {}
        late = sorted(self._late)
        return {
            "late_p99_us": late[len(late) * 99 // 100] if late else 0,
            "refused": self._refused,
            "places": {
                name: {
                    way: {"bytes": dict(direction.carried.bytes), "waited": direction.carried.waited}
                    for way, direction in (("up", place.up), ("down", place.down))
                }
                for name, place in self.places.items()
            },
        }


def make_path(shape: dict[str, Any], now: int, held: bool) -> Path:
    """From {"steps": [[us, bit/s], ...], "queue_us", "delay_us", "loss", "outages": [[us, us], ...], "seed"}; all may
    be left out. `held`: the rate stays as it begins, and there are no outages."""
    steps = shape.get("steps")
    queue = None
    if steps:
        later = [] if held else [(at + now, rate) for at, rate in steps[1:]]
        queue = Queue(Rate(((0, steps[0][1]), *later)), shape.get("queue_us", 300_000))
    outages = () if held else tuple((begin + now, end + now) for begin, end in shape.get("outages", ()))
    line = Line(shape.get("delay_us", 0), shape.get("jitter_us", 0), shape.get("loss", 0.0), outages)
    return Path(queue, line, shape.get("seed", 1))


def continued(path: Path, shape: dict[str, Any], now: int) -> Path:
    """The same with its course from now on; what is under way stays under way."""
    after = make_path(shape, now, held=False)
    if path.queue is not None and after.queue is not None:
        path.queue.rate = after.queue.rate
        path.queue.waited.clear()
    path.line = after.line
    return path


def now_us() -> int:
    return time.monotonic_ns() // 1000


def _unshare() -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), f"no network namespace: {os.strerror(ctypes.get_errno())}")


def main() -> int:
    try:
        wire = Wire()
    except (OSError, subprocess.CalledProcessError) as error:
        print(json.dumps({"failed": str(error)}), flush=True)
        return 1
    namespaces = {name: f"/proc/{os.getpid()}/fd/{place.namespace}" for name, place in wire.places.items()}
    print(json.dumps({"namespaces": namespaces}), flush=True)
    with first(True):
        wire.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
