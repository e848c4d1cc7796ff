"""What the audit log is told of the command line: who did what at the machine itself.

It is told first: what cannot be written is not done. Not here: what is done (`recordings_cli.py`, `cli.py`).
"""

from __future__ import annotations

import asyncio
import getpass
from typing import Any

import click

from clinic import ClinicError
from signaling import keys
from signaling.audit_port import Audit
from signaling.clock import Clock
from signaling.refusals import Refused
from therabook import audit_served
from therabook.settings import Settings


def operator() -> str:
    """Who sits at the machine, as it calls them."""
    return getpass.getuser()


def tell(
    settings: Settings,
    kind: str,
    *,
    session: str | None = None,
    patient: str | None = None,
    subject: str | None = None,
    **details: Any,
) -> None:
    """One event. Raises click.ClickException if it cannot be written."""

    async def run() -> None:
        log = audit_served.audit_log(settings)
        try:
            audit = Audit(log.append, Clock())
            await audit.record(
                kind, "operator", operator(), session=session, patient=patient, subject=subject, **details
            )
        finally:
            await log.close()

    try:
        asyncio.run(run())
    except (Refused, ClinicError, keys.BadKey, OSError) as error:
        raise click.ClickException(getattr(error, "error", None) or str(error)) from None
