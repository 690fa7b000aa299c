"""Answers may be marks of a scale, too; which are allowed, the study's settings say."""

from __future__ import annotations

import re

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Let go of the rule that an answer is left, right or tie."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.drop_constraint("ck_votes_answer", "votes", type_="check")
        return
    # SQLite can take a rule away only with its table; nothing refers to votes.
    asked = "SELECT sql FROM sqlite_master WHERE tbl_name = 'votes' AND type = '{}'"
    made = bind.exec_driver_sql(asked.format("table")).scalar_one()
    indexes = bind.exec_driver_sql(asked.format("index")).scalars().all()
    free = re.sub(r",\s*CONSTRAINT ck_votes_answer CHECK \([^()]*\([^()]*\)\)", "", made)
    columns = ", ".join(row[1] for row in bind.exec_driver_sql("PRAGMA table_info(votes)").all())
    bind.exec_driver_sql("CREATE TABLE old_votes AS SELECT * FROM votes")
    bind.exec_driver_sql("DROP TABLE votes")
    bind.exec_driver_sql(free)
    bind.exec_driver_sql(f"INSERT INTO votes ({columns}) SELECT {columns} FROM old_votes")
    bind.exec_driver_sql("DROP TABLE old_votes")
    for sql in indexes:
        if sql:  # SQLite makes those of UNIQUE itself
            bind.exec_driver_sql(sql)
