"""What is wrong with what the records were asked, as refusals.

Not here: refusals themselves (`refusals.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from clinic import BadValue, ClinicError, Conflict, IllegalMove, Unknown
from signaling.refusals import Refused

log = structlog.get_logger("appointments")


@contextmanager
def asking(unknown: str = "no_such_appointment") -> Iterator[None]:
    """`unknown`: the code for what is not there."""
    try:
        yield
    except Unknown:
        raise Refused(unknown) from None
    except (Conflict, IllegalMove):
        raise Refused("changed_meanwhile") from None
    except BadValue as error:
        raise Refused("bad_request", f"{str(error).capitalize()}.") from None
    except ClinicError as error:
        log.error("records cannot be reached", error_type=type(error).__name__)
        raise Refused("records_unavailable", retry_after=30.0) from None
