"""One MP4 of a recording's tracks, in which all can be seen and heard together.

`plan.py` decides, without media, what is shown when; `compose.py` does it; `__main__.py` is the process in which that
runs, and `job.py` starts and watches it. Not here: which recordings are composed when (`clinic/jobs.py` remembers it),
and names or time drawn into the picture: PyAV's FFmpeg has no filter for text.
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
