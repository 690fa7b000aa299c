"""The votes of a run's user study, as a report may show them.

While a study is open nothing but counts is shown: a look at the ranking invites stopping when one
likes it. Whatever simulated voters answered says so, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from eval.analysis.crossed import LEAST_CLUSTERS

if TYPE_CHECKING:  # most runs have no study, and their reports load nothing of studies/
    from studies.analysis.pair_results import PairResult
    from studies.analysis.questions import QuestionResult
    from studies.ballots.poll import Poll

PEOPLE, SIMULATED, PRELIMINARY = "people", "simulated voters, not people", "PRELIMINARY"


@dataclass(frozen=True)
class Votes:
    """One study's votes.

    Attributes:
        poll: the ballots.
        where: the database or folder that they were read from.
        others: names of other studies of the same run in that database.
        results: by question, the first one first; empty while the ranking is hidden, and where
            the study does not ask about pairs.
        unpaired: the same of a study that asks in another way.
    """

    poll: Poll
    where: str
    others: tuple[str, ...]
    results: Mapping[str, PairResult]
    unpaired: Mapping[str, QuestionResult] = field(default_factory=dict)

    @property
    def titles(self) -> dict[str, str]:
        """Label -> title of the methods that were compared."""
        return dict(self.poll.settings["methods"])

    @property
    def first(self) -> str:
        """The question that speaks for all: which is better overall, where that was asked."""
        asked = questions_of(self.poll)
        return "overall" if "overall" in asked else asked[0]

    @property
    def simulated(self) -> bool:
        """Whether the voters were programs."""
        return is_simulated(self.poll)

    @property
    def preliminary(self) -> bool:
        """Whether the study is still open."""
        return self.poll.closed_at is None

    @property
    def shown(self) -> bool:
        """Whether there is a ranking by votes on pairs to show."""
        return bool(self.results)

    @property
    def may_judge(self) -> bool:
        """Whether claims may be judged by these votes: people's, of a closed study."""
        return self.shown and not self.simulated and not self.preliminary

    @property
    def voters(self) -> str:
        """Who voted, for tables: "people", or that they were not; and that it is no end result."""
        who = SIMULATED if self.simulated else PEOPLE
        return f"{PRELIMINARY}: {who}" if self.preliminary else who

    @property
    def choice(self) -> str:
        """How a column of measures names these votes."""
        if self.voters == PEOPLE:
            return "people's choice"
        return f"choice of {self.voters}" if self.simulated else f"{PRELIMINARY}: people's choice"

    def titled(self, text: str) -> str:
        """Return a title that says who voted, where it was not people to the end."""
        return text if self.voters == PEOPLE else f"{text} ({self.voters})"

    def captioned(self, text: str) -> str:
        """Return a caption that begins with who voted, where it was not people to the end."""
        who = self.voters
        return text if who == PEOPLE else f"{who[0].upper()}{who[1:]}. {text}"

    def with_voters(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table as it is kept: with titles beside labels, and a column of who voted."""
        kept = table.copy()
        kept.insert(0, "voters", self.voters)
        for name in ("method", "a", "b"):
            if name in kept:
                titles = kept[name].map(self.titles).astype(object)
                kept.insert(list(kept.columns).index(name) + 1, f"{name}_title", titles)
        return kept

    def decisive(self, question: str) -> pd.DataFrame:
        """Return the counted votes for one of two methods, of the participants who are kept."""
        from studies.analysis.exclusion import without_dropped
        from studies.analysis.tally import counted

        catches = self.results[question].catches
        votes = counted(self.poll.votes, list(self.titles))
        votes = votes[(votes["question"] == question) & (votes["answer"] != "tie")]
        return without_dropped(votes, catches)

    @property
    def counts(self) -> str:
        """Sentences that may always be read: how many took part and answered, never what."""
        poll = self.poll
        votes = poll.votes[poll.votes["kind"] == "vote"]
        asked = questions_of(poll)
        wanted = int((poll.trials["kind"] == "vote").sum()) * len(asked)
        told = (
            f"Study '{poll.name}' ({self.voters}): {len(poll.participants)} joined, "
            f"{int(poll.participants['finished'].sum())} of "
            f"{poll.trials['slot'].nunique()} finished, {len(votes)} of {wanted} counted votes."
        )
        if self.others:
            told += f" There are other studies of this run: {', '.join(self.others)}."
        return told

    @property
    def scale(self) -> str:
        """Sentences that say how much stands behind the ranking."""
        result = self.results[self.first]
        summary = result.summary.iloc[0]
        closed = self.poll.closed_at
        unsure = (
            f'{int(summary["ties"])} of them "can\'t say"'
            if self.poll.cannot_say
            else '"can\'t say" was not offered'
        )
        return (
            f"{self.counts} {f'Closed on {closed[:10]}' if closed else 'Still open'}. On "
            f"'{self.first}': {int(summary['votes'])} votes of {int(summary['participants'])} "
            f"participants, {unsure}. Left out: "
            f"{int(result.catches['dropped'].sum())} participants, by the rule set before the "
            f"first vote (who fails {self.poll.settings['drop_at']} or more of the trials with a "
            f"right answer). Asked: {', '.join(self.results)}. {self._pictures}"
        )

    @property
    def plan(self) -> str:
        """Sentences about the preregistration: its hash, and where the study departed from it."""
        from studies.analysis.departures import preregistered

        return preregistered(self.poll)

    @property
    def _pictures(self) -> str:
        """Say on how many pictures people voted, and what that means for the intervals."""
        votes = self.decisive(self.first)
        contents, styles = votes["content"].nunique(), votes["style"].nunique()
        told = f"Decisive votes are on {contents} contents and {styles} styles"
        if min(contents, styles) >= LEAST_CLUSTERS:
            return f"{told}."
        return (
            f"{told}: of fewer than {LEAST_CLUSTERS} nothing can be told about others, so the "
            "intervals take these as given."
        )


def questions_of(poll: Poll) -> tuple[str, ...]:
    """Return the questions that a study asks."""
    return tuple(poll.settings["questions"])


def is_simulated(poll: Poll) -> bool:
    """Tell whether a study's voters are programs."""
    return bool(poll.settings.get("simulated", False))


def results(poll: Poll, draws: int | None = None) -> Any:
    """Analyse every question of a study; see `studies.analysis.by_task.results_of`.

    Args:
        poll: the ballots of the study.
        draws: of ranks, and of participants for agreement;
            `studies.analysis.strengths.DRAWS` if None.

    Returns:
        results by question, all of the kind that belongs to how the study asks.
    """
    from studies.analysis.by_task import results_of
    from studies.analysis.strengths import DRAWS

    return results_of(poll, DRAWS if draws is None else draws)


def told_apart(row: Mapping[Any, Any]) -> str:
    """Say whether two methods are told apart.

    Args:
        row: of `studies.analysis.winrates.pairs_table`, the one source of this: its interval for
            all pairs at once excludes one half, which is where its p for all of them is below 0.05.
    """
    if row["all_low"] != row["all_low"]:
        return "too few votes"
    return "yes" if row["apart"] else "no"
