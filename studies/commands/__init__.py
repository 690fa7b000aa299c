"""The commands of ``dfr votes``: plan a study, let people in, move its ballots."""

from studies.commands import ballots, people, planning  # each adds its commands to the group
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
]
