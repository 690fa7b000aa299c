"""How well each measure agrees with what people chose.

Of every counted vote for one of two outputs, the measure's better value either was chosen or not.
A measure that tells nothing about people's choice agrees with half of the votes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from eval.analysis.crossed import Array
from eval.analysis.pairs import per_pair
from eval.measures.registry import OUTPUT_MEASURES
from eval.runs.tables import measured
from reports.inputs.votes import Votes
from reports.tables.certainty import SECONDS, less_is_better
from studies.analysis.clusters import clusters_of, crossed_shares
from studies.analysis.tally import wilson

#: The row that says how far the methods alone go.
METHODS = "methods' own order"

_COLUMNS = [
    "question", "measure", "expected", "votes", "equal", "agreed", "share", "low", "high",
    "cluster_low", "cluster_high", "tau", "methods",
]  # fmt: skip


def agreement_table(votes: Votes, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Compare the order by each measure with the order by votes.

    Args:
        votes: of a study that may be shown.
        tables: of the run, see `eval.runs.tables.tables`.

    Returns:
        by ``question`` one row per ``measure``: which value is ``expected`` to be chosen ("less"
        or "more"); ``votes``, the decisive ones for one of two outputs with different values, and
        how many had ``equal`` ones; of the former ``agreed``, in which the expected one was
        chosen, their ``share`` with ``low``, ``high`` (Wilson, votes taken as independent) and
        ``cluster_low``, ``cluster_high`` (for people and pictures like these); Kendall's ``tau``
        (b) between the ``methods`` ordered by the measure's mean and by strength, a description
        that so few methods cannot test.

        The first row of a question is `METHODS`: the share of votes for an output of the method
        that won more votes overall. A measure that only tells methods apart cannot do better.
    """
    values = values_of(tables)
    rows = []
    for question, result in votes.results.items():
        decisive = votes.decisive(question)
        strength = result.strengths.set_index("method")["strength"]
        sides = [
            decisive[f"{side}_method"].map(strength).to_numpy(dtype=np.float64)
            for side in ("left", "right")
        ]
        gap = np.asarray(sides[0] - sides[1], dtype=np.float64)
        rows.append(
            {
                "question": question,
                "measure": METHODS,
                "expected": "more",
                **_agreed(decisive, gap),
                "tau": np.nan,
                "methods": len(strength.dropna()),
            }
        )
        for measure in (*measures_of(tables), SECONDS):
            sign = -1.0 if less_is_better(measure) else 1.0
            apart = sign * _gap(decisive, values, measure)
            tau, methods = measure_order(tables, measure, strength)
            rows.append(
                {
                    "question": question,
                    "measure": measure,
                    "expected": "less" if less_is_better(measure) else "more",
                    **_agreed(decisive, apart),
                    "tau": tau,
                    "methods": methods,
                }
            )
    return pd.DataFrame(rows, columns=_COLUMNS)


def measures_of(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return the measures that the run has, each by its first column."""
    return [name for name in measured(tables["outputs"]) if name in OUTPUT_MEASURES]


def values_of(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return every output's measures, and its cell's seconds per output."""
    key = ["content", "style", "label"]
    outputs = tables["outputs"][[*key, "mode", *measures_of(tables)]]
    return outputs.merge(tables["cells"][[*key, SECONDS]], on=key).set_index([*key, "mode"])


def _gap(votes: pd.DataFrame, values: pd.DataFrame, measure: str) -> Array:
    """Return the measure of the left output minus that of the right one, (votes,)."""
    found = []
    for side in ("left", "right"):
        shown = pd.MultiIndex.from_frame(
            votes[["content", "style", f"{side}_method", f"{side}_mode"]]
        )
        found.append(values[measure].reindex(shown).to_numpy(dtype=np.float64))
    return np.asarray(found[0] - found[1], dtype=np.float64)


def _agreed(votes: pd.DataFrame, gap: Array) -> dict[str, float]:
    """Count the votes in which the larger value was chosen; see `agreement_table`.

    Args:
        votes: the decisive ones.
        gap: (votes,) what speaks for the left output, minus what speaks for the right one.
    """
    known = ~np.isnan(gap) & (gap != 0)
    agrees = (gap > 0) == (votes["answer"] == "left").to_numpy()
    won = agrees[known].astype(float)[:, None]
    low, high = wilson(won.sum(), len(won))
    found = crossed_shares(won, np.ones(won.shape), clusters_of(votes[known]))
    return {
        "votes": int(known.sum()),
        "equal": int((gap == 0).sum()),
        "agreed": int(won.sum()),
        "share": float(found.share[0]),
        "low": low,
        "high": high,
        "cluster_low": float(found.low[0]),
        "cluster_high": float(found.high[0]),
    }


def measure_order(
    tables: Mapping[str, pd.DataFrame], measure: str, strength: pd.Series[float]
) -> tuple[float, int]:
    """Return Kendall's tau (b) between the methods by a measure's mean and by strength.

    Args:
        tables: of the run.
        measure: whose better values are expected to be liked.
        strength: of each method, by label.

    Returns:
        the tau, NaN of fewer than two methods, and how many there are.
    """
    means = (-1.0 if less_is_better(measure) else 1.0) * _means(tables, measure)
    both = pd.concat([means, strength], axis=1, join="inner").dropna()
    tau = stats.kendalltau(both.iloc[:, 0], both.iloc[:, 1]) if len(both) > 1 else None
    return float(tau.statistic) if tau else np.nan, len(both)


def _means(tables: Mapping[str, pd.DataFrame], measure: str) -> pd.Series:
    """Return each method's mean over pairs, and over a pair's outputs."""
    rows = tables["cells" if measure == SECONDS else "outputs"]
    return per_pair(rows, measure).mean()
