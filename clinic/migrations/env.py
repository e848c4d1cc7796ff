"""Run by Alembic for each upgrade, inside the transaction that `Database.upgrade` began.

Not here: connections and locks (`database.py`).
"""

from __future__ import annotations

from alembic import context

import clinic.appointments.tables
import clinic.notes.tables  # noqa: F401
from clinic.tables import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata)
context.run_migrations()
