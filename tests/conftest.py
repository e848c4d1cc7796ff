"""What all tests share: which build of the engine they run, how hypothesis looks for counter-examples, and how it tells
of them.

The same examples every time, so that a change is judged by what it changed; `HYPOTHESIS_PROFILE=thorough` draws many
new ones.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from tests import engine_build

engine_build.choose()

settings.register_profile(
    "default",
    derandomize=True,
    deadline=None,  # other tests' browsers may be busy on the same machine
    print_blob=True,  # a failure prints what repeats it
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", parent=settings.get_profile("default"), derandomize=False, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
