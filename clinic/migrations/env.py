"""Run by Alembic for each upgrade, inside the transaction that `Database.upgrade` began.

Not here: connections and locks (`database.py`).
"""

from __future__ import annotations

from alembic import context

import clinic.appointments.tables
import clinic.messages.tables
import clinic.notes.tables
import clinic.webhooks.tables  # noqa: F401 (each noun's tables are known when they are imported)
from clinic.tables import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata)
context.run_migrations()
