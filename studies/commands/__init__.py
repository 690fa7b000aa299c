"""The commands of ``dfr votes``: plan a study, let people in, move its ballots."""

from studies.commands import ballots, people, planning  # each adds its commands to the group
from studies.commands.options import RUNS, DatabaseOption, NameOption, RunsOption, app

__all__ = [
    "RUNS",
    "DatabaseOption",
    "NameOption",
    "RunsOption",
    "app",
    "ballots",
    "people",
    "planning",
]
