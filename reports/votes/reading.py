"""What is shown of studies that do not ask about pairs, by how they ask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from reports.figures.plotstyle import Figure
from reports.inputs.votes import Votes
from reports.votes import choices, ratings
from studies.design.trial import Task


@dataclass(frozen=True)
class Reading:
    """How the results of a study become text, tables and a chart.

    Attributes:
        said: study and results -> sentences on how much stands behind the ranking.
        ranking: study and the result of a question -> the methods, the strongest first.
        parts: study and a table by output or style -> the same for reading.
        chart: study, results and a folder -> the figure, which is written there.
        beside: study -> what stands beside the measures of a method: its name, and the column of
            `QuestionResult.strengths` that has it.
        people: the heading if people answered.
        others: the heading if not, or not only.
        model: what strengths are.
    """

    said: Callable[..., list[str]]
    ranking: Callable[..., pd.DataFrame]
    parts: Callable[..., pd.DataFrame]
    chart: Callable[..., Figure]
    beside: Callable[[Votes], tuple[str, str]]
    people: str
    others: str
    model: str


_RATINGS = Reading(
    ratings.said_of_ratings,
    ratings.rating_ranking,
    ratings.rating_parts,
    ratings.rating_chart,
    lambda _: ("mean mark", "mean"),
    "How people rated",
    "How it was rated",
    "log odds in the cumulative link model",
)
_CHOICES = Reading(
    choices.said_of_choices,
    choices.choice_ranking,
    choices.choice_parts,
    choices.choice_chart,
    choices.beside_measures,
    "How people chose",
    "What was chosen",
    "log strengths in the model of Plackett and Luce",
)


def reading_of(task: Task) -> Reading:
    """Return how the results of a study are read that asks so, but not about pairs."""
    return _RATINGS if task == "rating" else _CHOICES
