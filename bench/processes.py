"""Programs that a benchmark starts and stops by their pid, and what the scheduler says they have used.

Not here: what the programs are (`systems/`).
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

BUILD = Path(__file__).resolve().parent.parent / "build" / "bench"
"""Everything that is made for a measurement: compiled parts, other servers, their configuration and logs."""

STOP_SECONDS = 5.0


@dataclass(frozen=True)
class Cores:
    """Which cores the measured server and the traffic run on. Without a choice the scheduler decides."""

    server: frozenset[int]
    traffic: frozenset[int]

    @classmethod
    def apart(cls) -> Cores:
        """One core each; both the same set if there is only one."""
        available = sorted(os.sched_getaffinity(0))
        return cls(frozenset(available[:1]), frozenset(available[1:2] or available))

    @classmethod
    def shared(cls) -> Cores:
        available = frozenset(os.sched_getaffinity(0))
        return cls(available, available)


class Program:
    """A child process on the server's cores."""

    def __init__(
        self,
        arguments: Sequence[str],
        cores: Cores,
        log: Path,
        environment: Mapping[str, str] | None = None,
        talks: bool = False,
    ) -> None:
        """`talks`: its standard input and output are pipes; else its output goes to `log`."""
        log.parent.mkdir(parents=True, exist_ok=True)
        before = os.sched_getaffinity(0)
        with log.open("wb") as output:
            # a child inherits its parent's cores: a thread that it starts at once is placed right too
            os.sched_setaffinity(0, cores.server)
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own argument lists, no shell
                    list(arguments),
                    stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                    stdout=subprocess.PIPE if talks else output,
                    stderr=output,
                    env={**os.environ, **environment} if environment is not None else None,
                    start_new_session=True,
                )
            finally:
                os.sched_setaffinity(0, before)
        self.log = log

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        """Its standard input and output."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ValueError("this program was started without pipes")
        return self._process.stdin, self._process.stdout

    def stop(self) -> None:
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def last_words(self) -> str:
        """The end of its log, for an error message."""
        return self.log.read_text("utf-8", "replace")[-600:].strip()


@contextmanager
def standing_still(pid: int, after: float, seconds: float) -> Iterator[None]:
    """While it is entered the process is stopped once, `after` so many seconds: what a frozen server does to calls.
    0 seconds: it is not."""

    def stop() -> None:
        time.sleep(after)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(pid, signal.SIGCONT)

    thread = threading.Thread(target=stop, name="stopping")
    if seconds:
        thread.start()
    try:
        yield
    finally:
        if seconds:
            thread.join()


def run(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """Runs a command to its end and returns what it printed. Raises CalledProcessError."""
    done = subprocess.run(  # noqa: S603 - our own argument lists, no shell
        list(arguments),
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment} if environment is not None else None,
    )
    return done.stdout


def thread_times(pid: int) -> dict[str, int]:
    """Nanoseconds on a core of each living thread, from /proc/PID/task/*/schedstat, by name and thread id."""
    times = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            used = int((task / "schedstat").read_text().split()[0])
            times[f"{(task / 'comm').read_text().strip()}/{task.name}"] = used
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended between being listed and being read
    return times


def wakeups(pid: int) -> int:
    """How often its living threads have gone to sleep and come back, so far."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            lines = (task / "status").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches:"))
    return total


def count_syscalls(pid: int, seconds: float) -> int | None:
    """System calls of all its threads within `seconds`, as the kernel's own trace point counts them. None without
    perf, or where it may not."""
    perf = shutil.which("perf")
    if perf is None:
        return None
    try:
        told = run([perf, "stat", "-x,", "-e", "raw_syscalls:sys_enter", "-p", str(pid), "--", "sleep", str(seconds)])
    except subprocess.CalledProcessError:
        return None
    counted = [line.split(",")[0] for line in told.splitlines() if "sys_enter" in line]
    return int(counted[0]) if counted and counted[0].isdigit() else None


def machine_seconds() -> float:
    """Processor time that everything on this machine has used so far, what the hypervisor took included."""
    user, nice, system, _, _, irq, softirq, steal = (
        int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Holdings:
    """What a process holds on to."""

    resident_kb: int
    proportional_kb: int
    """What it shares with others counted in part (PSS). What it doesn't share is most of it: what grows is its own."""
    descriptors: int
    threads: int


def holdings(pid: int) -> Holdings:
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, value = line.partition(":")
        sizes[name] = int(value.split()[0])
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    return Holdings(sizes["Rss"], sizes["Pss"], descriptors, len(os.listdir(f"/proc/{pid}/task")))


def resident_kb(pid: int) -> int:
    """Cheaper than `holdings`, while it is measured."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


def undelivered(port: int) -> int:
    """Datagrams that the kernel has thrown away because the buffer of this process's network's UDP socket with that
    port was full."""
    found = 0
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        columns = line.split()
        if int(columns[1].rpartition(":")[2], 16) == port:
            found += int(columns[-1])
    return found


def allow_many_files() -> None:
    """A socket for each of a thousand peers."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536), most))
