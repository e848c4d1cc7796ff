"""Run by Alembic for each upgrade, inside the transaction that `Database.upgrade` began.

Not here: connections and locks (`database.py`).
"""

from __future__ import annotations

from alembic import context

from clinic.accounts import tables as _accounts  # noqa: F401 - its tables are part of the metadata
from clinic.alerts import tables as _alerts  # noqa: F401 - its tables are part of the metadata
from clinic.appointments import tables as _appointments  # noqa: F401
from clinic.keeping import tables as _keeping  # noqa: F401 - its tables are part of the metadata
from clinic.messages import tables as _messages  # noqa: F401
from clinic.notes import tables as _notes  # noqa: F401
from clinic.tables import Table
from clinic.usage import tables as _usage  # noqa: F401 - its tables are part of the metadata
from clinic.webhooks import tables as _webhooks  # noqa: F401

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    on_version_apply=context.config.attributes.get("on_version_apply"),
)
context.run_migrations()
