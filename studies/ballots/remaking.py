"""What SQLite can change in a table only by making the table again."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa


def remake_in_sqlite(bind: sa.Connection, table: str, change: Callable[[str], str]) -> None:
    """Make a table again by other words, with its rows and indexes; nothing may refer to it.

    Alembic's own way forgets that the numbers of rows are never used again (AUTOINCREMENT).

    Args:
        bind: of a SQLite database, in a transaction.
        table: its name.
        change: the statement that made the table -> the one that makes it now, with the same
            columns.
    """
    asked = f"SELECT sql FROM sqlite_master WHERE tbl_name = '{table}' AND type = '{{}}'"
    made = bind.exec_driver_sql(asked.format("table")).scalar_one()
    indexes = bind.exec_driver_sql(asked.format("index")).scalars().all()
    columns = ", ".join(row[1] for row in bind.exec_driver_sql(f"PRAGMA table_info({table})").all())
    bind.exec_driver_sql(f"CREATE TABLE old_{table} AS SELECT * FROM {table}")
    bind.exec_driver_sql(f"DROP TABLE {table}")
    bind.exec_driver_sql(change(made))
    bind.exec_driver_sql(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM old_{table}")
    bind.exec_driver_sql(f"DROP TABLE old_{table}")
    for sql in indexes:
        if sql:  # SQLite makes those of UNIQUE itself
            bind.exec_driver_sql(sql)
