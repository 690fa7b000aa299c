"""How the two methods of a trial came to meet: planned, or chosen when it was shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the column; all pairs of before were planned."""
    op.add_column(
        "trials", sa.Column("pair", sa.String(10), nullable=False, server_default="planned")
    )
