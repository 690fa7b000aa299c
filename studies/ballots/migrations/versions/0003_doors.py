"""Invitations, participants who are left out, a log of what the administrator did.

In SQLite the number of a deleted row is never given to another: a page that was opened before
could take the new row for the old one. (In PostgreSQL it never was.)
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

#: Parents first.
_TABLES = ("studies", "trials", "participants", "votes")


def upgrade() -> None:
    """Add the tables and the column; nobody of before is known to be left out."""
    if op.get_bind().dialect.name == "sqlite":
        _never_use_numbers_again()
    op.add_column(
        "participants",
        sa.Column("excluded", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    for name, columns in (
        (
            "invitations",
            (
                sa.Column("link", sa.String(64), nullable=False),
                sa.Column("made_at", sa.String(32), nullable=False),
                sa.UniqueConstraint("link", name="uq_invitations_link"),
            ),
        ),
        (
            "events",
            (
                sa.Column("at", sa.String(32), nullable=False),
                sa.Column("what", sa.String(20), nullable=False),
                sa.Column("detail", sa.Text, nullable=False),
            ),
        ),
    ):
        op.create_table(
            name,
            sa.Column("id", sa.Integer, primary_key=True),
            sa.Column(
                "study_id",
                sa.Integer,
                sa.ForeignKey("studies.id", ondelete="CASCADE", name=f"fk_{name}_study_id"),
                nullable=False,
            ),
            *columns,
            sqlite_autoincrement=True,
        )
        op.create_index(f"ix_{name}_study_id", name, ["study_id"])


def _never_use_numbers_again() -> None:
    """Make the tables again with AUTOINCREMENT, which no table can be given later."""
    bind = op.get_bind()
    asked = "SELECT name, sql FROM sqlite_master WHERE tbl_name IN {} AND type = '{}'"
    tables = dict(bind.exec_driver_sql(asked.format(_TABLES, "table")).all())
    indexes = bind.exec_driver_sql(asked.format(_TABLES, "index")).all()
    for name in _TABLES:
        bind.exec_driver_sql(f"CREATE TABLE old_{name} AS SELECT * FROM {name}")
    # Children first, or a dropped parent would take their rows with it, which are copied by now.
    for name in reversed(_TABLES):
        bind.exec_driver_sql(f"DROP TABLE {name}")
    for name in _TABLES:
        made = tables[name].replace(
            "id INTEGER NOT NULL,", "id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,", 1
        )
        made = made.replace("PRIMARY KEY (id),", "", 1)
        bind.exec_driver_sql(made)
        bind.exec_driver_sql(f"INSERT INTO {name} SELECT * FROM old_{name}")
        bind.exec_driver_sql(f"DROP TABLE old_{name}")
    for _, made in indexes:
        if made:  # SQLite makes those of UNIQUE itself
            bind.exec_driver_sql(made)
