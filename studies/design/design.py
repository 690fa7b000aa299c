"""Who sees what: the plan of a study, fixed before the first vote.

The plan is made in five steps: how often every two methods meet before whom (`deal_meetings`), on
which pictures (`studies.design.comparisons`), which participants judge which of these comparisons
(`studies.design.assignment`), who stands on which side (`choose_sides`), and in which order a
participant sees it all (`studies.design.order`). `studies.design.balance` tells how even a plan is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dfr.core.errors import UserError
from studies.design.adaptive import open_pairs
from studies.design.assignment import Assignment, Roster
from studies.design.comparisons import Grid, Ints, Unit, choose_cells, choose_modes
from studies.design.order import arrange
from studies.design.pool import Pool, plan_catches
from studies.design.several import several_design
from studies.design.trial import Stimuli, Trial


def make_design(
    stimuli: Stimuli,
    *,
    participants: int,
    trials: int,
    practice: int,
    repeats: int,
    catches: int,
    judges: int,
    seed: int,
    scale: int = 0,
    random_share: float = 1.0,
    pictures: int = 2,
    ranked: bool = False,
) -> list[list[Trial]]:
    """Plan a study. The same arguments give the same plan.

    A *unit* is a distinct comparison: a content, a style, two methods and an output of each. Of
    the counted trials (``kind == "vote"``) these hold always:

    - Every two methods meet equally often, to within 1: in the study, in the lists of the first n
      participants for any n (so also while a study runs, or where it is stopped), and in each
      participant's list.
    - No participant sees a unit twice.
    - The units of two methods have equally many judges, to within 1: ``judges`` of them, where
      that divides their votes, and otherwise fewer for the rest: 40 votes are 12 units of three
      judges and 2 of two. There are more only where there are too few distinct units, and fewer
      still only where there are too few participants or votes.
    - On a full grid of contents and styles with the same number of modes everywhere, contents are
      in equally many units, to within 1, and so are styles; both over the study and for every two
      methods. Their votes are then equal to within 1 where all units have one judge. With more
      judges equal votes can be impossible (7 contents cannot share 600 votes equally if each unit
      has 4), so which units have fewer judges is chosen to make them equal: to within ``judges``
      or about that, and often to within 1. On an incomplete grid, contents and styles are as near
      to equal as one comes by always taking the least used.
    - Every mode of a method is in equally many units, to within 1, where all pairs of pictures
      offer the same modes.
    - Of every two methods each is on the left equally often, to within 1; judges of one unit see
      its sides alternately.

    And these hold as far as a search by exchanges finds them: a participant sees every content
    equally often, and every style. For the order in a list see `studies.design.order.arrange`.

    Args:
        stimuli: what there is to compare.
        participants: lists to make.
        trials: counted trials in each.
        practice: trials before them.
        repeats: counted trials that come again with sides changed.
        catches: trials with a right answer.
        judges: participants who see the same unit.
        seed: of everything random.
        scale: marks of a rating, 0 where pictures are compared. A unit of a rating is one
            output of a content and a style; all that is said of every two methods then holds of
            every one.
        random_share: of the counted trials, whose two methods are as planned; those of the others
            are left open (`studies.design.adaptive.open_pairs`), and what is said above of methods
            then holds of the plan alone.
        pictures: how many are compared at a time. More than two are planned by
            `studies.design.several.several_design`, and what is said above holds of pairs only.
        ranked: they are put in order.

    Returns:
        one list per participant, in the order of showing.

    Raises:
        UserError: there are so few units that a participant would see one twice, or more repeats
            than trials are asked for.
    """
    if pictures > 2:
        return several_design(
            stimuli, pictures, ranked, participants=participants, trials=trials, practice=practice,
            repeats=repeats, catches=catches, judges=judges, seed=seed,
        )  # fmt: skip
    grid = Grid(stimuli, 1 if scale else 2)
    _check(grid, trials, repeats)
    random = np.random.default_rng(seed)
    meetings = deal_meetings(participants, trials, len(stimuli.methods), random, bool(scale))
    votes = meetings.sum(axis=0)
    # A participant needs as many units as times that the two methods meet before him.
    wanted = np.maximum(-(-votes // judges), meetings.max(axis=0, initial=0))
    wanted = np.minimum(wanted, grid.capacity.sum(axis=1))
    cells = choose_cells(grid, wanted.tolist(), random)
    units = choose_modes(grid, cells, random)
    assignment = Assignment.begin(grid, meetings, cells, random)
    assignment.even_votes(random)
    assignment.even_lists(random)
    shown: list[list[tuple[Unit, tuple[int, ...]]]] = [[] for _ in range(participants)]
    sides = (
        [[True] * len(roster.judges) for roster in assignment.rosters]
        if scale
        else choose_sides(assignment.rosters, grid.meetings, random)
    )
    for own, roster, lefts in zip(units, assignment.rosters, sides, strict=True):
        for judge, place, left in zip(roster.judges, roster.places, lefts, strict=True):
            order = (0,) if scale else (0, 1) if left else (1, 0)
            shown[judge].append((own[roster.unit_at[place]], order))
    pool = Pool(stimuli, random, scale)
    tests = plan_catches(participants, catches, bool(pool.strong) and not scale, random)
    found = [
        arrange(votes_of_one, practice, repeats, tests_of_one, pool)
        for votes_of_one, tests_of_one in zip(shown, tests, strict=True)
    ]
    return found if random_share >= 1 else open_pairs(found, random_share, seed)


def deal_meetings(
    participants: int,
    trials: int,
    methods: int,
    random: np.random.Generator,
    alone: bool = False,
) -> Ints:
    """Decide how often every two methods meet before each participant.

    All meetings are shuffled like a pack of cards and dealt; a new pack is opened when one is
    used up, so counts differ by at most 1 after any number of participants. A pack lies in rounds
    in which every method plays once (Kirkman's circle method), so that a hand has the methods
    evenly too.

    Args:
        participants: hands.
        trials: of each.
        methods: how many.
        random: shuffles.
        alone: every method is seen by itself, and meets nobody.

    Returns:
        (participants, P), meetings in the order of `itertools.combinations`; the sums of rows are
        ``trials``.
    """
    rounds = [(method, method) for method in range(methods)] if alone else _rounds(methods)
    number = np.diag(np.arange(methods))
    if not alone:
        number[:] = 0
        number[np.triu_indices(methods, 1)] = np.arange(methods * (methods - 1) // 2)
        number += number.T
    every, more = divmod(trials, len(rounds))
    counts = np.full((participants, len(rounds)), every, dtype=np.int64)
    pack: list[int] = []
    for row in counts:
        hand, pack = pack[:more], pack[more:]
        if len(hand) < more:
            names = random.permutation(methods)
            fresh = [int(number[names[a], names[b]]) for a, b in rounds]
            # What the hand holds already goes to the end of the new pack, so none comes twice.
            fresh.sort(key=hand.__contains__)
            missing = more - len(hand)
            hand, pack = hand + fresh[:missing], fresh[missing:]
        row[hand] += 1
    return counts


def choose_sides(
    rosters: Sequence[Roster], meetings: Sequence[tuple[str, ...]], random: np.random.Generator
) -> list[list[bool]]:
    """Decide for every vote whether the first of the two methods is on the left.

    The judges of one unit see the sides alternately. Units with an odd number of judges have one
    vote too many on one side; they take turns in that, which leaves at most one vote too many for
    two methods; it goes to the method that was less often on the left before.
    """
    lead = dict.fromkeys((method for meeting in meetings for method in meeting), 0)
    lefts = []
    for roster, (a, b) in zip(rosters, meetings, strict=True):
        number = len(roster.unit_at)
        first = random.integers(2, size=number)
        odd = random.permutation(np.flatnonzero(np.bincount(roster.places, minlength=number) % 2))
        first[odd] = (np.arange(len(odd)) + int(lead[a] > lead[b])) % 2
        turn = np.arange(len(roster.judges)) // max(number, 1)
        left = (first[roster.places] + turn) % 2 == 0
        more = 2 * int(left.sum()) - len(left)
        lead[a] += more
        lead[b] -= more
        lefts.append(left.tolist())
    return lefts


def _check(grid: Grid, trials: int, repeats: int) -> None:
    meetings = len(grid.meetings)
    there = grid.capacity.sum(axis=1)
    least = int(there.argmin())
    need, have = -(-trials // meetings), int(there[least])
    if need > have:
        names = " and ".join(f"'{label}'" for label in grid.meetings[least])
        shown, units = (
            ("every two methods", "comparisons")
            if len(grid.meetings[least]) == 2
            else ("every method", "outputs")
        )
        raise UserError(
            f"{trials} trials show {shown} {need} times to one participant, but of "
            f"{names} there are only {have} distinct {units} "
            f"({len(grid.cells)} pairs of pictures); ask for at most {have * meetings} trials"
        )
    if repeats > trials:
        raise UserError(f"{repeats} repeats of {trials} trials; ask for at most {trials} repeats")


def _rounds(methods: int) -> list[tuple[int, int]]:
    """Return every two of ``methods``, in rounds in which each plays at most once."""
    players = methods + methods % 2
    ring = list(range(1, players))
    found = []
    for _ in ring:
        table = [0, *ring]
        found += [(table[i], table[-1 - i]) for i in range(players // 2)]
        ring = ring[1:] + ring[:1]
    return [(a, b) for a, b in found if max(a, b) < methods]
