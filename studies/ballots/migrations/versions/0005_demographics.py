"""What participants tell about themselves, apart from their votes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table; nobody of before was asked."""
    op.create_table(
        "demographics",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "participant_id",
            sa.Integer,
            sa.ForeignKey(
                "participants.id", ondelete="CASCADE", name="fk_demographics_participant_id"
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.UniqueConstraint("participant_id", "name", name="uq_demographics_participant_id_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_demographics_participant_id", "demographics", ["participant_id"])
