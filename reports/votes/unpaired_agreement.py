"""How well each measure agrees with choices of the best, rankings, and ratings.

An answer about several outputs puts some before others: a choice puts one before all others that
were shown, a ranking each before all that follow. Of these pairs of outputs, the share is taken in
which the one with the measure's better value stands in front; one half says nothing. The pairs of
an answer are not independent; answers are what is counted, and intervals take people, contents and
styles as drawn at random.

A rating is of one output, which nobody compares with another. It is set beside the output's rank by
the measure among all outputs of the same photograph and style: the correlation within people, who
use the scale in their own ways; zero says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from eval.analysis.crossed import LEVEL, Array
from reports.figures.plotstyle import Figure
from reports.inputs.votes import Votes
from reports.tables.certainty import SECONDS, less_is_better
from reports.votes.agreement import METHODS, measure_order, measures_of, values_of
from reports.votes.figures import agreement_chart
from reports.votes.tables import measure_title, spans
from studies.analysis.choices import Counted, counted_choices
from studies.analysis.clusters import clusters_of, crossed_shares, crossed_spread
from studies.analysis.exclusion import without_dropped
from studies.analysis.questions import QuestionResult
from studies.analysis.ratings import counted_ratings

_COLUMNS = ["question", "measure", "expected", "votes", "equal"]
_LAST = ["cluster_low", "cluster_high", "tau", "methods"]


class Agreed(NamedTuple):
    """How far answers agree with what speaks for each output.

    Attributes:
        votes: answers that could be compared.
        equal: pairs of outputs, or outputs, that could not, since nothing tells them apart.
        value: the share, or the correlation.
        low: of its interval.
        high: likewise.
    """

    votes: int
    equal: int
    value: float
    low: float
    high: float


def unpaired_agreement(votes: Votes, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Compare the order by each measure with what people said.

    Args:
        votes: of a study that does not ask about pairs, and may be shown.
        tables: of the run, see `eval.runs.tables.tables`.

    Returns:
        by ``question`` one row per ``measure``: which value is ``expected`` to be liked ("less" or
        "more"); ``votes`` and ``equal``, see `Agreed`; the ``share`` of pairs, or of ratings the
        ``correlation``, with ``cluster_low``, ``cluster_high``; Kendall's ``tau`` (b) between the
        ``methods`` ordered by the measure's mean and by strength. The first row of a question is
        `reports.votes.agreement.METHODS`, as there: what the strengths of the methods alone tell.
    """
    name = "correlation" if votes.poll.task == "rating" else "share"
    values = values_of(tables)
    values = values[values.index.isin(votes.titles, level="label")]
    rows = []
    for question, result in votes.unpaired.items():
        agreed = _agreement_of(votes, question, result)
        strength = result.strengths.set_index("method")["strength"]
        own = values.index.get_level_values("label").map(strength.to_dict())
        speaks = {METHODS: pd.Series(own.to_numpy(dtype=np.float64), values.index)}
        for measure in (*measures_of(tables), SECONDS):
            speaks[measure] = values[measure] * (-1.0 if less_is_better(measure) else 1.0)
        for measure, value in speaks.items():
            found = agreed(value)
            alone = measure == METHODS
            less = not alone and less_is_better(measure)
            tau, methods = (
                (np.nan, int(strength.notna().sum()))
                if alone
                else measure_order(tables, measure, strength)
            )
            ends = (found.votes, found.equal, found.value, found.low, found.high, tau, methods)
            rows.append((question, measure, "less" if less else "more", *ends))
    return pd.DataFrame(rows, columns=[*_COLUMNS, name, *_LAST])


def _agreement_of(
    votes: Votes, question: str, result: QuestionResult
) -> Callable[[pd.Series[float]], Agreed]:
    """Return how the counted answers of who is kept are compared with what speaks for an output."""
    asked = votes.poll.votes[votes.poll.votes["question"] == question]
    asked = without_dropped(asked, result.catches)
    labels = tuple(votes.titles)
    if votes.poll.task == "rating":
        return partial(correlation, counted_ratings(asked, labels))
    shown = int(votes.poll.settings["pictures"])
    return partial(share_in_front, counted_choices(asked, labels, shown))


