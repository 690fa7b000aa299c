"""Which participants judge which comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studies.design.comparisons import Grid, Ints

#: Rounds in which every two methods may exchange a judge between two of their units.
ROUNDS = 100
#: Units on each side among which such an exchange is sought.
CHOICE = 64
#: Fewest and most sweeps in which units are seated again, and votes worked on in all of them.
SWEEPS = (3, 100)
EFFORT = 30_000
#: Sweeps without progress after which there is no other.
PATIENCE = 8
#: Places that are seated again at once, at most: the work grows with the cube.
BLOCK = 200


@dataclass(frozen=True)
class Roster:
    """Who judges the n units of two methods, which meet v times.

    The votes, in the order of participants, go around the units like cards around a table, so
    that units have equally many judges to within 1, and a participant's votes, which lie side by
    side, are of different units.

    Attributes:
        judges: (v,) participant of each vote, ascending.
        unit_at: (n,) which unit sits at a place; `Assignment` changes it.
        cell_of: (n,) pair of pictures of each unit.
        most: votes of the participant who has most of them.
    """

    judges: Ints
    unit_at: Ints
    cell_of: Ints
    most: int

    @property
    def places(self) -> Ints:
        """(v,) place at the table of each vote."""
        return np.arange(len(self.judges)) % max(len(self.unit_at), 1)

    @property
    def longer(self) -> int:
        """The places before this one have one judge more than the others."""
        return len(self.judges) % max(len(self.unit_at), 1)

    def judges_at(self, place: int) -> Ints:
        """Return the participants who judge the unit at a place."""
        return self.judges[place :: len(self.unit_at)]

    def apart(self, random: np.random.Generator) -> Ints:
        """Draw places, in random order, of which no two have a judge in common."""
        number = len(self.unit_at)
        # A participant's votes lie side by side, so places this far from each other will do.
        steps = self.most + random.integers(self.most, size=number // self.most + 1)
        around = np.cumsum(steps) - steps[0]
        around = around[around <= number - self.most]
        return random.permutation((around + random.integers(number)) % number)


@dataclass(frozen=True)
class Assignment:
    """All rosters, and what participants see by them.

    Attributes:
        rosters: of every two methods that meet.
        levels: (K, 2), see `Grid.levels`.
        contents: how many there are.
        seen: (participants, contents + styles), how often each sees which picture.
    """

    rosters: Sequence[Roster]
    levels: Ints
    contents: int
    seen: Ints

    @classmethod
    def begin(
        cls, grid: Grid, meetings: Ints, cells: Sequence[Ints], random: np.random.Generator
    ) -> Assignment:
        """Seat the units at random.

        Args:
            grid: what there is.
            meetings: (participants, P), how often every two methods meet before whom.
            cells: for every two methods, the pair of pictures of each unit.
            random: seats.
        """
        seen = np.zeros((len(meetings), len(grid.contents) + len(grid.styles)), dtype=np.int64)
        rosters = []
        for column, own in zip(meetings.T, cells, strict=True):
            roster = Roster(
                judges=np.repeat(np.arange(len(column)), column),
                unit_at=random.permutation(len(own)),
                cell_of=own,
                most=int(column.max(initial=0)),
            )
            rosters.append(roster)
            shown = grid.levels[own[roster.unit_at[roster.places]]]
            np.add.at(seen, (roster.judges[:, None], shown), 1)
        return cls(rosters, grid.levels, len(grid.contents), seen)

    def even_votes(self, random: np.random.Generator) -> None:
        """Choose which units have fewer judges, so that contents and styles have equal votes.

        Exchanges two units of the same two methods where this does not raise the sum of squared
        counts; exchanges that leave it as it is lead out of dead ends.
        """
        rosters = [roster for roster in self.rosters if roster.longer]
        for _ in range(ROUNDS if rosters else 0):
            total = self.seen.sum(axis=0)
            if max(np.ptp(total[: self.contents]), np.ptp(total[self.contents :])) <= 1:
                return
            for roster in rosters:
                self._exchange(roster, random)

    def _exchange(self, roster: Roster, random: np.random.Generator) -> None:
        many = random.permutation(roster.longer)[:CHOICE]
        few = roster.longer + random.permutation(len(roster.unit_at) - roster.longer)[:CHOICE]
        total = self.seen.sum(axis=0)
        high, low = self._levels_at(roster, many)[:, None], self._levels_at(roster, few)[None]
        change = ((total[low] - total[high] + 1) * (low != high)).sum(axis=2)
        best = np.argwhere(change == change.min())
        one, other = best[random.integers(len(best))]
        if change[one, other] <= 0:
            self._seat(roster, np.array([many[one], few[other]]), np.array([1, 0]))

    def even_lists(self, random: np.random.Generator) -> None:
        """Exchange units between judges, so that each sees contents and styles equally often.

        Takes places of which no two have a judge in common, and seats their units again in the
        best way there is (linear assignment on the sum of squared counts). Only units with equally
        many judges change places, so everything that holds by then goes on holding.
        """
        votes = sum(len(roster.judges) for roster in self.rosters)
        least, since = self._unevenness(), 0
        for _ in range(int(np.clip(EFFORT // max(votes, 1), *SWEEPS))):
            for roster in self.rosters:
                for _ in range(roster.most):
                    places = roster.apart(random)
                    for group in (places[places < roster.longer], places[places >= roster.longer]):
                        for start in range(0, len(group), BLOCK):
                            self._seat_best(roster, group[start : start + BLOCK], random)
            now = self._unevenness()
            least, since = (now, 0) if now < least else (least, since + 1)
            if least == 0 or since == PATIENCE:
                return

    def _unevenness(self) -> int:
        """Return by how much the sum of squared counts is above the least that is possible."""
        found = 0
        for part in (self.seen[:, : self.contents], self.seen[:, self.contents :]):
            every, more = np.divmod(part.sum(axis=1), part.shape[1])
            least = part.shape[1] * every**2 + more * (2 * every + 1)
            found += int((part**2).sum() - least.sum())
        return found

    def _seat_best(self, roster: Roster, places: Ints, random: np.random.Generator) -> None:
        levels = self._levels_at(roster, places)
        judges = np.array([roster.judges_at(place) for place in places])
        # What the judges of each place have seen without the unit that sits there.
        others = self.seen[judges].sum(axis=1)
        others[np.arange(len(places))[:, None], levels] -= judges.shape[1]
        cost = others[:, levels[:, 0]] + others[:, levels[:, 1]]
        # Chance decides between equals: all of it together is less than the least difference.
        luck = random.random(cost.shape) / (2 * len(places))
        from scipy.optimize import linear_sum_assignment  # only a new study needs it

        self._seat(roster, places, linear_sum_assignment(cost + luck)[1])

    def _seat(self, roster: Roster, places: Ints, order: Ints) -> None:
        """Give every place the unit of the place that ``order`` names."""
        before = self._levels_at(roster, places)
        roster.unit_at[places] = roster.unit_at[places[order]]
        for place, old, new in zip(places, before, self._levels_at(roster, places), strict=True):
            judges = roster.judges_at(place)[:, None]
            self.seen[judges, old] -= 1
            self.seen[judges, new] += 1

    def _levels_at(self, roster: Roster, places: Ints) -> Ints:
        found: Ints = self.levels[roster.cell_of[roster.unit_at[places]]]
        return found
