"""The analysis of any study: the one that belongs to how it asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from studies.analysis.choice_results import analyse_choices
from studies.analysis.pair_results import analyse_pairs
from studies.analysis.questions import QuestionResult
from studies.analysis.rating_results import analyse_ratings
from studies.analysis.strengths import DRAWS
from studies.ballots.poll import Poll
from studies.design.trial import Task

#: How a study asks -> its settings -> the analysis.
_ANALYSES: Mapping[Task, Callable[[Mapping[str, Any]], Callable[..., Any]]] = {
    "pairs": lambda _: analyse_pairs,
    "rating": lambda settings: partial(analyse_ratings, scale=int(settings["scale"])),
    "best": lambda settings: partial(
        analyse_choices, pictures=int(settings["pictures"]), whole=False
    ),
    "ranking": lambda settings: partial(
        analyse_choices, pictures=int(settings["pictures"]), whole=True
    ),
}


def results_of(poll: Poll, draws: int = DRAWS) -> Mapping[str, QuestionResult]:
    """Analyse every question of a study.

    Args:
        poll: the ballots of the study.
        draws: of ranks, and of participants for agreement.

    Returns:
        by question, of the kind that belongs to how the study asks.
    """
    found: Mapping[str, QuestionResult] = _ANALYSES[poll.task](poll.settings)(
        poll.votes,
        poll.participants,
        methods=list(poll.settings["methods"]),
        drop_at=poll.drop_at,
        questions=poll.settings["questions"],
        draws=draws,
    )
    return found
