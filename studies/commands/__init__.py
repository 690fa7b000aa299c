"""The commands of ``dfr votes``: plan a study, serve it, let people in, move its ballots."""

from studies.commands import (  # each adds its commands to the group
    ballots,
    people,
    planning,
    serving,
)
from studies.commands.options import DatabaseOption, NameOption, StudyOption, app, find_ballots

__all__ = [
    "DatabaseOption",
    "NameOption",
    "StudyOption",
    "app",
    "ballots",
    "find_ballots",
    "people",
    "planning",
    "serving",
]
