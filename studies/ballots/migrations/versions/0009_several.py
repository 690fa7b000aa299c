"""A trial may show up to six pictures, and an answer may be an order of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from studies.ballots.remaking import remake_in_sqlite

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column of further pictures, and let answers have six letters."""
    op.add_column("trials", sa.Column("more", sa.Text, nullable=False, server_default=""))
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.alter_column("votes", "answer", type_=sa.String(6))
        return
    remake_in_sqlite(
        bind, "votes", lambda made: made.replace("answer VARCHAR(5)", "answer VARCHAR(6)")
    )
