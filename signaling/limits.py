"""Rate limits by the generic cell rate algorithm (GCRA, ITU-T I.371): one number per key, no timers.

What is limited, and how it is refused, is decided where it is used.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable

KEYS = 50_000
"""Keys remembered at once, about 10 MB. Beyond it those who have their whole allowance back are forgotten first."""


class Limiter:
    """Allows `burst` at once and `rate` a second in the long run, for each key by itself."""

    def __init__(self, rate: float, burst: int) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError("a rate above 0 and a burst of at least 1")
        self._interval = 1.0 / rate
        self._tolerance = self._interval * (burst - 1)
        self._due: dict[Hashable, float] = {}

    def take(self, key: Hashable, now: float) -> float:
        """0.0: granted and counted. Otherwise seconds until the next one is granted; nothing was counted."""
        due = max(self._due.get(key, now), now)
        wait = due - self._tolerance - now
        if wait > 1e-9:
            return wait
        if key not in self._due and len(self._due) >= KEYS:
            self._forget(now)
        self._due[key] = due + self._interval
        return 0.0

    def _forget(self, now: float) -> None:
        self._due = {key: due for key, due in self._due.items() if due > now}
        while len(self._due) >= KEYS:
            # All of them are busy: an attack from very many addresses. The oldest key starts again.
            del self._due[next(iter(self._due))]


def address_key(address: str) -> str:
    """What one household or clinic has: an IPv4 address, or the /64 of an IPv6 address (anyone has 2^64 of those)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def network_key(address: str) -> str:
    """What one building or one provider's gateway has: the /24 of an IPv4 address, the /48 of an IPv6 address."""
    key = address_key(address)
    try:
        network = ipaddress.ip_network(key)
    except ValueError:
        return key
    return str(network.supernet(new_prefix=24 if network.version == 4 else 48))
