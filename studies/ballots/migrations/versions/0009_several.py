"""A trial may show up to six pictures, and an answer may be an order of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column of further pictures, and let answers have six letters."""
    op.add_column("trials", sa.Column("more", sa.Text, nullable=False, server_default=""))
    if op.get_bind().dialect.name != "sqlite":  # SQLite does not look at lengths
        op.alter_column("votes", "answer", type_=sa.String(6))