def share_in_front(counted: Counted, value: pd.Series[float]) -> Agreed:
    """Return in which share of the pairs that answers tell the larger value stands in front.

    Args:
        counted: choices or rankings.
        value: what speaks for an output, by content, style, method and mode.
    """
    kept, each = counted
    shape = (len(kept), len(each) // max(len(kept), 1))
    rank = each["rank"].fillna(np.inf).to_numpy().reshape(shape)  # the others of a choice
    told = _looked_up(value, kept.iloc[each["vote"].to_numpy()], each).reshape(shape)
    gaps = told[:, :, None] - told[:, None, :]
    before = rank[:, :, None] < rank[:, None, :]
    of = (before & ~np.isnan(gaps) & (gaps != 0)).sum(axis=(1, 2)).astype(np.float64)
    won = (before & (gaps > 0)).sum(axis=(1, 2)).astype(np.float64)
    equal, used = int((before & (gaps == 0)).sum()), of > 0
    if not used.any():
        return Agreed(0, equal, *[np.nan] * 3)
    found = crossed_shares(won[used, None], of[used, None], clusters_of(kept[used]))
    return Agreed(
        int(used.sum()), equal, float(found.share[0]), float(found.low[0]), float(found.high[0])
    )


def correlation(kept: pd.DataFrame, value: pd.Series[float]) -> Agreed:
    """Return the correlation, within people, of marks and the rank of the rated output.

    Ranks are among all outputs of a photograph and style, and reach from -1 to 1. The interval is
    that of Fisher's z with the variance of the clusters.

    Args:
        kept: ratings, with `studies.analysis.tally.VOTE_COLUMNS`.
        value: what speaks for an output, by content, style, method and mode.
    """
    by_pair = value.dropna().groupby(level=["content", "style"])
    most = by_pair.transform("size")
    ranks = (by_pair.rank() - (most + 1) / 2) / ((most - 1) / 2).where(most > 1)
    ranks = ranks.where(by_pair.transform("nunique") > 1)
    shown = kept.rename(columns={"left_method": "method", "left_mode": "mode"})
    told = _looked_up(ranks, shown, shown)
    known = ~np.isnan(told)
    table = pd.DataFrame(
        {
            "person": kept["participant"].to_numpy(),
            "rank": told,
            "mark": kept["answer"].astype(float).to_numpy(),
        }
    )[known]
    table = table[table.groupby("person")["mark"].transform("size") > 1]
    both = table[["rank", "mark"]] - table.groupby("person")[["rank", "mark"]].transform("mean")
    spread = np.sqrt((both**2).mean())
    equal = int((~known).sum())
    if not len(both) or not (spread > 0).all():
        return Agreed(len(both), equal, *[np.nan] * 3)
    u, w = (both / spread).to_numpy(dtype=np.float64).T
    r = float((u * w).mean())
    if 1 - abs(r) < 1e-9:
        return Agreed(len(u), equal, r, np.nan, np.nan)
    moved = (u * w - r * (u**2 + w**2) / 2)[:, None] / len(u)
    clusters = clusters_of(kept.iloc[table.index])
    variance, freedom = crossed_spread(moved, np.ones_like(moved, dtype=bool), clusters)
    half = stats.t.ppf((1 + LEVEL) / 2, freedom[0]) * np.sqrt(variance[0]) / (1 - r**2)
    low, high = np.tanh(np.arctanh(r) + np.array([-half, half]))
    return Agreed(len(u), equal, r, float(low), float(high))


def _looked_up(value: pd.Series[float], votes: pd.DataFrame, shown: pd.DataFrame) -> Array:
    """Return the value of each output that was shown, NaN where it has none.

    Args:
        value: by content, style, method and mode.
        votes: one row per output: ``content`` and ``style``.
        shown: likewise, ``method`` and ``mode``.
    """
    keys = pd.MultiIndex.from_arrays(
        [votes["content"], votes["style"], shown["method"], shown["mode"]]
    )
    return np.asarray(value.reindex(keys), dtype=np.float64)


_LIMITS = (
    "Kendall's τ compares the order of the methods by a measure's mean with their order by votes; "
    "with so few methods it is only a description. “Methods' own order” is what the "
    "strengths of the methods alone tell: a measure that only tells methods apart cannot do better."
)


def measures_note(rated: bool) -> str:
    """Return how to read the agreement of measures with answers, and its limits."""
    if rated:
        return (
            "People rated one output at a time, so nobody compared two. Each mark is set beside "
            "the rank of its output, by the measure, among all outputs of the same photograph in "
            "the same style: the correlation within people. Zero means that the measure says "
            "nothing about the marks. One person's marks vary, so even a perfect measure stays "
            "well below 1: compare it with the others. " + _LIMITS
        )
    return (
        "An answer puts outputs of one photograph in one style before others: a choice the best "
        "one before all others that were shown, a ranking each before all that follow. Of these "
        "pairs, the share in which the output with the better value of a measure stands in front "
        "(“less” or “more” says which is better). One half means that the "
        "measure says nothing. The pairs of one answer hang together; intervals count answers. A "
        "choice says nothing about the order of those that were not chosen. " + _LIMITS
    )


def readable_measures(table: pd.DataFrame) -> pd.DataFrame:
    """Return the agreement of measures with answers, for reading.

    Args:
        table: see `unpaired_agreement`.
    """
    rated = "correlation" in table
    value = "correlation with the marks" if rated else "better value in front"
    return pd.DataFrame(
        {
            "question": table["question"],
            "measure": [measure_title(row) for row in table.to_dict("records")],
            "ratings" if rated else "answers": table["votes"],
            "outputs without a rank" if rated else "pairs of equal values": table["equal"],
            value: table["correlation" if rated else "share"],
            "95 % interval": spans(table, "cluster_low", "cluster_high"),
            "Kendall's τ": table["tau"],
            "methods": table["methods"],
        }
    )


def unpaired_measures_chart(votes: Votes, table: pd.DataFrame, folder: Path) -> Figure:
    """Draw how far each measure agrees with the answers."""
    rated = "correlation" in table
    compared = (
        "Correlation, within people, of the marks with the rank of the rated output, by the "
        "measure, among all outputs of the same photograph in the same style"
        if rated
        else "Of every two outputs that an answer puts in order, the share in which the one with "
        "the better value stands in front (less or more: see beside the name)"
    )
    return agreement_chart(
        votes,
        table,
        folder,
        "correlation with the marks" if rated else "share of pairs with the better value in front",
        f"{compared}. Dashed: what says nothing. 95 % intervals are for people and pictures like "
        "these. The diamond is what the strengths of the methods alone tell.",
        "correlation" if rated else "share",
        0.0 if rated else 0.5,
    )
