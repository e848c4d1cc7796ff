"""What a recorded call costs more than the same call unrecorded, here and in Janus, and how many go at once.

A window is some seconds of running calls: what all of the server's processes used, and what came of the packets. Of
each system and repeat there are two, one with and one without recording, the other one first each time.
Not here: what follows from the figures (`recording_report.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench import recording_kept, stage
from bench.errors import Failed
from bench.processes import Cores, machine_seconds, resident_kb, thread_times
from bench.recording_films import Cast
from bench.recording_janus import STARTS
from bench.recording_kept import Kept
from bench.recording_playing import Look, Playing, Seen, Stream
from bench.recording_service import FOLDER, Service, cpu_ns
from bench.systems.ours import MEDIA_THREAD

OURS = "ours"
SYSTEMS = (OURS, *STARTS)

SETTLE_SECONDS = 3.0
"""After calls have begun, and after a recording was begun or ended: key frames, files, what waits."""

APART_SECONDS = 0.05
"""From one call's recording to the next one's, where there are many: nobody presses all buttons at once."""

MOMENTS = 30
MOMENT_SECONDS = 0.1
CALM_SECONDS = 20.0
"""At most, until the writer has nothing to do any more."""

IDLE_CORES = 0.002
LOOK_SECONDS = 0.5


class System(Protocol):
    """A server with calls on it, all of which it can record."""

    @property
    def pids(self) -> dict[str, int]:
        """Its processes, by what they do."""

    def open_calls(self, count: int, playing: Playing, cast: Sequence[Cast]) -> None: ...

    def record(self) -> None: ...

    def stop(self) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Window:
    system: str
    calls: int
    recorded: bool
    repeat: int
    seconds: float
    cpu_ms: Mapping[str, float]
    """Milliseconds on a core for each second of each call, by process; "media" is a part of "server"."""
    others_cores: float
    """What neither the server nor the generator used: the kernel's own threads that write to the disk are in it."""
    resident_kb: Mapping[str, int]
    seen: Seen

    @property
    def cpu_ms_per_call(self) -> float:
        """Of all its processes."""
        return sum(each for name, each in self.cpu_ms.items() if name != MEDIA_THREAD)


@dataclass(frozen=True)
class Many:
    """So many calls at once, without and with recording."""

    calls: int
    plain: Window
    recorded: Window | None
    """None where they were too many already without."""
    streams: Sequence[Stream]
    missed: int
    """Packets that the listeners could not keep, as the media server counts them."""
    not_recorded: int
    """Batches of which the service's log says that something in them was not recorded."""
    problems: Sequence[str]
    """What people were told of their recordings while they ran."""
    unkept_seconds: float
    """The longest that a track's last checkpoint was ago, at any of some moments: a crash would have lost that, and
    what waits before it (`recording/disk_thread.py`)."""
    finishing_seconds: float
    """From the end of the recordings until all was on the disk."""
    kept: Sequence[Kept]


def start(name: str, address: str, cores: Cores) -> System:
    """A fresh one. Raises Failed, NotAvailable."""
    if name == OURS:
        return Service(address, cores, FOLDER / "ours")
    return STARTS[name](address, cores, FOLDER / "janus")


def measure_cost(
    name: str, calls: int, repeat: int, seconds: float, address: str, cores: Cores, cast: Sequence[Cast]
) -> list[Window]:
    """Both windows of one repeat. Raises Failed."""
    playing = Playing()
    system = start(name, address, cores)
    try:
        system.open_calls(calls, playing, cast)
        playing.start()
        time.sleep(SETTLE_SECONDS)
        found = []
        for recorded in (False, True) if repeat % 2 == 0 else (True, False):
            if recorded:
                system.record()
                time.sleep(SETTLE_SECONDS)
            found.append(window(name, system, playing, calls, recorded, repeat, seconds))
            if recorded:
                system.stop()
                calm(system)
                time.sleep(SETTLE_SECONDS)
        return found
    finally:
        # the server first: what its clients' end costs is not asked for
        system.close()
        playing.close()


def window(
    name: str, system: System, playing: Playing, calls: int, recorded: bool, repeat: int, seconds: float
) -> Window:
    pids = system.pids
    others, own = machine_seconds(), time.process_time()
    before, used = playing.look(), _used(pids)
    time.sleep(seconds)
    after, using = playing.look(), _used(pids)
    passed = after.at - before.at
    everything, own = machine_seconds() - others, time.process_time() - own
    spent = {each: (using[each] - used[each]) / 1e6 for each in used}
    servers = sum(each for process, each in spent.items() if process != MEDIA_THREAD) / 1000
    return Window(
        system=name,
        calls=calls,
        recorded=recorded,
        repeat=repeat,
        seconds=passed,
        cpu_ms={each: value / passed / calls for each, value in spent.items()},
        others_cores=max(everything - own - servers, 0.0) / passed,
        resident_kb={process: resident_kb(pid) for process, pid in pids.items()},
        seen=Seen.between(before, after),
    )


