"""Run by Alembic for each upgrade, inside the transaction that `Database.upgrade` began.

The version has a table of its own name: both chains may stand in one PostgreSQL database.
Not here: connections and locks (`clinic/database.py`).
"""

from __future__ import annotations

from alembic import context

from clinic.audit.tables import AuditTable

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=AuditTable.metadata,
    version_table="audit_version",
    on_version_apply=context.config.attributes.get("on_version_apply"),
)
context.run_migrations()
