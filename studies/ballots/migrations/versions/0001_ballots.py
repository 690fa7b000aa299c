"""Studies, trials, participants and votes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _parent(table: str, column: str, parent: str) -> sa.Column[int]:
    return sa.Column(
        column,
        sa.Integer,
        sa.ForeignKey(f"{parent}.id", ondelete="CASCADE", name=f"fk_{table}_{column}"),
        nullable=False,
        index=True,
    )


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "studies",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("created_at", sa.String(32), nullable=False),
        sa.Column("closed_at", sa.String(32)),
        sa.UniqueConstraint("name", name="uq_studies_name"),
    )
    op.create_table(
        "trials",
        sa.Column("id", sa.Integer, primary_key=True),
        _parent("trials", "study_id", "studies"),
        sa.Column("slot", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("style", sa.Text, nullable=False),
        sa.Column("left_source", sa.Text, nullable=False),
        sa.Column("left_method", sa.Text, nullable=False),
        sa.Column("left_mode", sa.Text, nullable=False),
        sa.Column("right_source", sa.Text, nullable=False),
        sa.Column("right_method", sa.Text, nullable=False),
        sa.Column("right_mode", sa.Text, nullable=False),
        sa.Column("expected", sa.String(5), nullable=False),
        sa.Column("repeats", sa.Integer),
        sa.UniqueConstraint(
            "study_id", "slot", "position", name="uq_trials_study_id_slot_position"
        ),
    )
    op.create_table(
        "participants",
        sa.Column("id", sa.Integer, primary_key=True),
        _parent("participants", "study_id", "studies"),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("slot", sa.Integer, nullable=False),
        sa.Column("link", sa.String(64)),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("joined_at", sa.String(32), nullable=False),
        sa.Column("seen_at", sa.String(32), nullable=False),
        sa.Column("finished_at", sa.String(32)),
        sa.UniqueConstraint("name", name="uq_participants_name"),
        sa.UniqueConstraint("link", name="uq_participants_link"),
    )
    op.create_table(
        "votes",
        sa.Column("id", sa.Integer, primary_key=True),
        _parent("votes", "participant_id", "participants"),
        _parent("votes", "trial_id", "trials"),
        sa.Column("question", sa.String(20), nullable=False),
        sa.Column("answer", sa.String(5), nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("voted_at", sa.String(32), nullable=False),
        sa.UniqueConstraint(
            "participant_id",
            "trial_id",
            "question",
            name="uq_votes_participant_id_trial_id_question",
        ),
        sa.CheckConstraint("answer IN ('left', 'right', 'tie')", name="ck_votes_answer"),
    )
