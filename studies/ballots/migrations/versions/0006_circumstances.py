"""How an answer came: whose clock its time is of, whether the page was reloaded, which device."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns; answers of before were timed by the server, and no more is known."""
    op.add_column(
        "votes",
        sa.Column("timed_by", sa.String(10), nullable=False, server_default="server"),
    )
    op.add_column("votes", sa.Column("reloaded", sa.Boolean))
    op.add_column("votes", sa.Column("device", sa.String(10), nullable=False, server_default=""))
