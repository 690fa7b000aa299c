"""Simulated studies with adaptive pairs: to see what choosing saves, and whether intervals hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from studies.analysis.simulated.people import vote_row
from studies.analysis.simulated.voters import Voter, Voters, round_robin
from studies.analysis.tally import VOTE_COLUMNS
from studies.design.adaptive import CAUTION, SoFar, choose_pair, gains_at, open_pairs, unit_shown
from studies.design.davidson import Strengths, davidson
from studies.design.trial import Stimuli, Trial


def simulate_adaptive(
    voters: Voters,
    participants: int,
    trials: int,
    *,
    random_share: float,
    pictures: tuple[int, int] = (1, 1),
    together: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Let people answer whose pairs are chosen while they answer.

    The plan is `studies.analysis.simulated.voters.round_robin`, of which all but the random share
    is left open.

    Args:
        voters: the people, who rank what they are named for.
        participants: how many.
        trials: of each.
        random_share: of the trials, whose pairs are as planned.
        pictures: how many contents and styles.
        together: people who answer at the same time, and whose newest answers the choice does not
            know.
        seed: of the plan and the people.

    Returns:
        one row per vote, with `studies.analysis.tally.VOTE_COLUMNS`, of the question "overall".
    """
    methods = tuple(voters.strengths)
    plan = round_robin(methods, participants, trials, seed, pictures)
    design = open_pairs(plan, random_share, seed)
    shown = sorted({(trial.content, trial.style) for row in plan for trial in row})
    stimuli = Stimuli(
        methods, {(*pair, label): ("0",) for pair in shown for label in methods}, tuple(shown), {}
    )
    on_pictures = voters.on_pictures(plan, seed)
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1 << 29,)))
    people: list[Voter] = [voters.one(random) for _ in design]
    study = _Counts(methods, design)
    rows = []
    for first in range(0, participants, together):
        group = range(first, min(first + together, participants))
        for position in range(trials):
            for slot in group:
                if design[slot][position].pair == "open":
                    design[slot][position] = study.choose(design[slot], position, stimuli, random)
            for slot in group:
                trial = design[slot][position]
                answer = people[slot].answer(trial, random, on_pictures)
                study.count(trial, answer)
                rows.append(vote_row(f"voter-{slot:04d}", slot, position, trial, answer))
    frame = pd.DataFrame(rows).assign(question="overall").reindex(columns=list(VOTE_COLUMNS))
    return frame.astype({"repeats": "Int64"})


class _Counts:
    """What a study knows, kept as answers come in."""

    def __init__(self, methods: Sequence[str], design: Sequence[Sequence[Trial]]) -> None:
        self.number = {label: at for at, label in enumerate(methods)}
        size = (len(methods), len(methods))
        self.wins, self.ties, self.waiting, self.lefts = (np.zeros(size) for _ in range(4))
        self.modes: Counter[tuple[str, str]] = Counter()
        self.fitted: Strengths | None = None  # by the answers so far
        for trials in design:
            for trial in trials:
                if trial.pair != "open":
                    self._place(trial)

    def choose(
        self, trials: Sequence[Trial], position: int, stimuli: Stimuli, random: np.random.Generator
    ) -> Trial:
        """Fill in the pair of a participant's trial."""
        seen = {unit_shown(trial, stimuli.methods) for trial in trials if trial.pair != "open"}
        if self.fitted is None:
            self.fitted = davidson(self.wins, self.ties, CAUTION)
        votes = self.wins + self.wins.T + self.ties + self.waiting
        gains = gains_at(self.fitted, votes)
        so_far = SoFar(self.lefts, self.modes)
        trial = choose_pair(trials[position], seen, gains, so_far, stimuli, random)
        self._place(trial)
        self._wait(trial, 1)
        return trial

    def count(self, trial: Trial, answer: str) -> None:
        """Count an answer."""
        self.fitted = None
        if trial.pair == "adaptive":
            self._wait(trial, -1)
        left, right = self.number[trial.left.method], self.number[trial.right.method]
        if answer == "tie":
            self.ties[left, right] += 1
            self.ties[right, left] += 1
        else:
            self.wins[(left, right) if answer == "left" else (right, left)] += 1

    def _wait(self, trial: Trial, more: int) -> None:
        left, right = self.number[trial.left.method], self.number[trial.right.method]
        self.waiting[left, right] += more
        self.waiting[right, left] += more

    def _place(self, trial: Trial) -> None:
        self.lefts[self.number[trial.left.method], self.number[trial.right.method]] += 1
        self.modes.update((side.method, side.mode) for side in (trial.left, trial.right))
