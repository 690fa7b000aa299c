"""The tables of the ballots, and their versions.

The tables below are the newest version; ``migrations/versions`` holds the way to it, step by
step. A database that is empty gets the newest version at once. An older one is changed only when
the administrator runs `dfr votes upgrade`.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from dfr.core.errors import UserError

METADATA = sa.MetaData(
    naming_convention={
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _parent(name: str) -> sa.Column[int]:
    return sa.Column(
        f"{name}_id",
        sa.Integer,
        sa.ForeignKey(f"{'studies' if name == 'study' else name + 's'}.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    )


STUDIES = sa.Table(
    "studies",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(60), nullable=False, unique=True),
    sa.Column("digest", sa.String(64), nullable=False),  # of what may not change, see `ballots`
    sa.Column("settings", sa.Text, nullable=False),  # JSON
    sa.Column("created_at", sa.String(32), nullable=False),
    sa.Column("closed_at", sa.String(32)),
    sqlite_autoincrement=True,  # a number is never used again
)

TRIALS = sa.Table(
    "trials",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _parent("study"),
    sa.Column("slot", sa.Integer, nullable=False),  # which of the planned participants
    sa.Column("position", sa.Integer, nullable=False),  # in that participant's list
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("content", sa.Text, nullable=False),
    sa.Column("style", sa.Text, nullable=False),
    *(
        sa.Column(f"{side}_{part}", sa.Text, nullable=False)
        for side in ("left", "right")
        for part in ("source", "method", "mode")
    ),
    sa.Column("expected", sa.String(5), nullable=False),
    sa.Column("repeats", sa.Integer),
    # How its two methods came to meet, see `studies.design.trial.Pairing`.
    sa.Column("pair", sa.String(10), nullable=False, server_default="planned"),
    # Further pictures, see `studies.design.trial.text_of`.
    sa.Column("more", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("study_id", "slot", "position"),
    sqlite_autoincrement=True,
)

PARTICIPANTS = sa.Table(
    "participants",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _parent("study"),
    sa.Column("name", sa.String(32), nullable=False, unique=True),  # random; stands in exports
    sa.Column("slot", sa.Integer, nullable=False),
    sa.Column("link", sa.String(64), unique=True),  # hash of the private link; none if imported
    sa.Column("code", sa.String(16), nullable=False),  # shown at the end
    sa.Column("joined_at", sa.String(32), nullable=False),
    sa.Column("seen_at", sa.String(32), nullable=False),
    sa.Column("finished_at", sa.String(32)),
    sa.Column("comment", sa.Text),
    # Finished, and failed too many catch trials: left out of the ranking, and the place is free.
    sa.Column("excluded", sa.Boolean, nullable=False, server_default=sa.false()),
    sqlite_autoincrement=True,
)

VOTES = sa.Table(
    "votes",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _parent("participant"),
    _parent("trial"),
    sa.Column("question", sa.String(20), nullable=False),
    sa.Column("answer", sa.String(6), nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    # See `studies.ballots.circumstances`.
    sa.Column("timed_by", sa.String(10), nullable=False, server_default="server"),
    sa.Column("reloaded", sa.Boolean),
    sa.Column("device", sa.String(10), nullable=False, server_default=""),
    sa.Column("voted_at", sa.String(32), nullable=False),
    sa.UniqueConstraint("participant_id", "trial_id", "question"),
    sqlite_autoincrement=True,
)

#: What participants tell about themselves, apart from their votes.
DEMOGRAPHICS = sa.Table(
    "demographics",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _parent("participant"),
    sa.Column("name", sa.String(40), nullable=False),
    sa.Column("reply", sa.Text, nullable=False),
    sa.UniqueConstraint("participant_id", "name"),
    sqlite_autoincrement=True,
)

INVITATIONS = sa.Table(
    "invitations",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _parent("study"),
    sa.Column("link", sa.String(64), nullable=False, unique=True),  # as the participant's will be
    sa.Column("made_at", sa.String(32), nullable=False),
    sqlite_autoincrement=True,
)

EVENTS = sa.Table(
    "events",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _parent("study"),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("what", sa.String(20), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

PREREGISTRATIONS = sa.Table(
    "preregistrations",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _parent("study"),
    sa.Column("made_at", sa.String(32), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),  # of the document
    sa.Column("settings", sa.Text, nullable=False),  # JSON, as planned
    sa.Column("document", sa.Text, nullable=False),  # Markdown
    sqlite_autoincrement=True,
)

#: Any number; processes that open one PostgreSQL database at once wait for each other by it.
_LOCK = 2202_04426


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """Return the version that this program works with."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None
    return head


def prepare(connection: sa.Connection, where: str, upgrade: bool = False) -> None:
    """Make sure that a database has the newest tables; an empty one gets them.

    Args:
        connection: in a transaction that is committed by the caller.
        where: the database, for messages.
        upgrade: bring an older version to the newest.

    Raises:
        UserError: the version is older (and ``upgrade`` was not asked for), or newer, or the
            database holds something else.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    current = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(_config(connection))
    if current == script.get_current_head():
        return
    if current is None and set(sa.inspect(connection).get_table_names()) & set(METADATA.tables):
        raise UserError(
            f"{where}: holds tables of other software with the names of ours; use another database"
        )
    known = {revision.revision for revision in script.walk_revisions()}
    if current is not None and current not in known:
        raise UserError(
            f"{where}: was made by a newer dfr-suite (version {current} of the tables; this one "
            f"knows {script.get_current_head()}); update dfr-suite"
        )
    if current is not None and not upgrade:
        raise UserError(
            f"{where}: was made by an older dfr-suite; make a copy, then run `dfr votes upgrade`"
        )
    command.upgrade(_config(connection), "head")
