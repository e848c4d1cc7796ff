"""Staff can have an e-mail address, to which their invitations go. PostgreSQL takes no samples of it.

Not here: what is kept to later (`accounts/tables.py`). This file stays as it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011_staff_mail"
down_revision = "0010_keeping_more"


def upgrade() -> None:
    op.add_column("account", sa.Column("email_sealed", sa.LargeBinary))
    if op.get_context().dialect.name != "sqlite":
        op.execute("ALTER TABLE account ALTER COLUMN email_sealed SET STATISTICS 0")


def downgrade() -> None:
    op.drop_column("account", "email_sealed")
