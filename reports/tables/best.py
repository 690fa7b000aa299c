"""The report in short: which output of which method is best at what, by how much, how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eval.runs.added import CONTROLS
from reports.inputs.run_data import RunData
from reports.tables.certainty import MEASURES, less_is_better
from reports.tables.outputs import titles
from reports.tables.readable import readable

#: A method on a smaller part of the pairs is not ranked: other pairs, another mean.
LEAST_PART = 0.9
#: The best is told apart from another by a smaller p than this.
LEVEL = 0.05


@dataclass(frozen=True)
class Best:
    """The best method by one measure.

    Attributes:
        measure: column of the tables.
        title: what readers see.
        method: the title of the best method or named output.
        value: its mean over pairs.
        runner_up: the second's title; empty if there is none.
        lead: mean difference to the second, positive where the best is better.
        low: of its 95 % interval; NaN where there are too few contents or styles.
        high: likewise.
        p: the largest of the tests against each other one.
        pairs: how many pairs the first and the second both have.
        apart: whether it is told apart from each other one: every interval of its lead lies above
            0, and every p is below `LEVEL`.
        controls: title and mean of each control that is better than the best, see
            `eval.runs.added.CONTROLS`; none where the run has no such number of controls.
    """

    measure: str
    title: str
    method: str
    value: float
    runner_up: str
    lead: float
    low: float
    high: float
    p: float
    pairs: int
    apart: bool
    controls: tuple[tuple[str, float], ...] = ()

    @property
    def ahead(self) -> str:
        """The controls that are better than the best, with their means."""
        return "; ".join(f"{title} ({readable(value)})" for title, value in self.controls)

    @property
    def sure(self) -> str:
        """How sure it is that this one is the best.

        Which one is the best, and which the second, is seen in the data that are tested. So the
        best has to be told apart from all others, each by a two-sided test. Then one of several
        equal ones is called clearly the best no more often than one in twenty times: with two, the
        one side of the level goes to the first and the other to the second, and with more, the
        first leads the second by less (Gutmann and Maymin, 1987, "Is the selected population the
        best?", Annals of Statistics 15(1); Hung and Fithian, 2019, "Rank verification for
        exponential families", Annals of Statistics 47(2)).
        """
        if not self.runner_up:
            return "no other method"
        if self.low != self.low:
            return "too few pairs to tell"
        return "clear" if self.apart else "not told apart"


def best_of(run: RunData, tables: Mapping[str, pd.DataFrame]) -> list[Best]:
    """Return the best by every measure: of named outputs, or of methods where it is theirs.

    Args:
        run: the run.
        tables: see `reports.tables.certainty.certainty_tables`.
    """
    return [found for measure in MEASURES if (found := _best(run, tables, measure))]


def readable_best(best: list[Best]) -> pd.DataFrame:
    """Return the best method by each measure, for the page."""
    return pd.DataFrame(
        [
            {
                "measure": item.title,
                "best": item.method,
                "mean": item.value,
                "second": item.runner_up or "–",
                "lead": item.lead,
                "low": item.low,
                "high": item.high,
                "p": item.p,
                "pairs": item.pairs,
                "how sure": item.sure,
                "controls that are better": item.ahead or "–",
            }
            for item in best
        ]
    )


def _best(run: RunData, tables: Mapping[str, pd.DataFrame], measure: str) -> Best | None:
    names = titles(run)
    means = tables["means"]
    means = means[(means["measure"] == measure) & means["mean"].notna()]
    means = means[means["pairs"] >= LEAST_PART * len(run.pairs)]
    if means.empty:
        return None
    ranked = means.sort_values("mean", ascending=less_is_better(measure)).to_dict("records")
    first = ranked[0]
    tests = tables["tests"]
    others = leads(
        tests[tests["measure"] == measure],
        [str(row["label"]) for row in ranked],
        less=less_is_better(measure),
    )
    nothing = float("nan")
    second = others[0] if others else {"lead": nothing, "low": nothing, "high": nothing}
    return Best(
        measure=measure,
        title=MEASURES[measure],
        method=names[str(first["label"])],
        value=float(first["mean"]),
        runner_up=names[str(ranked[1]["label"])] if others else "",
        lead=float(second["lead"]),
        low=float(second["low"]),
        high=float(second["high"]),
        p=float(np.max([other["p"] for other in others])) if others else nothing,
        pairs=int(second.get("pairs", first["pairs"])),
        apart=apart(others),
        controls=_controls_ahead(run, measure, float(first["mean"])),
    )


def leads(tests: pd.DataFrame, ranked: Sequence[str], *, less: bool) -> list[dict[str, float]]:
    """Return the lead of the best over each other one, in the order of the others.

    Args:
        tests: see `eval.analysis.pairs.paired_tests`.
        ranked: labels, the best first.
        less: whether less is better.

    Returns:
        ``lead``, positive where the best is better, with ``low`` and ``high`` of its interval;
        ``p`` and ``pairs``.
    """
    found = []
    for other in ranked[1:]:
        both = {ranked[0], other}
        test = tests[tests["a"].isin(both) & tests["b"].isin(both)].iloc[0]
        sign = 1 if (test["a"] == ranked[0]) != less else -1
        low, high = sorted((sign * test["low"], sign * test["high"]))
        found.append(
            {
                "lead": sign * test["difference"], "low": low, "high": high,
                "p": test["p"], "pairs": test["pairs"],
            }
        )  # fmt: skip
    return found


def apart(others: Sequence[Mapping[str, float]]) -> bool:
    """Tell whether the best is told apart from every other one; see `Best.sure`.

    Args:
        others: see `leads`.
    """
    return all(other["low"] > 0 and other["p"] < LEVEL for other in others)


def _controls_ahead(run: RunData, measure: str, best: float) -> tuple[tuple[str, float], ...]:
    """Return the controls whose mean over pairs is better than the best output's."""
    if measure not in run.controls:
        return ()
    means = run.controls.groupby("mode", sort=False)[measure].mean()
    sign = -1 if less_is_better(measure) else 1
    return tuple(
        (CONTROLS[str(mode)], float(value))
        for mode, value in means.items()
        if sign * value > sign * best
    )
