"""What an operator can decide about the media plane. Not here: where the values come from."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from sfu.errors import ConfigError

MOST_THREADS = 64


@dataclass(frozen=True)
class MediaConfig:
    """Checked when it is made: raises ConfigError."""

    host: str = "0.0.0.0"
    """The IP address to listen on. `::` listens on IPv4 and IPv6."""

    port: int = 10000
    """For UDP and TCP alike; 0 takes any free one."""

    threads: int = 1
    """Media threads. Each can use a core and needs a port of its own: `port`, the next one, and so on."""

    addresses: tuple[str, ...] = ()
    """IP addresses that clients are told; empty = those of this machine. Behind NAT: the public one."""

    loopback: bool = False
    """Advertise loopback addresses beside others. They are always advertised where there is nothing else."""

    udp: bool = True
    """False: TCP only, for tests and for networks where UDP is known not to pass."""

    silence_limit: float = 15.0
    """Seconds without an authenticated check until a peer counts as gone. Browsers check every 2.6 to 4.7 s: much
    lower ends calls on a bad network, much higher leaves frozen pictures on screens."""

    handshake_limit: float = 30.0
    """Seconds from the answer until DTLS must be done."""

    max_peers: int = 2048
    """Connections at one time. Costs about 550 bytes of tables for each, used or not."""

    peer_kbps: int = 12_000
    """Kbit/s that one client may send. A camera at its best and a shared screen stay below; more is dropped."""

    peer_packets: int = 3_000
    """Packets/s that one client may send."""

    gathering: bool = True
    """While many packets come, hold them back for up to a millisecond: cheaper, and half of that later on average."""

    def __post_init__(self) -> None:
        for name, values in (("host", (self.host,)), ("addresses", self.addresses)):
            for value in values:
                try:
                    ipaddress.ip_address(value)
                except ValueError:
                    raise ConfigError(f"media {name}: not an IP address") from None
        if any(ipaddress.ip_address(value).is_unspecified for value in self.addresses):
            raise ConfigError("media addresses: clients can't reach an unspecified address")
        if not 1 <= self.threads <= MOST_THREADS:
            raise ConfigError(f"media threads: must be between 1 and {MOST_THREADS}")
        if not 0 <= self.port <= 65536 - self.threads:
            raise ConfigError("media port: must be between 0 and 65535, also that of the last thread")
        if self.silence_limit <= 0 or self.handshake_limit <= 0:
            raise ConfigError("media limits: must be above 0 seconds")
        if self.peer_kbps < 1 or self.peer_packets < 1:
            raise ConfigError("media limits: a client must be allowed to send something")
        if not 1 <= self.max_peers <= 65536:
            raise ConfigError("media max_peers: must be between 1 and 65536")
