"""Whether answers agree: between people, and of one person with themselves."""

from __future__ import annotations

import krippendorff
import numpy as np
import pandas as pd
from scipy import sparse, stats

from eval.analysis.crossed import LEAST_CLUSTERS, LEVEL, Array
from studies.analysis.clusters import clusters_of, crossed_shares
from studies.analysis.tally import wilson

#: What an answer says once it is known which picture was on which side.
_VALUES = ("first", "second", "tie")
#: Draws of the bootstrap.
DRAWS = 1000
#: Draws of the bootstrap that are worked on at once, which bounds the memory.
_AT_ONCE = 100


def preferences(votes: pd.DataFrame) -> pd.DataFrame:
    """Undo the sides: say of every vote what was compared and which of the two was preferred.

    Returns:
        one row per row of ``votes``: ``participant``; ``unit``, the content, the style, and the
        two pictures (source, method, mode) in sorted order, as one tuple; ``value``, "first",
        "second" (in that order) or "tie".
    """
    sides = [
        list(zip(*(votes[f"{side}_{part}"] for part in ("source", "method", "mode")), strict=True))
        for side in ("left", "right")
    ]
    units, values = [], []
    for content, style, left, right, answer in zip(
        votes["content"], votes["style"], *sides, votes["answer"], strict=True
    ):
        units.append((content, style, min(left, right), max(left, right)))
        values.append(
            "tie" if answer == "tie" else "first" if (answer == "left") == (left < right)
            else "second"
        )  # fmt: skip
    return pd.DataFrame(
        {
            "participant": votes["participant"].to_numpy(),
            "unit": pd.Series(units, dtype=object),
            "value": pd.Series(values, dtype=object),
        }
    )


