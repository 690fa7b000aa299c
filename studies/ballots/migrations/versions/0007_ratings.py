"""Answers may be marks of a scale, too; which are allowed, the study's settings say."""

from __future__ import annotations

import re

from alembic import op

from studies.ballots.remaking import remake_in_sqlite

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Let go of the rule that an answer is left, right or tie."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.drop_constraint("ck_votes_answer", "votes", type_="check")
        return
    rule = r",\s*CONSTRAINT ck_votes_answer CHECK \([^()]*\([^()]*\)\)"
    remake_in_sqlite(bind, "votes", lambda made: re.sub(rule, "", made))
