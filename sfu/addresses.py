"""Which addresses clients are told to reach this machine at. Not here: opening sockets (`server.py`)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import ifaddr

from sfu.config import MediaConfig

MAX_ADDRESSES = 8
"""Each one is two candidates that every client tries: more cost joining time and gain nothing."""


def advertised(config: MediaConfig, of_machine: Iterable[str]) -> tuple[str, ...]:
    """What goes into answers, preferred first. `of_machine`: what `machine_addresses` returns.

    Chromium takes loopback addresses only beside others, Firefox never does; link-local ones would need a zone, which
    means nothing on another machine.
    """
    if config.addresses:
        return config.addresses[:MAX_ADDRESSES]
    host = ipaddress.ip_address(config.host)
    if not host.is_unspecified:
        return (str(host),)
    both = host.version == 6  # `::` is opened for IPv4 as well
    usable: list[str] = []
    loopback: list[str] = []
    for text in of_machine:
        address = ipaddress.ip_address(text)
        if address.is_link_local or address.is_unspecified or address.is_multicast:
            continue
        if address.version == 4 or both:
            (loopback if address.is_loopback else usable).append(str(address))
    chosen = [*usable, *loopback] if config.loopback or not usable else usable
    return tuple(chosen[:MAX_ADDRESSES])


def machine_addresses() -> list[str]:
    """IP addresses of all interfaces, IPv4 first."""
    found = []
    for adapter in ifaddr.get_adapters():
        for each in adapter.ips:
            text = each.ip if isinstance(each.ip, str) else each.ip[0]
            if "%" not in text:
                found.append(text)
    return sorted(found, key=lambda text: ipaddress.ip_address(text).version)
