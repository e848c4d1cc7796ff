"""Networks of a test's own: a place for the service, one for each person, and lines between them that can be taken
away, given and blocked.

A place is a network namespace (network_namespaces(7)) that lives as long as a process that sleeps in it: what a test
that was killed has made is gone with it, and this machine's own network is never touched.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

CLONE_NEWNET = 0x40000000
PROGRAMS = ("ip", "nft", "nsenter", "unshare", "setpriv")

SERVICE = "10.99.0.1"
"""The address of the service, whichever line leads to it."""

Blocked = Literal["udp", "everything", "to the person", "a twentieth"]


def why_not() -> str:
    """Why this machine lets us have no networks of our own; empty if it does."""
    missing = [program for program in PROGRAMS if shutil.which(program, path=_path()) is None]
    if missing:
        return f"needs {', '.join(missing)} (Debian: iproute2, nftables and util-linux)"
    tried = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False, env=_environment())
    if tried.returncode:
        return "needs the right to make networks: run it as root, or below `unshare --user --map-root-user --net`"
    return ""


class Place:
    """One end of lines. `name` is only for us."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._sleeper = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity"], env=_environment()
        )
        self.path = Path(f"/proc/{self._sleeper.pid}/ns/net")
        ours = os.readlink("/proc/self/ns/net")
        while os.readlink(self.path) == ours:
            if self._sleeper.poll() is not None:
                raise RuntimeError(f"there is no network for {name}")
        self.run("ip", "link", "set", "lo", "up")

    @property
    def pid(self) -> int:
        return self._sleeper.pid

    def command(self, *words: str) -> list[str]:
        """The command, to be run there."""
        return ["nsenter", f"--net={self.path}", "--", *words]

    def run(self, *words: str) -> None:
        done = subprocess.run(self.command(*words), capture_output=True, text=True, check=False, env=_environment())
        if done.returncode:
            raise RuntimeError(f"{self.name}: {' '.join(words)}: {done.stderr.strip()}")

    def script(self, folder: Path, program: str, pid: Path) -> Path:
        """A program of its own that runs `program` there with whatever arguments it is given, and leaves its number in
        `pid`."""
        path = folder / f"{Path(program).name}-{self.name}"
        path.write_text(f'#!/bin/sh\necho $$ > {pid}\nexec {" ".join(self.command(program))} "$@"\n')
        path.chmod(0o755)
        return path

    @contextmanager
    def entered(self) -> Iterator[None]:
        """What this thread opens and starts meanwhile is there."""
        with open("/proc/thread-self/ns/net") as before:
            _enter(self.path)
            try:
                yield
            finally:
                if _libc().setns(before.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "cannot leave a network")

    def close(self) -> None:
        self._sleeper.kill()
        self._sleeper.wait()


class Line:
    """A cable, a Wi-Fi or a mobile network between a person and the service: `device` at the person's end."""

    def __init__(self, number: int, service: Place, person: Place, device: str) -> None:
        self._service, self._person = service, person
        self.device = device
        self._far = f"line{number}"
        self._net = f"10.77.{number}"
        self._table = str(100 + number)
        self._up = False

    def give(self) -> None:
        """The person has it from now on, with an address and as the way out."""
        create = ("ip", "link", "add", self._far, "type", "veth", "peer", "name", self.device)
        self._service.run(*create, "netns", str(self._person.pid))
        self._service.run("ip", "address", "add", f"{self._net}.1/24", "dev", self._far)
        self._service.run("ip", "link", "set", self._far, "up")
        self._person.run("ip", "address", "add", f"{self._net}.2/24", "dev", self.device)
        # without IPv6: its address would be ready a second later, and what a browser loads then is lost to the change
        with self._person.entered(), suppress(FileNotFoundError):
            Path(f"/proc/sys/net/ipv6/conf/{self.device}/disable_ipv6").write_text("1")
        self._person.run("ip", "link", "set", self.device, "up")
        way = ("default", "via", f"{self._net}.1", "dev", self.device)
        self._person.run("ip", "route", "append", *way)
        # what comes from its address leaves by it, whichever line is preferred
        self._person.run("ip", "route", "add", *way, "table", self._table)
        self._person.run("ip", "rule", "add", "from", f"{self._net}.2", "lookup", self._table)
        self._up = True

    def take_away(self) -> None:
        """Device, address and way out are gone, without a word to anybody at the other end."""
        if self._up:
            self._service.run("ip", "link", "delete", self._far)
            self._person.run("ip", "rule", "delete", "lookup", self._table)
        self._up = False

    def block(self, what: Blocked) -> None:
        """Drops it from now on. The device stays as it is, so nothing tells the person's browser."""
        drop = {"udp": "meta l4proto udp drop", "a twentieth": "numgen random mod 100 < 5 drop"}.get(what, "drop")
        _filter(self._person, self.device, drop)
        if what != "to the person":
            _filter(self._service, self._far, drop)

    def prefer_others(self) -> None:
        """The person's machine gives it up as the way out, as phones do with a Wi-Fi that leads nowhere."""
        self._person.run("ip", "route", "delete", "default", "via", f"{self._net}.1", "dev", self.device)

    def unblock(self) -> None:
        for place in (self._person, self._service):
            place.run("nft", "flush", "ruleset")


def _filter(place: Place, device: str, rule: str) -> None:
    hook = f'type filter hook ingress device "{device}" priority 0;'
    place.run("nft", f"table netdev {device} {{\n chain in {{\n {hook}\n {rule}\n }}\n}}")


class Networks:
    """The places and lines of one test module."""

    def __init__(self) -> None:
        self.service = Place("service")
        self._places = [self.service]
        self._lines: list[Line] = []
        # packets may come in by another line than the one that leads back
        self.service.run("ip", "address", "add", f"{SERVICE}/32", "dev", "lo")

    def place(self, name: str) -> Place:
        made = Place(name)
        self._places.append(made)
        return made

    def line(self, person: Place, device: str) -> Line:
        made = Line(len(self._lines) + 1, self.service, person, device)
        self._lines.append(made)
        return made

    def close(self) -> None:
        for place in self._places:
            place.close()


def _enter(path: Path) -> None:
    with path.open() as namespace:
        if _libc().setns(namespace.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"cannot enter {path}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": _path()}
