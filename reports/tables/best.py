"""The report in short: which output of which method is best at what, by how much, how surely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from eval.runs.added import CONTROLS
from reports.inputs.run_data import RunData
from reports.tables.certainty import LESS_IS_BETTER, MEASURES
from reports.tables.outputs import titles
from reports.tables.readable import readable

#: A method on a smaller part of the pairs is not ranked: other pairs, another mean.
LEAST_PART = 0.9


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
        low: of its clustered 95 % interval; NaN where there are too few contents or styles.
        high: likewise.
        p: of the paired test against the second, after Holm's correction.
        pairs: how many pairs both have.
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
    controls: tuple[tuple[str, float], ...] = ()

    @property
    def ahead(self) -> str:
        """The controls that are better than the best, with their means."""
        return "; ".join(f"{title} ({readable(value)})" for title, value in self.controls)

    @property
    def sure(self) -> str:
        """How sure the order is, by the rule of the interval."""
        if not self.runner_up:
            return "no other method"
        if self.low != self.low:
            return "too few pairs to tell"
        return "clear" if self.low > 0 else "not told apart"


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
                "p (Holm)": item.p,
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
    ranked = means.sort_values("mean", ascending=measure in LESS_IS_BETTER).to_dict("records")
    first = ranked[0]
    nothing = float("nan")
    lead, low, high, p, pairs, second = nothing, nothing, nothing, nothing, first["pairs"], ""
    if len(ranked) > 1:
        second = str(ranked[1]["label"])
        tests = tables["tests"]
        test = tests[
            (tests["measure"] == measure)
            & tests["a"].isin([first["label"], second])
            & tests["b"].isin([first["label"], second])
        ].iloc[0]
        forward = (test["a"] == first["label"]) != (measure in LESS_IS_BETTER)
        sign = 1 if forward else -1
        lead, p, pairs = sign * test["difference"], test["p_holm"], test["pairs"]
        low, high = sorted((sign * test["low"], sign * test["high"]))
    return Best(
        measure=measure,
        title=MEASURES[measure],
        method=names[str(first["label"])],
        value=float(first["mean"]),
        runner_up=names[second] if second else "",
        lead=float(lead),
        low=float(low),
        high=float(high),
        p=float(p),
        pairs=int(pairs),
        controls=_controls_ahead(run, measure, float(first["mean"])),
    )


def _controls_ahead(run: RunData, measure: str, best: float) -> tuple[tuple[str, float], ...]:
    """Return the controls whose mean over pairs is better than the best output's."""
    if measure not in run.controls:
        return ()
    means = run.controls.groupby("mode", sort=False)[measure].mean()
    sign = -1 if measure in LESS_IS_BETTER else 1
    return tuple(
        (CONTROLS[str(mode)], float(value))
        for mode, value in means.items()
        if sign * value > sign * best
    )
