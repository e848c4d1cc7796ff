"""Garbage collection in a service that calls run in: a full one stops everything but the packets' thread.

Nearly all that the service makes is freed as soon as nothing refers to it. What the collector is there for, rings of
objects, may wait until there are more of them.
"""

from __future__ import annotations

import gc

YOUNG = 20_000
"""New objects, less those that are gone, before the young ones are looked through: a page of 200 appointments makes
5,000, and collections in its middle would take them for objects that stay. Python's own is 700."""


def collect_seldom() -> None:
    """Takes what there is now, the code above all, for what stays for good: to look through it takes 0.1 s each time.

    Call it when everything has been started.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
