"""What a participant wrote at the end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; participants of before wrote nothing."""
    op.add_column("participants", sa.Column("comment", sa.Text))