def alpha_table(votes: pd.DataFrame, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Return Krippendorff's alpha of the counted votes, for nominal values.

    α = 1 - D_o / D_e: how often two people disagree about the same two pictures, in proportion
    to how often any two answers differ (Krippendorff, 2004, "Content Analysis", chapter 11).
    1 is full agreement, 0 is chance. A unit is two outputs of one content and one style, whichever
    was left; a rater is a participant; the values are the first output, the second, and a tie.

    Which of two is the first is a matter of names, and α depends on it: were it always the better
    one, "first" would be what most answers are by chance. So every unit stands there twice, told
    either way round. What is left to chance is then which of two is preferred, as in Kendall and
    Babington Smith's coefficient of agreement u (1940), which this is if there are no ties.

    Args:
        votes: rows of one question, of which the ``vote`` rows are taken.
        draws: of the bootstrap over participants. Somebody who is drawn twice is not compared
            with themselves, which would look like agreement. What is peculiar to two people and
            not to either of them is resampled with both, so that the interval is rather too
            wide than too narrow where few people share a unit.
        seed: of the draws.

    Returns:
        one row: ``units``, of which ``shared`` by two or more people; ``alpha``, clustered
        ``low`` and ``high``. NaN where nothing is shared, or nothing but ties. Only the first
        answer of a participant to a unit is taken.
    """
    fair = votes[votes["kind"] == "vote"].sort_values("position", kind="stable")
    answers = preferences(fair).drop_duplicates(["participant", "unit"])
    people, names = pd.factorize(answers["participant"], sort=True)
    units, known = pd.factorize(answers["unit"])
    values = pd.Index(list(_VALUES)).get_indexer(pd.Index(answers["value"]))
    turned = np.array([1, 0, 2])[values]
    places = np.concatenate([units, units + len(known)]) * len(_VALUES)
    given = sparse.csr_array(
        (
            np.ones(2 * len(answers)),
            (np.concatenate([people, people]), places + np.concatenate([values, turned])),
        ),
        shape=(len(names), 2 * len(known) * len(_VALUES)),
    )
    counts = np.asarray(given.sum(axis=0), dtype=int).reshape(2 * len(known), len(_VALUES))
    shared = counts.sum(axis=1) >= 2
    alpha = np.nan
    if np.count_nonzero(counts[shared].sum(axis=0)) > 1:
        alpha = float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))
    half = np.nan
    if not np.isnan(alpha):
        weights = resample(len(names), draws, seed)
        parts = range(0, draws, _AT_ONCE)
        found = [weighted_alpha(given, weights[part : part + _AT_ONCE]) for part in parts]
        half = half_width(np.concatenate([np.empty(0), *found]), len(names))
    return pd.DataFrame(
        {
            "units": [len(known)],
            "shared": [int(shared.sum()) // 2],
            "alpha": [alpha],
            "low": [alpha - half],
            "high": [min(1.0, alpha + half) if half == half else np.nan],
        }
    )


def weighted_alpha(given: sparse.csr_array, weights: Array) -> Array:
    """Return Krippendorff's nominal alpha with participants counted several times or not at all.

    In a unit with weights w, two different people g, h count w_g w_h times, and the same person
    twice not at all; the unit as a whole counts Σ w. With all weights 1 this is the usual alpha.

    Args:
        given: (G, units · values), 1 where a participant gave a value to a unit.
        weights: (draws, G), whole numbers.

    Returns:
        (draws,); NaN where nothing is shared or all values are the same.
    """

    def by_unit(powers: Array) -> Array:
        return np.asarray(powers @ given).reshape(len(powers), -1, len(_VALUES))

    once, squared = by_unit(weights), by_unit(weights**2)
    size, itself = once.sum(axis=-1), squared.sum(axis=-1)
    pairs = size**2 - itself
    shared = pairs > 0
    same = (once**2 - squared).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.where(shared, size * (1 - same / pairs), 0).sum(axis=-1)
        observed = apart / np.where(shared, size, 0).sum(axis=-1)
        value = np.where(shared[..., None], once, 0).sum(axis=1)
        whole = value.sum(axis=-1)
        expected = 1 - (value * (value - 1)).sum(axis=-1) / (whole * (whole - 1))
        return np.asarray(np.where(expected > 0, 1 - observed / expected, np.nan), dtype=np.float64)


def with_repeats(votes: pd.DataFrame) -> pd.DataFrame:
    """Return the votes of one question that were asked again, with the repeat's columns ``_again``.

    Args:
        votes: rows of one question.
    """
    first = votes[votes["kind"] == "vote"]
    again = votes[(votes["kind"] == "repeat") & votes["repeats"].notna()]
    return pd.merge(
        first.assign(key=first["position"].astype("Int64")),
        again.assign(key=again["repeats"].astype("Int64")),
        on=["participant", "key"],
        suffixes=("", "_again"),
    )


def self_consistency(votes: pd.DataFrame) -> pd.DataFrame:
    """Return how often a participant answered a repeated trial as before.

    A repeat shows the same two pictures with the sides changed; the same answer is the same
    picture, or "can't say" both times.

    Args:
        votes: rows of one question.

    Returns:
        one row: ``repeats`` answered, of which ``same``, their ``share`` with ``low``, ``high``
        (Wilson) and ``cluster_low``, ``cluster_high`` (`studies.analysis.clusters`); and
        ``chance``, the share to expect if the two answers had nothing to do with each other:
        Σ p(v) q(v) over left, right and tie, with p and q how often each was given first and again
        (as in Cohen, 1960), all told by the sides of the first time.
    """
    both = with_repeats(votes)
    swapped = np.ones(len(both), dtype=bool)
    for part in ("source", "method", "mode"):
        swapped &= (both[f"left_{part}"] == both[f"right_{part}_again"]).to_numpy(dtype=bool)
    other = both["answer_again"].map({"left": "right", "right": "left", "tie": "tie"})
    second = both["answer_again"].where(~swapped, other)
    same = np.asarray(both["answer"] == second, dtype=np.float64)[:, None]
    low, high = wilson(same.sum(), len(both))
    found = crossed_shares(same, np.ones(same.shape), clusters_of(both))
    chance = sum(
        float((both["answer"] == value).mean() * (second == value).mean())
        for value in ("left", "right", "tie")
    )
    return pd.DataFrame(
        {
            "repeats": [len(both)],
            "same": [int(same.sum())],
            "share": found.share,
            "low": [low],
            "high": [high],
            "cluster_low": found.low,
            "cluster_high": found.high,
            "chance": [chance],
        }
    )


def resample(groups: int, draws: int = DRAWS, seed: int = 0) -> Array:
    """Draw participants with replacement.

    Args:
        groups: how many there are.
        draws: how often to draw as many.
        seed: of the draws.

    Returns:
        (draws, groups): how often each participant is in each draw; rows add up to ``groups``.
    """
    if not groups:
        return np.zeros((draws, 0))
    random = np.random.default_rng(seed)
    drawn = random.multinomial(groups, np.full(groups, 1 / groups), size=draws)
    return drawn.astype(np.float64)


def half_width(found: Array, groups: int) -> float:
    """Return half the width of the interval around an estimate.

    t(G - 1) · sqrt(G / (G - 1)) · (standard deviation of the draws). Percentiles of the draws are
    too narrow for about 30 participants: they know neither that the resampled variance is
    (G - 1) / G of the true one, nor that it is itself estimated (Cameron, Gelbach and Miller, 2008,
    "Bootstrap-based improvements for inference with clustered errors", Review of Economics and
    Statistics 90(3)).

    Args:
        found: (draws,), the statistic of each draw; NaN where a draw has none.
        groups: participants G.

    Returns:
        NaN where there are fewer than `LEAST_CLUSTERS` participants or two draws.
    """
    known = found[~np.isnan(found)]
    if groups < LEAST_CLUSTERS or len(known) < 2:
        return float("nan")
    scale = stats.t.ppf((1 + LEVEL) / 2, groups - 1) * np.sqrt(groups / (groups - 1))
    return float(scale * known.std(ddof=1))
