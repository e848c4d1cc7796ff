"""A clinic, a home and some other machine, each in a network of its own, with a wire between the clinic and each of the
others. What a firewall lets through is decided with nftables, as on real machines.

Not here: places themselves (`tests/browser/networks.py`), what runs in them.
"""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tests.browser import networks as bare

CLINIC = "10.77.1.1"
HOME = "10.77.1.2"
CLINIC_ELSEWHERE = "10.77.2.1"
ELSEWHERE = "10.77.2.2"
"""Addresses: of the clinic as its home sees it, of the home, and of some other machine that the clinic can reach."""

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
T = TypeVar("T")


class Place(bare.Place):
    def says(self, *command: str | Path, text: str = "") -> str:
        """Runs a command there, with `text` as its input; returns what it writes. Raises RuntimeError."""
        done = subprocess.run(
            self.command(*map(str, command)),
            input=text,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PATH": PATH},
        )
        if done.returncode:
            raise RuntimeError(f"{self.name}: {command}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def do(self, work: Callable[[], T]) -> T:
        """Calls `work` on a thread that is there; sockets that it opens are there."""
        done: list[T] = []
        failed: list[BaseException] = []

        def there() -> None:
            try:
                with self.entered():
                    done.append(work())
            except BaseException as error:  # noqa: BLE001 - raised below, where it is waited for
                failed.append(error)

        thread = threading.Thread(target=there)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return done[0]

    def firewall(self, *rules: str) -> None:
        """Of what leaves it: each rule says what is dropped. Without rules, everything passes."""
        table = "table inet test_firewall"
        lines = "\n".join(f"{rule} counter drop" for rule in rules)
        chain = f"chain out {{ type filter hook output priority 0; policy accept;\n{lines}\n}}"
        self.says("nft", "-f", "-", text=f"{table}\ndelete {table}\n{table} {{\n{chain}\n}}\n")


class Networks:
    def __init__(self) -> None:
        self.clinic, self.home, self.elsewhere = Place("clinic"), Place("home"), Place("elsewhere")
        self._wire(self.home, "home", CLINIC, HOME)
        self._wire(self.elsewhere, "elsewhere", CLINIC_ELSEWHERE, ELSEWHERE)
        # so that nobody there need be root to serve at 443
        with self.clinic.entered():
            Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0")

    def _wire(self, place: Place, name: str, ours: str, theirs: str) -> None:
        create = ("ip", "link", "add", name, "type", "veth", "peer", "name", "clinic")
        self.clinic.says(*create, "netns", str(place.pid))
        for where, device, address in ((self.clinic, name, ours), (place, "clinic", theirs)):
            where.says("ip", "addr", "add", f"{address}/24", "dev", device)
            where.says("ip", "link", "set", device, "up")

    def close(self) -> None:
        for place in (self.clinic, self.home, self.elsewhere):
            place.close()


@contextmanager
def networks() -> Iterator[Networks]:
    """Skips the test where there can be none."""
    if reason := bare.why_not():
        pytest.skip(reason)
    made = Networks()
    try:
        yield made
    finally:
        made.close()
