"""The analysis of any study: the one that belongs to how it asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from studies.analysis import choice_results, rating_results, results
from studies.analysis.choice_results import ChoiceResult
from studies.analysis.rating_results import RatingResult
from studies.analysis.results import QuestionResult
from studies.analysis.strengths import DRAWS
from studies.ballots.poll import Poll
from studies.design.trial import Task

#: Of a question that is not about pairs.
Unpaired = RatingResult | ChoiceResult
Result = QuestionResult | Unpaired
Results = Mapping[str, QuestionResult] | Mapping[str, RatingResult] | Mapping[str, ChoiceResult]

_ANALYSES: Mapping[Task, Callable[..., Any]] = {
    "pairs": results.analyse_settings,
    "rating": rating_results.analyse_settings,
    "best": choice_results.analyse_settings,
    "ranking": choice_results.analyse_settings,
}


def results_of(poll: Poll, draws: int = DRAWS) -> Results:
    """Analyse every question of a study.

    Args:
        poll: the ballots of the study.
        draws: of ranks, and of participants for agreement.
    """
    found: Results = _ANALYSES[poll.task](poll.votes, poll.participants, poll.settings, draws)
    return found
