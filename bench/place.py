"""The network that a measurement happens in: a namespace of this process's own, with one address that no interface
outside knows. Nothing can leave it, and it is gone when the last process in it ends.

Other servers' ICE libraries pass over loopback interfaces, so the address stands on a veth pair. Datagrams to an
address of one's own take the loopback path all the same: that is what is measured, for all alike.
"""

from __future__ import annotations

import ctypes
import ipaddress
import os

from bench.errors import NotAvailable
from bench.processes import run

ADDRESS = "10.99.0.1"
ELSEWHERE = ipaddress.ip_network("10.98.0.0/16")
"""All of these addresses are this namespace's too: strangers come from many places."""

LOOPBACK = "127.0.0.1"
CLONE_NEWNET = 0x40000000


def enter_namespace() -> str:
    """Moves this process, and the children it will have, into a new namespace. Returns the address to use there.

    Raises NotAvailable where the system doesn't allow it: then only what needs no ICE library of others can be
    measured, on LOOPBACK.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(CLONE_NEWNET) != 0:
        raise NotAvailable(f"no network namespace: {os.strerror(ctypes.get_errno())}")
    for command in (
        ["ip", "link", "set", "lo", "up"],
        ["ip", "link", "add", "bench0", "type", "veth", "peer", "name", "bench1"],
        ["ip", "addr", "add", f"{ADDRESS}/24", "dev", "bench0"],
        ["ip", "link", "set", "bench0", "up"],
        ["ip", "link", "set", "bench1", "up"],
        ["ip", "route", "add", "local", str(ELSEWHERE), "dev", "lo"],
    ):
        run(command)
    return ADDRESS


def elsewhere(address: str, count: int) -> list[str]:
    """Other addresses from which something can come to `address`."""
    network = ipaddress.ip_network("127.0.0.0/8") if address == LOOPBACK else ELSEWHERE
    return [str(network[256 + number]) for number in range(count)]
