"""Who sees what, where several pictures are shown at a time: the best is chosen, or all are ranked.

The plan is made trial by trial, always taking what was least used before, with chance deciding
between equals: which methods meet, on which content and style, by which of their outputs, and
which of them stands where. So counts are nearly even, not to within one as those of pairs;
`studies.design.balance.several_balance` tells how even.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb

import numpy as np

from dfr.core.errors import UserError
from studies.design.comparisons import Grid, Ints, Unit
from studies.design.order import arrange
from studies.design.pool import Pool, plan_catches
from studies.design.trial import Stimuli, Trial

#: If there are more sets of methods than this, so many are drawn for each list.
_MOST_SETS = 500
#: Lists of meetings that are made, of which the most even one is taken.
_TRIES = 10
#: How often each trial of such a list is thought over.
_SWEEPS = 6


def several_design(
    stimuli: Stimuli,
    pictures: int,
    ranked: bool,
    *,
    participants: int,
    trials: int,
    practice: int,
    repeats: int,
    catches: int,
    judges: int,
    seed: int,
) -> list[list[Trial]]:
    """Plan a study that shows several pictures at a time; see `studies.design.design.make_design`.

    ``judges`` people see the same counted trials, in an order and with places of their own.

    Args:
        stimuli: what there is.
        pictures: how many are shown at a time, each of another method.
        ranked: they are put in order; if not, the best one is chosen.
        participants: see `make_design`, as what follows.
        trials: likewise.
        practice: likewise.
        repeats: likewise.
        catches: likewise.
        judges: likewise.
        seed: likewise.

    Raises:
        UserError: there are fewer methods than pictures, or too few distinct trials.
    """
    methods = len(stimuli.methods)
    check_methods(methods, pictures)
    random = np.random.default_rng(seed)
    dealer = Dealer.begin(stimuli, pictures, random)
    there = dealer.distinct()
    if trials > there:
        raise UserError(
            f"{trials} trials show a participant the same pictures twice: there are only {there} "
            f"distinct sets of {pictures} pictures; ask for at most {there} trials"
        )
    if repeats > trials:
        raise UserError(f"{repeats} repeats of {trials} trials; ask for at most {trials} repeats")
    lists = [dealer.deal(trials) for _ in range(-(-participants // judges))]
    seats = np.zeros((methods, pictures))
    pool = Pool(stimuli, random, pictures=pictures, ranked=ranked)
    strong = bool(pool.strong) and not ranked
    tests = plan_catches(participants, catches, strong, random, pictures)
    return [
        arrange(
            _seated(lists[number % len(lists)], stimuli, seats, random),
            practice,
            repeats,
            own,
            pool,
        )
        for number, own in enumerate(tests)
    ]


def check_methods(methods: int, pictures: int) -> None:
    """Check that there are so many methods that each picture of a trial is of another one.

    Raises:
        UserError: there are fewer.
    """
    if methods < pictures:
        raise UserError(
            f"a trial shows {pictures} pictures, each of another method, and there are only "
            f"{methods} methods; ask for fewer pictures, or compare two at a time"
        )


@dataclass(frozen=True)
class Dealer:
    """Makes lists of counted trials, and remembers what the lists before have shown.

    Attributes:
        stimuli: what there is.
        pictures: how many are shown at a time.
        levels: (K, 2), see `studies.design.comparisons.Grid.levels`.
        met: (m, m), how often two methods met; on the diagonal, how often each was shown.
        seen: (m, contents + styles), how often each method was shown on each picture.
        cells: (K,), how often each pair of pictures was shown.
        shown: (methods, pair of pictures) -> in how many trials.
        offered: (m, K), how many outputs each method has of each pair of pictures.
        modes: method -> output -> how often it was shown.
        random: decides between equals.
    """

    stimuli: Stimuli
    pictures: int
    levels: Ints
    met: Ints
    seen: Ints
    cells: Ints
    shown: Counter[tuple[tuple[int, ...], int]]
    offered: Ints
    modes: Mapping[str, Counter[str]]
    random: np.random.Generator

    @classmethod
    def begin(cls, stimuli: Stimuli, pictures: int, random: np.random.Generator) -> Dealer:
        """Return one that has dealt nothing yet."""
        grid, methods = Grid(stimuli, 1), len(stimuli.methods)
        return cls(
            stimuli=stimuli,
            pictures=pictures,
            levels=grid.levels,
            met=np.zeros((methods, methods), dtype=np.int64),
            seen=np.zeros((methods, len(grid.contents) + len(grid.styles)), dtype=np.int64),
            cells=np.zeros(len(grid.cells), dtype=np.int64),
            shown=Counter(),
            offered=np.array(
                [
                    [len(stimuli.outputs[(*pair, label)]) for pair in stimuli.pairs]
                    for label in stimuli.methods
                ]
            ),
            modes={label: Counter() for label in stimuli.methods},
            random=random,
        )

    def distinct(self) -> int:
        """Return how many distinct trials there are; of many methods at least so many."""
        return int(self._capacity(self._sets()).sum())

    def _capacity(self, sets: Ints) -> Ints:
        """Return how many distinct trials there are of sets of methods by pair of pictures."""
        return np.asarray(self.offered[sets].prod(axis=1))

    def deal(self, trials: int) -> list[Unit]:
        """Make the counted trials of one list, all of them distinct."""
        own_seen = np.zeros(self.seen.shape[1], dtype=np.int64)
        taken: dict[tuple[int, ...], Ints] = {}
        units: list[Unit] = []
        for chosen in self._meetings(trials):
            key = tuple(chosen.tolist())
            left = taken.setdefault(key, self._capacity(chosen[None])[0].copy())
            cell = self._cell(chosen, own_seen, left)
            left[cell] -= 1
            self.shown[key, cell] += 1
            pair = self.stimuli.pairs[cell]
            names = tuple(self.stimuli.methods[at] for at in chosen)
            units.append(Unit(*pair, names, self._outputs(pair, names, units)))
            self.cells[cell] += 1
            own_seen[self.levels[cell]] += 1
            self.seen[chosen[:, None], self.levels[cell]] += 1
            self.met[np.ix_(chosen, chosen)] += 1
        return units

    def _meetings(self, trials: int) -> list[Ints]:
        """Choose which methods meet in each trial of a list.

        Each set of methods is chosen again several times, for where the others leave room; of some
        lists the most even one is taken.
        """
        sets = self._sets()
        capacity = self._capacity(sets).sum(axis=1)
        marks = np.eye(len(self.met), dtype=np.int64)[sets].sum(axis=1)
        pairs = marks[:, :, None] * marks[:, None, :]
        flat = pairs.reshape(len(sets), -1)
        best: list[int] = []
        least = (np.inf, np.inf)
        for _ in range(_TRIES):
            chosen: list[int] = []
            own, used = np.zeros_like(self.met), np.zeros(len(sets), dtype=np.int64)
            for _ in range(_SWEEPS):
                for at in range(trials):
                    if at < len(chosen):
                        own -= pairs[chosen[at]]
                        used[chosen[at]] -= 1
                    # By how much the sums of squared counts grow, in this list and in all.
                    grows = [flat @ counts.ravel() for counts in (self.met + own, own)]
                    spent = used >= capacity
                    new = int(np.lexsort((self.random.random(len(sets)), *grows, spent))[0])
                    chosen[at : at + 1] = [new]
                    own += pairs[new]
                    used[new] += 1
            uneven = (float((own**2).sum()), float(((self.met + own) ** 2).sum()))
            if uneven < least:
                best, least = chosen, uneven
        return [sets[at] for at in best]

    def _sets(self) -> Ints:
        size = len(self.stimuli.methods)
        if comb(size, self.pictures) <= _MOST_SETS:
            return np.array(list(combinations(range(size), self.pictures)))
        drawn = np.argsort(self.random.random((_MOST_SETS, size)), axis=1)[:, : self.pictures]
        return np.sort(drawn, axis=1)

    def _cell(self, chosen: Ints, own: Ints, left: Ints) -> int:
        """Choose the pair of pictures least seen: in this list, with these methods, and in all."""
        free = np.flatnonzero(left > 0)
        levels = self.levels[free]
        by_methods = self.seen[chosen].sum(axis=0)
        total = self.seen.sum(axis=0)
        keys = (
            self.random.random(len(free)),
            self.cells[free],
            by_methods[levels].sum(axis=1),
            np.array([self.shown[tuple(chosen.tolist()), cell] for cell in free.tolist()]),
            total[levels].sum(axis=1),
            own[levels].sum(axis=1),
        )
        return int(free[np.lexsort(keys)[0]])

    def _outputs(
        self, pair: tuple[str, str], labels: tuple[str, ...], before: Sequence[Unit]
    ) -> tuple[str, ...]:
        """Choose the outputs that were shown least, so that the trial is none of those before."""
        seen = {unit.modes for unit in before if (unit.content, unit.style) == pair
                and unit.methods == labels}  # fmt: skip
        ranked = []
        for label in labels:
            offered = self.stimuli.outputs[(*pair, label)]
            luck = dict(zip(offered, self.random.random(len(offered)), strict=True))
            used = self.modes[label]
            ranked.append(sorted(offered, key=lambda mode: (used[mode], luck[mode])))
        found = next(modes for modes in product(*ranked) if modes not in seen)
        for label, mode in zip(labels, found, strict=True):
            self.modes[label][mode] += 1
        return found


def _seated(
    units: Sequence[Unit], stimuli: Stimuli, seats: np.ndarray, random: np.random.Generator
) -> list[tuple[Unit, tuple[int, ...]]]:
    """Decide who stands where before one participant.

    Every method stands in the places in which it stood least: before this participant, and before
    all. ``seats`` counts, (methods, pictures), and is written.
    """
    from scipy.optimize import linear_sum_assignment  # only a new study needs it

    own = np.zeros_like(seats)
    found = []
    for unit in units:
        rows = [stimuli.methods.index(label) for label in unit.methods]
        cost = seats[rows] + own[rows]
        luck = random.random(cost.shape) / (2 * cost.shape[0])
        places = linear_sum_assignment(cost + luck)[1]
        for counts in (seats, own):
            counts[rows, places] += 1
        found.append((unit, tuple(int(at) for at in np.argsort(places))))
    return found


def vote_worth(pictures: int, stages: int) -> float:
    """Return how many votes on two pictures an answer on several is worth, by its information.

    Where all are equally strong, a choice of the best of k has the information of 4 / k² votes on
    every two of them. Later stages are choices among fewer, of which every two are equally likely
    to be left.

    Args:
        pictures: n shown at a time.
        stages: 1 of a choice of the best, n - 1 of a whole order.
    """
    return sum(2 * (k - 1) / k for k in range(pictures, pictures - stages, -1))
