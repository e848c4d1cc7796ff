"""One MP4 of a recording's tracks, in which all can be seen and heard together; or one of its sounds alone.

`plan.py` decides, without media, what is shown when; `compose.py` does it; `__main__.py` is the process in which that
runs, and `job.py` starts and watches it. Not here: which recordings are composed when (`clinic/jobs.py` remembers it).
"""

from __future__ import annotations

from recording.compose.job import ComposeFailed, run
from recording.compose.order import Clip, Done, Mark, Order, Trouble, Words
from recording.compose.plan import Chapter, Event, Plan, Scene, plan

__all__ = [
    "Chapter",
    "Clip",
    "ComposeFailed",
    "Done",
    "Event",
    "Mark",
    "Order",
    "Plan",
    "Scene",
    "Trouble",
    "Words",
    "plan",
    "run",
]