def calm(system: System) -> float:
    """Waits until the writer has nothing to do any more; returns how long that took."""
    began = time.monotonic()
    while time.monotonic() - began < CALM_SECONDS:
        writers = {pid: cpu_ns(pid) for process, pid in system.pids.items() if process != "server"}
        time.sleep(LOOK_SECONDS)
        if sum(cpu_ns(pid) - used for pid, used in writers.items()) < IDLE_CORES * LOOK_SECONDS * 1e9:
            break
    return time.monotonic() - began


def measure_many(calls: int, seconds: float, address: str, cores: Cores, cast: Sequence[Cast]) -> Many:
    """Raises Failed."""
    playing = Playing()
    folder = FOLDER / "many"
    service = Service(address, cores, folder)
    recorded: Window | None = None
    problems: list[str] = []
    missed = 0
    unkept = finishing = 0.0
    try:
        service.open_calls(calls, playing, cast)
        playing.start()
        time.sleep(SETTLE_SECONDS)
        plain = window(OURS, service, playing, calls, False, 0, seconds)
        if loses(plain) is None:
            before = playing.look()
            service.record(APART_SECONDS)
            time.sleep(SETTLE_SECONDS)
            recorded = window(OURS, service, playing, calls, True, 0, seconds)
            unkept = oldest_checkpoint(service.recordings)
            problems = sorted({call.problem for call in service.calls if call.problem})
            service.stop()
            finishing = calm(service)
            missed = service.counters().get("dropped_tap", 0)
            _tell(before, playing.look())
        playing.hush()
        streams = playing.streams()
    finally:
        service.close()
        playing.close()
    kept = recording_kept.read(service.data, cast) if recorded is not None else []
    return Many(
        calls, plain, recorded, streams, missed, service.log.count("not recorded"), problems, unkept, finishing, kept
    )


def oldest_checkpoint(folder: Path) -> float:
    """How long ago the last checkpoint of a running track was, at most, of all tracks at some moments. A track that is
    written to is checkpointed several times a second."""
    oldest = 0.0
    for _ in range(MOMENTS):
        time.sleep(MOMENT_SECONDS)
        now = time.time()
        last: dict[str, float] = {}
        for tail in [*folder.glob("*/*.tail.age"), *folder.glob("*/*.fresh.age")]:
            with suppress(FileNotFoundError):  # it was replaced between being listed and being looked at
                track = tail.name.partition(".")[0]
                last[track] = max(last.get(track, 0.0), tail.stat().st_mtime)
        oldest = max([oldest, *(now - at for at in last.values())])
    return oldest


def loses(window: Window) -> str | None:
    """Why this is more than the machine carries; None if it carries it."""
    counts = window.seen.counts
    if counts["lost"] or counts["wrong"]:
        return f"{counts['lost']} packets lost, {counts['wrong']} wrong"
    if window.seen.late > 0.02:
        return f"the generator sent {window.seen.late:.0%} of its packets late"
    return None


def find_most(wanted: int, measure: Callable[[int], Many], is_met: Callable[[Many], bool], step: int) -> list[Many]:
    """`wanted` at once, and where that is too many, fewer and fewer by `step` until some number is met."""
    found = []
    for calls in range(wanted, 0, -step):
        stage.say(f"many: {calls} calls")
        found.append(measure(calls))
        if is_met(found[-1]):
            break
    return found


def _used(pids: Mapping[str, int]) -> dict[str, int]:
    """Nanoseconds so far."""
    try:
        used = {process: cpu_ns(pid) for process, pid in pids.items()}
    except OSError:
        raise Failed("a process of the server's ended while it was measured") from None
    media = sum(each for thread, each in thread_times(pids["server"]).items() if thread.startswith(MEDIA_THREAD))
    return {**used, MEDIA_THREAD: media}


def _tell(before: Look, after: Look) -> None:
    seen = Seen.between(before, after)
    stage.say(
        f"    {seen.counts['sent']:,} packets sent meanwhile, {seen.counts['lost']} lost, p99 {seen.p99_us:,.0f} us"
    )
